"""Uniform Progress that launches where the rest of the job is cheapest, the move of the checkpoint included; sticky.

The pace is that of Z. Wu et al., "Can't Be Late: Optimizing Spot Instance Savings under Deadlines", NSDI 2024. The choice of the
zone by price and egress together is the optimizer's of Z. Yang et al., "SkyPilot: An Intercloud Broker for Sky Computing", NSDI
2023.
"""

import math


class Policy:
    """The even pace of Uniform Progress, with hysteresis and safety net; zones by what the rest of the job would cost."""

    def order(self, now):
        """Zones in which to look for a spot machine, the preferred one first; a running machine is kept."""
        if now["running"] == "spot":
            return [now["zone"]]
        moves = self.task["transfer"][now["data_region"]]
        rest = now["work_left_h"]
        return sorted(self.zones, key=lambda zone: now["spot_price"][zone] * rest + moves[self.task["region"][zone]])

    # The rest is from up_threshold.py: Policy.__init__, Policy.decide, Policy.watch, Policy.request, Policy.ahead, Policy.place.
