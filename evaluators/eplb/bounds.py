"""What no placement of experts can beat, and a good placement for tokens that are known: greedy, then moves and swaps."""

from __future__ import annotations

import heapq
import time
from collections.abc import Sequence
from fractions import Fraction

from evaluators.eplb.verifier import gpu_loads
from workbench.model import Instance, Reference


def least_maximum(load: Sequence[int], gpus: int, slots: int) -> Fraction:
    """Prove how many tokens the busiest GPU gets at least.

    Some GPU gets the mean. And where no GPU gets more than T, expert e needs at least load[e] / T copies, for its tokens
    spread evenly and no GPU holds two copies: T is too small if these copies are more than the slots, or more than the GPUs
    for one expert. Both are tight at once only by luck, so the bound need not be attained.

    Returns
    -------
    Fraction
        The greater of the two bounds, tokens.
    """
    # Greedily giving the next copy to the expert with the greatest share minimises the greatest share, exactly.
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
    """Copies of each expert: every spare slot goes to the expert with the greatest load per copy, at most one copy a GPU."""
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
    """Experts by GPU: copies in falling order of load, each to the least loaded GPU that has room and no copy of it yet."""
    share = [w / c for w, c in zip(load, copies, strict=True)]
    held: list[list[int]] = [[] for _ in range(gpus)]
    total = [0.0] * gpus
    for e in sorted((e for e, c in enumerate(copies) for _ in range(c)), key=lambda e: (-share[e], e)):
        free = [g for g in range(gpus) if len(held[g]) < size]
        g = min((g for g in free if e not in held[g]), key=lambda g: (total[g], g), default=-1)
        if g < 0:
            # Only GPUs with a copy have room: another GPU takes this one and hands an expert of its own over.
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
    """Place experts for tokens that are known: greedy, then improve the busiest GPU while a swap of two slots does.

    Returns
    -------
    list[int]
        The expert of each slot; slots of a GPU are neighbours.
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
                    # What the worse of the two is left with; anything below the top is a gain, the least is taken.
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
    """Bound the objective of `ExpertPlacementVerifier` from below, and say how near a clairvoyant comes."""
    began = time.process_time()
    data = instance.data
    gpus, slots = data["n_gpus"], data["slots"]
    even = sum(Fraction(sum(load), gpus) for load in data["next"])
    if even == 0:
        return Reference(1.0, "optimal", "no tokens", round(time.process_time() - began, 3))
    bound = float(sum((least_maximum(load, gpus, slots) for load in data["next"]), Fraction(0)) / even)
    reached = sum(max(gpu_loads(clairvoyant(load, gpus, slots), load, gpus)) for load in data["next"]) / float(even)
    return Reference(
        bound,
        "optimal" if reached <= bound * (1 + 1e-12) else "bound",
        f"mean load and heaviest share; clairvoyant greedy with swaps reaches {reached:.6f}",
        round(time.process_time() - began, 3),
    )
