"""Vehicle routing: a heuristic for routing/vehicle.

Which vehicle should visit which customers in which order so that all drive as little as possible?
Call `route`; its docstring says what goes in and what comes out.

Routes grow together by savings with shape, skew and load, best first; local search then makes them shorter.

Mean gap to the reference (best known (CVRPLIB's for the published instances, mostly PyVRP's
elsewhere), proven optimum up to 12 customers); 0 is the reference, lower is better:

    program                  train  validation        test
    this program            0.0443      0.0397      0.0548
    string_removals         0.0056      0.0046      0.0281
    clarke_wright_2opt      0.0497      0.0368      0.0532
    clarke_wright           0.0595      0.0512      0.0608
    sweep                   0.1128      0.0917      0.2071
    nearest_neighbour       0.2962      0.3021      0.2721

Candidate 0 of run vehicle-20261125-225940-32d5, written by: no LLM (built-in operators). Exported
2026-11-25. Certificate: not better (2026-11-25: test: gap +0.0267 [+0.0191, +0.0351] against
string_removals at 0.99 (1 won, 0 equal, 28 lost)). Licence: derived from the problem's seed
program, whose licence applies.

`python vehicle.py` (this file) asks it again what it was asked on 3 small instances and compares
the answers.
"""

# The search judged this code by its decisions alone: it is kept as it was found, not as linters like it.
# ruff: noqa
# mypy: ignore-errors

import json
import math
from typing import Any

import numpy as np

__all__ = ["MEASURED", "PROVENANCE", "route"]


# Constants that may be tuned: name and range.
TUNABLE = {"SHAPE": (0.5, 2.0), "SKEW": (-0.5, 1.0), "LOAD": (0.0, 1.0)}
SHAPE = 1.2  # weight of the distance between the two against what their ways to the depot save
SKEW = 0.1  # worth of a difference between these ways: the nearer one is best visited on the way
LOAD = 0.1  # worth of large demands, which are hard to place later


def saving(
    to_i: float,
    to_j: float,
    apart: float,
    angle: float,
    demand_i: int,
    demand_j: int,
    capacity: int,
    mean_demand: float,
    mean_distance: float,
) -> float:
    """Value of driving from customer i to customer j on one route; all arguments are numbers.

    Pairs are joined in order of falling value, where both still lie at an end of their routes and the load fits. A pair
    with a value of 0 or less is never joined.

    to_i, to_j          distance from the depot to i and to j
    apart               distance from i to j
    angle               between the two as seen from the depot, radians (0 to pi)
    demand_i, demand_j  what they want
    capacity            what a vehicle takes
    mean_demand         mean over all customers
    mean_distance       mean distance of all customers from the depot
    """
    load = (demand_i + demand_j) / mean_demand * mean_distance
    return to_i + to_j - SHAPE * apart + SKEW * abs(to_i - to_j) + LOAD * load


