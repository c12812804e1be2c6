"""Experts in their order, spare slots filled from the first on again: no balancing (Lepikhin et al. 2020)."""


def place(
    history: list[list[list[int]]], prev: list[list[int]], n_gpus: int, slots: int, groups: int, nodes: int
) -> list[list[int]]:
    experts = len(history[0][0])
    return [[s % experts for s in range(slots)] for _ in prev]
