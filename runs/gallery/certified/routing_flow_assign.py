# A heuristic, exported by evolve as one module.
#
# routing_flow_assign.py: Admission and routing of flows (routing/flow_assign). Which requests for
# bandwidth should a network accept, and over which paths, not knowing what comes later?
#
# Entry: `Policy`.
#
#     `decide(src, dst, bw, value, elapsed)`: Path of one request, empty for a refusal; the books are kept.
#
#     `cheapest(src, dst, cost)`: Total and arcs of the path of least cost, of equal ones one with the fewest arcs; (infinity, []) if there is none.
#
# Objective: maximised, in % of the value of all requests. Version of the problem: 60f0ac6bbc2a.
#
# Mean gap to the reference (upper bound from fractional multicommodity flow that knows the whole day;
# not necessarily attainable); 0 is the reference, lower is better:
#
#     program                 train  validation        test
#     this program            9.87%       9.38%       8.72%
#     dual_descent            21.1%       22.2%       20.4%
#     trunk_reservation       22.6%       22.0%       21.1%
#     widest_shortest         28.1%       26.7%       27.0%
#     min_hop                 29.3%       27.6%       27.3%
#     mira                    30.8%       27.6%       28.1%
#     aap                     39.5%       37.2%       37.6%
#
# Found by: coding agent proposer (file flow_best.py).
#
# Certificate: certified (2026-12-01: better than every baseline, closest on test: −11.6 pp against
# dual_descent, 97% CI −12.7 to −10.6 pp (52 wins, 0 ties, 0 losses)).
#
# Exported 2026-12-01. Licence: derived from the problem's seed program, whose licence applies.
#
# `python routing_flow_assign.py` repeats the calls recorded on 3 small instances in
# routing_flow_assign.cases.json and compares the answers; of 3 long episodes, the beginning.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Shadow prices of the rest of the day, found anew at every step, decide which requests are carried and where.

