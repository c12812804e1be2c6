"""Greedy packing as in EPLB's global policy, on the latest window alone: tomorrow will be as today."""

import heapq


def place(
    history: list[list[list[int]]], prev: list[list[int]], n_gpus: int, slots: int, groups: int, nodes: int
) -> list[list[int]]:
    found = []
    for load in history[-1]:
        held = pack(load, replicate(load, n_gpus, slots), n_gpus, slots)
        found.append([e for experts in held for e in experts])
    return found


# The rest is from eplb_global.py: replicate, pack, make_room.
