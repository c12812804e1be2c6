"""Offline optimum of a cache: Belady's rule for requests of several blocks."""

from __future__ import annotations

import heapq
import math
import time

from evaluators.kv_cache.verifier import Trace
from workbench.model import Instance, Reference


def solve(instance: Instance) -> Reference:
    """Compute the reference of one instance: the highest possible hit rate."""
    began = time.perf_counter()
    trace = Trace.from_data(instance.data)
    value = clairvoyant_hits(trace) / trace.blocks
    return Reference(value, "optimal", "Belady", round(time.perf_counter() - began, 4))


def clairvoyant_hits(trace: Trace) -> int:
    """Return the maximum number of block hits given the whole trace.

    Keeping a block until its next request is an interval of time, and at most `capacity` intervals may overlap at any time
    between requests. Dropping the interval that ends last whenever there are too many is optimal (Belady 1966; Carlisle and
    Lloyd 1995 for intervals), because a block may be dropped right after it was served.

    The result also holds for prefix hits if every block is always preceded by the same blocks: a block is never requested
    without its predecessors, so its next use is never later than that of its successors. Ties are broken by dropping the last
    block of the request first; the kept blocks are then always closed under predecessors.
    """
    uses = _next_uses(trace)
    kept: dict[int, float] = {}
    latest: list[tuple[float, int, int]] = []  # (-next use, -position, block); entries may be stale
    hits = 0
    for request, nexts in zip(trace.requests, uses, strict=True):
        hits += sum(block in kept for block in request)
        for position, (block, then) in enumerate(zip(request, nexts, strict=True)):
            kept[block] = then
            heapq.heappush(latest, (-then, -position, block))
        while len(kept) > trace.capacity:
            then, _, block = heapq.heappop(latest)
            if kept.get(block) == -then:
                del kept[block]
    return hits


def _next_uses(trace: Trace) -> list[list[float]]:
    """Return, for each block of each request, the number of the next request for it; infinity if there is none."""
    seen: dict[int, float] = {}
    uses: list[list[float]] = []
    for number in range(len(trace.requests) - 1, -1, -1):
        request = trace.requests[number]
        uses.append([seen.get(block, math.inf) for block in request])
        seen.update(dict.fromkeys(request, float(number)))
    uses.reverse()
    return uses
