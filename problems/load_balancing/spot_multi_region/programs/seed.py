"""Finish a job before its deadline at least cost on spot and on-demand machines in several zones: one choice a tick.

The part between the markers rates one machine; the class below it keeps the history, takes the machine with the highest worth, and
goes on demand by itself at the last moment that still guarantees the deadline, so that no choice can be late.
"""


# EVOLVE-BLOCK-START
def worth(
    price: float,
    on_demand: bool,
    here: bool,
    launch: float,
    move: float,
    work_left: float,
    time_left: float,
    slack: float,
    ahead: float,
    overhead: float,
    availability: float,
    recent: float,
    streak: float,
    mean_up: float,
    mean_down: float,
    cheapest: float,
    dear: float,
) -> float:
    """Worth of running one machine in the next tick: the highest is taken, none if no worth is above 0. Times are in hours.

    Only machines that can be had now are rated: on demand in every zone, spot where there is one. Waiting costs nothing but slack.
    """
    return 1 / price


# EVOLVE-BLOCK-END


class Zone:
    """What has been seen of spot in one zone."""

    def __init__(self):
        """Nothing seen yet."""
        self.seen = []  # one entry a tick: 1 where there was spot
        self.ticks = {True: 0, False: 0}  # with spot, without
        self.spells = {True: 0, False: 0}
        self.streak = 0

    def see(self, spot):
        """Add a tick."""
        if not self.seen or self.seen[-1] != spot:
            self.spells[spot] += 1
            self.streak = 0
        self.seen.append(int(spot))
        self.ticks[spot] += 1
        self.streak += 1

    def features(self, tick):
        """Return availability, recent, streak, mean_up and mean_down."""
        last = self.seen[-max(1, round(3 / tick)) :]
        return (
            self.ticks[True] / len(self.seen),
            sum(last) / len(last),
            self.streak * tick,
            tick * self.ticks[True] / max(1, self.spells[True]),
            tick * self.ticks[False] / max(1, self.spells[False]),
        )


class Policy:
    """Remembers the market, asks `worth`, and keeps the deadline."""

    def __init__(self, task):
        """Take the task: a dict of work_h, deadline_h, overhead_h, tick_h, region, home, checkpoint_gb, on_demand_price, transfer.

        region[z] is the region of zone z, transfer[a][b] the price of moving the checkpoint from region a to region b in $.
        """
        self.task = task
        self.zones = [Zone() for _ in task["region"]]

    def decide(self, now):
        """Return "idle", ["spot", zone] or ["on_demand", zone] for the tick that begins.

        `now` is a dict of elapsed_h, time_left_h, work_left_h, slack_h, overhead_left_h, running, zone, preempted, data_region, and
        by zone spot and spot_price.
        """
        for zone, spot in zip(self.zones, now["spot"], strict=True):
            zone.see(spot)
        machines = [["on_demand", z] for z in range(len(self.zones))]
        machines += [["spot", z] for z in range(len(self.zones)) if now["spot"][z]]
        choice, best = "idle", 0.0
        for machine in machines:
            found = self.rate(machine, now)
            if found > best:
                choice, best = machine, found
        return choice if self.can_wait(choice, now) else self.safe(now)

    def rate(self, machine, now):
        """Ask `worth` about one machine."""
        task, (kind, z) = self.task, machine
        on_demand, here = kind == "on_demand", [now["running"], now["zone"]] == machine
        steady = (1.0, 1.0, now["elapsed_h"], now["time_left_h"], 0.0)  # on demand is always there
        return worth(
            task["on_demand_price"][z] if on_demand else now["spot_price"][z],
            on_demand,
            here,
            now["overhead_left_h"] if here else task["overhead_h"],
            task["transfer"][now["data_region"]][task["region"][z]],
            now["work_left_h"],
            now["time_left_h"],
            now["slack_h"],
            task["work_h"] - now["work_left_h"] - now["elapsed_h"] * task["work_h"] / task["deadline_h"],
            task["overhead_h"],
            *(steady if on_demand else self.zones[z].features(task["tick_h"])),
            min((price for price, spot in zip(now["spot_price"], now["spot"], strict=True) if spot), default=0.0),
            min(task["on_demand_price"]),
        )

    def can_wait(self, choice, now):
        """Whether a launch on demand still makes the deadline after a tick of `choice`, or nothing is launched any more."""
        tick, overhead = self.task["tick_h"], self.task["overhead_h"]
        left, here = now["work_left_h"], [now["running"], now["zone"]] == choice
        if here and choice[0] == "on_demand":
            return True
        if choice != "idle":
            left -= max(0.0, tick - (now["overhead_left_h"] if here else overhead))
        return left <= 1e-9 or left + overhead <= now["time_left_h"] - tick + 1e-9

    def safe(self, now):
        """On demand: the machine that runs, otherwise the cheapest with the move of the checkpoint."""
        if now["running"] == "on_demand":
            return ["on_demand", now["zone"]]
        prices, moves = self.task["on_demand_price"], self.task["transfer"][now["data_region"]]
        bill = [prices[z] * now["work_left_h"] + moves[region] for z, region in enumerate(self.task["region"])]
        return ["on_demand", bill.index(min(bill))]
