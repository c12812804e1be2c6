"""Judges the problem `prism`."""
