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
#     this program         15.3%       4.08%       12.6%
#     cloudcast_milp       6.27%       3.91%       2.83%
#     prim                 65.6%       45.9%       38.2%
#     kmb                  65.6%       45.9%       38.6%
#     direct              191.2%      133.5%      118.2%
#     dijkstra_union      191.6%      129.5%      108.6%
#
# Found by: AST mutation operators (file cloudcast.py).
#
# Certificate: no significant improvement (2026-11-30: test: +9.76 pp against cloudcast_milp, 97% CI
# +2.26 to +19.0 pp (10 wins, 2 ties, 22 losses)).
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
"""A shared tree grown path by path (Takahashi and Matsuyama 1980), nearest destination first, with a price on time."""

import heapq
from itertools import pairwise

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {'time_weight': (0.0, 20.0), 'crowd': (0.0, 2.0)}
time_weight = 3.77958
crowd = 1.37195

def edge_cost(price: float, gbps: float, used: int, out_edges: int, in_edges: int, egress: float, ingress: float, inside: int, gb: float, vm_second: float) -> float:
    """What an edge counts in the search for the next path, at least 0. All arguments are numbers.

    price      $ per GB on the edge
    gbps       Gbit/s that the edge could carry alone
    used       1 where the edge is in use already, 0 elsewhere
    out_edges  edges in use that leave its start
    in_edges   edges in use that enter its end
    egress     Gbit/s that its start can send in all
    ingress    Gbit/s that its end can receive in all
    inside     1 where the edge's end takes part already, 0 elsewhere
    gb         size of the data
    vm_second  $ that the VMs of one region cost per second
    """
    if used:
        if crowd >= -0.5 * (ingress - gb) or egress < -0.5 * (egress * inside):
            return crowd - price
        return 0.0
    seconds = 8 * gb / min(gbps, egress / (1 + crowd * out_edges))
    return (price * gb + time_weight * vm_second * seconds) * (1 + 0.437 * ((gbps + egress) / (abs(abs(seconds) + 1 + (ingress + gbps)) + 1)))


# EVOLVE-BLOCK-END


def broadcast(src: int, dsts: list[int], price: list[list[float]], gbps: list[list[float]], params: dict) -> list[list[list[int]]]:
    """Choose the way of every partition to every destination so that egress and VMs cost little.

    price[u][v] is $ per GB and gbps[u][v] Gbit/s from region u to v. `params` holds `parts`, `gb`, `vms`, `vm_price` ($/h),
    and by region `egress` and `ingress` in Gbit/s. Returns, by destination and partition, the regions from src to it.
    """
    n, gb = len(price), params["gb"]
    vm_second = params["vms"] * params["vm_price"] / 3600
    used, out_edges, in_edges, inside = set(), [0] * n, [0] * n, [0] * n
    inside[src] = 1

    def costs(u, ends):
        row, speed, out, send, receive = price[u], gbps[u], out_edges[u], params["egress"][u], params["ingress"]
        return [
            edge_cost(row[v], speed[v], int((u, v) in used), out, in_edges[v], send, receive[v], inside[v], gb, vm_second)
            for v in ends
        ]

    paths, left = {}, set(dsts)
    while left:
        path = nearest(src, left, n, costs)
        paths[path[-1]] = path
        left.discard(path[-1])
        for u, v in pairwise(path):
            if (u, v) not in used:
                used.add((u, v))
                out_edges[u] += 1
                in_edges[v] += 1
                inside[v] = 1
    return [[paths[d]] * params["parts"] for d in dsts]


def nearest(src, targets, n, costs):
    """Path of least cost from src to whichever target is nearest; costs below 0 count as 0."""
    far, parent, done = [float("inf")] * n, [src] * n, [False] * n
    far[src] = 0.0
    queue = [(0.0, src)]
    while queue:
        d, u = heapq.heappop(queue)
        if done[u]:
            continue
        done[u] = True
        if u in targets:
            break
        ends = [v for v in range(n) if not done[v]]
        for v, w in zip(ends, costs(u, ends), strict=True):
            if d + max(w, 0.0) < far[v]:
                far[v], parent[v] = d + max(w, 0.0), u
                heapq.heappush(queue, (far[v], v))
    path = [u]
    while path[-1] != src:
        path.append(parent[path[-1]])
    return path[::-1]

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "routing/cloudcast",
    "version": "4ca70361d113",
    "run": "file cloudcast.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "AST mutation operators",
    "verdict": "not better",
    "reason": "2026-11-30: test: +9.76 pp against cloudcast_milp, 97% CI +2.26 to +19.0 pp (10 wins, 2 ties, 22 losses)",
    "certificate": "af1454b66b55e14c7afd8bbbdee096ff3be8e42652811e8545fb0877202698ef",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "bd3909ededd49a42d7388514df4c1a215d068eed690040b137acc8c0b6dfb3b5",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.15265897927553104, "validation": 0.04077818700961581, "test": 0.12587443548539073},
    "cloudcast_milp": {"train": 0.06269458426953863, "validation": 0.03912952904318286, "test": 0.028321203309169363},
    "prim": {"train": 0.6555789375780042, "validation": 0.4587619649001469, "test": 0.3823614811041279},
    "kmb": {"train": 0.6555789375780042, "validation": 0.4587619649001469, "test": 0.38614652650674347},
    "direct": {"train": 1.9124337490070398, "validation": 1.334586173978958, "test": 1.181786350195647},
    "dijkstra_union": {"train": 1.9156872928302568, "validation": 1.295284563681795, "test": 1.08575241626261},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# routing_cloudcast.cases.json, whose SHA-256 is:
CASES_SHA256 = "68d177ef4e4d58cc9bd1f0504bf323a58b718d19d8517b03a27f5fcc527739d5"


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
