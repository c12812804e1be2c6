# A heuristic, exported by evolve as one module.
#
# routing_cloudcast.py: Broadcast between clouds (routing/cloudcast). Along which paths should data
# travel between cloud regions to reach many destinations at minimum cost?
#
# Entry: `broadcast`.
#
#     Choose the way of every partition to every destination so that egress and VMs cost little.
#
#     Parameters
#     ----------
#     src
#         Number of the region that has the data.
#     dsts
#         Numbers of the regions that want all of it.
#     price
#         $ per GB from region u to v: price[u][v]. Every pair of regions has an edge.
#     gbps
#         Gbit/s from u to v: gbps[u][v].
#     params
#         `parts` (equal partitions), `gb` (all data), `vms` (per region), `vm_price` ($/h), and by region `egress` and
#         `ingress`: Gbit/s that its VMs send and receive in all.
#
#     Returns
#     -------
#     list[list[list[int]]]
#         By destination, by partition: the regions passed, from `src` to the destination. A partition that several
#         destinations receive over the same edge is sent, and paid for, once.
#
#     Examples
#     --------
#     >>> limits = {"egress": [10.0] * 3, "ingress": [20.0] * 3}
#     >>> params = {"parts": 2, "gb": 300, "vms": 2, "vm_price": 0.54, **limits}
#     >>> broadcast(0, [1, 2], [[0, 0.02, 0.1], [0.02, 0, 0.02], [0.1, 0.02, 0]], [[0, 5, 5], [5, 0, 5], [5, 5, 0]], params)
#     [[[0, 1], [0, 1]], [[0, 1, 2], [0, 1, 2]]]
#
# Objective: minimised, in $. Version of the problem: 4ca70361d113.
#
# Mean gap to the reference (proven optimum where annealing attains the bound (cheapest arborescence +
# minimum VM time), best known elsewhere); 0 is the reference, lower is better:
#
#     program              train  validation        test
#     this program       -0.463%      -1.36%     -0.106%
#     cloudcast_milp       6.27%       3.91%       2.83%
#     prim                 65.6%       45.9%       38.2%
#     kmb                  65.6%       45.9%       38.6%
#     direct              191.2%      133.5%      118.2%
#     dijkstra_union      191.6%      129.5%      108.6%
#
# Found by: coding agent reader (candidate 12 of run cloudcast-20261130-124554-8529; 3 steps from
# train gap 18.8% to -0.463%).
#
# Certificate: certified (2026-11-30: better than every baseline, closest on test: −2.94 pp against
# cloudcast_milp, 99.2% CI −4.94 to −0.73 pp (22 wins, 12 ties, 0 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python routing_cloudcast.py` repeats the calls recorded on 1 small instance in
# routing_cloudcast.cases.json and compares the answers. The EVOLVE-BLOCK comments enclose the part
# that the search was asked to change.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""The MILP-like plans of Cloudcast as starts, then a descent that hangs regions elsewhere, also below new relays."""

import math
import random

import numpy as np


