"""Finish a job before its deadline at least cost on spot and on-demand machines: one choice a tick.

The part between the markers chooses; the class below it keeps the history, and goes on demand by itself at the last moment
that still guarantees the deadline, so that no choice can be late.
"""

# EVOLVE-BLOCK-START
TUNABLE = {"START": (-6.0, 3.0), "STAY": (-6.0, 8.0)}
START = -2.0  # without spot, go on demand when this many hours ahead of the even pace or fewer
STAY = -1.0  # and stay there up to this many


def choose(
    work_left: float,
    time_left: float,
    slack: float,
    overhead: float,
    tick: float,
    spot: bool,
    on_spot: bool,
    on_demand: bool,
    ahead: float,
    availability: float,
    recent: float,
    streak: float,
    mean_up: float,
    mean_down: float,
    price_ratio: float,
) -> str:
    """Choose "spot", "on_demand" or "idle" for the next tick; times are in hours.

    Idle costs nothing but uses up slack; every launch (from idle, or from one kind to the other) wastes `overhead`.
    """
    if spot:
        return "spot"
    return "on_demand" if ahead < (STAY if on_demand else START) else "idle"


# EVOLVE-BLOCK-END


class Policy:
    """Remembers the market, asks `choose`, and keeps the deadline."""

    def __init__(self, task):
        """Take the task: a dict of work_h, deadline_h, overhead_h, tick_h, spot_price ($/h) and on_demand_price ($/h)."""
        self.task = task
        self.seen = []  # one entry a tick: 1 where there was spot
        self.ticks = {True: 0, False: 0}  # with spot, without
        self.spells = {True: 0, False: 0}
        self.streak = 0

    def decide(self, now):
        """Return "spot", "on_demand" or "idle" for the tick that begins.

        `now` is a dict of elapsed_h, time_left_h, work_left_h, slack_h, overhead_left_h, running, preempted, spot, spot_price.
        """
        self._remember(now["spot"])
        tick, overhead = self.task["tick_h"], self.task["overhead_h"]
        last = self.seen[-max(1, round(3 / tick)) :]
        done = self.task["work_h"] - now["work_left_h"]
        choice = choose(
            now["work_left_h"],
            now["time_left_h"],
            now["slack_h"],
            overhead,
            tick,
            now["spot"],
            now["running"] == "spot",
            now["running"] == "on_demand",
            done - now["elapsed_h"] * self.task["work_h"] / self.task["deadline_h"],
            self.ticks[True] / len(self.seen),
            sum(last) / len(last),
            self.streak * tick,
            tick * self.ticks[True] / max(1, self.spells[True]),
            tick * self.ticks[False] / max(1, self.spells[False]),
            now["spot_price"] / self.task["on_demand_price"],
        )
        return choice if choice == "on_demand" or self._can_wait(choice, now) else "on_demand"

    def _remember(self, spot):
        if not self.seen or self.seen[-1] != spot:
            self.spells[spot] += 1
            self.streak = 0
        self.seen.append(int(spot))
        self.ticks[spot] += 1
        self.streak += 1

    def _can_wait(self, choice, now):
        """Whether on demand alone still makes the deadline after a tick of `choice`, even if spot is gone by then."""
        tick, overhead = self.task["tick_h"], self.task["overhead_h"]
        left = now["work_left_h"]
        if choice == "spot" and now["spot"]:
            left -= max(0.0, tick - (now["overhead_left_h"] if now["running"] == "spot" else overhead))
        return left <= 1e-9 or left + overhead <= now["time_left_h"] - tick + 1e-9
