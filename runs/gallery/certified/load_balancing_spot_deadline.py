# A heuristic, exported by evolve as one module.
#
# load_balancing_spot_deadline.py: Spot machines under a deadline (load_balancing/spot_deadline). When
# should a job with a hard deadline run on a spot machine, on an on-demand machine, or wait?
#
# Entry: `Policy`. Its docstring says what goes in and what comes out.
#
# Objective: minimised, in $. Version of the problem: f26d7a8561c1.
#
# Mean gap to the reference (proven offline optimum (exact dynamic programming)); 0 is the reference,
# lower is better:
#
#     program                       train  validation        test
#     this program                  3.77%       5.75%       6.81%
#     uniform_progress_eager        9.13%       8.41%       9.90%
#     uniform_progress_sticky       9.43%       12.3%       11.4%
#     uniform_progress              12.7%       9.83%       12.7%
#     greedy                        25.0%       16.8%       21.2%
#     on_demand                     58.9%      103.1%       71.0%
#
# Found by: coding agent proposer (file spot8.py).
#
# Certificate: certified (2026-11-30: better than every baseline, closest on test: −3.09 pp against
# uniform_progress_eager, 99.7% CI −6.17 to −0.83 pp (74 wins, 17 ties, 33 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python load_balancing_spot_deadline.py` repeats the calls recorded on 3 small instances in
# load_balancing_spot_deadline.cases.json and compares the answers; of 3 long episodes, the beginning.
# The EVOLVE-BLOCK comments enclose the part that the search was asked to change.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Finish a job before its deadline at least cost: learn how long spells with and without spot last, then plan to the deadline.

