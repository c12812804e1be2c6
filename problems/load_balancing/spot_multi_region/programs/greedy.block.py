"""Greedy on several zones: spot wherever there is one, otherwise wait, until waiting any longer would miss the deadline.

The "greedy" policy of Z. Wu et al., "Can't Be Late: Optimizing Spot Instance Savings under Deadlines", NSDI 2024, on the zone
where the rest of the job is cheapest. A running machine is kept.
"""

import math


class Policy:
    """Spend all slack first, then buy on demand."""

    def request(self, now):
        """The kind of machine to ask for: spot until no slack is left."""
        overhead, running = self.task["overhead_h"], now["running"]
        ticks_left, tick = round(now["time_left_h"] / self.task["tick_h"]), self.task["tick_h"]
        if math.ceil((now["work_left_h"] + overhead) / tick - 1e-9) >= ticks_left:
            return "spot" if running == "spot" and now["overhead_left_h"] < 1e-9 else "on_demand"
        if math.ceil((now["work_left_h"] + 2 * overhead) / tick - 1e-9) > ticks_left and running != "spot":
            return "on_demand"
        return "spot"

    def ahead(self, now):
        """Never behind: without spot it waits."""
        return 0.0

    def order(self, now):
        """Zones in which to look for a spot machine, the preferred one first; a running machine is kept."""
        if now["running"] == "spot":
            return [now["zone"]]
        moves = self.task["transfer"][now["data_region"]]
        rest = now["work_left_h"]
        return sorted(self.zones, key=lambda zone: now["spot_price"][zone] * rest + moves[self.task["region"][zone]])

    # The rest is from up_threshold.py: Policy.__init__, Policy.decide, Policy.watch, Policy.place.