# EVOLVE-BLOCK-START
def broadcast(src, dsts, price, gbps, params):
    """Paths in one tree."""
    best, least = None, float("inf")
    starts = plans(src, dsts, price, gbps, params)
    starts.sort(key=lambda p: bill(p, price, gbps, params))
    for seed, parent in enumerate(starts[:2]):
        parent = anneal(src, dsts, parent, price, gbps, params, min(10_000, 150_000 // len(parent)), seed)
        value, parent = descend(src, dsts, parent, price, gbps, params)
        if value < least - 1e-9:
            best, least = parent, value
    # Two lineages: trees found with 2, 4, 8 and with 3, 6 copies; each level is annealed from the level before.
    final, parts = [best], params["parts"]
    # Splitting saves VM time at most: the effort follows the part of the bill that VMs are.
    egress = params["gb"] * sum(price[u][v] for v, u in best.items())
    effort = min(1.0, 0.1 + 2 * (least - egress) / least) if least > 0 else 0.1
    for levels in ((2, 4, 8), (3, 6)):
        trees, floor = [best], float("inf")
        for number in levels:
            if number > parts:
                break
            start = [trees[i % len(trees)] for i in range(number)]
            steps = int(effort * min(8_000, 250_000 // (len(best) * number)))
            value, found = split(src, dsts, start, price, gbps, params, number, steps, number)
            if value > floor - 1e-9:
                break
            floor, trees = value, found
            if value < least - 1e-9:
                least, final = value, found
    trees = final
    return [[way_down(src, trees[i % len(trees)], d) for i in range(parts)] for d in dsts]


def way_down(src, parent, d):
    """Regions from src to d."""
    path = [d]
    while path[-1] != src:
        path.append(parent[path[-1]])
    return path[::-1]


def plans(src, dsts, price, gbps, params):
    """Different trees: the cheapest one, and one for every rate."""
    cost, speed = np.rint(np.array(price) * 10_000).astype(np.int64), np.array(gbps)
    edges = dreyfus_wagner(cost, src, dsts) if len(dsts) <= 8 else dual_ascent_tree(cost, src, dsts)
    found = [tree_of(edges, src, dsts)]
    for rate in sorted({limit / k for limit in params["egress"] for k in range(1, 7)}):
        edges = tree_at(cost, speed, params["egress"], src, dsts, rate)
        if edges is not None:
            parent = tree_of(edges, src, dsts)
            if parent not in found:
                found.append(parent)
    return found


def prune(parent, keep):
    """Drop relays that serve nobody."""
    while True:
        used = set(parent.values())
        idle = [v for v in parent if v not in keep and v not in used]
        if not idle:
            return parent
        for v in idle:
            del parent[v]


def below(src, parent, u, v):
    """Whether u lies in the subtree of v."""
    while u != src:
        if u == v:
            return True
        u = parent[u]
    return False


def neighbours(src, dsts, parent, regions):
    """Trees that differ in where one region hangs, perhaps by a new relay; or without one relay."""
    keep = set(dsts)
    outside = [w for w in range(regions) if w != src and w not in parent]
    for v in list(parent):
        spots = [u for u in [src, *parent] if not below(src, parent, u, v)]
        for u in spots:
            if u != parent[v]:
                yield prune({**parent, v: u}, keep)
            for w in outside:
                yield prune({**parent, v: w, w: u}, keep)
    for r in list(parent):
        kids = [v for v in parent if parent[v] == r]
        if r not in keep:
            without = {v: (parent[r] if u == r else u) for v, u in parent.items() if v != r}
            yield without
        for w in outside:
            if len(kids) > 1:
                moved = {v: (w if u == r else u) for v, u in parent.items()}
                moved[w] = parent[r] if r not in keep else r
                yield prune(moved, keep)


def anneal(src, dsts, parent, price, gbps, params, steps, seed):
    """Simulated annealing over trees: hang a region elsewhere, perhaps by a relay, swap or drop one. A counted number of steps."""
    rng, keep, n = random.Random(seed), set(dsts), len(price)
    value = best_value = bill(parent, price, gbps, params)
    best = parent
    hot, cold = 0.03 * value, 0.0005 * value
    near = [sorted(range(n), key=lambda w: price[v][w] + price[w][v])[:25] for v in range(n)]
    for step in range(steps):
        heat = hot * (cold / hot) ** (step / steps)
        nodes = list(parent)
        v, kind = nodes[int(rng.random() * len(nodes))], rng.random()
        if v not in keep and kind < 0.25:
            other = {x: (parent[v] if u == v else u) for x, u in parent.items() if x != v}
        elif kind < 0.4:
            w = rng.randrange(n)
            if w == src or w in parent or sum(u == v for u in parent.values()) < 1:
                continue
            other = {x: (w if u == v and (v not in keep or rng.random() < 0.7) else u) for x, u in parent.items()}
            other[w] = v
            if v not in keep:
                other[w] = other.pop(v)
            other = prune(other, keep)
        else:
            u = src if rng.random() < 0.1 else nodes[int(rng.random() * len(nodes))]
            if u == v or below(src, parent, u, v):
                continue
            other = dict(parent)
            if kind < 0.7:
                other[v] = u
            else:
                w = near[v][int(rng.random() * 25)] if kind < 0.9 else rng.randrange(n)
                if w == src or w in parent:
                    continue
                other[v], other[w] = w, u
            other = prune(other, keep)
        new = bill(other, price, gbps, params)
        if new <= value or rng.random() < math.exp((value - new) / heat):
            parent, value = other, new
            if value < best_value - 1e-9:
                best, best_value = parent, value
    return best


def descend(src, dsts, parent, price, gbps, params):
    """First improvement, by a counted number of trees."""
    value, budget = bill(parent, price, gbps, params), 60_000 // len(parent)
    improved = True
    while improved and budget > 0:
        improved = False
        for other in neighbours(src, dsts, parent, len(price)):
            budget -= 1
            new = bill(other, price, gbps, params)
            if new < value - 1e-9:
                parent, value, improved = other, new, True
                break
            if budget <= 0:
                break
    return value, parent


def total(trees, price, gbps, params, soft=0.0, tight=None):
    """$ of egress and VMs when tree i carries partition i modulo the number of trees."""
    parts, t = params["parts"], len(trees)
    load = {}
    for i, parent in enumerate(trees):
        k = parts // t + (i < parts % t)
        for v, u in parent.items():
            load[u, v] = load.get((u, v), 0) + k
    out, into, n_out, n_in, nodes = {}, {}, {}, {}, set()
    egress = 0.0
    for (u, v), k in load.items():
        g = gbps[u][v]
        out[u] = out.get(u, 0) + g
        into[v] = into.get(v, 0) + g
        n_out[u] = n_out.get(u, 0) + 1
        n_in[v] = n_in.get(v, 0) + 1
        egress += k * price[u][v]
        nodes.add(u)
        nodes.add(v)
    top_out, top_in = params["egress"], params["ingress"]
    times = []
    for (u, v), k in load.items():
        rate = gbps[u][v]
        if out[u] > top_out[u]:
            rate = min(rate, top_out[u] / n_out[u])
        if into[v] > top_in[v]:
            rate = min(rate, top_in[v] / n_in[v])
        times.append(k / rate)
    slowest = max(times)
    if tight is not None:
        tight[:] = [edge for edge, time in zip(load, times) if time > 0.97 * slowest]
    if soft:
        slowest += soft * slowest * sum((x / slowest) ** 8 for x in times) / len(times)
    size = params["gb"] / parts
    return size * egress + len(nodes) * params["vms"] * params["vm_price"] / 3600 * 8 * size * slowest


def split(src, dsts, trees, price, gbps, params, number, steps, seed):
    """Anneal several trees, each for its share of the partitions, from given ones."""
    rng, keep, n = random.Random(seed), set(dsts), len(price)
    trees = list(trees)
    value = best_value = total(trees, price, gbps, params)
    best = list(trees)
    tight = []
    hot, cold = 0.02 * value, 0.0003 * value
    for step in range(steps):
        heat = hot * (cold / hot) ** (step / steps)
        if step % 20 == 0:
            total(trees, price, gbps, params, 0.0, tight)
        i = rng.randrange(number)
        old = trees[i]
        nodes = list(old)
        v, kind = nodes[int(rng.random() * len(nodes))], rng.random()
        if rng.random() < 0.3:
            # The end of one of the slowest edges, or another child of its start, moves.
            a, b = tight[int(rng.random() * len(tight))]
            if old.get(b) == a:
                v = b if rng.random() < 0.6 else rng.choice([x for x in nodes if old[x] == a])
                kind = max(kind, 0.25)
        if kind < 0.1:
            other = trees[rng.randrange(number)]
        elif v not in keep and kind < 0.25:
            other = {x: (old[v] if u == v else u) for x, u in old.items() if x != v}
        elif kind < 0.45:
            # v moves into the edge above another region: its children go to its parent first
            x = nodes[int(rng.random() * len(nodes))]
            if x == v:
                continue
            other = {y: (old[v] if u == v else u) for y, u in old.items()}
            other[v], other[x] = other[x], v
            if other[v] == v:
                continue
        else:
            u = src if rng.random() < 0.1 else nodes[int(rng.random() * len(nodes))]
            if u == v or below(src, old, u, v):
                continue
            other = dict(old)
            if kind < 0.8:
                other[v] = u
            else:
                w = rng.randrange(n)
                if w == src or w in old:
                    continue
                other[v], other[w] = w, u
            other = prune(other, keep)
        trees[i] = other
        soft = 0.15 * (1 - step / steps)
        new = total(trees, price, gbps, params, soft)
        if soft and step % 200 == 0:
            trees[i] = old
            value = total(trees, price, gbps, params, soft)
            trees[i] = other
        if new <= value or rng.random() < math.exp((value - new) / heat):
            value = new
            if value < best_value * (1 + soft):
                exact = total(trees, price, gbps, params)
                if exact < best_value - 1e-9:
                    best, best_value = list(trees), exact
        else:
            trees[i] = old
    return best_value, best


def tree_of(edges, src, dsts):
    """Parent of every region that the destinations need."""
    out, parent, queue = {}, {src: src}, [src]
    for u, v in sorted(edges):
        out.setdefault(u, []).append(v)
    for u in queue:
        for v in out.get(u, ()):
            if v not in parent:
                parent[v] = u
                queue.append(v)
    needed = set()
    for d in dsts:
        while d != src:
            needed.add(d)
            d = parent[d]
    return {v: parent[v] for v in needed}


def bill(parent, price, gbps, params):
    """$ of egress and VMs."""
    children = {}
    for v, u in parent.items():
        children.setdefault(u, []).append(v)
    rate = float("inf")
    for u, vs in children.items():
        share = params["egress"][u]
        share = share / len(vs) if sum(gbps[u][v] for v in vs) > share else share
        rate = min([rate, *(min(gbps[u][v], share, params["ingress"][v]) for v in vs)])
    egress = params["gb"] * sum(price[u][v] for v, u in parent.items())
    return egress + (len(parent) + 1) * params["vms"] * params["vm_price"] / 3600 * 8 * params["gb"] / rate


def tree_at(cost, speed, egress, src, dsts, rate):
    """Edges of a tree that sustains `rate` Gbit/s, grown by the nearest destination, or None."""
    never = 10**9
    allowed = np.where(speed >= rate, cost, never)
    far = distances(allowed)
    children, left, edges = {src: 0}, set(dsts), set()
    while left:
        open_ = [u for u in children if children[u] < int(egress[u] / rate + 1e-9)]
        if not open_:
            return None
        distance, u, d = min((int(far[u, d]), u, d) for u in open_ for d in left)
        if distance >= never:
            return None
        for a, b in way(allowed, far, u, d):
            if (a, b) not in edges:
                edges.add((a, b))
                children[a] = children.get(a, 0) + 1
                children.setdefault(b, 0)
            left.discard(b)
    return edges


def distances(cost):
    """Cheapest cost between all regions."""
    far = cost.copy()
    np.fill_diagonal(far, 0)
    for k in range(len(far)):
        np.minimum(far, far[:, k, None] + far[None, k, :], out=far)
    return far


def way(cost, far, u, end):
    """Edges of a cheapest path with fewest hops, found backwards level by level."""
    parent, queue = {u: u}, [u]
    for a in queue:
        for b in np.nonzero(cost[a] + far[:, end] == far[a, end])[0].tolist():
            if b not in parent and b != a:
                parent[b] = a
                queue.append(b)
        if end in parent:
            break
    edges = []
    while end != u:
        edges.append((parent[end], end))
        end = parent[end]
    return edges


def dreyfus_wagner(cost, src, dsts):
    """Edges of an optimal tree."""
    far, k = distances(cost), len(dsts)
    tree, split = [None] * (1 << k), [None] * (1 << k)
    for mask in range(1, 1 << k):
        if mask & (mask - 1) == 0:
            tree[mask] = far[:, dsts[mask.bit_length() - 1]]
            continue
        best, sub = None, (mask - 1) & mask
        while sub:
            if sub & mask & -mask:
                pair = tree[sub] + tree[mask ^ sub]
                best = pair if best is None else np.minimum(best, pair)
            sub = (sub - 1) & mask
        split[mask] = best
        tree[mask] = (far + best[None, :]).min(axis=1)
    edges, todo = set(), [((1 << k) - 1, src)]
    while todo:
        mask, node = todo.pop()
        if split[mask] is None:
            edges.update(way(cost, far, node, dsts[mask.bit_length() - 1]))
            continue
        at = int((far[node] + split[mask]).argmin())
        edges.update(way(cost, far, node, at))
        sub = (mask - 1) & mask
        while tree[sub][at] + tree[mask ^ sub][at] != split[mask][at]:
            sub = (sub - 1) & mask
        todo += [(sub, at), (mask ^ sub, at)]
    return edges


def dual_ascent_tree(cost, src, dsts):
    """Edges of a tree grown along edges that dual ascent made free."""
    reduced = cost.copy()
    np.fill_diagonal(reduced, 0)
    while True:
        cuts = [cut for cut in (reaching(reduced, d) for d in dsts) if not cut[src]]
        if not cuts:
            break
        cut = min(cuts, key=lambda c: c.sum())
        entering = reduced[np.ix_(~cut, cut)]
        reduced[np.ix_(~cut, cut)] = entering - entering.min()
    best = None
    for guide in (reduced * (int(cost.max()) * len(cost) + 1) + cost, cost):
        far, inside, left, edges = distances(guide), [src], set(dsts), set()
        while left:
            _, u, d = min((int(far[u, d]), u, d) for u in inside for d in left)
            for a, b in way(guide, far, u, d):
                edges.add((a, b))
                inside.append(b)
                left.discard(b)
        total = sum(int(cost[e]) for e in edges)
        if best is None or total < best[0]:
            best = total, edges
    return best[1]


def reaching(reduced, dst):
    """Which regions reach dst over free edges."""
    free, inside = reduced == 0, np.zeros(len(reduced), dtype=bool)
    inside[dst] = True
    while True:
        grown = inside | free[:, inside].any(axis=1)
        if (grown == inside).all():
            return inside
        inside = grown


# EVOLVE-BLOCK-END

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "routing/cloudcast",
    "version": "4ca70361d113",
    "run": "cloudcast-20261130-124554-8529",
    "candidate": 12,
    "lineage": [
        (2, "seed", 0.1876330234606013), (3, "improve", 0.04608829858211288),
        (12, "improve", -0.004631249451277428),
    ],
    "date": "2026-11-30",
    "found_by": "coding agent reader",
    "verdict": "certified",
    "reason": "2026-11-30: better than every baseline, closest on test: \u22122.94 pp against cloudcast_milp, 99.2% CI \u22124.94 to \u22120.73 pp (22 wins, 12 ties, 0 losses)",
    "certificate": "19782f3b190ae88f1dc9b9f0e38d3b787ccce1b1262f00f3c7a6aa2a0f394e11",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "a3bcd90972e98edfa994d0d25882c03663acf320daafca6a0268d2c5dc022e57",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {
        "train": -0.004631249451277428, "validation": -0.013637485178305877,
        "test": -0.0010646158148677803,
    },
    "cloudcast_milp": {"train": 0.06269458426953863, "validation": 0.03912952904318286, "test": 0.028321203309169363},
    "prim": {"train": 0.6555789375780042, "validation": 0.4587619649001469, "test": 0.3823614811041279},
    "kmb": {"train": 0.6555789375780042, "validation": 0.4587619649001469, "test": 0.38614652650674347},
    "direct": {"train": 1.9124337490070398, "validation": 1.334586173978958, "test": 1.181786350195647},
    "dijkstra_union": {"train": 1.9156872928302568, "validation": 1.295284563681795, "test": 1.08575241626261},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# routing_cloudcast.cases.json, whose SHA-256 is:
CASES_SHA256 = "2a22306f58d73789093704d62c63b4b30875b89a47ef0dc859cf35e662b81ab2"


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

    import random
    random.seed(0)
    import numpy
    numpy.random.seed(0)
    target = broadcast
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = broadcast(*given)
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