def route(coords: list[list[int]], demand: list[int], capacity: int, budget_s: float) -> list[list[int]]:
    """Choose routes for vehicles that bring every customer its demand, so that they drive as little as possible.

    Parameters
    ----------
    coords
        [x, y] of the depot (number 0) and of customers 1, 2, ..., integers. Distances are Euclidean, rounded to the nearest one.
    demand
        Units by number; demand[0] is 0, all others lie in 1..capacity.
    capacity
        Units that one vehicle takes. There are as many vehicles as you like.
    budget_s
        Seconds that the answer may take.

    Returns
    -------
    list[list[int]]
        For each vehicle the customers in the order of its visits, without the depot; each customer exactly once.

    Examples
    --------
    >>> route([[0, 0], [0, 10], [0, 20], [10, 0]], [0, 2, 2, 3], 4, 2.0)  # 40 for the first vehicle, 20 for the second
    [[1, 2], [3]]

    Problem: Vehicle routing (routing/vehicle, version 4a37ea375c92). Which vehicle should visit
    which customers in which order so that all drive as little as possible?

    Objective: minimised, in distance.

    Reference: best known (CVRPLIB's for the published instances, mostly PyVRP's elsewhere),
    proven optimum up to 12 customers
    """
    d = distances(coords)
    n = len(coords) - 1
    x0, y0 = coords[0]
    bearing = [math.atan2(y - y0, x - x0) for x, y in coords]
    mean_demand, mean_distance = sum(demand) / n, sum(d[0]) / n
    pairs = []
    for i in range(1, n):
        for j in range(i + 1, n + 1):
            turn = abs(bearing[i] - bearing[j])
            angle = min(turn, 2 * math.pi - turn)
            value = saving(d[0][i], d[0][j], d[i][j], angle, demand[i], demand[j], capacity, mean_demand, mean_distance)
            if value > 0:
                pairs.append((-value, i, j))
    pairs.sort()
    routes = {i: [i] for i in range(1, n + 1)}
    route_of, load = list(range(n + 1)), list(demand)
    for _, i, j in pairs:
        a, b = route_of[i], route_of[j]
        if a == b or load[a] + load[b] > capacity:
            continue
        left, right = routes[a], routes[b]
        if i not in (left[0], left[-1]) or j not in (right[0], right[-1]):
            continue
        if left[-1] != i:
            left.reverse()
        if right[0] != j:
            right.reverse()
        left += right
        load[a] += load[b]
        for c in routes.pop(b):
            route_of[c] = a
    return improve(list(routes.values()), d, demand, capacity)


def distances(coords):
    """Euclidean distances, rounded to the nearest integer."""
    points = np.array(coords, dtype=float)
    return np.floor(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) + 0.5).tolist()


def improve(routes, d, demand, capacity, neighbours=12):
    """Routes after relocation, 2-opt and 2-opt* between near customers, until none makes them shorter."""
    n = len(d) - 1
    near = (np.argsort(np.array(d)[1:, 1:], axis=1, kind="stable")[:, : neighbours + 1] + 1).tolist()
    in_route, place, head, load = [0] * (n + 1), [0] * (n + 1), [0] * (n + 1), [0] * len(routes)

    def note(*changed):
        for r in changed:
            total = 0
            for p, c in enumerate(routes[r]):
                total += demand[c]
                in_route[c], place[c], head[c] = r, p, total  # head: load up to and with this customer
            load[r] = total

    def move(i):
        """Make the first move found that brings a neighbour next to i and shortens; whether there was one."""
        r, p = in_route[i], place[i]
        own, di = routes[r], d[i]
        before = own[p - 1] if p else 0
        after = own[p + 1] if p + 1 < len(own) else 0
        gone = d[before][i] + di[after] - d[before][after]  # what leaving its route saves
        for j in near[i - 1]:
            apart = di[j]
            if j == i or (apart >= di[after] and apart >= di[before] and apart >= gone):
                continue
            s, q, dj = in_route[j], place[j], d[j]
            other = routes[s]
            before_j = other[q - 1] if q else 0
            after_j = other[q + 1] if q + 1 < len(other) else 0
            if r != s:
                rest, rest_j = load[r] - head[i], load[s] - head[j]
                tails = apart + d[after][before_j] < di[after] + dj[before_j]  # 2-opt*: exchange tails
                if tails and head[i] + rest_j + demand[j] <= capacity and head[j] - demand[j] + rest <= capacity:
                    routes[r], routes[s] = own[: p + 1] + other[q:], other[:q] + own[p + 1 :]
                    note(r, s)
                    return True
                heads = apart + d[after][after_j] < di[after] + dj[after_j]  # 2-opt*: join heads, join tails
                if heads and head[i] + head[j] <= capacity and rest + rest_j <= capacity:
                    routes[r], routes[s] = own[: p + 1] + other[q::-1], own[:p:-1] + other[q + 1 :]
                    note(r, s)
                    return True
            elif apart + d[after][after_j] < di[after] + dj[after_j]:  # 2-opt: reverse what lies between
                low, high = min(p, q) + 1, max(p, q) + 1
                own[low:high] = own[low:high][::-1]
                note(r)
                return True
            elif apart + d[before][before_j] < di[before] + dj[before_j]:
                low, high = min(p, q), max(p, q)
                own[low:high] = own[low:high][::-1]
                note(r)
                return True
            if r == s or load[s] + demand[i] <= capacity:  # relocate i behind j or before it
                behind = i != after_j and apart + di[after_j] - dj[after_j] < gone
                if behind or (i != before_j and apart + di[before_j] - dj[before_j] < gone):
                    own.remove(i)
                    other.insert(other.index(j) + behind, i)
                    note(r, s)
                    return True
        return False

    note(*range(len(routes)))
    improved = True
    while improved:
        improved = False
        for i in range(1, n + 1):
            while move(i):
                improved = True
    return [visits for visits in routes if visits]


