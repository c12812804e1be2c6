"""Judges the problem `transactions`."""
