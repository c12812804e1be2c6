"""Uniform Progress in one zone: the first of those where the checkpoint lies.

Z. Wu et al., "Can't Be Late: Optimizing Spot Instance Savings under Deadlines", NSDI 2024.
"""

import math


class Policy:
    """The even pace of Uniform Progress, with hysteresis and safety net, in one zone."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.task = task
        self.zones = [task["region"].index(task["home"])]
        self.pace = task["work_h"] / task["deadline_h"]

    def order(self, now):
        """Zones in which to look for a spot machine: the only one."""
        return self.zones

    # The rest is from up_threshold.py: Policy.decide, Policy.watch, Policy.request, Policy.ahead, Policy.place.
