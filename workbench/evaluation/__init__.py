"""Evaluation of programs on instances, in worker processes."""
