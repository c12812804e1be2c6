# A heuristic, exported by evolve as one module.
#
# routing_vehicle.py: Vehicle routing (routing/vehicle). Which vehicle should visit which customers,
# in which order, to minimise the total distance?
#
# Entry: `route`.
#
#     Choose routes for vehicles that bring every customer its demand, so that they drive as little as possible.
#
#     Parameters
#     ----------
#     coords
#         [x, y] of the depot (number 0) and of customers 1, 2, ..., integers. Distances are Euclidean, rounded to the nearest one.
#     demand
#         Units by number; demand[0] is 0, all others lie in 1..capacity.
#     capacity
#         Units that one vehicle takes. There are as many vehicles as you like.
#     budget_s
#         Seconds that the answer may take.
#
#     Returns
#     -------
#     list[list[int]]
#         For each vehicle the customers in the order of its visits, without the depot; each customer exactly once.
#
#     Examples
#     --------
#     >>> route([[0, 0], [0, 10], [0, 20], [10, 0]], [0, 2, 2, 3], 4, 2.0)  # 40 for the first vehicle, 20 for the second
#     [[1, 2], [3]]
#
# Objective: minimised, in distance. Version of the problem: f3e60636ceeb.
#
# Mean gap to the reference (best known (from CVRPLIB for published instances, mostly from PyVRP
# elsewhere); proven optimum up to 12 customers); 0 is the reference, lower is better:
#
#     program                  train  validation        test
#     this program            0.248%      0.283%       2.30%
#     string_removals         0.461%      0.456%       3.13%
#     clarke_wright_2opt       3.91%       3.68%       5.42%
#     clarke_wright            5.24%       5.12%       6.18%
#     sweep                    12.6%       9.17%       21.6%
#     nearest_neighbour        28.5%       30.2%       27.6%
#
# Found by: coding agent proposer (file veh5.py).
#
# Certificate: not confirmed (2026-11-30: fresh: on 45 instances drawn for this program it is ahead,
# but within chance: −0.50 pp against string_removals, 99.7% CI −1.14 to +0.037 pp (28 wins, 0 ties,
# 17 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python routing_vehicle.py` repeats the calls recorded on 3 small instances and compares the
# answers.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Slack induction by string removals on routes that are made once and remember what it costs to insert a customer.