A spell ends at a rate that falls with its age, times a factor that is learnt from the market for each of the two kinds of
spell. A dynamic programme over slack, time left, the market's state and the running machine gives the value of each choice.
"""

import numpy as np

# EVOLVE-BLOCK-START
AGES = (0.5, 2.0, 8.0)  # hours: borders between the ages of a spell, each four times the one before
RATES = (1.5, 0.7, 0.35, 0.15)  # how often a spell of each age ends, per hour, before anything is seen
WEIGHT = 2.0  # endings of spells that this prior counts for
STEPS = 200  # of time, at most, in one plan
CELLS = 30  # of slack, at least, in one plan
REPLANS = 30  # plans for one job
START_AGE = 1.0  # hours: age of the spell that is there at the start
HORIZON = 70.0  # hours that a plan looks ahead, at most; its share of the slack is in proportion


def spend(table, cells):
    """Values after `cells` cells of slack (last axis) are spent, between cells by interpolation; infinite where there are too few."""
    whole, part = int(cells), cells - int(cells)
    size = table.shape[-1]
    padded = np.concatenate([np.full(table.shape[:-1] + (min(whole + 1, size + 1),), np.inf), table], axis=-1)
    upper = padded[..., 1 : size + 1] if whole < size else np.full_like(table, np.inf)
    if part < 1e-9:
        return upper
    return upper * (1 - part) + padded[..., :size] * part


class Policy:
    """Learns the market, follows the plan, and keeps the deadline."""

    def __init__(self, task):
        """Take the task: a dict of work_h, deadline_h, overhead_h, tick_h, spot_price ($/h) and on_demand_price ($/h)."""
        self.tick, self.overhead, self.deadline = task["tick_h"], task["overhead_h"], task["deadline_h"]
        self.price = task["on_demand_price"]
        self.spot, self.age = None, START_AGE
        self.hours = np.zeros((2, len(RATES)))  # without and with spot, by age
        self.ends = np.zeros((2, len(RATES)))
        self.plan, self.next_plan = None, np.inf

    def decide(self, now):
        """Return "spot", "on_demand" or "idle" for the tick that begins."""
        self.observe(now["spot"])
        if now["time_left_h"] <= self.next_plan:
            self.replan(now["time_left_h"], now["time_left_h"] - now["work_left_h"], now["spot_price"])
            self.next_plan = now["time_left_h"] - self.deadline / REPLANS
        choice = self.wish(now)
        return choice if choice == "on_demand" or self.can_wait(choice, now) else "on_demand"

    def observe(self, spot):
        """Count the tick that has passed, and whether its spell has ended."""
        if self.spot is not None:
            phase = self.phase()
            self.hours[self.spot, phase] += self.tick
            self.age += self.tick
            if self.spot != spot:
                self.ends[self.spot, phase] += 1
                self.age = 0.0
        self.spot = int(spot)

    def phase(self):
        """Which of the ages the present spell has reached."""
        return sum(self.age >= border for border in AGES)

    def rates(self):
        """How often spells end, by kind and age: the prior's rates times one factor learnt for each kind."""
        expected = self.hours @ np.array(RATES)
        factor = (WEIGHT + self.ends.sum(axis=1)) / (WEIGHT + expected)
        return factor[:, None] * np.array(RATES)

    def transitions(self, step):
        """Probabilities from state to state of the market (kind, age) in a step."""
        rates, count = self.rates(), len(RATES)
        flow = np.zeros((2 * count, 2 * count))
        for kind in (0, 1):
            for phase in range(count):
                row = kind * count + phase
                flow[row, (1 - kind) * count] += rates[kind, phase]
                if phase < len(AGES):
                    flow[row, row + 1] += 1 / (AGES[phase] - (AGES[phase - 1] if phase else 0.0))
        flow -= np.diag(flow.sum(axis=1))
        return np.linalg.matrix_power(np.eye(2 * count) + flow * step / 64, 64)

    def replan(self, left, slack, spot_price):
        """Plan to the deadline or, if that is far, a window whose slack is its share; what is left of both stays behind it."""
        share = min(1.0, HORIZON / left)
        self.later, self.reserve = left * (1 - share), slack * (1 - share)
        self.solve(left * share, slack * share, spot_price)

    def solve(self, left, slack, spot_price):
        """Costs to go after a step of idle, on demand and spot, by steps left, state of the market, and slack.

        Slack is counted after a launch on demand: what may be spent before on demand alone is the only way.
        """
        count = len(RATES)
        self.step = step = max(self.tick, left / STEPS)
        waits = max(1, int(np.ceil(step * CELLS / max(slack, step))))
        self.cell = step / waits
        size = int(slack / self.cell) + 3
        launch = self.overhead / self.cell
        moves = self.transitions(step)
        none, there = slice(0, count), slice(count, 2 * count)
        idle, demand, spot = (np.zeros((2 * count, size)) for _ in range(3))
        self.plan = [(idle, demand, spot)]
        for k in range(1, int(np.ceil(left / step - 1e-9)) + 1):
            work = np.maximum(k * step - self.cell * np.arange(size), 0)
            work_cold = np.maximum(work - self.overhead, 0)
            after_idle = moves @ idle
            after_demand = moves @ demand + self.price * np.minimum(step, work)
            after_spot = moves[:, none] @ idle[none] + moves[:, there] @ spot[there] + spot_price * np.minimum(step, work_cold)
            self.plan.append((after_idle, after_demand, after_spot))
            wait = spend(after_idle, waits)
            idle = np.minimum(wait, after_demand)
            idle[there] = np.minimum(idle[there], spend(after_spot[there], launch))
            demand = np.minimum(after_demand, spend(after_idle, waits + launch))
            demand[there] = np.minimum(demand[there], spend(after_spot[there], 2 * launch))
            spot = np.minimum(np.minimum(after_spot, after_demand), wait)
            demand[:, work <= 0] = 0
            idle[:, work_cold <= 0] = 0
            spot[:, work_cold <= 0] = 0

    def wish(self, now):
        """The choice of least cost to go by the plan."""
        steps = round((now["time_left_h"] - self.later) / self.step)
        idle, demand, spot = self.plan[min(len(self.plan) - 1, max(1, steps))]
        spare = now["time_left_h"] - now["work_left_h"] - self.reserve
        cold = spare - self.overhead
        running = now["running"]
        costs = {
            "on_demand": self.look(demand, spare - now["overhead_left_h"] if running == "on_demand" else cold),
            "idle": self.look(idle, cold - self.step),
        }
        if now["spot"]:
            costs["spot"] = self.look(spot, cold - (now["overhead_left_h"] if running == "spot" else self.overhead))
        return min(costs, key=costs.get)

    def look(self, table, slack):
        """The cost to go in the present state of the market with this much slack."""
        if slack < 0:
            return np.inf
        row = table[self.spot * len(RATES) + self.phase()]
        place = min(slack / self.cell, len(row) - 1.001)
        below = int(place)
        return row[below] + (place - below) * (row[below + 1] - row[below])

    def can_wait(self, choice, now):
        """Whether on demand alone still makes the deadline after a tick of `choice`, even if spot is gone by then."""
        left = now["work_left_h"]
        if choice == "spot" and now["spot"]:
            left -= max(0.0, self.tick - (now["overhead_left_h"] if now["running"] == "spot" else self.overhead))
        return left <= 1e-9 or left + self.overhead <= now["time_left_h"] - self.tick + 1e-9


