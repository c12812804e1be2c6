"""Judges the problem `spot_deadline`."""
