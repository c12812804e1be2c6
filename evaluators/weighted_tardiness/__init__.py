"""Solvers for `scheduling/weighted_tardiness`."""
