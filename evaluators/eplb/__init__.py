"""Judges the problem `eplb`."""
