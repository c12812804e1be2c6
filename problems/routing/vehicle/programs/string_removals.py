"""Savings, then strings of customers near each other taken out of their routes and put back, under simulated annealing.

J. Christiaens, G. Vanden Berghe, Slack induction by string removals for vehicle routing problems, Transportation Science
54(2) (2020) 417-433. Strings, orders and blinks have their parameters. Their temperatures, 100 to 1 on a square of 1000, are
taken as a share of the mean distance between stops, so that any map will do. It begins with savings, and its steps are far fewer.
"""

import math
import random

import numpy as np

REMOVED = 10  # customers taken out in a step, on average
LONGEST = 10  # string
SPLIT = 0.5  # chance that a string leaves customers in its middle where they are
GROW = 0.01  # chance that it leaves one more there
BLINK = 0.01  # chance to overlook a place
HOT, COLD = 1.0, 0.01  # first and last temperature, in mean distances between stops


def route(coords, demand, capacity, budget_s):
    """Return routes of customer numbers."""
    points = np.array(coords, dtype=float)
    d = np.floor(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) + 0.5)
    plan = Plan(savings(d, demand, capacity), d, demand, capacity)
    # A third of the time on the machine that this was written on, for there are slower ones.
    return anneal(plan, d, steps=int(budget_s * 1_300_000 / (len(d) + 160)))


def anneal(plan, d, steps):
    """The shortest routes on the way; the longer a result and the later the step, the less likely it is kept."""
    rng = random.Random(1)
    near = [[], *(np.argsort(d[1:, 1:], axis=1, kind="stable") + 1).tolist()]
    length = best = plan.length()
    routes = plan.routes()
    hot = HOT * length / (len(d) - 1)
    for step in range(steps):
        kept = plan.save()
        plan.insert(ordered(plan.remove(near, rng), plan, rng), rng)
        found = plan.length()
        temperature = hot * (COLD / HOT) ** (step / steps)
        if found >= length - temperature * math.log(1.0 - rng.random()):
            plan.restore(kept)
            continue
        length = found
        if found < best:
            best, routes = found, plan.routes()
    return routes


def ordered(out, plan, rng):
    """Customers in the order of their return: any, large demands first, the farthest or the nearest first."""
    draw = rng.random() * 11
    if draw < 4:
        return rng.sample(out, len(out))
    if draw < 8:
        return sorted(out, key=lambda c: -plan.demand[c])
    return sorted(out, key=lambda c: plan.to[0, c], reverse=draw < 10)


class Plan:
    """Routes as lists, and for each place what it costs to stop there; a place is known by the node behind it.

    Node c is customer c, node n + 1 + r the end of route r at the depot.
    """

    def __init__(self, routes, d, demand, capacity):
        n = len(d) - 1
        self.n, self.demand = n, demand
        at = np.array([*range(n + 1), *[0] * n])  # where a node is
        self.to = d[:, at]
        self.tours = [*routes, *([] for _ in range(n - len(routes)))]
        self.before = np.zeros(2 * n + 1, dtype=np.int64)
        self.leg = np.full(2 * n + 1, -math.inf)  # length of the way to a node; none leads to 0 and to customers taken out
        self.tour_of = np.array([0] * (n + 1) + list(range(n)))
        self.room = np.full(n, float(capacity))
        for r, tour in enumerate(self.tours):
            self.tour_of[tour] = r
            self.room[r] -= sum(demand[c] for c in tour)
            self._join(r)
        rng = random.Random(1)
        self.overlooked = np.array([math.inf if rng.random() < BLINK else 0.0 for _ in range(100_000 + 2 * n)])

    def length(self):
        """Distance that all vehicles drive."""
        return float(self.leg[1:].sum())

    def routes(self):
        """Those that are in use."""
        return [tour[:] for tour in self.tours if tour]

    def save(self):
        """What `restore` takes; tours are replaced and never changed, so they need no copy."""
        return self.tours[:], self.before.copy(), self.leg.copy(), self.tour_of.copy(), self.room.copy()

    def restore(self, kept):
        """Go back to where `save` was called."""
        self.tours, self.before, self.leg, self.tour_of, self.room = kept

    def remove(self, near, rng):
        """Take a string out of each of some routes around one customer; who is out."""
        longest = min(LONGEST, self.n / sum(1 for tour in self.tours if tour))
        strings = int(rng.uniform(1, 4 * REMOVED / (1 + longest)))
        out, ruined = [], set()
        for c in near[rng.randint(1, self.n)]:
            if len(ruined) >= strings:
                break
            r = int(self.tour_of[c])
            if r in ruined:
                continue
            tour = self.tours[r]
            count = int(rng.uniform(1, min(len(tour), longest) + 1))
            keep = 0
            if 1 < count < len(tour) and rng.random() < SPLIT:
                keep = 1
                while count + keep < len(tour) and rng.random() < GROW:
                    keep += 1
            p, long = tour.index(c), count + keep
            low = rng.randint(max(0, p - long + 1), min(p, len(tour) - long))
            skip = rng.randint(1, count - 1) if keep else count
            gone = tour[low : low + skip] + tour[low + skip + keep : low + long]
            self.tours[r] = tour[:low] + tour[low + skip : low + skip + keep] + tour[low + long :]
            self.leg[gone] = -math.inf
            self.room[r] += sum(self.demand[c] for c in gone)
            self._join(r)
            ruined.add(r)
            out += gone
        return out

    def _join(self, r):
        """Note who is before whom on a route, and how far away."""
        stops = [0, *self.tours[r]]
        nodes = [*self.tours[r], self.n + 1 + r]
        self.before[nodes] = stops
        self.leg[nodes] = self.to[stops, nodes]

    def insert(self, customers, rng):
        """Put customers back, in their order, each where it costs least among the places that are not overlooked."""
        before, leg, tour_of, room = self.before, self.leg, self.tour_of, self.room
        for c in customers:
            to = self.to[c]
            start = int(rng.random() * 100_000)
            extra = to.take(before)
            extra += to
            extra -= leg
            extra += self.overlooked[start : start + len(to)]
            extra[room.take(tour_of) < self.demand[c]] = math.inf
            at = int(extra.argmin())
            if extra[at] == math.inf:
                at = self.n + 1 + self.tours.index([])
            r = int(tour_of[at])
            tour = self.tours[r]
            p = tour.index(at) if at <= self.n else len(tour)
            self.tours[r] = [*tour[:p], c, *tour[p:]]
            previous = int(before[at])
            before[c], before[at] = previous, c
            leg[c], leg[at] = to[previous], to[at]
            tour_of[c] = r
            room[r] -= self.demand[c]


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
