# A heuristic, exported by evolve as one module.
#
# scheduling_weighted_tardiness.py: Single-machine weighted tardiness (scheduling/weighted_tardiness).
# In which order should a single machine process jobs to minimise total weighted tardiness?
#
# Entry: `sequence`.
#
#     Sequence jobs on one machine so that their weighted tardiness is small.
#
#     The machine processes one job at a time, from time 0 on and without a pause. A job that completes at time C has
#     tardiness max(C - due, 0); the sum of weight * tardiness over all jobs is what counts.
#
#     Parameters
#     ----------
#     processing
#         Processing time of each job, in time units (at least 1).
#     weight
#         Weight of each job (at least 1): what one time unit of its tardiness costs.
#     due
#         Due date of each job, in time units.
#
#     Returns
#     -------
#     list[int]
#         The job indices 0..n-1, each exactly once, the first to be processed first.
#
#     Examples
#     --------
#     >>> sequence([4, 2, 3], [1, 5, 2], [5, 3, 9])  # completions 2, 6, 9: only job 0 is late, by 1, at cost 1
#     [1, 0, 2]
#
# Objective: minimised, in weighted time units of tardiness. Version of the problem: 307e81d3500c.
#
# Mean gap to the reference (proven optimum for n = 20 and 239 of the 250 OR-Library instances; best
# known (iterated dynasearch) elsewhere); 0 is the reference, lower is better:
#
#     program             train  validation        test
#     this program       0.002%      0.001%     -0.002%
#     atc_insertion      0.179%      0.156%      0.245%
#     atc_best_k         0.838%      0.664%       1.25%
#     wmdd                1.55%       1.30%       1.56%
#     atc                 2.72%       2.12%       2.56%
#     neh_edd             4.03%       3.62%       4.79%
#     covert              4.56%       3.69%       4.56%
#     wspt                28.6%       27.7%       31.3%
#     mdd                 36.9%       39.5%       40.2%
#     edd                115.0%      104.8%      119.3%
#
# Found by: coding agent (file weighted2.py).
#
# Certificate: certified (2026-11-30: better than every baseline, closest on test: −0.25 pp against
# atc_insertion, 99.7% CI −0.39 to −0.16 pp (163 wins, 137 ties, 0 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python scheduling_weighted_tardiness.py` repeats the calls recorded on 3 small instances and
# compares the answers.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""ATC (best of some k), then iterated local search: moves and exchanges of jobs; a few random exchanges disturb a local optimum.

