"""Fairness: how late the latest job is."""

from workbench.protocols import SecondObjective

SECOND = SecondObjective("max_tardiness", "tardiness of the latest job")
