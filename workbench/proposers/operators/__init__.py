"""Mutations of Python programs without a model: one family of operators a file, all seeded by the caller's generator."""
