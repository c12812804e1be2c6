"""Copies dealt in zigzag: from heavy to light over the GPUs forth and back (Cheng et al. 2025), loads from a moving average."""

import heapq


def place(
    history: list[list[list[int]]], prev: list[list[int]], n_gpus: int, slots: int, groups: int, nodes: int
) -> list[list[int]]:
    return [balance([window[layer] for window in history], n_gpus, slots) for layer in range(len(prev))]


def balance(windows, n_gpus, slots):
    """Replicate by the mean of the windows, then deal."""
    load = [sum(tokens) for tokens in zip(*windows, strict=True)]
    copies = replicate(load, n_gpus, slots)
    order = sorted(range(len(load)), key=lambda e: -load[e] / copies[e])
    held = [[] for _ in range(n_gpus)]
    for i, e in enumerate([expert for expert in order for _ in range(copies[expert])]):
        turn, place = divmod(i, n_gpus)
        held[place if turn % 2 == 0 else n_gpus - 1 - place].append(e)
    separate(held)
    return [e for experts in held for e in experts]


def separate(held):
    """Exchange a second copy on a GPU for an expert of the nearest GPU where both moves are allowed: at a turn copies meet."""
    for g, mine in enumerate(held):
        for i, e in enumerate(mine):
            if e in mine[:i]:
                near = sorted(range(len(held)), key=lambda other: abs(other - g))
                swap(mine, i, e, [held[other] for other in near if e not in held[other]])


def swap(mine, i, e, others):
    """Exchange slot i of `mine` with the first slot of the first GPU that holds an expert which `mine` has not."""
    for theirs in others:
        for k in range(len(theirs) - 1, -1, -1):
            if theirs[k] not in mine:
                mine[i], theirs[k] = theirs[k], e
                return


def replicate(load, n_gpus, slots):
    """Copies of each expert: every spare slot goes to the expert with the greatest load per copy."""
    copies = [1] * len(load)
    heap = [(-w, e) for e, w in enumerate(load)]
    heapq.heapify(heap)
    for _ in range(slots - len(load)):
        while copies[heap[0][1]] == n_gpus:
            heapq.heappop(heap)
        e = heap[0][1]
        copies[e] += 1
        heapq.heapreplace(heap, (-load[e] / copies[e], e))
    return copies
