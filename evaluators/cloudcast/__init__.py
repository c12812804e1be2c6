"""Judges the problem `cloudcast`."""
