"""Finish a job before its deadline at least cost on spot and on-demand machines in several zones: one choice a tick.

Everything may change but the contract: `Policy(task)`, then one call of `decide(now)` a tick until the work is done.
"""


# EVOLVE-BLOCK-START
class Policy:
    """Keep a spot machine while it lasts; then take the one that is cheapest for the rest; wait while not behind an even pace."""

    def __init__(self, task):
        """Take the task: a dict of work_h, deadline_h, overhead_h, tick_h, region, home, checkpoint_gb, on_demand_price, transfer.

        region[z] is the region of zone z, transfer[a][b] the price of moving the checkpoint from region a to region b in $.
        """
        self.task = task
        self.zones = range(len(task["region"]))
        self.seen = []  # availability of spot by zone, one entry a tick

    def decide(self, now):
        """Return "idle", ["spot", zone] or ["on_demand", zone] for the tick that begins.

        `now` is a dict of elapsed_h, time_left_h, work_left_h, slack_h, overhead_left_h, running ("spot", "on_demand" or "idle"),
        zone (of the running machine, or None), preempted, data_region (where the checkpoint lies), and by zone spot (whether there
        is one in this tick) and spot_price. Times are in hours, prices in $/h.
        """
        self.seen.append(now["spot"])
        choice = self.wish(now)
        return choice if self.can_wait(choice, now) else self.on_demand(now)

    def wish(self, now):
        """What would be best if the deadline took care of itself."""
        if now["running"] == "spot":
            return ["spot", now["zone"]]
        there = [z for z in self.zones if now["spot"][z]]
        if there:
            return ["spot", min(there, key=lambda z: self.rest(now["spot_price"][z], z, now))]
        done = self.task["work_h"] - now["work_left_h"]
        ahead = done - now["elapsed_h"] * self.task["work_h"] / self.task["deadline_h"]
        enough = 1.0 if now["running"] == "on_demand" else -1.0
        return self.on_demand(now) if ahead < enough else "idle"

    def rest(self, price, z, now):
        """What the rest of the work would cost in zone z, in $."""
        return price * now["work_left_h"] + self.task["transfer"][now["data_region"]][self.task["region"][z]]

    def on_demand(self, now):
        """The on-demand machine that runs, otherwise the cheapest one for the rest."""
        if now["running"] == "on_demand":
            return ["on_demand", now["zone"]]
        return ["on_demand", min(self.zones, key=lambda z: self.rest(self.task["on_demand_price"][z], z, now))]

    def can_wait(self, choice, now):
        """Whether a launch on demand still makes the deadline after a tick of `choice`, or nothing is launched any more."""
        tick, overhead = self.task["tick_h"], self.task["overhead_h"]
        left, here = now["work_left_h"], [now["running"], now["zone"]] == choice
        if here and choice[0] == "on_demand":
            return True
        if choice != "idle":
            left -= max(0.0, tick - (now["overhead_left_h"] if here else overhead))
        return left <= 1e-9 or left + overhead <= now["time_left_h"] - tick + 1e-9


# EVOLVE-BLOCK-END
