"""Smoothed forecast, spare slots to the heaviest copies, each copy to the least loaded GPU."""

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"weight": (0.0, 1.0), "caution": (0.0, 2.0)}
weight = 0.5  # of the latest window against the mean of all
caution = 0.0  # how much an expert's spread adds to its load


def forecast(last: float, before: float, mean: float, smooth: float, spread: float) -> float:
    """Tokens that an expert will get in the next window. All arguments are numbers, 1 = an average expert's share of a window.

    last    the latest window
    before  the window before it (the latest again where there is one window)
    mean    mean over all windows
    smooth  exponentially weighted mean: each window counts half of the one after it
    spread  standard deviation over the windows
    """
    return weight * last + (1 - weight) * mean


def urgency(load: float, copies: int, spread: float) -> float:
    """How badly an expert needs one more copy; every spare slot goes to the expert with the greatest value.

    load    its forecast
    copies  how many copies it has now
    spread  standard deviation of its tokens over the windows
    """
    return (load + caution * spread) / copies


def fit(load: float, spread: float, gpu_load: float, gpu_spread: float, gpu_used: int, even: float) -> float:
    """Where a copy goes: to the GPU of least value that has room. Copies are placed in falling order of load.

    load        tokens that the copy is forecast to get
    spread      standard deviation of them over the windows
    gpu_load    sum of the loads on the GPU now
    gpu_spread  sum of the spreads on the GPU now
    gpu_used    slots of the GPU that are taken
    even        the load that each GPU would have if all were alike
    """
    return gpu_load + caution * gpu_spread


# EVOLVE-BLOCK-END


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
    layers = range(len(prev))
    return [place_layer([window[layer] for window in history], n_gpus, slots) for layer in layers]


def place_layer(windows: list[list[int]], n_gpus: int, slots: int) -> list[int]:
    """Forecast, copy and pack the experts of one layer."""
    experts = range(len(windows[0]))
    shares = []
    for window in windows:
        unit = sum(window) / len(window) or 1.0
        shares.append([tokens / unit for tokens in window])
    loads, spreads = [], []
    for e in experts:
        series = [share[e] for share in shares]
        mean = sum(series) / len(series)
        smooth = series[0]
        for x in series[1:]:
            smooth += (x - smooth) / 2
        spread = (sum([(x - mean) ** 2 for x in series]) / len(series)) ** 0.5
        loads.append(max(forecast(series[-1], series[max(0, len(series) - 2)], mean, smooth, spread), 0.0))
        spreads.append(spread)
    copies = [1] * len(loads)
    need = [urgency(loads[e], 1, spreads[e]) for e in experts]
    for _ in range(slots - len(loads)):
        e = max([e for e in experts if copies[e] < n_gpus], key=need.__getitem__)
        copies[e] += 1
        need[e] = urgency(loads[e], copies[e], spreads[e])
    return pack([loads[e] / copies[e] for e in experts], [spreads[e] / copies[e] for e in experts], copies, n_gpus, slots)


def pack(load: list[float], spread: list[float], copies: list[int], n_gpus: int, slots: int) -> list[int]:
    """Put each copy on a GPU that has room and no copy of the same expert."""
    size, gpus = slots // n_gpus, range(n_gpus)
    even = sum([load[e] * copies[e] for e in range(len(load))]) / n_gpus
    held = [[] for _ in gpus]
    gpu_load, gpu_spread = [0.0] * n_gpus, [0.0] * n_gpus
    for e in sorted(range(len(load)), key=lambda e: -load[e]):
        for _ in range(copies[e]):
            allowed = [g for g in gpus if e not in held[g]]
            open_gpus = [g for g in allowed if len(held[g]) < size]
            values = [fit(load[e], spread[e], gpu_load[g], gpu_spread[g], len(held[g]), even) for g in open_gpus]
            if values:
                g = open_gpus[values.index(min(values))]  # a tie goes to the lower index
            else:
                # Only GPUs with a copy have room: the least loaded other one gives them an expert and takes this one.
                g = min(allowed, key=gpu_load.__getitem__)
                to = next(t for t in gpus if len(held[t]) < size)
                given = next(f for f in reversed(held[g]) if f not in held[to])
                held[g].remove(given)
                held[to].append(given)
                gpu_load[g], gpu_load[to] = gpu_load[g] - load[given], gpu_load[to] + load[given]
                gpu_spread[g], gpu_spread[to] = gpu_spread[g] - spread[given], gpu_spread[to] + spread[given]
            held[g].append(e)
            gpu_load[g] += load[e]
            gpu_spread[g] += spread[e]
    return [e for experts in held for e in experts]
