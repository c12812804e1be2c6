"""Uniform Progress with eager failover: the cheapest spot machine, regions other than the last one first.

The policy `multi_region_rc_cr_threshold_eager_failover`, UP(S), of the simulator published with Z. Li et al., "SkyNomad: On Using
Multi-Region Spot Instances to Minimize AI Batch Job Cost", NSDI 2027 (arXiv 2601.06520): where a machine has just been taken away,
the next one is likely to be taken away soon.
"""

import math


class Policy:
    """The even pace of Uniform Progress, with hysteresis and safety net; the region of the last machine comes last."""

    def watch(self, now):
        """Remember the region of the last machine."""
        if now["elapsed_h"] == 0:
            self.last = None
        if now["zone"] is not None:
            self.last = self.task["region"][now["zone"]]

    def order(self, now):
        """Zones in which to look for a spot machine, the preferred one first; a running machine is kept."""
        if now["running"] == "spot":
            return [now["zone"]]
        return sorted(self.zones, key=lambda zone: (self.task["region"][zone] == self.last, now["spot_price"][zone]))

    # The rest is from up_threshold.py: Policy.__init__, Policy.decide, Policy.request, Policy.ahead, Policy.place.
