"""What a cache could have served with the whole trace known: Belady's rule for requests of several blocks."""

from __future__ import annotations

import heapq
import math
import time

from evaluators.kv_cache.verifier import Trace
from workbench.model import Instance, Reference


def solve(instance: Instance) -> Reference:
    """Reference of one instance: the highest share of hits that any policy can reach."""
    began = time.perf_counter()
    trace = Trace.from_data(instance.data)
    value = clairvoyant_hits(trace) / trace.blocks
    return Reference(value, "optimal", "Belady", round(time.perf_counter() - began, 4))


def clairvoyant_hits(trace: Trace) -> int:
    """Most blocks that can be hits when the whole trace is known.

    Keeping a block from one request to its next is an interval of moments between requests, at each of which at most
    `capacity` intervals may be open. Dropping the interval that ends last wherever there are too many opens the most (Belady
    1966; Carlisle and Lloyd 1995 for intervals), for a block may be dropped right after it was served.

    The count holds for hits by prefix too, where the trace is one of prefixes (a block is always preceded by the same
    blocks): no block is asked for without those before it, so a block's next use is never later than that of the blocks
    behind it. Among equals the last in the request goes first; then what is kept is always closed under "before".
    """
    uses = _next_uses(trace)
    kept: dict[int, float] = {}
    latest: list[tuple[float, int, int]] = []  # (-next use, -position, block); entries may be out of date
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
    """Number of the request that next asks for each block of each request; infinity where none does."""
    seen: dict[int, float] = {}
    uses: list[list[float]] = []
    for number in range(len(trace.requests) - 1, -1, -1):
        request = trace.requests[number]
        uses.append([seen.get(block, math.inf) for block in request])
        seen.update(dict.fromkeys(request, float(number)))
    uses.reverse()
    return uses