# EVOLVE-BLOCK-END

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "load_balancing/spot_deadline",
    "version": "f26d7a8561c1",
    "run": "file spot8.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "coding agent proposer",
    "verdict": "certified",
    "reason": "2026-11-30: better than every baseline, closest on test: \u22123.09 pp against uniform_progress_eager, 99.7% CI \u22126.17 to \u22120.83 pp (74 wins, 17 ties, 33 losses)",
    "certificate": "65153564c0e2897f8e6001ed187a075a236617d56febb6422b234cf9ffc5fbb2",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "108e300b2e3c7698922577f1b581d3b5581d40ff27e6598ef80748dcdebe51b6",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.03773048976913632, "validation": 0.05746525380789309, "test": 0.06810138990001505},
    "uniform_progress_eager": {"train": 0.09127738252063232, "validation": 0.0840981839336165, "test": 0.09901170235927022},
    "uniform_progress_sticky": {"train": 0.09431668795776936, "validation": 0.12259212521571336, "test": 0.11439888480163465},
    "uniform_progress": {"train": 0.1272798728327697, "validation": 0.09831939974047128, "test": 0.1268701223464237},
    "greedy": {"train": 0.2501414213708908, "validation": 0.16810959737867467, "test": 0.21244841224499678},
    "on_demand": {"train": 0.5894476907143887, "validation": 1.0307233403311902, "test": 0.7102873658349212},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# load_balancing_spot_deadline.cases.json, whose SHA-256 is:
CASES_SHA256 = "71502d0862cc5f77e7a1eb7f6176557bd6e57e6b71249cb3ff42cb383bd66f99"


def _cases():
    """Return the recorded calls, or None and why they are missing."""
    import hashlib
    import json
    import pathlib

    path = pathlib.Path(__file__).with_suffix(".cases.json")
    if not path.is_file():
        return None, f"the self-check needs {path.name}, which was exported beside this module"
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != CASES_SHA256:
        return None, f"{path.name} is not the file that was exported beside this module"
    return json.loads(content), ""


def _same(answer, expected):
    """Compare plain values; floats to nine digits, as machines differ in the last ones."""
    import math

    if isinstance(expected, list):
        return isinstance(answer, list) and len(answer) == len(expected) and all(map(_same, answer, expected))
    if isinstance(expected, dict):
        same_keys = isinstance(answer, dict) and answer.keys() == expected.keys()
        return same_keys and all(_same(answer[key], expected[key]) for key in expected)
    if isinstance(expected, float):
        return isinstance(answer, (int, float)) and math.isclose(answer, expected, rel_tol=1e-9, abs_tol=1e-12)
    return type(answer) is type(expected) and answer == expected


def _replay(case):
    """Repeat the calls of a case; return the first answer that differs from the recorded one, or nothing."""
    import json

    target = Policy
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = Policy(*given)
            continue
        answer = getattr(target, method)(*given)
        answer = json.loads(json.dumps(answer, default=lambda value: value.tolist()))
        if not _same(answer, expected):
            return f"call {number} ({method}) answered {answer!r:.200}, recorded was {expected!r:.200}"
    return ""


def _recheck():
    """Repeat all cases and print how many agree; return 0 if all do, 1 if not, 2 if they are missing."""
    cases, why = _cases()
    if cases is None:
        print(f"not checked: {why}")
        return 2
    wrong = 0
    for case in cases:
        try:
            difference = _replay(case)
        except Exception as error:  # noqa: BLE001
            difference = f"{type(error).__name__}: {error}"
        if difference:
            wrong += 1
            print(f"{case['instance']}: {difference}")
    print(f"{'failed' if wrong else 'ok'}: {len(cases) - wrong} of {len(cases)} cases")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(_recheck())
