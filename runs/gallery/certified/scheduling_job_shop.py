# A heuristic, exported by evolve as one module.
#
# scheduling_job_shop.py: Job shop (scheduling/job_shop). In which order should machines process the
# operations of jobs to minimise the makespan?
#
# Entry: `schedule`. Its docstring says what goes in and what comes out.
#
# Objective: minimised, in time units of makespan. Version of the problem: 8c2bb46eac7c.
#
# Mean gap to the reference (proven optimum for most instances; best known (published, or CP-SAT and
# tabu search) or a lower bound for the others); 0 is the reference, lower is better:
#
#     program               train  validation        test
#     this program         0.080%      0.396%       2.74%
#     tabu                  2.56%       2.29%       9.73%
#     fdd_mwkr              12.6%       12.4%       21.3%
#     atc                   12.9%       12.6%       22.0%
#     mwkr                  14.1%       14.0%       21.9%
#     mopnr                 14.5%       15.6%       24.4%
#     fdd_mwkr_active       17.3%       16.9%       28.4%
#     mwkr_active           20.0%       20.2%       28.9%
#     spt                   22.7%       20.6%       25.8%
#     lpt                   36.6%       32.4%       42.1%
#
# Found by: coding agent proposer (file js5.py).
#
# Certificate: certified (2026-11-30: better than every baseline, closest on test: −7.00 pp against
# tabu, 99.7% CI −8.75 to −5.26 pp (105 wins, 6 ties, 1 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python scheduling_job_shop.py` repeats the calls recorded on 3 small instances and compares the
# answers.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Tabu search on the blocks of the longest path, begun again from orders half way between the best schedules found so far."""

import random

BUDGET = 6_000_000  # steps of all searches together: a step is one operation timed or one place in a move judged
PATIENCE = 800  # moves without a better schedule that end a search
ELITES = 5  # schedules that are kept, and starts by rules
TENURE = 10  # moves for which a pair is not turned back, at least
TUNABLE = {"PATIENCE": (200, 3000), "ELITES": (2, 10), "TENURE": (5, 20)}


