"""Uniform Progress without hysteresis: from on demand to spot as soon as there is one, never to idle.

The ablation `rc_cr_threshold_no_condition2` of the simulator published with the paper.
Z. Wu et al., "Can't Be Late: Optimizing Spot Instance Savings under Deadlines", NSDI 2024.
"""

import math


class Policy:
    """The even pace C(0)/R(0), with safety net, without hysteresis."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.work = task["work_h"]
        self.pace = task["work_h"] / task["deadline_h"]
        self.overhead = task["overhead_h"]
        self.tick = task["tick_h"]

    def decide(self, now):
        """Choose "spot", "on_demand" or "idle" for the tick that begins."""
        running = now["running"]
        ticks_left = self._ticks(now["time_left_h"])
        if self._ticks(now["work_left_h"] + self.overhead) >= ticks_left:
            warm = running == "spot" and now["overhead_left_h"] < 1e-9
            return "spot" if warm else "on_demand"
        if self._ticks(now["work_left_h"] + 2 * self.overhead) >= ticks_left and running != "spot":
            return "on_demand"
        if now["spot"]:
            return "spot"
        ahead = self.work - now["work_left_h"] - self.pace * now["elapsed_h"]
        return "on_demand" if running == "on_demand" or ahead < 0 else "idle"

    def _ticks(self, hours):
        return math.ceil(hours / self.tick - 1e-9)
