"""Finish a job before its deadline at least cost on spot and on-demand machines: one choice a tick.

Everything may change but the contract: `Policy(task)`, then one call of `decide(now)` a tick until the work is done.
"""


# EVOLVE-BLOCK-START
class Policy:
    """Take spot whenever there is one; without it, wait while not much behind an even pace, then catch up on demand."""

    def __init__(self, task):
        """Take the task: a dict of work_h, deadline_h, overhead_h, tick_h, spot_price ($/h) and on_demand_price ($/h)."""
        self.task = task
        self.seen = []  # availability of spot, one entry a tick

    def decide(self, now):
        """Return "spot", "on_demand" or "idle" for the tick that begins.

        `now` is a dict of elapsed_h, time_left_h, work_left_h, slack_h, overhead_left_h, running ("spot", "on_demand" or
        "idle"), preempted, spot (whether there is one in this tick) and spot_price. Times are in hours.
        """
        self.seen.append(now["spot"])
        choice = self.wish(now)
        return choice if choice == "on_demand" or self.can_wait(choice, now) else "on_demand"

    def wish(self, now):
        """What would be best if the deadline took care of itself."""
        if now["spot"]:
            return "spot"
        done = self.task["work_h"] - now["work_left_h"]
        ahead = done - now["elapsed_h"] * self.task["work_h"] / self.task["deadline_h"]
        enough = 1.0 if now["running"] == "on_demand" else -1.0
        return "on_demand" if ahead < enough else "idle"

    def can_wait(self, choice, now):
        """Whether on demand alone still makes the deadline after a tick of `choice`, even if spot is gone by then."""
        tick, overhead = self.task["tick_h"], self.task["overhead_h"]
        left = now["work_left_h"]
        if choice == "spot" and now["spot"]:
            left -= max(0.0, tick - (now["overhead_left_h"] if now["running"] == "spot" else overhead))
        return left <= 1e-9 or left + overhead <= now["time_left_h"] - tick + 1e-9


# EVOLVE-BLOCK-END
