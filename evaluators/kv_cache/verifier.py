"""A caching replayer: serves a trace request by request and asks a policy what to drop whenever the cache is too full."""

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
    """Requests for unit-sized blocks, in the order in which they are served.

    Attributes
    ----------
    capacity
        Blocks that the cache can hold between two requests.
    requests
        Blocks of each request, in order; no block twice in one request.
    facts
        What is known of each request when it arrives, e.g. {"time_s": 3.0}.
    """

    capacity: int
    requests: tuple[tuple[int, ...], ...]
    facts: tuple[Mapping[str, float], ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Trace:
        """Read an instance: `capacity`, `requests` (lists of block ids) and `facts` (name -> one number a request).

        Raises
        ------
        ProblemError
            When capacity or a request is empty, a request has a block twice, or facts are missing.
        """
        capacity = int(data["capacity"])
        requests = tuple(tuple(int(block) for block in request) for request in data["requests"])
        columns: Mapping[str, Sequence[float]] = data["facts"]
        if capacity < 1:
            raise ProblemError(f"cache trace: capacity must be at least 1, got {capacity}")
        for i, request in enumerate(requests):
            if not request or len(set(request)) < len(request):
                raise ProblemError(f"cache trace: request {i} must have at least one block and none of them twice")
        for name, column in columns.items():
            if len(column) != len(requests):
                raise ProblemError(f"cache trace: fact {name} has {len(column)} entries for {len(requests)} requests")
        facts = tuple({name: column[i] for name, column in columns.items()} for i in range(len(requests)))
        return cls(capacity, requests, facts)

    @property
    def blocks(self) -> int:
        """Blocks asked for, repetitions counted."""
        return sum(map(len, self.requests))


@dataclass(frozen=True, slots=True)
class CacheReplay:
    """Verifier: keeps the cache itself and shows the policy the requests served so far, never one to come.

    A request is served first and makes room afterwards: its blocks join the cache, and where more than `capacity` blocks are
    there, the policy says which to drop. It may name blocks of the request just served (they are then not kept), and more
    than needed. It is asked only when room is needed, and is then told all requests since it was last asked:

        evict(served, need) -> ids of blocks to drop, at least `need` of them

    with `served` a list of the requests' facts, "blocks" (ids) and "hits" (how many of them were hits).

    Attributes
    ----------
    prefix
        A block is a hit only when all blocks before it in its request are in the cache too, as for the keys and values of
        a transformer, which depend on everything before them. Otherwise every block counts by itself.
    """

    prefix: bool = False

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Share of the blocks asked for that were in the cache.

        Raises
        ------
        Infeasible
            When an answer is no list of different blocks in the cache, or leaves it too full.
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
