"""Uniform Progress in the zone with most successful probes per dollar; leaves a running machine for a zone a tenth better.

The policy `multi_region_probe_cost_ratio`, UP(AP), of the simulator published with Z. Li et al., "SkyNomad: On Using Multi-Region
Spot Instances to Minimize AI Batch Job Cost", NSDI 2027 (arXiv 2601.06520). Every zone is probed once an hour; here probes cost
nothing, since all zones can be seen.
"""

import math


class Policy:
    """The even pace of Uniform Progress, with hysteresis and safety net; zones by the share of successful probes over price."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.task = task
        self.zones = range(len(task["region"]))
        self.pace = task["work_h"] / task["deadline_h"]
        self.every = max(1, round(1.0 / task["tick_h"]))
        self.tick = -1
        self.main = None
        self.found = [0 for _ in self.zones]
        self.tried = [0 for _ in self.zones]
        self.due = [0 for _ in self.zones]
        self.last = None  # availability in the last tick, if it asked for spot

    def watch(self, now):
        """Make the probes of the last tick, and note a preemption and the machine that runs."""
        if self.last is not None:
            for zone in self.zones:
                if zone != self.main and self.tick >= self.due[zone]:
                    self.note(zone, self.last[zone])
                    self.due[zone] = self.tick + self.every
            self.last = None
        self.tick += 1
        if now["preempted"] and self.main is not None:
            self.note(self.main, False)
        self.main = now["zone"] if now["running"] == "spot" else None
        if self.main is not None and self.tick >= self.due[self.main]:
            self.note(self.main, True)
            self.due[self.main] = self.tick + self.every

    def note(self, zone, success):
        """Count the outcome of a probe."""
        self.tried[zone] += 1
        self.found[zone] += bool(success)

    def score(self, zone, now):
        """Share of successful probes over the spot price."""
        return (self.found[zone] / self.tried[zone] if self.tried[zone] else 0.5) / now["spot_price"][zone]

    def order(self, now):
        """Zones in which to look for a spot machine, the preferred one first; each try is a probe too."""
        self.last = now["spot"]
        ranked = sorted(self.zones, key=lambda zone: -self.score(zone, now))
        if now["running"] == "spot" and self.score(now["zone"], now) >= 0.9 * self.score(ranked[0], now):
            return [now["zone"]]
        for zone in ranked:
            self.note(zone, now["spot"][zone])
            if now["spot"][zone]:
                self.main = zone
                self.due[zone] = self.tick + self.every
                break
        return ranked

    # The rest is from up_threshold.py: Policy.decide, Policy.request, Policy.ahead, Policy.place.
