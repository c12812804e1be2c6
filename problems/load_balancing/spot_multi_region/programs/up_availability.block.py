"""Uniform Progress in the zone whose last five probes succeeded most often; leaves a running machine for a better zone.

The policy `multi_region_availability_probe_simple`, UP(A), of the simulator published with Z. Li et al., "SkyNomad: On Using
Multi-Region Spot Instances to Minimize AI Batch Job Cost", NSDI 2027 (arXiv 2601.06520). A zone is probed every two hours, one
zone a tick; here probes cost nothing, since all zones can be seen.
"""

import math


class Policy:
    """The even pace of Uniform Progress, with hysteresis and safety net; zones by their last probes."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.task = task
        self.zones = range(len(task["region"]))
        self.pace = task["work_h"] / task["deadline_h"]
        self.every = max(1, round(2.0 / task["tick_h"]))
        self.tick = -1
        self.main = None
        self.probes = [[] for _ in self.zones]
        self.beat = [0 for _ in self.zones]  # tick from which a running machine counts as a probe again
        self.due = [0 for _ in self.zones]
        self.last = None  # availability in the last tick, if it had a spot machine

    def watch(self, now):
        """Make the probe of the last tick, and note a preemption and the machine that runs."""
        if self.last is not None:
            waiting = [zone for zone in self.zones if zone != self.main and self.tick >= self.due[zone]]
            if waiting:
                zone = min(waiting, key=lambda zone: len(self.probes[zone]))
                self.note(zone, self.last[zone])
                self.due[zone] = self.tick + self.every
            self.last = None
        self.tick += 1
        if now["preempted"] and self.main is not None:
            self.note(self.main, False)
        self.main = now["zone"] if now["running"] == "spot" else None
        if self.main is not None and self.tick >= self.beat[self.main]:
            self.note(self.main, True)
            self.beat[self.main] = self.tick + self.every

    def note(self, zone, success):
        """Keep the last five outcomes of a zone."""
        self.probes[zone] = [*self.probes[zone][-4:], int(success)]

    def share(self, zone):
        """Share of its last five probes that found a spot machine."""
        seen = self.probes[zone]
        return sum(seen) / len(seen) if seen else 0.5

    def order(self, now):
        """Zones in which to look for a spot machine, the preferred one first; each try is a probe too."""
        ranked = sorted(self.zones, key=lambda zone: -self.share(zone))
        if now["running"] == "spot" and self.share(now["zone"]) >= self.share(ranked[0]) - 1e-6:
            self.last = now["spot"]
            return [now["zone"]]
        for zone in ranked:
            self.note(zone, now["spot"][zone])
            if now["spot"][zone]:
                self.main, self.last = zone, now["spot"]
                self.beat[zone] = self.tick + self.every
                break
        return ranked

    # The rest is from up_threshold.py: Policy.decide, Policy.request, Policy.ahead, Policy.place.
