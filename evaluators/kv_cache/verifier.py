"""Verifier for cache eviction: replays a trace and asks the policy which blocks to drop when the cache overflows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.checks import describe, integer, sequence
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Measurement
from workbench.protocols import Policy


@dataclass(frozen=True, slots=True)
class Trace:
    """Requests for unit-sized blocks, in order.

    Attributes
    ----------
    capacity
        Number of blocks that the cache can hold between requests.
    requests
        Blocks of each request, in order, without duplicates.
    facts
        Facts known about each request on arrival, e.g. {"time_s": 3.0}.
    """

    capacity: int
    requests: tuple[tuple[int, ...], ...]
    facts: tuple[Mapping[str, float], ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Trace:
        """Read an instance: `capacity`, `requests` (lists of block ids) and `facts` (name -> one number per request).

        Raises
        ------
        ProblemError
            The capacity is below 1, a request is empty or has a duplicate block, or facts are missing.
        """
        capacity = int(data["capacity"])
        requests = tuple(tuple(int(block) for block in request) for request in data["requests"])
        columns: Mapping[str, Sequence[float]] = data["facts"]
        if capacity < 1:
            raise ProblemError(f"cache trace: capacity must be at least 1, got {capacity}")
        for i, request in enumerate(requests):
            if not request or len(set(request)) < len(request):
                raise ProblemError(f"cache trace: request {i} must have at least one block and no duplicates")
        for name, column in columns.items():
            if len(column) != len(requests):
                raise ProblemError(f"cache trace: fact {name} has {len(column)} entries for {len(requests)} requests")
        facts = tuple({name: column[i] for name, column in columns.items()} for i in range(len(requests)))
        return cls(capacity, requests, facts)

    @property
    def blocks(self) -> int:
        """Number of requested blocks, with repetitions."""
        return sum(map(len, self.requests))


@dataclass(frozen=True, slots=True)
class CacheReplay:
    """Verifier for cache eviction. The policy sees past requests only.

    A request is served first: its blocks enter the cache. If the cache then holds more than `capacity` blocks, the policy
    chooses which to drop. It may drop blocks of the request just served, and more than needed. It is called only when blocks
    must be dropped, with all requests since the previous call:

        evict(served, need) -> ids of blocks to drop, at least `need` of them

    where `served` is a list of the requests' facts, "blocks" (ids) and "hits" (number of hits).

    Attributes
    ----------
    prefix
        If True, a block is a hit only if all preceding blocks of its request are in the cache too, as for keys and values of
        a transformer, which depend on all preceding tokens. If False, each block counts by itself.
    """

    prefix: bool = False

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Return the hit rate: the share of requested blocks that were in the cache.

        Raises
        ------
        Infeasible
            An answer is not a list of distinct cached blocks, or does not free enough space.
        """
        trace = Trace.from_data(instance.data)
        cache: set[int] = set()
        served: list[dict[str, Any]] = []
        total = answers = dropped = 0
        policy.begin({"capacity": trace.capacity})
        for number, (request, facts) in enumerate(zip(trace.requests, trace.facts, strict=True)):
            hits = self._hits(request, cache)
            total += hits
            cache.update(request)
            served.append({**facts, "blocks": list(request), "hits": hits})
            need = len(cache) - trace.capacity
            if need > 0:
                answer = policy.call("evict", served, need)
                served = []
                victims = _victims(answer, cache, need, number)
                cache.difference_update(victims)
                answers += 1
                dropped += len(victims)
        return Measurement(total / trace.blocks, {"hits": float(total), "dropped": float(dropped), "evictions": float(answers)})

    def _hits(self, request: Sequence[int], cache: set[int]) -> int:
        if not self.prefix:
            return sum(block in cache for block in request)
        for position, block in enumerate(request):
            if block not in cache:
                return position
        return len(request)


def _victims(answer: Any, cache: set[int], need: int, number: int) -> set[int]:
    what = f"evict() after request {number}"
    victims: set[int] = set()
    for entry in sequence(answer, what, at_most=len(cache)):
        block = integer(entry, f"a block dropped by {what}")
        if block in victims:
            raise Infeasible(f"{what} names block {describe(block)} twice")
        if block not in cache:
            raise Infeasible(f"{what} names block {describe(block)}, which is not in the cache")
        victims.add(block)
    if len(victims) < need:
        raise Infeasible(f"{what} must drop at least {need} of the {len(cache)} blocks in the cache, got {len(victims)}")
    return victims