PROVENANCE: dict[str, Any] = {
    "problem": "routing/vehicle",
    "version": "4a37ea375c92",
    "run": "vehicle-20261125-225940-32d5",
    "candidate": 0,
    "lineage": [(0, "seed", 0.044260241761630015)],
    "models": "no LLM",
    "date": "2026-11-25",
    "verdict": "not better",
    "reason": "2026-11-25: test: gap +0.0267 [+0.0191, +0.0351] against string_removals at 0.99 (1 won, 0 equal, 28 lost)",
    "licence": "derived from the problem's seed program, whose licence applies",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED: dict[str, dict[str, float]] = {
    "this program": {"train": 0.044260241761630015, "validation": 0.03972586936946989, "test": 0.05482748163669974},
    "string_removals": {"train": 0.0055771140357504, "validation": 0.004558541326719967, "test": 0.02814001830276136},
    "clarke_wright_2opt": {"train": 0.04970213214479945, "validation": 0.03679441592777886, "test": 0.053239507348810645},
    "clarke_wright": {"train": 0.05946464698423195, "validation": 0.05118696774277024, "test": 0.06076450749008718},
    "sweep": {"train": 0.11275676666414387, "validation": 0.09166543700612456, "test": 0.2070590228382095},
    "nearest_neighbour": {"train": 0.2962398867337131, "validation": 0.3020578105366884, "test": 0.27205139633855985},
}

# What the program was asked on small instances, and what it answered when it was exported.
CASES: list[dict[str, Any]] = [
    {
        "instance": "train-clustered-0", "family": "clustered",
        "calls": (
            (
                "__call__",
                [
                    [
                        [500, 500], [257, 769], [31, 787], [731, 379], [479, 102], [460, 378],
                        [508, 119], [17, 813], [862, 524], [513, 89], [387, 482], [21, 789],
                        [476, 349], [409, 38], [466, 371], [287, 780], [751, 403], [85, 853],
                        [197, 743], [225, 686], [451, 73], [464, 357], [195, 757], [420, 246],
                        [713, 308], [428, 62], [16, 778], [713, 372], [698, 383], [420, 87],
                        [769, 319],
                    ],
                    [
                        0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                        1, 1, 1, 1, 1, 1,
                    ],
                    8, 2.0,
                ],
                [
                    [12, 21, 14, 5, 10, 1, 15], [8, 16, 3, 30, 24, 27, 28],
                    [18, 22, 17, 7, 11, 26, 2, 19], [23, 29, 13, 25, 20, 4, 9, 6],
                ],
            ),
        ),
        "total": 1, "objective": 4264.0,
    },
    {
        "instance": "train-random-0", "family": "random",
        "calls": (
            (
                "__call__",
                [
                    [
                        [500, 500], [957, 287], [527, 605], [578, 211], [29, 711], [63, 941],
                        [776, 817], [76, 189], [513, 395], [772, 310], [609, 819], [969, 31],
                        [9, 545], [256, 807], [680, 782], [363, 18], [736, 3], [57, 460],
                        [639, 946], [617, 481], [569, 480], [240, 912], [904, 243], [853, 459],
                        [747, 485], [238, 874], [529, 771], [497, 226], [688, 359], [567, 993],
                        [951, 379],
                    ],
                    [
                        0, 79, 1, 3, 5, 7, 9, 4, 98, 2, 7, 85, 5, 7, 2, 6, 4, 5, 5, 1, 6, 4, 6, 54,
                        2, 3, 8, 3, 80, 5, 50,
                    ],
                    98, 2.0,
                ],
                [
                    [9, 22, 1], [2, 14, 6, 18, 29, 10, 26, 13, 25, 21, 5, 4, 12, 17, 7, 15, 27],
                    [3, 16, 11], [8], [28], [24, 23, 19], [30, 20],
                ],
            ),
        ),
        "total": 1, "objective": 8014.0,
    },
    {
        "instance": "validation-mixed-0", "family": "mixed",
        "calls": (
            (
                "__call__",
                [
                    [
                        [0, 0], [524, 513], [500, 415], [338, 988], [484, 171], [724, 54],
                        [364, 324], [508, 681], [224, 384], [959, 515], [709, 459], [107, 903],
                        [941, 947], [782, 459], [67, 962], [967, 356], [495, 522], [841, 752],
                        [434, 920], [551, 384], [287, 407], [517, 25], [350, 697], [483, 159],
                        [623, 477], [494, 667], [476, 465], [397, 791], [500, 490], [420, 755],
                        [520, 446],
                    ],
                    [
                        0, 5, 8, 86, 2, 3, 71, 10, 50, 10, 3, 7, 5, 1, 4, 57, 2, 94, 1, 8, 7, 8, 63,
                        6, 2, 10, 5, 3, 3, 73, 7,
                    ],
                    121, 2.0,
                ],
                [
                    [27, 18, 3, 14, 11], [21, 5, 15, 9, 13, 10, 24, 19, 30, 2], [6],
                    [12, 17, 4, 23], [26, 28, 1, 16, 25, 7, 29], [8, 22, 20],
                ],
            ),
        ),
        "total": 1, "objective": 12098.0,
    },
]


def _same(answer: Any, expected: Any) -> bool:
    """Compare plain values; floats to nine digits, as machines differ in the last ones."""
    if isinstance(expected, list):
        return isinstance(answer, list) and len(answer) == len(expected) and all(map(_same, answer, expected))
    if isinstance(expected, dict):
        same_keys = isinstance(answer, dict) and answer.keys() == expected.keys()
        return same_keys and all(_same(answer[key], expected[key]) for key in expected)
    if isinstance(expected, float):
        return isinstance(answer, (int, float)) and math.isclose(answer, expected, rel_tol=1e-9, abs_tol=1e-12)
    return type(answer) is type(expected) and answer == expected


def _replay(case: dict[str, Any]) -> str:
    """Ask again what was asked; the first answer that differs from the recorded one, or nothing."""
    target: Any = route
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = route(*given)
            continue
        answer = getattr(target, method)(*given)
        answer = json.loads(json.dumps(answer, default=lambda value: value.tolist()))
        if not _same(answer, expected):
            return f"call {number} ({method}) answered {answer!r:.200}, recorded was {expected!r:.200}"
    return ""


def _recheck() -> int:
    """Replay every case and say how many came out as recorded."""
    wrong = 0
    for case in CASES:
        try:
            difference = _replay(case)
        except Exception as error:  # noqa: BLE001
            difference = f"{type(error).__name__}: {error}"
        if difference:
            wrong += 1
            print(f"{case['instance']}: {difference}")
    print(f"{'failed' if wrong else 'ok'}: {len(CASES) - wrong} of {len(CASES)} cases")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(_recheck())
