"""The whole program may change: exponential smoothing, copies for the heaviest, the least loaded GPU for each copy."""


# EVOLVE-BLOCK-START
def place(
    history: list[list[list[int]]], prev: list[list[int]], n_gpus: int, slots: int, groups: int, nodes: int
) -> list[list[int]]:
    """Place the experts of each layer so that the busiest GPU has little to do in the next window.

    Slot s of a layer lies on GPU s // (slots // n_gpus), GPU g on node g // (n_gpus // nodes). An expert's tokens spread
    evenly over its copies. A layer takes as long as its busiest GPU; the sum over layers, in the window that follows
    `history`, is what counts.

    Parameters
    ----------
    history
        Tokens by window (oldest first), layer and expert.
    prev
        The slot maps in use now. Moving experts costs nothing.
    n_gpus, slots
        Number of GPUs, and of slots in a layer (a multiple of n_gpus).
    groups, nodes
        Number of equal groups of consecutive experts that tokens are routed to, and of nodes.

    Returns
    -------
    list[list[int]]
        For each layer the expert in each slot: every expert at least once, none twice on one GPU.

    Examples
    --------
    >>> place([[[60, 20, 20]]], [[0, 1, 2, 0]], 2, 4, 1, 1)  # one layer, 3 experts: both GPUs get 50 of 100 tokens
    [[0, 1, 0, 2]]
    """
    size = slots // n_gpus
    return [spread_out(smooth([window[layer] for window in history]), n_gpus, slots, size) for layer in range(len(prev))]


def smooth(windows: list[list[int]]) -> list[float]:
    """Exponentially weighted mean of each expert's tokens."""
    level = [float(tokens) for tokens in windows[0]]
    for window in windows[1:]:
        level = [0.5 * old + 0.5 * new for old, new in zip(level, window, strict=True)]
    return level


def spread_out(load: list[float], n_gpus: int, slots: int, size: int) -> list[int]:
    """Copy the experts with the heaviest copies, then place copies from heavy to light on the least loaded GPU."""
    copies = [1] * len(load)
    for _ in range(slots - len(load)):
        candidates = [e for e in range(len(load)) if copies[e] < n_gpus]
        copies[max(candidates, key=lambda e: load[e] / copies[e])] += 1
    held = [[] for _ in range(n_gpus)]
    total = [0.0] * n_gpus
    for e in sorted(range(len(load)), key=lambda e: -load[e] / copies[e]):
        # The copies of one expert go to different GPUs.
        with_room = sorted([g for g in range(n_gpus) if len(held[g]) < size], key=lambda g: total[g])
        for g in with_room[: copies[e]]:
            held[g].append(e)
            total[g] += load[e] / copies[e]
        for _ in range(copies[e] - len(with_room)):
            # No room without a copy: a GPU without one hands over one of its experts and takes this one.
            g = min([g for g in range(n_gpus) if e not in held[g]], key=lambda g: total[g])
            to = next(t for t in range(n_gpus) if len(held[t]) < size)
            given = next(f for f in reversed(held[g]) if f not in held[to])
            held[g].remove(given)
            held[to].append(given)
            held[g].append(e)
            total[g] += load[e] / copies[e] - load[given] / copies[given]
            total[to] += load[given] / copies[given]
    return [e for experts in held for e in experts]


# EVOLVE-BLOCK-END
