# A heuristic, exported by evolve as one module.
#
# scheduling_total_tardiness.py: Single-machine total tardiness (scheduling/total_tardiness). In which
# order should a single machine process jobs to minimise total tardiness?
#
# Entry: `order`. Its docstring says what goes in and what comes out.
#
# Objective: minimised, in time units of tardiness. Version of the problem: 0b99837c27f8.
#
# Mean gap to the reference (proven optimum; best known where the proof takes longer than 15 s (6 of
# 20 at n = 500, 1 of 4 at n = 1000; 17 of 40 at the tier large)); 0 is the reference, lower is
# better:
#
#     program              train  validation        test
#     this program         0.00%      0.004%      0.136%
#     mddc_augmented      0.902%      0.781%      0.874%
#     mddc                 1.30%       1.09%       1.18%
#     psk                  1.57%       1.40%       1.32%
#     mdd                  1.57%       1.40%       1.34%
#     eddc                 5.50%       6.17%       5.25%
#     spt                  50.4%       49.6%       52.2%
#     edd                  61.3%       59.9%       64.3%
#
# Found by: language model (name not recorded) (file scheduling_total_tardiness.py).
#
# Certificate: certified (2026-11-30: better than every baseline, closest on test: −0.74 pp against
# mddc_augmented, 99.8% CI −1.56 to −0.37 pp (77 wins, 42 ties, 1 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python scheduling_total_tardiness.py` repeats the calls recorded on 3 small instances and compares
# the answers. The EVOLVE-BLOCK comments enclose the part that the search was asked to change.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Exact decomposition (Lawler 1977) with memory; a limited-width version and window re-optimisation beyond the budget."""

from heapq import heappop, heappush
from operator import itemgetter


# EVOLVE-BLOCK-START
EXACT_WORK = 500_000  # units of work (jobs looked at) for the exact search
WIDE_WORK = 100_000  # for each width-limited pass
WINDOW_WORK = 250_000  # for all windows together


class Exhausted(Exception):
    """The work budget is used up."""


def order(processing: list[int], due: list[int]) -> list[int]:
    """Sequence jobs on one machine so that their total tardiness is small.

    The machine processes one job at a time, from time 0 on and without a pause. A job that completes at time C has
    tardiness max(C - due, 0); the sum over all jobs is what counts.

    Parameters
    ----------
    processing
        Processing time of each job, in time units (at least 1).
    due
        Due date of each job, in time units.

    Returns
    -------
    list[int]
        The job indices 0..n-1, each exactly once, the first to be processed first.

    Examples
    --------
    >>> order([4, 2, 3], [5, 3, 9])  # completions 2, 6, 9: only job 0 is late, by 1
    [1, 0, 2]
    """
    n = len(processing)
    if n < 2:
        return list(range(n))
    search = Decomposition(processing, due)
    jobs = list(range(n))
    search.budget = EXACT_WORK
    try:
        return list(search.solve(jobs, 0)[1])
    except Exhausted:
        pass

    best, sequence = search.quick(jobs, 0)
    for width in (1, 2, 3):
        search.width = width
        search.wide = {}
        search.budget = WIDE_WORK
        try:
            cost, found = search.solve(jobs, 0)
        except Exhausted:
            break
        if cost < best:
            best, sequence = cost, list(found)
    search.width = 0
    return reoptimise(search, sequence)


