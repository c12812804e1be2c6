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
# Objective: minimised, in weighted time units of tardiness. Version of the problem: ef877dc75a7c.
#
# Mean gap to the reference (proven optimum for n = 20 and 239 of the 250 OR-Library instances; best
# known (iterated dynasearch) elsewhere); 0 is the reference, lower is better:
#
#     program             train  validation        test
#     this program       0.002%      0.001%     -0.000%
#     atc_insertion      0.197%      0.167%      0.249%
#     atc_best_k         0.991%      0.867%       1.34%
#     wmdd                1.44%       1.39%       1.65%
#     atc                 2.46%       2.36%       2.82%
#     neh_edd             4.33%       4.34%       5.03%
#     covert              4.41%       4.61%       4.77%
#     wspt                31.6%       30.5%       31.9%
#     mdd                 40.0%       42.6%       41.2%
#     edd                121.0%      115.5%      122.6%
#
# Found by: coding agent (file scheduling_weighted_tardiness.py).
#
# Certificate: certified (2026-11-30: better than every baseline, closest on test: −0.25 pp against
# atc_insertion, 99.9% CI −0.39 to −0.17 pp (199 wins, 150 ties, 1 losses)).
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
MOST_LOOKS = 1_000_000
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
    "version": "ef877dc75a7c",
    "run": "file scheduling_weighted_tardiness.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "coding agent",
    "verdict": "certified",
    "reason": "2026-11-30: better than every baseline, closest on test: \u22120.25 pp against atc_insertion, 99.9% CI \u22120.39 to \u22120.17 pp (199 wins, 150 ties, 1 losses)",
    "certificate": "b4c81be8288ab074df1217295fcc970a92d19e5f4b4ea0ef1e031718cf664b18",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "51fcbfa45119233caaaab9e1e3ba393ea2bb9bea88ca41b0fc0c2cc5f1985309",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {
        "train": 2.2590002194593667e-05, "validation": 1.0206624609702927e-05,
        "test": -2.3442550429414914e-07,
    },
    "atc_insertion": {
        "train": 0.00196753459860084, "validation": 0.0016722453727275365,
        "test": 0.0024927779503188005,
    },
    "atc_best_k": {
        "train": 0.009911695879623286, "validation": 0.008668429782095775,
        "test": 0.013443665349634072,
    },
    "wmdd": {
        "train": 0.014440508491078547, "validation": 0.013878570480746201,
        "test": 0.016463769139355395,
    },
    "atc": {"train": 0.02463062621623538, "validation": 0.02360412868178425, "test": 0.02816212159459059},
    "neh_edd": {"train": 0.04333114942690689, "validation": 0.04339412367347478, "test": 0.050288051853366746},
    "covert": {"train": 0.04409722743070475, "validation": 0.046069176139359694, "test": 0.04774240057414662},
    "wspt": {"train": 0.31586414837368726, "validation": 0.3049181736883293, "test": 0.3189845810090765},
    "mdd": {"train": 0.4001406015328852, "validation": 0.4258358986159723, "test": 0.4119475875098428},
    "edd": {"train": 1.2098634083458784, "validation": 1.1551538145318951, "test": 1.2258995132301946},
}

# Calls of the program on small instances, and its answers at the time of the export.
CASES = [
    {
        "instance": "validation-n20-r0.2-t1.0-0", "family": "smoke-n20", "total": 1,
        "objective": 26776.0,
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
        "instance": "validation-n100-r0.2-t1.0-1", "family": "n100", "total": 1,
        "objective": 715672.0,
        "calls": [
            [
                "__call__",
                [
                    [
                        19, 86, 77, 10, 2, 14, 68, 12, 25, 87, 24, 95, 31, 38, 36, 90, 98, 74, 20,
                        55, 95, 55, 2, 28, 9, 48, 61, 8, 1, 41, 38, 56, 100, 24, 62, 59, 96, 72,
                        100, 66, 92, 67, 5, 100, 58, 39, 68, 80, 22, 17, 19, 79, 19, 3, 34, 28, 96,
                        13, 12, 77, 64, 25, 92, 3, 24, 93, 98, 82, 41, 53, 93, 12, 91, 57, 37, 21,
                        28, 80, 93, 79, 90, 16, 11, 99, 83, 75, 91, 85, 75, 98, 83, 14, 100, 88, 34,
                        55, 90, 24, 12, 87,
                    ],
                    [
                        7, 3, 6, 4, 2, 5, 7, 5, 5, 4, 4, 8, 6, 2, 7, 4, 5, 10, 5, 4, 10, 10, 4, 5,
                        4, 9, 5, 8, 1, 10, 6, 3, 6, 5, 7, 2, 6, 6, 6, 6, 6, 6, 3, 9, 2, 6, 6, 3, 6,
                        6, 10, 1, 2, 7, 1, 7, 8, 2, 7, 7, 3, 8, 3, 10, 1, 8, 4, 3, 5, 2, 3, 9, 6, 2,
                        9, 5, 10, 5, 9, 10, 1, 3, 1, 1, 1, 5, 2, 3, 6, 5, 4, 7, 5, 9, 10, 4, 5, 8,
                        10, 1,
                    ],
                    [
                        0, 360, 0, 0, 0, 0, 0, 0, 236, 481, 0, 0, 308, 341, 0, 0, 0, 0, 0, 0, 0,
                        277, 0, 0, 0, 0, 119, 0, 422, 0, 0, 431, 0, 408, 0, 496, 0, 503, 0, 0, 298,
                        0, 80, 516, 291, 305, 94, 99, 195, 0, 154, 383, 110, 0, 0, 134, 337, 0, 0,
                        250, 461, 297, 423, 0, 0, 0, 179, 78, 0, 33, 0, 0, 379, 0, 0, 432, 0, 0, 0,
                        0, 184, 0, 391, 0, 0, 322, 0, 0, 456, 0, 0, 515, 0, 88, 0, 153, 310, 0, 0,
                        13,
                    ],
                ],
                [
                    63, 53, 22, 4, 27, 98, 71, 58, 24, 7, 42, 3, 0, 76, 50, 5, 49, 97, 94, 48, 18,
                    61, 55, 29, 74, 28, 75, 33, 14, 91, 8, 12, 25, 81, 21, 23, 10, 30, 45, 57, 17,
                    79, 68, 34, 20, 52, 6, 93, 78, 39, 59, 82, 43, 41, 46, 65, 11, 37, 56, 26, 88,
                    2, 19, 95, 85, 72, 40, 36, 77, 32, 38, 96, 31, 13, 16, 89, 92, 90, 60, 9, 15,
                    64, 66, 69, 47, 67, 87, 73, 1, 44, 35, 62, 70, 54, 86, 51, 84, 99, 80, 83,
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
