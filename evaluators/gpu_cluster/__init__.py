"""Judges the problem `gpu_cluster`."""
