"""Networks made from lines between places: what a transfer costs, and how fast it is, between any two of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluators.cloudcast.verifier import Network

_LINE = 0.05
"""$ per GB over a line of mean length."""
_DIRECT = 1.2
"""By how much a direct transfer between places without a common line costs more than from line to line."""
_GBPS, _LIMIT = 10.0, 10.0
"""Throughput of a line, and what a VM sends and receives in all, in Gbit/s."""


def topology(graph: Mapping[str, Any]) -> Network:
    """Return a network from numbers of nodes and lines (ends, length).

    Prices are in proportion to length. A direct transfer between places without a common line goes over the shortest way: it
    costs a fifth more than that, and is slower by the number of its lines.
    """
    n, lines = graph["nodes"], graph["lines"]
    mean = sum(length for _, _, length in lines) / len(lines)
    far = [[0.0 if u == v else float("inf") for v in range(n)] for u in range(n)]
    hops = [[int(u != v) for v in range(n)] for u in range(n)]
    for u, v, length in lines:
        far[u][v] = far[v][u] = min(far[u][v], length / mean)
    near = [[far[u][v] < float("inf") for v in range(n)] for u in range(n)]
    for k in range(n):
        for u in range(n):
            for v in range(n):
                if far[u][k] + far[k][v] < far[u][v]:
                    far[u][v], hops[u][v] = far[u][k] + far[k][v], hops[u][k] + hops[k][v]
    price = tuple(tuple(_LINE * far[u][v] * (1 if near[u][v] else _DIRECT) for v in range(n)) for u in range(n))
    gbps = tuple(tuple(_GBPS / max(1, hops[u][v]) for v in range(n)) for u in range(n))
    return Network(price, gbps, (_LIMIT,) * n, (_LIMIT,) * n)
