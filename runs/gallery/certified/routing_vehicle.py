# A heuristic, exported by evolve as one module.
#
# routing_vehicle.py: Vehicle routing (routing/vehicle). Which vehicle should visit which customers,
# in which order, to minimise the total distance?
#
# Entry: `route`. Its docstring says what goes in and what comes out.
#
# Objective: minimised, in distance. Version of the problem: 5e179d13ddc3.
#
# Mean gap to the reference (best known (from CVRPLIB for published instances, mostly from PyVRP
# elsewhere); proven optimum up to 12 customers); 0 is the reference, lower is better:
#
#     program                  train  validation        test
#     this program             3.44%       3.60%       5.14%
#     string_removals         0.461%      0.456%       3.13%
#     clarke_wright_2opt       3.91%       3.68%       5.42%
#     clarke_wright            5.24%       5.12%       6.18%
#     sweep                    12.6%       9.17%       21.6%
#     nearest_neighbour        28.5%       30.2%       27.6%
#
# Found by: AST mutation operators (file vehicle.py).
#
# Certificate: no significant improvement (2026-11-30: test: +2.01 pp against string_removals, 97% CI
# +1.27 to +2.83 pp (4 wins, 0 ties, 30 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python routing_vehicle.py` repeats the calls recorded on 3 small instances and compares the
# answers. The EVOLVE-BLOCK comments enclose the part that the search was asked to change.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Routes grow together by savings with shape, skew and load, best first; local search then makes them shorter."""

import math

import numpy as np

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {'SHAPE': (0.5, 2.0), 'SKEW': (-0.5, 1.0), 'LOAD': (0.0, 1.0)}
SHAPE = 1.06237
SKEW = 0.337641
LOAD = 0.0351718

def saving(to_i: float, to_j: float, apart: float, angle: float, demand_i: int, demand_j: int, capacity: int, mean_demand: float, mean_distance: float) -> float:
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
    return to_i + (to_j + SHAPE) - SHAPE * apart + 0.1 * demand_i + SKEW * abs(to_i - to_j) + LOAD * load


# EVOLVE-BLOCK-END


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

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "routing/vehicle",
    "version": "5e179d13ddc3",
    "run": "file vehicle.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "AST mutation operators",
    "verdict": "not better",
    "reason": "2026-11-30: test: +2.01 pp against string_removals, 97% CI +1.27 to +2.83 pp (4 wins, 0 ties, 30 losses)",
    "certificate": "4d50f3d45b9c167c6d320f380a443ccd7334ac55101c1d9b6ae9902936284386",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "6fedc53920e15ef68f5456ba3d64d6c563025fa138855c784cfd9b93800adfe9",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.03440321858876246, "validation": 0.035952508832382275, "test": 0.05136619441261305},
    "string_removals": {"train": 0.004609861001468676, "validation": 0.004558541326719967, "test": 0.03125827218555214},
    "clarke_wright_2opt": {"train": 0.039097206337004885, "validation": 0.03679441592777886, "test": 0.0542035870363855},
    "clarke_wright": {"train": 0.05243835498610846, "validation": 0.05118696774277024, "test": 0.06181845753723903},
    "sweep": {"train": 0.1258983664329592, "validation": 0.09166543700612456, "test": 0.21602564326508097},
    "nearest_neighbour": {"train": 0.2848016688591763, "validation": 0.3020578105366884, "test": 0.27568678360904003},
}

# Calls of the program on small instances, and its answers at the time of the export.
CASES = [
    {
        "instance": "train-clustered-6", "family": "clustered", "total": 1, "objective": 5110.0,
        "calls": [
            [
                "__call__",
                [
                    [
                        [0, 0], [72, 208], [82, 601], [426, 192], [991, 730], [157, 374],
                        [309, 320], [365, 203], [257, 151], [970, 846], [427, 299], [937, 689],
                        [250, 420], [38, 105], [141, 51], [233, 393], [164, 699], [491, 88],
                        [6, 390], [179, 439], [86, 198], [89, 211], [327, 326], [945, 771],
                        [7, 151], [253, 321], [67, 132], [968, 778], [181, 459], [103, 636],
                        [198, 360],
                    ],
                    [
                        0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                        1, 1, 1, 1, 1, 1,
                    ],
                    12, 2.0,
                ],
                [
                    [17, 3, 10, 11, 4, 23, 27, 9, 16, 29, 2, 18],
                    [8, 7, 22, 6, 25, 30, 15, 12, 28, 19, 5], [13, 24, 1, 21, 20, 26, 14],
                ],
            ],
        ],
    },
    {
        "instance": "train-mixed-24", "family": "mixed", "total": 1, "objective": 6459.0,
        "calls": [
            [
                "__call__",
                [
                    [
                        [0, 0], [501, 471], [969, 836], [61, 85], [118, 347], [44, 896], [218, 851],
                        [500, 689], [618, 376], [515, 864], [702, 309], [390, 231], [112, 52],
                        [658, 899], [589, 395], [110, 408], [979, 482], [11, 628], [142, 644],
                        [694, 64], [934, 752], [162, 153], [113, 15], [475, 553], [148, 420],
                        [239, 78], [215, 76], [64, 341], [954, 857], [456, 443], [930, 817],
                    ],
                    [
                        0, 4, 4, 1, 10, 5, 2, 3, 8, 2, 73, 9, 4, 9, 8, 5, 7, 8, 1, 2, 7, 3, 6, 80,
                        5, 4, 9, 2, 8, 7, 99,
                    ],
                    186, 2.0,
                ],
                [
                    [3, 21, 25, 26, 12, 22],
                    [27, 15, 24, 18, 17, 5, 6, 7, 9, 13, 28, 2, 30, 20, 16, 8, 11],
                    [4, 29, 23, 1, 14, 10, 19],
                ],
            ],
        ],
    },
    {
        "instance": "train-random-12", "family": "random", "total": 1, "objective": 5713.0,
        "calls": [
            [
                "__call__",
                [
                    [
                        [500, 500], [401, 92], [449, 239], [739, 833], [110, 547], [405, 474],
                        [926, 293], [833, 970], [452, 147], [968, 370], [244, 524], [847, 742],
                        [100, 550], [647, 341], [663, 884], [110, 908], [616, 439], [976, 487],
                        [298, 239], [752, 365], [59, 431], [736, 507], [39, 372], [650, 552],
                        [42, 855], [564, 988], [396, 434], [560, 598], [922, 79], [990, 775],
                        [991, 681],
                    ],
                    [
                        0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                        1, 1, 1, 1, 1, 1,
                    ],
                    12, 2.0,
                ],
                [
                    [5, 10, 15, 24, 12, 4, 20, 22, 18, 1, 8, 2], [27, 23, 21, 16, 13, 26],
                    [25, 14, 3, 7, 11, 29, 30, 17, 9, 6, 28, 19],
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

    target = route
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
