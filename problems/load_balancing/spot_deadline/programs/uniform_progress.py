"""Uniform Progress: keep at least the progress of a job that works at an even pace up to the deadline.

Z. Wu, W.-L. Chiang, Z. Mao, Z. Yang, E. Friedman, S. Shenker and I. Stoica, "Can't Be Late: Optimizing Spot Instance
Savings under Deadlines", NSDI 2024. Its rules: stop when done (thrifty); take risks: go to spot whenever there is one, even
when behind, and stay until it is taken (exploitation); without spot go on demand when behind the even pace and stay there
until ahead of it by two overheads (hysteresis); go on demand for good when only two launches still fit (safety net).
"""

import math


class Policy:
    """The even pace C(0)/R(0), with hysteresis and safety net."""

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
        if running == "on_demand":
            return "on_demand" if ahead < 2 * self.overhead * self.pace else "idle"
        return "on_demand" if ahead < 0 else "idle"

    def _ticks(self, hours):
        return math.ceil(hours / self.tick - 1e-9)