After a change only jobs that complete at another time are looked at again. Moves and exchanges with one job are judged in one scan;
what lies between two exchanged jobs is summed only where a bound from the scan leaves hope.
"""

import math
import random

KS = (0.2, 0.5, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0, 4.0)
LOOKS = 60  # places looked at, times n * n
MOST_LOOKS = 4_000_000
SWAPS = 10  # random exchanges between two descents


def sequence(processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """Job indices; stops after a number of places looked at, so it is deterministic and bounded."""
    n = len(due)
    ks = KS if n <= 300 else (1.0, 2.0)
    orders = [apparent_tardiness_cost(processing, weight, due, k) for k in ks]
    order = min(orders, key=lambda order: weighted_tardiness(order, processing, weight, due))
    if n < 3 or weighted_tardiness(order, processing, weight, due) == 0:
        return order
    rng = random.Random(1)
    budget = min(LOOKS * n * n, MOST_LOOKS)
    search = Search(order, processing, weight, due, budget)
    search.descend(list(range(n)))
    best = search.cost
    kept = search.order[:]
    current, state = best, search.save()
    while search.looks < budget and best > 0:
        for _ in range(SWAPS):
            i, k = rng.randrange(n), rng.randrange(n)
            search.order[i], search.order[k] = search.order[k], search.order[i]
        search.rebuild(0, n)
        search.descend(search.order)
        if search.cost <= current:
            current, state = search.cost, search.save()
            if current < best:
                best, kept = current, search.order[:]
        else:
            search.load(state)
    return kept


class Search:
    """A sequence with what belongs to its places: lengths, weights, due dates, completions, and its cost."""

    def __init__(self, order, processing, weight, due, budget):
        self.processing, self.weight, self.due = processing, weight, due
        self.order = order[:]
        n = len(order)
        self.p, self.w, self.d, self.c = [0] * n, [0] * n, [0] * n, [0] * n
        self.cost = 0
        self.looks = 0
        self.budget = budget
        self.rebuild(0, n)

    def save(self):
        return self.order[:], self.p[:], self.w[:], self.d[:], self.c[:], self.cost

    def load(self, state):
        self.order[:], self.p[:], self.w[:], self.d[:], self.c[:], self.cost = state

    def rebuild(self, a, b):
        """Bring places a to b - 1 up to date after their jobs have been permuted."""
        p, w, d, c = self.p, self.w, self.d, self.c
        t = c[a - 1] if a else 0
        change = 0
        for i in range(a, b):
            if c[i] > d[i]:
                change -= w[i] * (c[i] - d[i])
            j = self.order[i]
            p[i] = self.processing[j]
            w[i] = weight = self.weight[j]
            d[i] = end = self.due[j]
            t += p[i]
            c[i] = t
            if t > end:
                change += weight * (t - end)
        self.cost += change

    def descend(self, jobs):
        """Move or exchange the jobs given while that helps; jobs that complete at another time then join them."""
        order, p, w, d, c = self.order, self.p, self.w, self.d, self.c
        n = len(order)
        stack = jobs[::-1]
        waits = [False] * n
        for j in stack:
            waits[j] = True
        looks = 0
        most = self.budget - self.looks
        while stack and looks < most:
            job = stack.pop()
            waits[job] = False
            i = order.index(job)
            pi, wi, di, ci = p[i], w[i], d[i], c[i]
            begin = ci - pi
            here = wi * (ci - di) if ci > di else 0
            best, kind, place = 0, "", i
            saved = heavy = 0  # what the jobs between gain if all begin pi earlier; weight of those late
            k = i
            for k in range(i + 1, n):
                ck, wk, pk = c[k], w[k], p[k]
                late = ck - d[k]
                base = here - wi * (ck - di) if ck > di else here
                # exchange i and k
                if late > 0:
                    x = begin + pk - d[k]
                    gain = base + wk * (late - x if x > 0 else late)
                    delta = pk - pi
                    if delta < 0:
                        if gain + saved > best and gain - delta * heavy > best:
                            for m in range(i + 1, k):
                                x = c[m] - d[m]
                                if x > 0:
                                    gain += w[m] * (x if x < -delta else -delta)
                            if gain > best:
                                best, kind, place = gain, "exchange", k
                    elif gain - delta * heavy > best:
                        for m in range(i + 1, k):
                            x = c[m] + delta - d[m]
                            if x > 0:
                                gain -= w[m] * (x if x < delta else delta)
                        if gain > best:
                            best, kind, place = gain, "exchange", k
                    heavy += wk
                    saved += wk * (late if late < pi else pi)
                    if base + saved > best:
                        best, kind, place = base + saved, "move", k
            looks += k - i
            if here > best:
                lost = heavy = 0
                for k in range(i - 1, -1, -1):
                    ck, wk, pk = c[k], w[k], p[k]
                    start = ck - pk
                    late = ck - d[k]
                    x = start + pi - di
                    base = here - wi * x if x > 0 else here  # what i gains by beginning at start
                    # exchange: k completes at ci
                    x = ci - d[k]
                    if x > 0:
                        gain = base - wk * (x - late if late > 0 else x)
                    else:
                        gain = base
                    delta = pi - pk
                    if delta < 0:
                        if gain - delta * heavy > best:
                            for m in range(k + 1, i):
                                x = c[m] - d[m]
                                if x > 0:
                                    gain += w[m] * (x if x < -delta else -delta)
                            if gain > best:
                                best, kind, place = gain, "exchange", k
                    elif gain - delta * heavy > best:
                        for m in range(k + 1, i):
                            x = c[m] + delta - d[m]
                            if x > 0:
                                gain -= w[m] * (x if x < delta else delta)
                        if gain > best:
                            best, kind, place = gain, "exchange", k
                    if late > 0:
                        heavy += wk
                        lost += wk * pi
                    elif late + pi > 0:
                        lost += wk * (late + pi)
                    if base - lost > best:
                        best, kind, place = base - lost, "move", k
                    if lost >= here and heavy * pi >= here:
                        break
                looks += i - k
            if kind:
                if kind == "exchange":
                    order[i], order[place] = order[place], order[i]
                else:
                    order.insert(place, order.pop(i))
                a, b = (i, place + 1) if place > i else (place, i + 1)
                self.rebuild(a, b)
                for j in order[a:b]:
                    if not waits[j]:
                        waits[j] = True
                        stack.append(j)
        self.looks += looks + 1


def apparent_tardiness_cost(processing, weight, due, k):
    """Job indices by (w / p) * exp(-slack / (k * mean p)), highest first; ties by index."""
    waiting = list(range(len(processing)))
    ratio = [math.log(w / p) for p, w in zip(processing, weight, strict=True)]
    work = sum(processing)
    t = 0
    order = []
    while waiting:
        scale = k * work / len(waiting)
        values = [ratio[j] - max(due[j] - processing[j] - t, 0) / scale for j in waiting]
        job = waiting.pop(values.index(max(values)))
        order.append(job)
        t += processing[job]
        work -= processing[job]
    return order


def weighted_tardiness(order, processing, weight, due):
    """Sum of w * max(C - d, 0)."""
    t = total = 0
    for j in order:
        t += processing[j]
        total += weight[j] * max(t - due[j], 0)
    return total

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "scheduling/weighted_tardiness",
    "version": "307e81d3500c",
    "run": "file weighted2.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "coding agent",
    "verdict": "certified",
    "reason": "2026-11-30: better than every baseline, closest on test: \u22120.25 pp against atc_insertion, 99.7% CI \u22120.39 to \u22120.16 pp (163 wins, 137 ties, 0 losses)",
    "certificate": "1f39439b39b5eedc0ec7346019c3f523653af223ae3ad065f412a42de4d2a10e",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "f9cbae4b5b05e61013106c523f22812f0c224276c2082f369629ff26fc94d9c4",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {
        "train": 1.5060001463062446e-05, "validation": 1.3726666974439468e-05,
        "test": -2.3498407890279876e-05,
    },
    "atc_insertion": {
        "train": 0.0017880440174253144, "validation": 0.0015598883531116544,
        "test": 0.0024549077760415102,
    },
    "atc_best_k": {
        "train": 0.008378015696900972, "validation": 0.0066355418405879526,
        "test": 0.012473881302373473,
    },
    "wmdd": {"train": 0.015544475701414475, "validation": 0.013015920760752425, "test": 0.01557548221775297},
    "atc": {
        "train": 0.027171556795008493, "validation": 0.021181883472348867,
        "test": 0.025593780824055657,
    },
    "neh_edd": {"train": 0.040314881634995074, "validation": 0.03623747797843113, "test": 0.04791082204166314},
    "covert": {"train": 0.04556387237008974, "validation": 0.03685674284093126, "test": 0.045594670140622934},
    "wspt": {"train": 0.2856236948586935, "validation": 0.27724730520571733, "test": 0.3133795023553434},
    "mdd": {"train": 0.36936610318488144, "validation": 0.3948118086725138, "test": 0.40177661933469744},
    "edd": {"train": 1.149886792213616, "validation": 1.0476446238097907, "test": 1.1933367151850862},
}

# Calls of the program on small instances, and its answers at the time of the export.
CASES = [
    {
        "instance": "validation-n20-r0.2-t1.0-0", "family": "n20", "total": 1, "objective": 26776.0,
        "calls": [
            [
                "__call__",
                [
                    [59, 28, 58, 75, 21, 72, 87, 75, 34, 37, 52, 10, 81, 19, 36, 55, 9, 7, 71, 8],
                    [5, 5, 1, 4, 3, 7, 1, 8, 7, 7, 7, 1, 6, 7, 2, 9, 7, 6, 7, 4],
                    [0, 0, 0, 0, 50, 0, 58, 6, 0, 0, 81, 0, 53, 13, 0, 71, 41, 0, 36, 15],
                ],
                [17, 19, 13, 16, 8, 9, 1, 15, 4, 10, 7, 11, 18, 5, 0, 12, 14, 3, 2, 6],
            ],
        ],
    },
    {
        "instance": "train-n40-r0.8-t1.0-2", "family": "n40", "total": 1, "objective": 71268.0,
        "calls": [
            [
                "__call__",
                [
                    [
                        82, 6, 41, 30, 2, 49, 10, 56, 70, 45, 25, 56, 47, 9, 10, 86, 52, 72, 5, 70,
                        80, 49, 22, 18, 48, 87, 42, 10, 29, 37, 49, 38, 29, 16, 74, 76, 12, 59, 4,
                        14,
                    ],
                    [
                        5, 1, 7, 8, 9, 5, 3, 6, 5, 3, 5, 2, 2, 8, 6, 3, 4, 3, 3, 5, 4, 10, 7, 2, 2,
                        5, 4, 6, 9, 1, 6, 5, 6, 9, 10, 4, 5, 2, 8, 6,
                    ],
                    [
                        286, 325, 0, 56, 0, 0, 302, 0, 0, 206, 0, 415, 0, 0, 0, 365, 0, 459, 179, 0,
                        313, 261, 0, 0, 0, 0, 0, 0, 573, 383, 59, 0, 0, 0, 0, 0, 0, 0, 0, 171,
                    ],
                ],
                [
                    4, 38, 13, 14, 27, 33, 36, 22, 3, 32, 39, 18, 10, 2, 21, 6, 34, 1, 31, 30, 23,
                    7, 28, 5, 26, 16, 8, 19, 9, 0, 25, 35, 20, 12, 17, 24, 11, 15, 37, 29,
                ],
            ],
        ],
    },
    {
        "instance": "train-n100-r0.4-t1.0-1", "family": "n100", "total": 1, "objective": 546126.0,
        "calls": [
            [
                "__call__",
                [
                    [
                        48, 70, 5, 19, 4, 62, 25, 11, 33, 100, 92, 76, 59, 33, 100, 43, 74, 84, 18,
                        34, 57, 47, 42, 36, 74, 97, 77, 53, 3, 12, 4, 76, 86, 82, 43, 52, 96, 55,
                        12, 78, 96, 7, 5, 18, 18, 2, 43, 26, 65, 62, 1, 92, 22, 15, 53, 30, 55, 39,
                        6, 16, 54, 1, 38, 48, 72, 97, 31, 54, 85, 87, 94, 81, 93, 54, 6, 88, 25, 44,
                        40, 64, 57, 51, 15, 32, 77, 8, 79, 83, 31, 6, 5, 30, 5, 24, 18, 48, 65, 38,
                        29, 76,
                    ],
                    [
                        2, 8, 4, 5, 1, 7, 9, 9, 8, 5, 6, 5, 6, 10, 9, 3, 2, 5, 6, 9, 3, 9, 6, 5, 7,
                        9, 7, 2, 9, 8, 6, 9, 8, 1, 5, 3, 3, 6, 1, 10, 3, 10, 4, 3, 7, 4, 1, 4, 4, 5,
                        8, 7, 3, 3, 6, 10, 9, 10, 7, 10, 5, 9, 3, 6, 2, 2, 5, 3, 2, 6, 9, 9, 3, 2,
                        3, 3, 2, 9, 9, 2, 3, 7, 6, 1, 7, 5, 2, 6, 7, 4, 4, 3, 4, 10, 4, 10, 2, 2, 7,
                        1,
                    ],
                    [
                        0, 912, 400, 720, 194, 0, 0, 0, 361, 0, 0, 0, 0, 0, 103, 0, 0, 293, 0, 0,
                        484, 448, 0, 0, 0, 810, 270, 0, 913, 0, 66, 0, 258, 36, 0, 0, 0, 912, 377,
                        28, 458, 0, 900, 394, 622, 0, 622, 0, 352, 471, 0, 0, 0, 779, 188, 214, 197,
                        0, 814, 0, 214, 0, 0, 488, 930, 0, 695, 599, 0, 0, 158, 718, 624, 0, 873, 0,
                        0, 42, 0, 260, 0, 729, 0, 0, 0, 0, 164, 822, 684, 720, 0, 571, 286, 0, 0,
                        329, 168, 0, 467, 0,
                    ],
                ],
                [
                    61, 50, 45, 41, 7, 90, 29, 59, 85, 30, 93, 82, 6, 18, 13, 55, 19, 57, 92, 4, 78,
                    8, 94, 2, 95, 98, 77, 21, 56, 44, 43, 88, 66, 89, 3, 47, 53, 58, 22, 23, 74, 52,
                    28, 42, 81, 39, 63, 31, 34, 1, 54, 5, 71, 37, 12, 91, 70, 24, 32, 25, 60, 26,
                    84, 14, 38, 49, 76, 62, 51, 87, 15, 69, 11, 10, 48, 17, 35, 67, 20, 80, 97, 9,
                    0, 27, 73, 75, 72, 36, 40, 79, 83, 96, 64, 16, 86, 68, 46, 65, 99, 33,
                ],
            ],
        ],
    },
]


def _cases():
    """Return the recorded calls, or None and why they are missing."""
    return CASES, ""


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

    import random
    random.seed(0)
    target = sequence
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = sequence(*given)
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
