"""A program as text and as a syntax tree."""
