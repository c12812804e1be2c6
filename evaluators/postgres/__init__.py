"""Judges the problem `postgres`."""
