"""Lower bound on the time of a decoding: the fewest loads before each step, by Belady's rule, and the computing after it."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Sequence

from evaluators.expert_cache.verifier import Decoding
from workbench.model import Instance, Reference


def solve(instance: Instance) -> Reference:
    """Compute the reference of one instance: the bound, over the time without any loads."""
    began = time.perf_counter()
    task = Decoding.from_data(instance.data)
    loads = fewest_loads([step.need for step in task.steps], task.resident, task.slots)
    value = bound_us(loads, task) / task.compute_us
    return Reference(value, "bound", "Belady's loads before each step, then computing", round(time.perf_counter() - began, 4))


def bound_us(loads: Sequence[int], task: Decoding) -> int:
    """Return a time that no policy can be faster than.

    The experts of step i cannot work before the link has done all the loads that the steps up to i require at least; the link
    has nothing to do before the first step is known. After that, the computing of steps i and later remains.
    """
    layer = task.gate_us + task.expert_us
    left = [(len(loads) - i) * layer - task.gate_us for i in range(len(loads))]
    return max(task.compute_us, *(task.gate_us + n * task.load_us + rest for n, rest in zip(loads, left, strict=True)))


def fewest_loads(needs: Sequence[Sequence[int]], resident: Sequence[int], slots: int) -> list[int]:
    """Return for each step the fewest loads with which that step and all before it can be served.

    To keep an expert from one use to the next takes a slot at every step between them, where the step's own experts leave
    `slots - len(need)`. Dropping the expert whose next use is latest whenever there are too many is optimal (Belady 1966;
    Carlisle and Lloyd 1995 for intervals), and so it is for every prefix: what a prefix does not use any more goes first.
    Prefetching cannot save loads, since a load can as well be put off until it is needed.
    """
    following = _next_uses(needs)
    first: dict[int, float] = {}
    for number in range(len(needs) - 1, -1, -1):
        first.update(dict.fromkeys(needs[number], float(number)))
    kept = {expert: first[expert] for expert in resident if expert in first}
    latest = [(-use, expert) for expert, use in kept.items()]  # entries may be stale
    heapq.heapify(latest)
    loads, counts = 0, []
    for need, nexts in zip(needs, following, strict=True):
        loads += sum(expert not in kept for expert in need)
        counts.append(loads)
        for expert in need:
            kept.pop(expert, None)
        while len(kept) > slots - len(need):
            use, expert = heapq.heappop(latest)
            if kept.get(expert) == -use:
                del kept[expert]
        for expert, use in zip(need, nexts, strict=True):
            if use < math.inf:
                kept[expert] = use
                heapq.heappush(latest, (-use, expert))
    return counts


def _next_uses(needs: Sequence[Sequence[int]]) -> list[list[float]]:
    """Return, for each expert of each step, the number of the next step that needs it; infinity if there is none."""
    seen: dict[int, float] = {}
    uses: list[list[float]] = []
    for number in range(len(needs) - 1, -1, -1):
        uses.append([seen.get(expert, math.inf) for expert in needs[number]])
        seen.update(dict.fromkeys(needs[number], float(number)))
    uses.reverse()
    return uses