What is still to come is estimated: amounts of each pair (gamma-Poisson around gravity), a daily swing of each source if there is one, and
the worth of a Mbit/s (log-normal with a trend). Prices are the dual of the flow problem that this makes of the room that is left.
"""

import heapq
from statistics import NormalDist

import numpy as np

LOAD = 1.4  # Mbit/s times hops asked for on a usual day, over the capacity of all arcs
LOAD_STEPS = 6  # steps of observation that the usual load is worth
BURST = 4.0  # requests beyond so many times the median step are a burst, which says nothing of the rate
NODE = 3.0  # requests that the usual share of a node is worth
PAIR = 2.0  # requests that gravity is worth for a pair
PHASES, SWING, TIDE = 8, 0.8, 0.25  # phases that a daily swing may have, its height, and the share of days with swings
SPREAD, SPREAD_WEIGHT = 0.6, 10.0  # usual deviation of log worth, and requests that this is worth
TREND = 0.5  # usual size of the trend of log worth over a day
WORK = 16000  # moves of the prices at a step, times the square of the number of nodes
FIRST = 5  # times as many moves at the first step
GAIN = 1.2  # sum of the moves at a step of a price where twice of what is left is asked for, over the usual worth of a Mbit/s
RISE = 3.0  # excess beyond which a price rises no faster
AVERAGE = 0.2  # weight of the newest flows
SMOOTH = 0.3  # weight of the newest prices
GAP = 0.3  # part of a request of usual size that stays free on each arc in the end
HOP = 0.05  # least price of an arc, over the usual worth of a Mbit/s
CLUMP = 2.0  # usual size of what is drawn at random as one, in requests of mean size, since sizes differ
MARGIN = 1.1  # what a request must be worth, over its price
BATCH, PARTS = 8, 48  # requests decided at the same prices: so many, or this part of all so far if that is more
QUANTILES = np.array([NormalDist().inv_cdf((i + 0.5) / 200) for i in range(200)])


class Policy:
    """Keeps its own books and gives each request, in the order of arrival, the cheapest path with room."""

    def __init__(self, network):
        """Take the network: a dict of `nodes`, `arcs` ([from, to, Mbit/s] each) and `steps` of the day."""
        self.nodes, self.steps = network["nodes"], network["steps"]
        self.tail, self.head, capacity = np.array(network["arcs"], dtype=int).reshape(-1, 3).T
        self.capacity, self.left = capacity.astype(float), capacity.astype(float)
        self.number = np.full((self.nodes, self.nodes), -1)
        self.number[self.tail, self.head] = np.arange(len(capacity))
        self.out = [[] for _ in range(self.nodes)]
        for arc, (u, v, _) in enumerate(network["arcs"]):
            self.out[u].append((arc, v))
        hops, _ = self.all_paths(np.ones(len(capacity)))
        self.hops = np.where(np.isfinite(hops), np.maximum(hops, 1), 1)
        self.reachable = np.isfinite(hops) & ~np.eye(self.nodes, dtype=bool)
        self.longer = np.sqrt(self.hops)  # worth of a Mbit/s by the length of the connection
        self.sends = np.bincount(self.tail, self.capacity, self.nodes) / self.capacity.sum()
        self.receives = np.bincount(self.head, self.capacity, self.nodes) / self.capacity.sum()
        self.count = np.zeros((self.nodes, self.nodes))  # requests so far, by pair
        self.arrivals = np.zeros(self.steps)  # requests by step
        self.bw = 0.0  # Mbit/s of all requests so far
        self.worths, self.times = [], []  # log worth of a Mbit/s for its length, and share of the day, of all requests so far
        self.likelihood = np.zeros((self.nodes, PHASES + 1))  # log likelihood of the times of a source, by phase; the last is no swing
        self.price = self.shown = np.zeros(len(capacity))  # newest and smoothed
        self.flow = None
        self.rounds = max(4, min(24, WORK // self.nodes**2))
        self.random = np.random.default_rng(0)

    def admit(self, step, requests):
        """Return a path, a list of nodes from src to dst, empty for a refusal, for each request of a step.

        `requests` are dicts of src, dst, bw (Mbit/s) and value. A path needs `bw` free on each arc, and keeps it.
        """
        self.observe(step, requests)
        elapsed = (step + 1) / self.steps
        rest, worths = self.demand(elapsed), self.worth(elapsed)
        pending = np.zeros_like(rest)
        for r in requests:
            pending[r["src"], r["dst"]] += r["bw"]
        answers = [[] for _ in requests]
        order = sorted(range(len(requests)), key=lambda k: -requests[k]["value"] / requests[k]["bw"])
        part = max(BATCH, len(self.worths) // PARTS)
        for start in range(0, len(order), part):
            prices = self.reprice(rest + pending, worths)
            for k in order[start : start + part]:
                r = requests[k]
                pending[r["src"], r["dst"]] -= r["bw"]
                answers[k] = self.decide(r["src"], r["dst"], r["bw"], r["value"], prices)
        return answers

    def observe(self, step, requests):
        """Add the requests of a step to what is known of the day."""
        self.arrivals[step] = len(requests)
        time = (step + 0.5) / self.steps
        swing = 1 + SWING * np.cos(2 * np.pi * (time - np.arange(PHASES) / PHASES))
        for r in requests:
            pair = r["src"], r["dst"]
            self.count[pair] += 1
            self.bw += r["bw"]
            self.worths.append(np.log(max(r["value"], 1e-9) / r["bw"] / self.longer[pair]))
            self.times.append(time)
            self.likelihood[r["src"], :-1] += np.log(swing)

    def demand(self, elapsed):
        """Mbit/s expected of each pair in the rest of the day: counts so far, drawn to gravity, continued by the swing of the source."""
        phase = np.arange(PHASES) / PHASES
        past = elapsed + SWING / (2 * np.pi) * (np.sin(2 * np.pi * (elapsed - phase)) + np.sin(2 * np.pi * phase))
        past = np.append(past, elapsed)  # part of a day's requests that has come, by phase
        size = self.bw / len(self.worths)
        usual = np.outer(self.sends, self.receives) * self.reachable
        length = (usual * self.hops).sum() / max(usual.sum(), 1e-12)
        typical = LOAD * self.capacity.sum() / (size * max(length, 1) * self.steps)  # requests of a usual step
        arrivals = self.arrivals[: round(elapsed * self.steps)]
        median = np.median(np.append(arrivals, [typical] * LOAD_STEPS))
        regular = np.minimum(arrivals, BURST * max(median, 1)).sum()
        count = self.count * regular / arrivals.sum()
        sent, received = count.sum(1), count.sum(0)
        total = (regular + LOAD_STEPS * typical) / (elapsed + LOAD_STEPS / self.steps)

        share = NODE / np.maximum(total * self.sends, 1e-9)
        weight = self.likelihood - (NODE + sent)[:, None] * np.log(share[:, None] + past)
        weight = np.exp(weight - weight.max(1, keepdims=True))
        odds = TIDE / (1 - TIDE) * np.exp(np.clip(np.log((weight[:, :-1].mean(1) + 1e-99) / (weight[:, -1] + 1e-99)).sum(), -50, 50))
        weight[:, :-1] *= odds / (1 + odds) / (weight[:, :-1].sum(1, keepdims=True) + 1e-99)
        weight[:, -1] = 1 / (1 + odds)

        sends = (weight * (NODE + sent)[:, None] / (share[:, None] + past)).sum(1)
        receives = (NODE + received) / (NODE / np.maximum(total * self.receives, 1e-9) + elapsed)
        gravity = np.outer(sends, receives) * self.reachable
        gravity = np.maximum(gravity * total / max(gravity.sum(), 1e-12), 1e-12)
        rest = np.zeros_like(gravity)
        for k in range(PHASES + 1):
            rest += weight[:, k : k + 1] * (count + PAIR) / (PAIR / gravity + past[k]) * (1 - past[k])
        return rest * size * self.reachable

    def worth(self, elapsed):
        """Quantiles of the worth of a Mbit/s in the rest of the day, for one hop: a line through log worths, with a slope drawn to 0."""
        logs, times = np.array(self.worths), np.array(self.times)
        mean, middle = logs.mean(), times.mean()
        around = times - middle
        slope = around @ (logs - mean) / (around @ around + (SPREAD / TREND) ** 2)
        residual = logs - mean - slope * around
        variance = (residual @ residual + SPREAD**2 * SPREAD_WEIGHT) / (len(logs) + SPREAD_WEIGHT) + (slope * (1 - elapsed)) ** 2 / 12
        return np.exp(mean + slope * ((1 + elapsed) / 2 - middle) + np.sqrt(variance) * QUANTILES)

    def reprice(self, demand, worths):
        """Move prices towards those at which random draws of the demand fit on average, and return the smoothed price of each arc."""
        clump = CLUMP * self.bw / len(self.worths)
        unit = worths[len(worths) // 2]
        size = np.maximum(self.left, 0.02 * self.capacity)
        room = np.maximum(self.left - GAP * self.bw / len(self.worths), 0)
        first = self.flow is None
        for _ in range(self.rounds * (FIRST if first else 1)):
            cost, after = self.all_paths(self.price + HOP * unit)
            asked = 1 - np.searchsorted(worths, cost / self.longer) / len(worths)
            drawn = clump * self.random.poisson(demand / clump)
            flow = self.load(after, drawn * asked)
            self.flow = flow if self.flow is None else self.flow + AVERAGE * (flow - self.flow)
            excess = np.clip((self.flow - room) / size, -1, RISE)
            self.price = np.maximum(0, self.price + GAIN / self.rounds * unit * excess)
            self.shown = self.price if first else self.shown + SMOOTH / self.rounds * (self.price - self.shown)
        return (self.shown + HOP * unit).tolist()

    def all_paths(self, cost):
        """Least cost of each pair, and the node after the first on the way (Floyd and Warshall)."""
        total = np.full((self.nodes, self.nodes), np.inf)
        after = np.full((self.nodes, self.nodes), -1)
        total[self.tail, self.head], after[self.tail, self.head] = cost, self.head
        np.fill_diagonal(total, 0)
        for k in range(self.nodes):
            through = total[:, k : k + 1] + total[k]
            better = through < total
            total = np.where(better, through, total)
            after = np.where(better, after[:, k : k + 1], after)
        return total, after

    def load(self, after, amount):
        """Mbit/s on each arc if each pair sends its amount along its cheapest path."""
        flow = np.zeros(len(self.left))
        node, dst = np.nonzero(amount)
        amount = amount[node, dst]
        while len(node):
            following = after[node, dst]
            flow += np.bincount(self.number[node, following], amount, len(flow))
            going = following != dst
            node, dst, amount = following[going], dst[going], amount[going]
        return flow

    def decide(self, src, dst, bw, value, prices):
        """Path of one request, empty for a refusal; the books are kept."""
        total, path = self.cheapest(src, dst, bw, prices)
        if not path or MARGIN * total * bw > value:
            return []
        for arc, _ in path:
            self.left[arc] -= bw
        return [src, *(node for _, node in path)]

    def cheapest(self, src, dst, bw, prices):
        """Total and arcs of the path of least price with room; (infinity, []) if there is none."""
        best, queue, parent = {src: 0.0}, [(0.0, src)], {}
        while queue:
            total, u = heapq.heappop(queue)
            if total > best[u]:
                continue
            if u == dst:
                path = []
                while u != src:
                    arc, previous = parent[u]
                    path.append((arc, u))
                    u = previous
                return total, path[::-1]
            for arc, v in self.out[u]:
                found = total + prices[arc]
                if self.left[arc] >= bw and (v not in best or found < best[v]):
                    best[v], parent[v] = found, (arc, u)
                    heapq.heappush(queue, (found, v))
        return float("inf"), []

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "routing/flow_assign",
    "version": "60f0ac6bbc2a",
    "run": "file flow_best.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-12-01",
    "found_by": "coding agent proposer",
    "verdict": "certified",
    "reason": "2026-12-01: better than every baseline, closest on test: \u221211.6 pp against dual_descent, 97% CI \u221212.7 to \u221210.6 pp (52 wins, 0 ties, 0 losses)",
    "certificate": "738c999926ca04b5fc49768c4521fce1af4e258fded9f21759b08ddf4f7a9db0",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "a10cadac5b2f942f710807715814f9336035c5318104f581feb8390bd55ea70f",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.09872911719783599, "validation": 0.0938116580511683, "test": 0.08717208346589998},
    "dual_descent": {"train": 0.2105668018076274, "validation": 0.2220444973493495, "test": 0.20351364224660334},
    "trunk_reservation": {"train": 0.22585922206690323, "validation": 0.21969393042451885, "test": 0.21093613940883627},
    "widest_shortest": {"train": 0.28067445094947335, "validation": 0.2669891691872719, "test": 0.2702875914222244},
    "min_hop": {"train": 0.2933213378245232, "validation": 0.27642863425936953, "test": 0.27295088417764424},
    "mira": {"train": 0.3079626312160877, "validation": 0.2761947349680748, "test": 0.28093555096292355},
    "aap": {"train": 0.39472618586267283, "validation": 0.37245869437447887, "test": 0.3756151778166162},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# routing_flow_assign.cases.json, whose SHA-256 is:
CASES_SHA256 = "4c2371673c28af79eeafea7e66f0102b3aea956d0d64adc6797558c2844c5d65"


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

    import numpy
    numpy.random.seed(0)
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
