"""SkyNomad with its other value of progress: 1.2 times what a plan for the rest is estimated to cost an hour of work.

Z. Li et al., "SkyNomad: On Using Multi-Region Spot Instances to Minimize AI Batch Job Cost", NSDI 2027 (arXiv 2601.06520),
`unified_cost_model_risk` of its simulator. The plan takes spot by its share of the last 12 hours, the cheapest hour of work first,
and on demand for the rest, earlier if the pace of the last 10 hours would miss the deadline.
"""

import math


class Policy:
    """Compare all machines by net value an hour; change only where that gains a margin."""

    def progress_value(self, now):
        """What an hour of work is worth, in $."""
        self.done = [*getattr(self, "done", []), self.task["work_h"] - now["work_left_h"]]
        self.seen = [*getattr(self, "seen", []), now["spot"]][-round(12 / self.task["tick_h"]) :]
        left, time_left, overhead = now["work_left_h"], now["time_left_h"], self.task["overhead_h"]
        dear = min(self.task["on_demand_price"])
        offers = []
        for zone in self.zones:
            lasts = min(self.lives[zone].expected(), time_left)
            share = sum(spot[zone] for spot in self.seen[:-1]) / max(1, len(self.seen) - 1)
            if share > 0 and lasts > overhead:
                part = (lasts - overhead) / lasts
                offers.append((now["spot_price"][zone] / part, share * time_left * part))
        on_demand = self.on_demand_share(now) * left
        spot, bill, used = left - on_demand, 0.0, 0
        for price, hours in sorted(offers):
            taken = min(hours, spot)
            if taken > 0:
                bill, spot, used = bill + taken * price, spot - taken, used + 1
        on_demand += spot
        moves = max(0, used + (on_demand > 0) - 1)
        return 1.2 * (bill + on_demand * dear + moves * 0.02 * self.task["checkpoint_gb"]) / max(left, 1e-6)

    def on_demand_share(self, now):
        """Share of the remaining time for which the pace of the last ten hours would leave on demand as the only way."""
        elapsed, done = now["elapsed_h"], self.done[-1]
        if elapsed <= 0:
            return 0.0
        if abs(done - elapsed) < 1e-6:
            return 0.5
        ticks = min(len(self.done) - 1, round(10 / self.task["tick_h"]))
        rate = max(0.0, min(1.0, (done - self.done[-1 - ticks]) / (ticks * self.task["tick_h"])))
        if abs(rate - 1.0) < 1e-6:
            return 0.0
        deadline = self.task["deadline_h"]
        behind = self.task["work_h"] + 2 * self.task["overhead_h"] - deadline
        crossing = (rate * elapsed - done + behind) / (rate - 1.0)
        if crossing >= deadline:
            return 0.0
        return 1.0 if crossing <= 0 else max(0.0, min(1.0, (deadline - crossing) / now["time_left_h"]))

    # The rest is from skynomad.py: Policy.__init__, Policy.decide, Policy.best, Policy.net, Policy.near, Life, hazard.
