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
#     this program                  8.46%       7.48%       9.99%
#     uniform_progress_eager        9.13%       8.41%       9.90%
#     uniform_progress_sticky       9.43%       12.3%       11.4%
#     uniform_progress              12.7%       9.83%       12.7%
#     greedy                        25.0%       16.8%       21.2%
#     on_demand                     58.9%      103.1%       71.0%
#
# Found by: AST mutation operators (file spot_deadline.py).
#
# Certificate: no significant improvement (2026-11-30: test: +0.090 pp against uniform_progress_eager,
# 99.2% CI −0.40 to +0.39 pp (13 wins, 50 ties, 61 losses)).
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
"""Finish a job before its deadline at least cost on spot and on-demand machines: one choice a tick.

The part between the markers chooses; the class below it keeps the history, and goes on demand by itself at the last moment
that still guarantees the deadline, so that no choice can be late.
"""

# EVOLVE-BLOCK-START
TUNABLE = {'START': (-6.0, 3.0), 'STAY': (-6.0, 8.0)}
START = 0.0832101
STAY = 5.10388

def choose(work_left: float, time_left: float, slack: float, overhead: float, tick: float, spot: bool, on_spot: bool, on_demand: bool, ahead: float, availability: float, recent: float, streak: float, mean_up: float, mean_down: float, price_ratio: float) -> str:
    """Choose "spot", "on_demand" or "idle" for the next tick; times are in hours.

    Idle costs nothing but uses up slack; every launch (from idle, or from one kind to the other) wastes `overhead`.
    """
    if spot:
        return 'spot'
    return 'on_demand' if ahead < (STAY if ahead < (STAY if on_demand else START) / (abs(mean_up) + 1) else START) else 'idle'


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

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "load_balancing/spot_deadline",
    "version": "f26d7a8561c1",
    "run": "file spot_deadline.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "AST mutation operators",
    "verdict": "not better",
    "reason": "2026-11-30: test: +0.090 pp against uniform_progress_eager, 99.2% CI \u22120.40 to +0.39 pp (13 wins, 50 ties, 61 losses)",
    "certificate": "effdeab4b3b02125bdc3c7004ec77d50c998731f316e105f8b7d3fbac38bad53",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "784859741c6e7bc2cb12499bf3e0cdf0523f788171fe46d472ca90bc66772bc5",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.08455627843344009, "validation": 0.07476671249230556, "test": 0.09991154381089208},
    "uniform_progress_eager": {"train": 0.09127738252063232, "validation": 0.0840981839336165, "test": 0.09901170235927022},
    "uniform_progress_sticky": {"train": 0.09431668795776936, "validation": 0.12259212521571336, "test": 0.11439888480163465},
    "uniform_progress": {"train": 0.1272798728327697, "validation": 0.09831939974047128, "test": 0.1268701223464237},
    "greedy": {"train": 0.2501414213708908, "validation": 0.16810959737867467, "test": 0.21244841224499678},
    "on_demand": {"train": 0.5894476907143887, "validation": 1.0307233403311902, "test": 0.7102873658349212},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# load_balancing_spot_deadline.cases.json, whose SHA-256 is:
CASES_SHA256 = "d85c3b0687991d5acfd5197f605f3bbb5f4e1f34c77feeb6c517c6dc52e0d8ed"


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
