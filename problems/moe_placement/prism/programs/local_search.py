"""Greedy on the resulting pressure, then the best move or swap off the GPU of greatest pressure until none helps.

G. Finn, E. Horowitz, "A linear time approximation algorithm for multiprocessor scheduling", BIT 19 (1979) 312-320, move off
the fullest machine; with swaps as in most published placement programs.
"""


def place(gpus: int, memory: int, models: list[dict]) -> list[int]:
    """GPU of each model."""
    loads = [m["rate"] / m["slo"] for m in models]
    sizes = [m["size"] for m in models]
    used, load, on = [0] * gpus, [0.0] * gpus, [[] for _ in range(gpus)]
    for m in sorted(range(len(models)), key=lambda m: -loads[m]):
        best = min(range(gpus), key=lambda g: (pressure(load[g] + loads[m], memory - used[g] - sizes[m]), used[g]))
        on[best].append(m)
        used[best] += sizes[m]
        load[best] += loads[m]
    for _ in range(4 * len(models)):
        worst = max(range(gpus), key=lambda g: (pressure(load[g], memory - used[g]), used[g]))
        limit, step = pressure(load[worst], memory - used[worst]) * (1 - 1e-12), None
        for a in on[worst]:
            for g in range(gpus):
                if g == worst:
                    continue
                for b in [None, *on[g]]:
                    size = sizes[a] - (0 if b is None else sizes[b])
                    extra = loads[a] - (0.0 if b is None else loads[b])
                    here = pressure(load[worst] - extra, memory - used[worst] + size)
                    there = pressure(load[g] + extra, memory - used[g] - size)
                    if max(here, there) < limit:
                        limit, step = max(here, there), (a, g, b)
        if step is None:
            break
        a, g, b = step
        for m, source, target in ((a, worst, g), (b, g, worst)):
            if m is not None:
                on[source].remove(m)
                on[target].append(m)
                used[source] -= sizes[m]
                used[target] += sizes[m]
                load[source] -= loads[m]
                load[target] += loads[m]
    gpu_of = [0] * len(models)
    for g in range(gpus):
        for m in on[g]:
            gpu_of[m] = g
    return gpu_of


def pressure(load: float, free: int) -> float:
    """Load over free memory; infinite where nothing is free."""
    return load / free if free > 0 else float("inf")
