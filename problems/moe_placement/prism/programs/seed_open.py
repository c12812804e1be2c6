"""The whole program may change: a greedy start, then single models moved off the GPU of greatest pressure."""


# EVOLVE-BLOCK-START
def place(gpus: int, memory: int, models: list[dict]) -> list[int]:
    """Choose a GPU for every model so that the largest KV-cache pressure is small.

    `models` holds one dict a model: `size` (GB of weights), `rate` (requests/s), `slo` (latency target). The pressure of a
    GPU is the sum of rate / slo over its models, divided by the GB that their weights leave free of `memory`.

    Returns the GPU (0..gpus-1) of each model, in the order of `models`.
    """
    loads = [m["rate"] / m["slo"] for m in models]
    sizes = [m["size"] for m in models]
    used, load, gpu_of = [0] * gpus, [0.0] * gpus, [0] * len(models)
    for m in sorted(range(len(models)), key=lambda m: -sizes[m]):
        best = min(range(gpus), key=lambda g: pressure(load[g] + loads[m], memory - used[g] - sizes[m]))
        gpu_of[m] = best
        used[best] += sizes[m]
        load[best] += loads[m]
    for _ in range(len(models)):
        worst = max(range(gpus), key=lambda g: pressure(load[g], memory - used[g]))
        step = None
        limit = pressure(load[worst], memory - used[worst])
        for m in range(len(models)):
            if gpu_of[m] != worst:
                continue
            for g in range(gpus):
                if g == worst:
                    continue
                there = pressure(load[g] + loads[m], memory - used[g] - sizes[m])
                here = pressure(load[worst] - loads[m], memory - used[worst] + sizes[m])
                if max(there, here) < limit:
                    limit, step = max(there, here), (m, g)
        if step is None:
            break
        m, g = step
        gpu_of[m] = g
        used[worst] -= sizes[m]
        load[worst] -= loads[m]
        used[g] += sizes[m]
        load[g] += loads[m]
    return gpu_of


def pressure(load: float, free: int) -> float:
    """Load over free memory; infinite where nothing is free."""
    return load / free if free > 0 else float("inf")


# EVOLVE-BLOCK-END
