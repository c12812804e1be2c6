"""Solvers for `scheduling/total_tardiness`."""
