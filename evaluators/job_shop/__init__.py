"""Judges the problem `job_shop`."""
