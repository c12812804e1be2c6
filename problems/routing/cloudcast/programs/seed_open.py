"""The whole program may change: a shared tree, then single regions hung elsewhere while the bill falls."""


# EVOLVE-BLOCK-START
def broadcast(src: int, dsts: list[int], price: list[list[float]], gbps: list[list[float]], params: dict) -> list[list[list[int]]]:
    """Choose the way of every partition to every destination so that egress and VMs cost little.

    price[u][v] is $ per GB and gbps[u][v] Gbit/s from region u to v. `params` holds `parts`, `gb`, `vms`, `vm_price` ($/h),
    and by region `egress` and `ingress` in Gbit/s. Returns, by destination and partition, the regions from src to it.
    """
    # Prim's tree over source and destinations: parent of each destination.
    parent, left = {}, set(dsts)
    while left:
        _, u, v = min((price[u][v], u, v) for u in [src, *parent] for v in left)
        parent[v] = u
        left.discard(v)
    best = bill(src, parent, price, gbps, params)
    improved = True
    while improved:
        improved = False
        for v in dsts:
            for u in [src, *dsts]:
                if u == v or u == parent[v] or v in way(src, parent, u):
                    continue
                old, parent[v] = parent[v], u
                value = bill(src, parent, price, gbps, params)
                if value < best - 1e-9:
                    best, improved = value, True
                else:
                    parent[v] = old
    return [[way(src, parent, d)] * params["parts"] for d in dsts]


def way(src: int, parent: dict[int, int], v: int) -> list[int]:
    """Regions from src to v."""
    path = [v]
    while path[-1] != src:
        path.append(parent[path[-1]])
    return path[::-1]


def bill(src: int, parent: dict[int, int], price: list[list[float]], gbps: list[list[float]], params: dict) -> float:
    """$ of egress and VMs when one tree carries everything."""
    children = {}
    for v, u in parent.items():
        children.setdefault(u, []).append(v)
    rate = float("inf")
    for u, vs in children.items():
        share = params["egress"][u]
        if sum(gbps[u][v] for v in vs) > share:
            share /= len(vs)
        rate = min([rate, *(min(gbps[u][v], share, params["ingress"][v]) for v in vs)])
    seconds = params["gb"] * 8 / rate
    egress = params["gb"] * sum(price[u][v] for v, u in parent.items())
    return egress + (len(parent) + 1) * params["vms"] * params["vm_price"] / 3600 * seconds


# EVOLVE-BLOCK-END
