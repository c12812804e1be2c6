"""Judges the problem `weighted_tardiness`."""
