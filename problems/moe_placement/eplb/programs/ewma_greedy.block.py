"""Greedy packing as in EPLB's global policy, on an exponentially weighted moving average (Brown 1956), smoothing constant 0.3."""

import heapq


def place(
    history: list[list[list[int]]], prev: list[list[int]], n_gpus: int, slots: int, groups: int, nodes: int
) -> list[list[int]]:
    found = []
    for layer in range(len(prev)):
        load = [float(tokens) for tokens in history[0][layer]]
        for window in history[1:]:
            load = [old + 0.3 * (new - old) for old, new in zip(load, window[layer], strict=True)]
        held = pack(load, replicate(load, n_gpus, slots), n_gpus, slots)
        found.append([e for experts in held for e in experts])
    return found


# The rest is from eplb_global.py: replicate, pack, make_room.
