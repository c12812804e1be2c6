"""Judges the problem `total_tardiness`."""
