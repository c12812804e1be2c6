"""SkyNomad: the machine with the highest net value an hour, by how long it is expected to last and what progress is worth.

Z. Li et al., "SkyNomad: On Using Multi-Region Spot Instances to Minimize AI Batch Job Cost", NSDI 2027 (arXiv 2601.06520), as its
simulator runs it on these recordings (`--config v100`): the Nelson-Aalen estimate of the life of a spot machine, scaled in bursts
of preemptions; progress is worth the price on demand times how much faster than planned the rest has to go. Probes cost nothing
here, since all zones can be seen.
"""

import math


class Life:
    """What is known of the life of spot machines in one zone."""

    def __init__(self, tick):
        self.tick = tick  # hours
        self.spells = []  # lengths of spells with spot that have ended, in hours
        self.age = None  # of the present spell, in hours
        self.events = []  # (risk, losses) of each tick, as far back as a risk of 8
        self.haste = 1.0  # by how much preemptions come faster than the estimate
        self.curve = [], 1e-8

    def see(self, spot):
        """Add a tick."""
        if not spot and self.age is None:
            return
        before, lost = self.age, False
        if spot:
            self.age = 0.0 if before is None else before + self.tick
        elif before is not None:
            self.spells.append(before + self.tick)
            self.age, lost = None, True
        knots, tail = self.curve = self.knots()
        risk = 0.0
        if spot:
            start = max(0.0, self.age - self.tick) if before is None else before
            risk = hazard(knots, tail, self.age) - hazard(knots, tail, start)
        if risk <= 0 and lost:
            risk = tail * self.tick
        if risk > 0 or lost:
            self.events.append((risk, lost))
            total = sum(event[0] for event in self.events)
            while total - self.events[0][0] >= 8.0:
                total -= self.events.pop(0)[0]
            self.haste = max(1.0, self.densest()) if total >= 1.0 else 1.0

    def densest(self):
        """Most losses per expected loss over the last ticks, as far back as one expected loss."""
        risk, losses, best = 0.0, 0, 0.0
        for event in reversed(self.events):
            if risk + event[0] > 1.0 and risk > 0:
                break
            risk, losses = risk + event[0], losses + event[1]
            best = max(best, losses / max(risk, 1e-6))
        return best

    def knots(self):
        """Steps of the cumulative hazard (age, step), the present spell counting as censored, and the hazard beyond them."""
        known = self.spells if self.age is None else [*self.spells, self.age]
        found = []
        for age in sorted(set(self.spells)):
            at_risk = sum(other + 1e-9 >= age for other in known)
            found.append((age, self.spells.count(age) / at_risk))
        return found, max(found[-1][1], 1e-8) if found else 1e-8

    def expected(self):
        """Hours that a spot machine is expected to last from now on."""
        knots, tail = self.curve
        total, alive, at = 0.0, 1.0, self.age or 0.0
        for age, step in knots:
            if age > at + 1e-12:
                total += alive * (age - at)
                alive *= math.exp(-self.haste * step)
                at = age
        return total + alive * self.tick / max(1e-9, 1 - math.exp(-self.haste * tail))


def hazard(knots, tail, age):
    """Cumulative hazard up to an age."""
    before = [knot for knot in knots if knot[0] < age]
    last = before[-1][0] if before else 0.0
    return sum(step for _, step in before) + max(0.0, age - last) * tail


class Policy:
    """Compare all machines by net value an hour; change only where that gains a margin."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.task = task
        self.zones = range(len(task["region"]))
        self.lives = [Life(task["tick_h"]) for _ in self.zones]
        self.origin = None  # zone of the last machine

    def decide(self, now):
        """Choose "idle", ["spot", zone] or ["on_demand", zone] for the tick that begins."""
        for zone in self.zones:
            self.lives[zone].see(now["spot"][zone])
        here = [now["running"], now["zone"]] if now["running"] != "idle" else "idle"
        self.origin = now["zone"] if now["zone"] is not None else self.origin
        worth = self.progress_value(now)
        choice = self.best(now, here, worth)
        if math.ceil((now["work_left_h"] + self.task["overhead_h"]) / self.task["tick_h"] - 1e-9) >= round(
            now["time_left_h"] / self.task["tick_h"]
        ):
            # One launch is all that still fits. A spot machine that is already working loses nothing by going on.
            warm = now["running"] == "spot" and now["overhead_left_h"] < 1e-9
            choice = here if warm or now["running"] == "on_demand" else ["on_demand", self.near(now)]
        return choice

    def best(self, now, here, worth):
        """The machine with the highest net value an hour, or the present one unless the gain exceeds a margin."""
        lasts = [min(life.expected(), now["time_left_h"]) for life in self.lives]
        value = 0.0
        if here != "idle":
            value = worth - (now["spot_price"] if here[0] == "spot" else self.task["on_demand_price"])[here[1]]
        margin = 0.0 if here == "idle" else 0.5 + 0.05 * worth + 0.0002 * self.task["checkpoint_gb"]
        best, choice = value, here
        for option in ([kind, zone] for kind in ("spot", "on_demand") for zone in self.zones):
            if option == here or (option[0] == "spot" and not now["spot"][option[1]]):
                continue
            gain = self.net(option, now, worth, lasts[option[1]])
            if gain >= 0 and gain > value + margin and gain > best:
                best, choice = gain, option
        return choice

    def net(self, option, now, worth, hours):
        """Net value an hour of a machine that would be launched now."""
        kind, zone = option
        move = self.task["transfer"][now["data_region"]][self.task["region"][zone]]
        if kind == "spot":
            works = hours - self.task["overhead_h"]
            return worth * works / hours - now["spot_price"][zone] - move / hours if works > 0 else -1.0
        delay = 0.0 if self.origin in (None, zone) else self.task["overhead_h"] * worth
        return worth - self.task["on_demand_price"][zone] - delay - move

    def near(self, now):
        """The cheapest on-demand machine where the checkpoint lies."""
        there = [zone for zone in self.zones if self.task["region"][zone] == now["data_region"]]
        return min(there, key=lambda zone: self.task["on_demand_price"][zone])

    def progress_value(self, now):
        """What an hour of work is worth, in $: the price on demand times the rate needed over the planned rate."""
        planned = self.task["work_h"] / self.task["deadline_h"]
        needed = now["work_left_h"] / now["time_left_h"]
        return max(min(self.task["on_demand_price"]) * needed / planned, min(now["spot_price"]))
