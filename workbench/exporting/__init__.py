"""A program as a standalone module."""