J. Christiaens, G. Vanden Berghe, Slack induction by string removals for vehicle routing problems, Transportation Science
54(2) (2020) 417-433. Annealing visits the same routes again and again. So routes are immutable, there is only one of each sequence of
customers: what was once found out about a route, such as the best place for a customer in it, is not computed again.
"""

import math
import random
from operator import add, itemgetter, sub

import numpy as np

REMOVED = 10  # customers taken out in a step, on average
LONGEST = 10  # string
SPLIT = 0.5  # chance that a string leaves a customer in its middle where it is
BLINK = 0.01  # chance to overlook a route
HOT, COLD = 1.0, 0.03  # first and last temperature, in mean distances between stops
NEAR = 100  # customers around the place of a step whose routes may take what was removed
STORED = 200_000  # stops of the routes that are remembered
WORK = 10_000_000  # units per second: about one for each stop that is looked at


def route(coords, demand, capacity, budget_s):
    """Return routes of customer numbers."""
    points = np.array(coords, dtype=float)
    distances = np.floor(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) + 0.5)
    plan = Plan(savings(distances, demand, capacity), distances, demand, capacity)
    return plan.anneal(budget_s * WORK)


class Route:
    """Stops from depot to depot, what is inserted where at least cost (`prices`), and what the route then is (`grown`), by customer.

    Distances are multiples of a power of 2 above the number of stops, so that the rest of a price is the place of the insertion.
    Of the legs, their places are taken for the same reason.
    """

    __slots__ = ("grown", "legs", "length", "load", "pick", "prices", "stops")

    def __init__(self, stops, legs, length, load):
        self.stops, self.legs, self.length, self.load = stops, legs, length, load
        self.pick = itemgetter(*stops)
        self.prices, self.grown = {}, {}


class Plan:
    """One route for each vehicle, some of them empty, and for each customer the number of its vehicle."""

    def __init__(self, tours, distances, demand, capacity):
        self.n = n = len(distances) - 1
        self.demand, self.capacity = demand, capacity
        scale = 1 << (n + 2).bit_length()
        self.place = scale - 1  # mask
        self.d = (distances.astype(int) * scale).tolist()
        self.near = [[], *(np.argsort(distances[1:, 1:], axis=1, kind="stable") + 1).tolist()]
        self.around = [None, *(itemgetter(*near[:NEAR], near[0]) for near in self.near[1:])]
        self.rng = random.Random(1)
        self.known, self.stored, self.work = {}, 0, 4 * n * n
        self.empty = self.known_route((0, 0))
        self.routes = [self.known_route((0, *tour, 0)) for tour in tours]
        self.routes += [self.empty] * (n - len(tours))
        self.vehicle = [0] * (n + 1)
        for v, tour in enumerate(tours):
            for c in tour:
                self.vehicle[c] = v
        self.longest = min(LONGEST, n / len(tours))
        self.orders = self._orders()

    def _orders(self):
        """Keys to sort customers for their return: mostly any order or large demands first, else the farthest or nearest first."""
        far, rng = self.d[0], self.rng
        keys = [rng.sample(range(self.n + 1), self.n + 1) for _ in range(80)]
        keys += [[-q for q in self.demand]] * 80 + [[-x for x in far]] * 40 + [far] * 20
        return [key.__getitem__ for key in keys]

    def known_route(self, stops):
        """The only route with these stops."""
        found = self.known.get(stops)
        if found is None:
            d = self.d
            legs = [d[a][b] for a, b in zip(stops, stops[1:])]
            load = sum([self.demand[c] for c in stops])
            found = self.remember(Route(stops, list(map(sub, legs, range(len(legs)))), sum(legs), load))
        return found

    def grow(self, old, c, price):
        """The route with one more customer where that costs least."""
        at = price & self.place
        stops, legs = old.stops, old.legs
        a, b = stops[at], stops[at + 1]
        stops = stops[: at + 1] + (c,) + stops[at + 1 :]
        found = self.known.get(stops)
        if found is None:
            to = self.d[c]
            legs = [*legs[:at], to[a] - at, to[b] - at - 1, *[leg - 1 for leg in legs[at + 1 :]]]
            found = self.remember(Route(stops, legs, old.length + price - at, old.load + self.demand[c]))
        old.grown[c] = found
        return found

    def remember(self, r):
        """Let a new route be found again; forget all others if they are too many."""
        if self.stored > STORED:
            for other in self.known.values():
                other.grown.clear()
            self.known, self.stored = {(0, 0): self.empty}, 0
        self.stored += len(r.stops)
        self.work += 20 + len(r.stops)
        self.known[r.stops] = r
        return r

    def anneal(self, work):
        """The shortest routes on the way; the longer a result and the later the step, the less likely it is kept."""
        rand, routes, vehicle = self.rng.random, self.routes, self.vehicle
        length = best = sum(r.length for r in routes)
        shortest = routes[:]
        hot = HOT * length / self.n
        while self.work < work:
            temperature = hot * (COLD / HOT) ** (self.work / work)
            limit = length - temperature * math.log(1.0 - rand())
            centre = 1 + int(rand() * self.n)
            open_to = set(self.around[centre](vehicle))
            out, changed, shorter = self.remove(centre)
            out.sort(key=self.orders[int(rand() * len(self.orders))])
            found = self.insert(out, open_to, changed, length - shorter, limit)
            if found < limit:
                length = found
                if found < best:
                    best, shortest = found, routes[:]
            else:
                for v, r in changed.items():
                    routes[v] = r
                    for c in r.stops:
                        vehicle[c] = v
        return [list(r.stops[1:-1]) for r in shortest if r is not self.empty]

    def remove(self, centre):
        """Take a string out of each of some routes around a customer; who is out, the routes before, the length saved."""
        rand, routes, vehicle, longest = self.rng.random, self.routes, self.vehicle, self.longest
        strings = int(1 + rand() * (4 * REMOVED / (1 + longest) - 1))
        out, changed, saved = [], {}, 0
        for c in self.near[centre]:
            v = vehicle[c]
            if v in changed:
                continue
            old = changed[v] = routes[v]
            stops = old.stops
            size = len(stops) - 2
            count = 1 + int(rand() * min(size, longest))
            keep = 1 if 1 < count < size and rand() < SPLIT else 0
            at, span = stops.index(c, 1), count + keep
            low, high = max(1, at - span + 1), min(at, size + 1 - span)
            low += int(rand() * (high - low + 1))
            skip = low + 1 + int(rand() * (count - 1)) if keep else low + span
            out += stops[low:skip] + stops[skip + keep : low + span]
            new = routes[v] = self.known_route(stops[:low] + stops[skip : skip + keep] + stops[low + span :])
            saved += old.length - new.length
            if len(changed) == strings:
                break
        return out, changed, saved

    def insert(self, out, open_to, changed, length, limit):
        """Put customers back, each where it costs least but for blinks; the length then, or what is above the limit already."""
        rand, routes, vehicle, place = self.rng.random, self.routes, self.vehicle, self.place
        self.work += 150 + (20 + len(open_to)) * len(out)
        for c in out:
            room, to = self.capacity - self.demand[c], self.d[c]
            cheapest, taker = 2 * to[0], -1
            for v in open_to:
                r = routes[v]
                if r.load <= room:
                    price = r.prices.get(c)
                    if price is None:
                        away = r.pick(to)
                        price = r.prices[c] = min(map(sub, map(add, away, away[1:]), r.legs))
                        self.work += 10 + len(away)
                    if price < cheapest and rand() > BLINK:
                        cheapest, taker = price, v
            if taker < 0:
                taker = routes.index(self.empty)
                open_to.add(taker)
            length += cheapest - (cheapest & place)
            if length >= limit:
                return length
            r = routes[taker]
            changed.setdefault(taker, r)
            routes[taker] = r.grown.get(c) or self.grow(r, c, cheapest)
            vehicle[c] = taker
        return length


def savings(d, demand, capacity):
    """Routes of the parallel savings heuristic."""
    saving = d[:, :1] + d[:1] - d
    first, second = np.triu_indices(len(d), 1)
    use = (first > 0) & (saving[first, second] > 0)
    first, second = first[use], second[use]
    order = np.argsort(-saving[first, second], kind="stable")
    routes = {i: [i] for i in range(1, len(d))}
    route_of, load = list(range(len(d))), list(demand)
    for i, j in zip(first[order].tolist(), second[order].tolist(), strict=True):
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
    return list(routes.values())

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "routing/vehicle",
    "version": "f3e60636ceeb",
    "run": "file veh5.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "coding agent proposer",
    "verdict": "not confirmed",
    "reason": "2026-11-30: fresh: on 45 instances drawn for this program it is ahead, but within chance: \u22120.50 pp against string_removals, 99.7% CI \u22121.14 to +0.037 pp (28 wins, 0 ties, 17 losses)",
    "certificate": "c30749a5b64a3930dd7b89e6c66893a6a37e694d190ebe99928fb91740c8971b",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "5e952bb74141a3f7327a821e35452388928bb7e7ee876949b33573a4d376a88a",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.00247633763181461, "validation": 0.0028250975883193376, "test": 0.02298171502266536},
    "string_removals": {"train": 0.004609861001468676, "validation": 0.004558541326719967, "test": 0.03125827218555214},
    "clarke_wright_2opt": {"train": 0.039097206337004885, "validation": 0.03679441592777886, "test": 0.0542035870363855},
    "clarke_wright": {"train": 0.05243835498610846, "validation": 0.05118696774277024, "test": 0.06181845753723903},
    "sweep": {"train": 0.1258983664329592, "validation": 0.09166543700612456, "test": 0.21602564326508097},
    "nearest_neighbour": {"train": 0.2848016688591763, "validation": 0.3020578105366884, "test": 0.27568678360904003},
}

# Calls of the program on small instances, and its answers at the time of the export.
CASES = [
    {
        "instance": "train-clustered-6", "family": "clustered", "total": 1, "objective": 4991.0,
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
                    [13, 26, 20, 21, 1, 24], [14, 8, 7, 22, 6, 25, 30, 15, 12, 28, 19, 5],
                    [17, 3, 10, 11, 4, 23, 27, 9, 16, 29, 2, 18],
                ],
            ],
        ],
    },
    {
        "instance": "train-mixed-24", "family": "mixed", "total": 1, "objective": 6303.0,
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
                    [12, 26, 25, 22], [19, 10, 8, 14, 1, 23, 29, 21, 3],
                    [27, 4, 15, 24, 18, 17, 5, 6, 7, 9, 13, 28, 2, 30, 20, 16, 11],
                ],
            ],
        ],
    },
    {
        "instance": "train-random-12", "family": "random", "total": 1, "objective": 5494.0,
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
                    [23, 21, 11, 29, 30, 17, 9, 6, 28, 19, 13, 16], [2, 8, 1, 18, 26, 5],
                    [27, 3, 7, 14, 25, 15, 24, 12, 4, 20, 22, 10],
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
    import numpy
    numpy.random.seed(0)
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
