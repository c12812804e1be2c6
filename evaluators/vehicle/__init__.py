"""Judges the problem `vehicle`."""
