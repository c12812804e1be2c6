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


# The rest is from eplb_global.py: replicate, pack, make_room.
