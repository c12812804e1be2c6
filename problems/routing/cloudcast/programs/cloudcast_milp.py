"""The plan of Cloudcast's MILP, egress and VM time together, found without a solver; one tree for all partitions.

S. Wooders et al., "Cloudcast: High-Throughput, Cost-Aware Overlay Multicast in the Cloud", NSDI 2024. A program here has no
MILP solver. The cheapest tree is found by the dynamic programme of S. E. Dreyfus and R. A. Wagner (Networks 1, 1971,
195-207) up to 8 destinations, else by the dual ascent of R. T. Wong (Mathematical Programming 28, 1984, 271-287). Faster
trees are grown for a series of rates, from edges and regions that sustain the rate, as the MILP does for a limit on the
runtime. The plan with the least bill is taken.
"""

import numpy as np


def broadcast(src, dsts, price, gbps, params):
    """Paths in one tree."""
    cost, speed = np.rint(np.array(price) * 10_000).astype(np.int64), np.array(gbps)
    edges = dreyfus_wagner(cost, src, dsts) if len(dsts) <= 8 else dual_ascent_tree(cost, src, dsts)
    best = tree_of(edges, src, dsts)
    least = bill(best, price, gbps, params)
    for rate in sorted({limit / k for limit in params["egress"] for k in range(1, 7)}):
        edges = tree_at(cost, speed, params["egress"], src, dsts, rate)
        if edges is not None:
            parent = tree_of(edges, src, dsts)
            value = bill(parent, price, gbps, params)
            if value < least:
                best, least = parent, value
    paths = []
    for d in dsts:
        path = [d]
        while path[-1] != src:
            path.append(best[path[-1]])
        paths.append([path[::-1]] * params["parts"])
    return paths


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
