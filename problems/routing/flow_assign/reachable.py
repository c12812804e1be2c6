"""What is within reach: shadow prices for days that could come, by somebody who knows all that draws them but chance."""

from __future__ import annotations

import heapq
from dataclasses import replace
from itertools import pairwise
from typing import Any

from evaluators.flow_assign.bound import shadow_prices
from evaluators.flow_assign.verifier import Arc, FlowAssignment, Request
from evaluators.own_process import call_ortools
from workbench.model import Instance

from . import instances as made
from . import networks

EVERY, DRAWS = 8, 2
"""Steps from one set of prices to the next; draws of the rest of the day that prices are made for."""

WORDS = (
    "shadow prices of the linear programme for two draws of the rest of the day, with the true rates and values of the generator, "
    "every eighth step; what is worth more than the cheapest path with room is carried"
)


def objective(instance: Instance) -> float:
    """Return what the oracle reaches on an instance of train or validation."""
    name = instance.id.split("-", 1)[1].removesuffix(f"-{instance.family}-{instance.id[-1]}")
    network, rng = networks.sndlib(name), made.rng_of(instance.id)
    law = made.usual(network, instance.family, rng)
    if made.requests(network, law, rng) != instance.data["requests"]:
        raise ValueError(f"{instance.id} was not drawn as its id says")
    return FlowAssignment().run(instance, _Oracle(instance.id, network, law)).objective


class _Oracle:
    """A policy that draws the rest of the day anew, and prices arcs for that."""

    def __init__(self, id: str, network: networks.Network, law: made.Law) -> None:
        self._network, self._law, self._rng = network, law, made.rng_of(f"reachable {id}")
        self._left, self._prices, self._due = dict(network.arcs), dict[Arc, float](), 0
        self._out: dict[int, list[int]] = {node: [] for node in range(network.nodes)}
        for u, v in network.arcs:
            self._out[u].append(v)

    def __call__(self, *args: Any) -> Any:
        raise TypeError("an online verifier calls methods")

    def begin(self, *args: Any) -> None:
        pass

    def call(self, method: str, step: int, batch: list[dict[str, int]]) -> list[list[int]]:
        if step >= self._due:
            self._due = step + EVERY
            self._prices = self._priced(step / made.STEPS)
        return [self._decided(**request) for request in batch]

    def _priced(self, time: float) -> dict[Arc, float]:
        rest = replace(self._law, count=max(1, round(DRAWS * self._law.count * (1 - time))))
        coming = [Request(*row) for row in made.requests(self._network, rest, self._rng, time, 1.0)]
        room = {arc: DRAWS * mbps for arc, mbps in self._left.items()}
        return call_ortools(shadow_prices, self._network.nodes, room, coming)[0]

    def _decided(self, src: int, dst: int, bw: int, value: int) -> list[int]:
        cost, parent, queue = {src: (0.0, 0)}, dict[int, int](), [(0.0, 0, src)]
        while queue:
            total, arcs, u = heapq.heappop(queue)
            if (total, arcs) > cost[u]:
                continue
            for v in self._out[u]:
                found = (total + self._prices[u, v], arcs + 1)
                if self._left[u, v] >= bw and found[0] * bw < value and (v not in cost or found < cost[v]):
                    cost[v], parent[v] = found, u
                    heapq.heappush(queue, (*found, v))
        if dst not in parent:
            return []
        path = [dst]
        while path[-1] != src:
            path.append(parent[path[-1]])
        path.reverse()
        for arc in pairwise(path):
            self._left[arc] -= bw
        return path
