"""EPLB, global policy: replicate the heaviest experts, pack copies onto GPUs (DeepSeek-AI 2025), loads from a moving average."""

import heapq


def place(
    history: list[list[list[int]]], prev: list[list[int]], n_gpus: int, slots: int, groups: int, nodes: int
) -> list[list[int]]:
    size = len(prev)
    return [flat(balance([window[layer] for window in history], n_gpus, slots)) for layer in range(size)]


def balance(windows, n_gpus, slots):
    """Replicate and pack by the mean of the windows."""
    load = [sum(tokens) for tokens in zip(*windows, strict=True)]
    return pack(load, replicate(load, n_gpus, slots), n_gpus, slots)


def flat(held):
    """Slot map: the slots of a GPU are neighbours."""
    return [e for experts in held for e in experts]


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


def pack(load, copies, n_gpus, slots):
    """Copies from heavy to light, each to the least loaded GPU that has room and no copy of the same expert."""
    size = slots // n_gpus
    share = [w / c for w, c in zip(load, copies, strict=True)]
    held = [[] for _ in range(n_gpus)]
    total = [0.0] * n_gpus
    for e in sorted(range(len(load)), key=lambda e: -share[e]):
        for _ in range(copies[e]):
            allowed = [g for g in range(n_gpus) if e not in held[g]]
            g = min((g for g in allowed if len(held[g]) < size), key=total.__getitem__, default=None)
            if g is None:
                g = make_room(min(allowed, key=total.__getitem__), held, total, share, size)
            held[g].append(e)
            total[g] += share[e]
    return held


def make_room(g, held, total, share, size):
    """Move an expert of GPU g to a GPU with room, for all of those hold the copy's expert already."""
    to = next(t for t in range(len(held)) if len(held[t]) < size)
    given = next(f for f in reversed(held[g]) if f not in held[to])
    held[g].remove(given)
    held[to].append(given)
    total[g] -= share[given]
    total[to] += share[given]
    return g
