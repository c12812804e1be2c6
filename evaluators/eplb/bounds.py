"""Lower bound for expert placements, and a good offline placement: greedy, then swaps."""

from __future__ import annotations

import heapq
import time
from collections.abc import Sequence
from fractions import Fraction

from evaluators.eplb.verifier import gpu_loads
from workbench.model import Instance, Reference


def least_maximum(load: Sequence[int], gpus: int, slots: int) -> Fraction:
    """Return a lower bound on the tokens of the busiest GPU.

    The busiest GPU gets at least the mean. If no GPU gets more than T tokens, expert e needs at least load[e] / T copies,
    because its tokens are spread evenly and no GPU holds two copies. T is infeasible if this requires more copies than
    slots, or more copies of one expert than GPUs. The larger of the two bounds is usually not attained.

    Returns
    -------
    Fraction
        The larger of the two bounds, in tokens.
    """
    # Giving each copy to the expert with the largest share minimises the largest share exactly.
    heap = [(Fraction(-w), e) for e, w in enumerate(load)]
    heapq.heapify(heap)
    copies = [1] * len(load)
    for _ in range(slots - len(load)):
        _, e = heap[0]
        if copies[e] == gpus:
            break
        copies[e] += 1
        heapq.heapreplace(heap, (Fraction(-load[e], copies[e]), e))
    return max(Fraction(sum(load), gpus), -heap[0][0])


def replicate(load: Sequence[float], gpus: int, slots: int) -> list[int]:
    """Return the copies of each expert: spare slots go to the expert with the largest load per copy, at most one copy per GPU."""
    copies = [1] * len(load)
    heap = [(-w, e) for e, w in enumerate(load)]
    heapq.heapify(heap)
    spare = slots - len(load)
    while spare:
        _, e = heapq.heappop(heap)
        if copies[e] < gpus:
            copies[e] += 1
            spare -= 1
            heapq.heappush(heap, (-load[e] / copies[e], e))
    return copies


def pack(load: Sequence[float], copies: Sequence[int], gpus: int, size: int) -> list[list[int]]:
    """Assign copies in decreasing order of load to the least loaded GPU with a free slot and no copy of the expert."""
    share = [w / c for w, c in zip(load, copies, strict=True)]
    held: list[list[int]] = [[] for _ in range(gpus)]
    total = [0.0] * gpus
    for e in sorted((e for e, c in enumerate(copies) for _ in range(c)), key=lambda e: (-share[e], e)):
        free = [g for g in range(gpus) if len(held[g]) < size]
        g = min((g for g in free if e not in held[g]), key=lambda g: (total[g], g), default=-1)
        if g < 0:
            # Only GPUs that already hold this expert are free: swap with an expert of another GPU.
            g, to = min((g for g in range(gpus) if e not in held[g]), key=lambda g: (total[g], g)), free[0]
            given = min((f for f in held[g] if f not in held[to]), key=lambda f: (abs(share[f] - share[e]), f))
            held[g].remove(given)
            held[to].append(given)
            total[g] -= share[given]
            total[to] += share[given]
        held[g].append(e)
        total[g] += share[e]
    return held


def clairvoyant(load: Sequence[int], gpus: int, slots: int, steps: int = 400) -> list[int]:
    """Place experts for known loads: greedy, then swaps of two slots as long as they relieve the busiest GPU.

    Returns
    -------
    list[int]
        Expert in each slot; the slots of a GPU are contiguous.
    """
    copies = replicate(load, gpus, slots)
    share = [w / c for w, c in zip(load, copies, strict=True)]
    held = pack(load, copies, gpus, slots // gpus)
    total = [sum(share[e] for e in experts) for experts in held]
    for _ in range(steps):
        top = max(range(gpus), key=lambda g: total[g])
        best: tuple[float, int, int, int] | None = None
        for g in range(gpus):
            if g == top:
                continue
            half = (total[top] - total[g]) / 2
            for e in held[top]:
                if e in held[g]:
                    continue
                for f in held[g]:
                    shift = share[e] - share[f]
                    # Larger load of the two GPUs after the swap; the smallest is chosen.
                    if 0 < shift < 2 * half and f not in held[top]:
                        worse = max(total[top] - shift, total[g] + shift)
                        if best is None or worse < best[0]:
                            best = (worse, g, e, f)
        if best is None or best[0] >= total[top] * (1 - 1e-12):
            break
        _, g, e, f = best
        held[top][held[top].index(e)], held[g][held[g].index(f)] = f, e
        for gpu in (top, g):
            total[gpu] = sum(share[x] for x in held[gpu])
    return [e for experts in held for e in experts]


def solve(instance: Instance) -> Reference:
    """Compute a lower bound on the objective of `ExpertPlacementVerifier`, and the value of an offline heuristic.

    The bound holds even for a placement that knows which window comes next.
    """
    began = time.process_time()
    data = instance.data
    gpus, slots, windows = data["n_gpus"], data["slots"], data["next"]
    bounds = [_bound(window, gpus, slots) for window in windows]
    bound = float(sum(bounds, Fraction(0)) / len(windows))
    if not any(sum(load) for load in windows[0]):
        return Reference(bound, "optimal" if len(windows) == 1 else "bound", "no tokens", round(time.process_time() - began, 3))
    even = sum(sum(load) for load in windows[0]) / gpus
    reached = sum(max(gpu_loads(clairvoyant(load, gpus, slots), load, gpus)) for load in windows[0]) / even
    return Reference(
        bound,
        "optimal" if len(windows) == 1 and reached <= bound * (1 + 1e-12) else "bound",
        f"mean load and heaviest share; clairvoyant greedy with swaps reaches {reached:.6f}"
        + (f" in the first window, where the bound is {float(bounds[0]):.6f}" if len(windows) > 1 else ""),
        round(time.process_time() - began, 3),
    )


def _bound(window: Sequence[Sequence[int]], gpus: int, slots: int) -> Fraction:
    even = sum(Fraction(sum(load), gpus) for load in window)
    return sum((least_maximum(load, gpus, slots) for load in window), Fraction(0)) / even if even else Fraction(1)