def schedule(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
    """Order the operations of a job shop so that all jobs are done as early as possible.

    Each job is a chain of operations; each operation takes its machine for its duration, without interruption. A machine
    works on one operation at a time. The order that is returned makes the schedule: one after the other, operations start
    as early as their job and their machine are free.

    Parameters
    ----------
    durations
        By job: the duration of each of its operations, in time units (0 or more).
    machines
        By job: the machine of each of its operations, numbered from 0. A job may come back to a machine.

    Returns
    -------
    list[int]
        Job indices, each as often as the job has operations; the k-th mention of a job is its k-th operation.

    Examples
    --------
    >>> schedule([[3, 2], [2, 4]], [[0, 1], [1, 0]])  # job 0: 0-3 on machine 0, 3-5 on 1; job 1: 0-2 on 1, 3-7 on 0
    [1, 0, 0, 1]
    """
    # A search from each of some schedules by rules; then from between two of the best ones found, while there are steps left.
    shop = Shop(durations, machines)
    elites = []
    for priority in priorities(shop):
        elites.append(tabu_search(shop, dispatch(shop, priority)))
        if shop.done:
            break
    while not shop.done:
        a, b = shop.random.sample(elites, 2)
        found = tabu_search(shop, between(shop, a[1], b[1]))
        worst = max(elites)
        if found < worst and found[0] not in [value for value, _ in elites]:
            elites[elites.index(worst)] = found
    return [shop.job[x] for x in min(elites)[1]]


class Shop:
    """What all searches share. Operations are numbered 0, 1, ... job by job; the number `size` stands for no operation."""

    def __init__(self, durations, machines):
        self.job = [j for j, row in enumerate(durations) for _ in row]
        self.machine = [machine for route in machines for machine in route]
        self.time = [p for row in durations for p in row]
        self.size = none = len(self.job)
        self.before = [x - 1 if x and self.job[x - 1] == j else none for x, j in enumerate(self.job)]
        self.after = [x + 1 if x + 1 < none and self.job[x + 1] == j else none for x, j in enumerate(self.job)]
        self.past, self.left = [0] * (none + 1), [0] * (none + 1)  # work of the job up to and from an operation, both with it
        for x in range(none):
            self.past[x] = self.past[self.before[x]] + self.time[x]
            self.left[none - 1 - x] = self.left[self.after[none - 1 - x]] + self.time[none - 1 - x]
        self.bound = self.lower_bound()
        self.tenure = TENURE + len(durations) // len(set(self.machine))
        self.random = random.Random(0)
        self.steps = 0
        self.done = False

    def lower_bound(self):
        """No schedule is shorter than a job, or than a machine's work with the least ways to it and from it."""
        own = {}
        for x, machine in enumerate(self.machine):
            own.setdefault(machine, []).append(x)
        time, past, left = self.time, self.past, self.left
        loads = [
            sum(time[x] for x in group) + min(past[x] - time[x] for x in group) + min(left[x] - time[x] for x in group)
            for group in own.values()
        ]
        return max(*past, *loads)


def priorities(shop):
    """Flow due date over work remaining, most work remaining, and variants of the first to begin elsewhere."""
    rule = [past / max(1, left) for past, left in zip(shop.past, shop.left)]
    yield rule
    yield [-left for left in shop.left]
    for _ in range(2, ELITES):
        yield [value * shop.random.uniform(0.8, 1.2) for value in rule]


def dispatch(shop, priority):
    """A schedule without needless waiting: of the operations that can start first, the one with the least priority is next."""
    waiting = {shop.job[x]: x for x in range(shop.size) if shop.before[x] == shop.size}
    ready, free = dict.fromkeys(waiting, 0), dict.fromkeys(shop.machine, 0)
    order = []
    while waiting:
        start, _, x = min((max(ready[j], free[shop.machine[x]]), priority[x], x) for j, x in waiting.items())
        order.append(x)
        j = shop.job[x]
        ready[j] = free[shop.machine[x]] = start + shop.time[x]
        if shop.after[x] == shop.size:
            del waiting[j]
        else:
            waiting[j] = shop.after[x]
    return order


def between(shop, a, b):
    """An order between two: by the weighted mean of the places, so that what comes first in both still does."""
    share = shop.random.uniform(0.3, 0.7)
    place = [0.0] * shop.size
    for i, (x, y) in enumerate(zip(a, b)):
        place[x] += share * i
        place[y] += (1 - share) * i
    return sorted(range(shop.size), key=place.__getitem__)


def tabu_search(shop, order):
    """Make the best move that is not tabu, again and again; return the best makespan and its order."""
    plan = Plan(shop, order)
    best, best_order, waited = plan.makespan, order, 0
    tabu = {}  # a * size + b: the move until which operation a is not put ahead of b
    now = 0
    while best > shop.bound and waited < PATIENCE:
        if shop.steps > BUDGET:
            break
        now += 1
        waited += 1
        move = plan.best_move(tabu, now, best)
        if move is None:  # the path is one job, or one machine's work without a pause: optimal
            shop.bound = best
            break
        line, u, back = move
        until = now + shop.random.randint(shop.tenure, 3 * shop.tenure // 2)
        for x in line:
            if x != u:
                tabu[u * shop.size + x if back else x * shop.size + u] = until
        if plan.make(*move) and plan.makespan < best:
            best, best_order, waited = plan.makespan, plan.order[:], 0
    shop.done = best <= shop.bound or shop.steps > BUDGET
    return best, best_order


class Plan:
    """A schedule that changes: an order of all operations, the machines' sequences, the ends, and the tails (with the operation)."""

    def __init__(self, shop, order):
        self.shop = shop
        self.order = list(order)
        none = shop.size
        self.left, self.right = [none] * (none + 1), [none] * (none + 1)  # neighbours on the machine
        last = {}
        for x in order:
            p = self.left[x] = last.get(shop.machine[x], none)
            self.right[p] = last[shop.machine[x]] = x
        self.right[none] = none
        self.end, self.tail = [0] * (none + 1), [0] * (none + 1)
        shop.steps += 4 * none  # to make the order and to set it up
        self.retime(0, none - 1)

    def retime(self, low, high):
        """Ends from a place of the order on, tails from a place back."""
        shop, end, tail, left, right = self.shop, self.end, self.tail, self.left, self.right
        time, before, after = shop.time, shop.before, shop.after
        for x in self.order[low:]:
            a, b = end[before[x]], end[left[x]]
            end[x] = (a if a > b else b) + time[x]
        for x in self.order[high::-1]:
            a, b = tail[after[x]], tail[right[x]]
            tail[x] = (a if a > b else b) + time[x]
        self.makespan = max(end)
        shop.steps += shop.size - low + high

    def make(self, line, u, back):
        """Move `u` behind (or, not `back`, ahead of) all others of the line. False, and nothing is done, if that closes a circle."""
        shop, order = self.shop, self.order
        if back:
            v, previous, following, job_previous = line[-2], self.left, self.right, shop.before
            low, high = order.index(u), order.index(v)
            part = order[low : high + 1]
        else:
            v, previous, following, job_previous = line[1], self.right, self.left, shop.after
            low, high = order.index(v), order.index(u)
            part = order[low : high + 1][::-1]
        # What must come behind u moves with it in the order of all operations.
        stay, gone = [], {u: None}
        for x in part[1:]:
            if job_previous[x] in gone or (previous[x] in gone and previous[x] != u):
                gone[x] = None
            else:
                stay.append(x)
        if v in gone:
            return False
        part = stay + list(gone)
        order[low : high + 1] = part if back else part[::-1]
        p, s, t = previous[u], following[u], following[v]
        following[p], previous[s] = s, p
        following[v], previous[u], following[u], previous[t] = u, v, t, u
        self.retime(low, high)
        return True

    def blocks(self):
        """A longest path from its end: runs of operations, last run first, that follow each other on one machine without a pause."""
        shop, end, left = self.shop, self.end, self.left
        x = end.index(self.makespan)
        block, jobs, result = [x], {shop.job[x]}, []
        while start := end[x] - shop.time[x]:
            a, b = shop.before[x], left[x]
            if end[b] == start and shop.job[b] not in jobs and (end[a] < start or shop.random.random() < 0.5):
                block.append(b)
                jobs.add(shop.job[b])
                x = b
            else:
                x = a if end[a] == start else b
                result.append(block[::-1])
                block, jobs = [x], {shop.job[x]}
        result.append(block[::-1])
        return result

    def moves(self):
        """Moves to an end of a block, and of its first and last operation into it: (new order of a part, what moves, if back)."""
        before, after, end, tail = self.shop.before, self.shop.after, self.end, self.tail
        blocks = self.blocks()
        result = []
        for i, block in enumerate(blocks):
            first, last = block[0], block[-1]
            n = len(block)
            if n == 2:
                result.append(([last, first], first, True))
                continue
            if i > 0:
                for k in range(n - 1):
                    if tail[last] >= tail[after[block[k]]]:
                        result.append((block[k + 1 :] + [block[k]], block[k], True))
                for k in range(1, n - 2):
                    if end[block[k]] >= end[before[last]]:
                        result.append(([last] + block[k:-1], last, False))
            if i < len(blocks) - 1:
                for k in range(1, n):
                    if end[first] >= end[before[block[k]]]:
                        result.append(([block[k]] + block[:k], block[k], False))
                for k in range(2, n - 1):
                    if tail[block[k]] >= tail[after[first]]:
                        result.append((block[1 : k + 1] + [first], first, True))
        return result

    def best_move(self, tabu, now, best):
        """The move with the least estimate that is not tabu, or promises a new best; any move if there is none such; None without moves.

        A move is tabu if it puts any operation back ahead of one that was lately moved ahead of it.

        The estimate is the longest path through the operations that change places, with heads and tails of the others as
        they are. It is broken off where it reaches that of the best move so far.
        """
        shop, end, tail, left, right = self.shop, self.end, self.tail, self.left, self.right
        size, time, before, after = shop.size, shop.time, shop.before, shop.after
        chosen, least = None, float("inf")
        moves = self.moves()
        for move in moves:
            line, u, back = move
            first, last = (u, line[-2]) if back else (line[1], u)
            when = end[left[first]]
            heads = []
            for x in line:
                a = end[before[x]]
                if a > when:
                    when = a
                heads.append(when)
                when += time[x]
            rest = tail[right[last]]
            longest = 0
            for x in reversed(line):
                a = tail[after[x]]
                rest = (a if a > rest else rest) + time[x]
                a = heads.pop() + rest
                if a > longest:
                    longest = a
                    if a >= least:
                        break
            else:
                pairs = [x * size + u for x in line[:-1]] if back else [u * size + x for x in line[1:]]
                if longest < best or all(tabu.get(pair, 0) <= now for pair in pairs):
                    chosen, least = move, longest
            shop.steps += 2 * len(line)
        return chosen or (shop.random.choice(moves) if moves else None)

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "scheduling/job_shop",
    "version": "8c2bb46eac7c",
    "run": "file js5.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "coding agent proposer",
    "verdict": "certified",
    "reason": "2026-11-30: better than every baseline, closest on test: \u22127.00 pp against tabu, 99.7% CI \u22128.75 to \u22125.26 pp (105 wins, 6 ties, 1 losses)",
    "certificate": "9025a0e607b20cd878a8cd6e7e30078ee52c326a3976927a5307d09dd85a9d3b",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "2b82c37d48438207048b445bd0887cd1c5946a9b6db22467eb19245122d6c8f4",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {
        "train": 0.0008024410085414799, "validation": 0.003960528281309432,
        "test": 0.027353657328643362,
    },
    "tabu": {"train": 0.02561156546908805, "validation": 0.02290636108854932, "test": 0.0973476160320316},
    "fdd_mwkr": {"train": 0.1258058431992318, "validation": 0.12438126514913038, "test": 0.2127122996043451},
    "atc": {"train": 0.1285189053620144, "validation": 0.12632318377325177, "test": 0.2199841931380129},
    "mwkr": {"train": 0.14138849378094737, "validation": 0.13962286248714426, "test": 0.21854634327620456},
    "mopnr": {"train": 0.1449724467941572, "validation": 0.1557817670210922, "test": 0.24357957771482566},
    "fdd_mwkr_active": {"train": 0.17322136373328118, "validation": 0.16872908311290963, "test": 0.2836333389479682},
    "mwkr_active": {"train": 0.20048134797222605, "validation": 0.20180280016549032, "test": 0.2891003020576948},
    "spt": {"train": 0.22675352423807188, "validation": 0.2064489636919209, "test": 0.25810902461138946},
    "lpt": {"train": 0.3658860191905962, "validation": 0.3238167217763748, "test": 0.4207888249977689},
}

# Calls of the program on small instances, and its answers at the time of the export.
CASES = [
    {
        "instance": "la04", "family": "la-10x5", "total": 1, "objective": 590.0,
        "calls": [
            [
                "__call__",
                [
                    [
                        [12, 94, 92, 91, 7], [19, 11, 66, 21, 87], [14, 75, 13, 16, 20],
                        [95, 66, 7, 7, 77], [45, 6, 89, 15, 34], [77, 20, 76, 88, 53],
                        [74, 88, 52, 27, 9], [88, 69, 62, 98, 52], [61, 9, 62, 52, 90],
                        [54, 5, 59, 15, 88],
                    ],
                    [
                        [0, 2, 3, 4, 1], [1, 3, 4, 2, 0], [1, 0, 3, 4, 2], [2, 4, 0, 3, 1],
                        [1, 3, 4, 0, 2], [3, 2, 0, 4, 1], [2, 1, 0, 3, 4], [1, 3, 0, 4, 2],
                        [2, 4, 0, 1, 3], [2, 4, 3, 1, 0],
                    ],
                ],
                [
                    0, 1, 2, 4, 7, 1, 5, 4, 8, 1, 8, 9, 4, 9, 2, 8, 5, 3, 2, 7, 2, 3, 9, 5, 7, 3, 6,
                    0, 1, 4, 8, 9, 9, 8, 0, 3, 6, 5, 5, 3, 2, 6, 1, 6, 7, 0, 4, 7, 0, 6,
                ],
            ],
        ],
    },
    {
        "instance": "la08", "family": "la-15x5", "total": 1, "objective": 863.0,
        "calls": [
            [
                "__call__",
                [
                    [
                        [92, 94, 12, 91, 7], [21, 19, 87, 11, 66], [14, 13, 75, 16, 20],
                        [95, 66, 7, 77, 7], [34, 89, 6, 45, 15], [88, 77, 20, 53, 76],
                        [9, 27, 52, 88, 74], [69, 52, 62, 88, 98], [90, 62, 9, 61, 52],
                        [5, 54, 59, 88, 15], [41, 50, 78, 53, 23], [38, 72, 91, 68, 71],
                        [45, 95, 52, 25, 6], [30, 66, 23, 36, 17], [95, 71, 76, 8, 88],
                    ],
                    [
                        [3, 2, 0, 4, 1], [2, 1, 0, 3, 4], [1, 3, 0, 4, 2], [2, 4, 0, 1, 3],
                        [2, 4, 3, 1, 0], [4, 3, 2, 1, 0], [4, 3, 0, 1, 2], [3, 2, 0, 1, 4],
                        [3, 0, 4, 2, 1], [4, 2, 3, 0, 1], [0, 1, 4, 3, 2], [0, 4, 2, 3, 1],
                        [0, 3, 4, 2, 1], [3, 1, 0, 4, 2], [2, 0, 3, 1, 4],
                    ],
                ],
                [
                    9, 2, 1, 11, 13, 6, 5, 1, 6, 10, 13, 11, 10, 14, 4, 6, 4, 6, 7, 8, 2, 0, 14, 10,
                    7, 3, 9, 5, 9, 8, 8, 3, 7, 0, 2, 12, 12, 7, 13, 2, 5, 11, 7, 14, 0, 5, 8, 3, 1,
                    9, 3, 6, 1, 13, 12, 5, 14, 2, 8, 4, 11, 12, 10, 0, 13, 4, 10, 3, 11, 4, 1, 9,
                    12, 0, 14,
                ],
            ],
        ],
    },
    {
        "instance": "train-n10m10-8", "family": "n10m10", "total": 1, "objective": 834.0,
        "calls": [
            [
                "__call__",
                [
                    [
                        [10, 13, 83, 45, 96, 33, 35, 7, 48, 29],
                        [92, 18, 81, 55, 11, 62, 36, 93, 36, 50],
                        [90, 8, 33, 17, 61, 49, 8, 20, 5, 11],
                        [44, 80, 63, 77, 27, 44, 54, 11, 65, 6],
                        [78, 97, 2, 4, 66, 56, 96, 98, 75, 90],
                        [40, 57, 88, 30, 53, 7, 66, 58, 86, 77],
                        [77, 79, 3, 4, 85, 80, 57, 31, 16, 3],
                        [84, 66, 51, 66, 8, 14, 74, 73, 15, 97],
                        [63, 2, 50, 93, 43, 90, 98, 41, 38, 14],
                        [84, 16, 45, 30, 31, 27, 12, 96, 9, 16],
                    ],
                    [
                        [9, 1, 0, 6, 7, 8, 5, 2, 4, 3], [0, 9, 7, 2, 4, 8, 3, 5, 1, 6],
                        [1, 7, 3, 5, 6, 4, 8, 2, 9, 0], [0, 7, 8, 5, 1, 3, 4, 9, 6, 2],
                        [1, 6, 5, 9, 3, 7, 8, 4, 2, 0], [6, 2, 9, 8, 4, 7, 1, 3, 5, 0],
                        [3, 0, 7, 1, 8, 5, 4, 6, 9, 2], [7, 4, 6, 1, 9, 5, 8, 2, 0, 3],
                        [5, 2, 8, 3, 0, 1, 4, 9, 6, 7], [0, 6, 2, 8, 4, 3, 5, 9, 1, 7],
                    ],
                ],
                [
                    5, 0, 8, 6, 4, 0, 8, 5, 3, 2, 9, 8, 5, 3, 7, 4, 4, 9, 9, 4, 3, 5, 6, 7, 1, 8, 4,
                    5, 9, 2, 6, 6, 3, 1, 0, 7, 9, 2, 0, 6, 3, 4, 8, 2, 3, 5, 7, 4, 1, 3, 9, 1, 2, 7,
                    6, 6, 1, 0, 4, 7, 9, 5, 7, 8, 5, 1, 0, 5, 1, 3, 0, 3, 9, 1, 7, 1, 8, 4, 7, 2, 5,
                    6, 2, 0, 2, 8, 0, 8, 2, 1, 9, 9, 6, 4, 3, 8, 2, 7, 6, 0,
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
    target = schedule
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = schedule(*given)
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
