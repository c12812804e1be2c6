"""Greedy: spot whenever there is one, otherwise wait, until waiting any longer would miss the deadline.

The "greedy" policy of Z. Wu et al., "Can't Be Late: Optimizing Spot Instance Savings under Deadlines", NSDI 2024.
"""

import math


class Policy:
    """Spend all slack first, then buy on demand."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.overhead = task["overhead_h"]
        self.tick = task["tick_h"]

    def decide(self, now):
        """Choose "spot", "on_demand" or "idle" for the tick that begins."""
        ticks_left = self._ticks(now["time_left_h"])
        if self._ticks(now["work_left_h"] + self.overhead) >= ticks_left:
            # One launch is all that still fits. A spot machine that is already working loses nothing by going on.
            warm = now["running"] == "spot" and now["overhead_left_h"] < 1e-9
            return "spot" if warm else "on_demand"
        if self._ticks(now["work_left_h"] + 2 * self.overhead) >= ticks_left and now["running"] != "spot":
            return "on_demand"
        return "spot" if now["spot"] else "idle"

    def _ticks(self, hours):
        return math.ceil(hours / self.tick - 1e-9)