def reoptimise(search, sequence):
    """Solve windows of the sequence exactly, one after the other, until none can be improved or the budget ends."""
    p = search.p
    n = len(sequence)
    left = WINDOW_WORK
    for size in (20, 30, 40, 50, 60):
        size = min(size, n)
        improved = True
        while improved and left > 0:
            improved = False
            for a in range(0, n - size + 1, max(1, size // 3)):
                if left <= 0:
                    break
                window = sequence[a : a + size]
                t = sum([p[j] for j in sequence[:a]])
                allowed = min(left, WINDOW_WORK // 8)
                search.budget = allowed
                try:
                    cost, found = search.solve(sorted(window), t)
                except Exhausted:
                    left -= allowed
                    continue
                left -= allowed - search.budget + size
                if cost < search.cost(window, t):
                    sequence[a : a + size] = found
                    improved = True
    return sequence


class Decomposition:
    """Solve subproblems (a set of jobs that starts at t) by placing their longest job."""

    def __init__(self, processing, due):
        self.p = processing
        self.d = due
        n = len(processing)
        self.slack = [due[j] - processing[j] for j in range(n)]
        self.bit = [1 << j for j in range(n)].__getitem__
        self.memo = {}
        self.wide = {}
        self.width = 0  # 0: all places are tried
        self.budget = 0

    def cost(self, jobs, t):
        """Total tardiness of the jobs in this order from t on."""
        p, d = self.p, self.d
        total = 0
        for j in jobs:
            t += p[j]
            if t > d[j]:
                total += t - d[j]
        return total

    def quick(self, jobs, t):
        """Cost and sequence by the modified due date rule."""
        p, d, slack = self.p, self.d, self.slack
        by_due = sorted(jobs, key=d.__getitem__)
        by_slack = sorted(jobs, key=slack.__getitem__)
        late = []
        done = set()
        sequence = []
        total = 0
        a = b = 0
        m = len(jobs)
        for _ in range(m):
            while b < m and slack[by_slack[b]] < t:
                j = by_slack[b]
                b += 1
                if j not in done:
                    heappush(late, (p[j], j))
            while a < m and (by_due[a] in done or slack[by_due[a]] < t):
                a += 1
            if late and (a >= m or t + late[0][0] <= d[by_due[a]]):
                j = heappop(late)[1]
            else:
                j = by_due[a]
                a += 1
            done.add(j)
            sequence.append(j)
            t += p[j]
            if t > d[j]:
                total += t - d[j]
        return total, sequence

    def solve(self, jobs, t):
        """Cost and sequence of the jobs from t on: optimal if width is 0."""
        p, d = self.p, self.d
        if len(jobs) < 2:
            if not jobs:
                return 0, []
            c = t + p[jobs[0]] - d[jobs[0]]
            return (c if c > 0 else 0), jobs
        key = (sum(map(self.bit, jobs)), t)
        hit = self.memo.get(key)
        if hit is not None:
            return hit
        if self.width:
            hit = self.wide.get(key)
            if hit is not None:
                return hit

        head = []
        tail = []  # last job first
        total = 0
        rest = jobs
        while True:
            self.budget -= len(rest) + 4
            if self.budget < 0:
                raise Exhausted
            items = [((d[j] if d[j] > t + p[j] else t + p[j]), p[j], j) for j in rest]
            items.sort()
            end = t + sum([item[1] for item in items])
            # A job that is not late even at the very end goes there.
            while items and items[-1][0] >= end:
                _, q, j = items.pop()
                tail.append(j)
                if end > d[j]:
                    total += end - d[j]
                end -= q
            # The longest job, if it is also the last due, goes to the end.
            longest = max([item[1] for item in items], default=0)
            while items and items[-1][1] == longest:
                _, q, j = items.pop()
                tail.append(j)
                if end > d[j]:
                    total += end - d[j]
                end -= q
                longest = max([item[1] for item in items], default=0)
            if not items:
                middle = []
                break
            # Due date order is optimal if at most one job is late.
            completion = []
            c = t
            late = 0
            for e, q, j in items:
                c += q
                completion.append(c)
                if c > e:
                    late += 1
            if late <= 1:
                middle = [item[2] for item in items]
                total += self.cost(middle, t)
                break
            # Shortest first is optimal if all jobs are late.
            short = sorted(items, key=itemgetter(1))
            c = t
            for e, q, j in short:
                c += q
                if c < e:
                    break
            else:
                middle = [item[2] for item in short]
                total += self.cost(middle, t)
                break
            # A job that is both first due and shortest goes first.
            if items[0][1] == short[0][1]:
                j = items[0][2]
                head.append(j)
                t += p[j]
                if t > d[j]:
                    total += t - d[j]
                rest = [item[2] for item in items[1:]]
                continue

            value, middle = self.branch(items, completion, longest, t)
            total += value
            break

        result = (total, head + middle + tail[::-1])
        if self.width:
            self.wide[key] = result
        else:
            self.memo[key] = result
        return result

    def branch(self, items, completion, longest, t):
        """Try the places of the longest job; items are in (modified) due date order."""
        m = len(items)
        r = m - 1
        while items[r][1] != longest:
            r -= 1
        places = []
        top = completion[r]
        for k in range(r, m):
            e, q, _ = items[k]
            c = completion[k]
            if k > r and e + q > top:
                top = e + q
            if k > r and c < top:
                continue
            if k + 1 < m and c >= items[k + 1][0]:
                continue
            places.append(k)
        if not places:
            places = [m - 1]
        names = [item[2] for item in items]
        job = names.pop(r)
        due = self.d[job]
        best = None
        middle = None
        if self.width and len(places) > self.width:
            ranked = []
            for k in places:
                self.budget -= m
                value = max(completion[k] - due, 0)
                value += self.quick(names[:k], t)[0] + self.quick(names[k:], completion[k])[0]
                ranked.append((value, k))
            ranked.sort()
            places = sorted([k for _, k in ranked[: self.width]])
        for k in places:
            own = completion[k] - due
            if own < 0:
                own = 0
            # Both the tardiness of the longest job and the cost before it only grow with k.
            if best is not None and own >= best:
                break
            before = self.solve(names[:k], t)
            if best is not None and own + before[0] >= best:
                if self.width:
                    continue
                break
            after = self.solve(names[k:], completion[k])
            value = own + before[0] + after[0]
            if best is None or value < best:
                best = value
                middle = before[1] + [job] + after[1]
        return best, middle


# EVOLVE-BLOCK-END
# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "scheduling/total_tardiness",
    "version": "0b99837c27f8",
    "run": "file scheduling_total_tardiness.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "language model (name not recorded)",
    "verdict": "certified",
    "reason": "2026-11-30: better than every baseline, closest on test: \u22120.74 pp against mddc_augmented, 99.8% CI \u22121.56 to \u22120.37 pp (77 wins, 42 ties, 1 losses)",
    "certificate": "5a8c514414ddb16f336b87cd9d48227c01e7cfa05fe1ee0975efb35a080391df",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "d8af1a7df000a6f134ba912062afeadbd32424513c70a4a6e49beac89af1f665",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.0, "validation": 3.6757112501268996e-05, "test": 0.001360095342559746},
    "mddc_augmented": {
        "train": 0.009016975865500267, "validation": 0.007811612211207428,
        "test": 0.008744051994920881,
    },
    "mddc": {"train": 0.012997246533109526, "validation": 0.010931093792469974, "test": 0.01181146346579742},
    "psk": {
        "train": 0.015682433172807594, "validation": 0.014024817211429837,
        "test": 0.013189702558925041,
    },
    "mdd": {
        "train": 0.015697960851821256, "validation": 0.014044477172739035,
        "test": 0.013399229697502221,
    },
    "eddc": {"train": 0.05500801913147925, "validation": 0.06172540299976061, "test": 0.05250872172024571},
    "spt": {"train": 0.5037038515036583, "validation": 0.4957290843341767, "test": 0.5217801236457162},
    "edd": {"train": 0.613313989295406, "validation": 0.5987235069611279, "test": 0.6433034145536204},
}

# Calls of the program on small instances, and its answers at the time of the export.
CASES = [
    {
        "instance": "train-n20-r0.4-t0.8-0", "family": "smoke-n20", "total": 1, "objective": 4525.0,
        "calls": [
            [
                "__call__",
                [
                    [57, 59, 6, 46, 23, 52, 76, 50, 57, 16, 30, 76, 27, 59, 83, 19, 58, 71, 50, 3],
                    [
                        213, 124, 54, 356, 200, 45, 182, 125, 117, 154, 40, 35, 27, 163, 267, 350,
                        28, 197, 192, 176,
                    ],
                ],
                [12, 2, 10, 5, 9, 19, 7, 4, 18, 8, 15, 3, 0, 16, 1, 13, 17, 11, 6, 14],
            ],
        ],
    },
    {
        "instance": "train-n50-r0.4-t0.8-1", "family": "n50", "total": 1, "objective": 26362.0,
        "calls": [
            [
                "__call__",
                [
                    [
                        41, 20, 31, 42, 16, 37, 49, 96, 69, 1, 70, 85, 67, 59, 93, 78, 78, 1, 57,
                        35, 95, 56, 52, 19, 31, 49, 34, 93, 47, 40, 15, 23, 6, 10, 83, 75, 1, 9, 85,
                        13, 56, 46, 75, 59, 42, 72, 88, 60, 93, 48,
                    ],
                    [
                        886, 405, 964, 850, 749, 787, 983, 72, 319, 381, 23, 160, 176, 702, 423,
                        781, 30, 195, 100, 380, 997, 23, 754, 743, 284, 388, 747, 364, 655, 89, 612,
                        451, 461, 264, 103, 755, 341, 18, 124, 292, 480, 643, 799, 502, 115, 142,
                        32, 127, 433, 528,
                    ],
                ],
                [
                    37, 21, 29, 44, 17, 18, 33, 47, 39, 24, 36, 19, 9, 1, 25, 31, 32, 40, 49, 30,
                    41, 28, 23, 26, 4, 5, 22, 3, 0, 2, 6, 43, 13, 12, 8, 10, 45, 35, 42, 16, 15, 34,
                    38, 11, 46, 27, 14, 48, 20, 7,
                ],
            ],
        ],
    },
    {
        "instance": "train-n100-r0.4-t0.8-5", "family": "n100", "total": 1, "objective": 83851.0,
        "calls": [
            [
                "__call__",
                [
                    [
                        43, 48, 89, 2, 21, 44, 23, 2, 10, 32, 93, 64, 87, 43, 35, 32, 22, 71, 23,
                        19, 73, 95, 70, 28, 64, 57, 45, 1, 58, 70, 12, 33, 11, 30, 21, 97, 81, 27,
                        45, 13, 90, 41, 34, 6, 17, 82, 9, 58, 35, 55, 53, 50, 67, 91, 30, 15, 42,
                        95, 67, 74, 34, 27, 54, 9, 86, 40, 45, 45, 47, 89, 56, 13, 98, 5, 53, 15,
                        40, 23, 65, 31, 72, 31, 35, 82, 69, 30, 43, 3, 47, 57, 41, 66, 5, 88, 62,
                        12, 50, 8, 33, 51,
                    ],
                    [
                        294, 1652, 738, 18, 1420, 1242, 1022, 1264, 1370, 462, 1188, 679, 368, 433,
                        1597, 950, 192, 760, 479, 1116, 1244, 908, 1298, 762, 1777, 1195, 556, 1373,
                        545, 1286, 20, 1061, 644, 658, 400, 539, 450, 1531, 96, 15, 1379, 1131, 3,
                        339, 663, 1768, 1159, 1256, 186, 90, 30, 176, 891, 1712, 953, 458, 38, 1370,
                        1062, 10, 1606, 420, 1451, 1265, 186, 247, 1362, 1780, 247, 168, 1080, 348,
                        129, 889, 80, 448, 1674, 715, 735, 1131, 66, 1546, 985, 1304, 834, 81, 353,
                        271, 1266, 439, 1763, 1321, 355, 1544, 844, 468, 825, 136, 657, 375,
                    ],
                ],
                [
                    39, 3, 30, 42, 85, 56, 97, 48, 16, 38, 87, 65, 0, 43, 71, 92, 34, 61, 75, 55, 9,
                    95, 18, 86, 13, 26, 32, 44, 33, 77, 98, 23, 68, 51, 73, 96, 54, 15, 82, 6, 31,
                    19, 79, 46, 41, 99, 7, 63, 5, 88, 8, 27, 66, 4, 50, 74, 37, 81, 14, 60, 76, 1,
                    90, 67, 62, 49, 70, 89, 25, 28, 47, 94, 11, 24, 78, 91, 52, 58, 84, 29, 22, 17,
                    80, 20, 59, 36, 83, 45, 64, 12, 93, 69, 2, 40, 53, 10, 21, 57, 35, 72,
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

    target = order
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = order(*given)
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
