"""EPLB, hierarchical policy (DeepSeek-AI 2025): expert groups to nodes, copies within a node, copies onto its GPUs.

Where the groups cannot be dealt evenly to the nodes the global policy takes over, as published; also where a node has more
slots than its experts can fill.
"""

import heapq


def place(
    history: list[list[list[int]]], prev: list[list[int]], n_gpus: int, slots: int, groups: int, nodes: int
) -> list[list[int]]:
    experts = len(history[0][0])
    uneven = groups % nodes or experts % groups or slots % nodes or n_gpus % nodes
    if uneven or slots // nodes > experts // nodes * (n_gpus // nodes):
        groups = nodes = 1
    return [balance([window[layer] for window in history], n_gpus, slots, groups, nodes) for layer in range(len(prev))]


def balance(windows, n_gpus, slots, groups, nodes):
    """Slot map of one layer by the mean of the windows."""
    load = [sum(tokens) for tokens in zip(*windows, strict=True)]
    size = len(load) // groups
    group_load = [sum(load[k * size : (k + 1) * size]) for k in range(groups)]
    found = []
    for packed in pack(group_load, [1] * groups, nodes, groups):
        ids = [e for k in sorted(packed) for e in range(k * size, (k + 1) * size)]
        inside = [load[e] for e in ids]
        copies = replicate(inside, n_gpus // nodes, slots // nodes)
        for experts in pack(inside, copies, n_gpus // nodes, slots // nodes):
            found.extend(ids[i] for i in experts)
    return found


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
