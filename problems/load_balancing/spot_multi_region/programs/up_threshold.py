"""Uniform Progress on several zones: any spot machine, zones in the order of their numbers; left only when it is taken away.

The policy `multi_region_rc_cr_threshold` of the simulator published with Z. Li et al., "SkyNomad: On Using Multi-Region Spot
Instances to Minimize AI Batch Job Cost", NSDI 2027 (arXiv 2601.06520), which carries the rules of Z. Wu et al., "Can't Be Late:
Optimizing Spot Instance Savings under Deadlines", NSDI 2024, over to several zones.
"""

import math


class Policy:
    """The even pace of Uniform Progress, with hysteresis and safety net."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.task = task
        self.zones = range(len(task["region"]))
        self.pace = task["work_h"] / task["deadline_h"]

    def decide(self, now):
        """Choose "idle", ["spot", zone] or ["on_demand", zone] for the tick that begins."""
        self.watch(now)
        kind = self.request(now)
        if kind == "spot":
            for zone in self.order(now):
                if now["spot"][zone]:
                    return ["spot", zone]
            kind = "on_demand" if self.ahead(now) < 0 else "idle"
        return kind if kind == "idle" else ["on_demand", self.place(now)]

    def watch(self, now):
        """Remember what this policy needs of the market: nothing."""

    def order(self, now):
        """Zones in which to look for a spot machine, the preferred one first."""
        return [now["zone"]] if now["running"] == "spot" else self.zones

    def request(self, now):
        """The kind of machine to ask for: spot unless on demand has to go on, or to begin."""
        overhead, running = self.task["overhead_h"], now["running"]
        ticks_left, tick = round(now["time_left_h"] / self.task["tick_h"]), self.task["tick_h"]
        if math.ceil((now["work_left_h"] + overhead) / tick - 1e-9) >= ticks_left:
            # One launch is all that still fits. A spot machine that is already working loses nothing by going on.
            return "spot" if running == "spot" and now["overhead_left_h"] < 1e-9 else "on_demand"
        if math.ceil((now["work_left_h"] + 2 * overhead) / tick - 1e-9) > ticks_left and running != "spot":
            return "on_demand"
        if running == "on_demand" and self.ahead(now) < 2 * overhead * self.pace:
            return "on_demand"
        return "spot"

    def ahead(self, now):
        """Hours of work done beyond the even pace."""
        return self.task["work_h"] - now["work_left_h"] - self.pace * now["elapsed_h"]

    def place(self, now):
        """The machine that is running, otherwise the cheapest one where the checkpoint lies."""
        if now["running"] == "on_demand":
            return now["zone"]
        there = [zone for zone in self.zones if self.task["region"][zone] == now["data_region"]]
        return min(there, key=lambda zone: self.task["on_demand_price"][zone])
