"""Greedy placement: the heaviest load first, each model to the GPU of least pressure so far."""


# EVOLVE-BLOCK-START
def rank(size: int, load: float, mean_size: float, mean_load: float) -> float:
    """When a model is placed: the greatest value first.

    size       GB of the model's weights
    load       its request rate divided by its latency target
    mean_size  mean size of all models
    mean_load  mean load of all models
    """
    return load


def score(size: int, load: float, free: int, gpu_load: float, even: float) -> float:
    """Where a model is placed: on the GPU of least value among those with room for it.

    size      GB of the model's weights
    load      its request rate divided by its latency target
    free      GB that are free on the GPU now, before the model; more than size
    gpu_load  sum of the loads on the GPU now
    even      the pressure that an even spread of all models would have
    """
    return gpu_load / free


# EVOLVE-BLOCK-END


def place(gpus: int, memory: int, models: list[dict]) -> list[int]:
    """Choose a GPU for every model so that the largest KV-cache pressure is small.

    The pressure of a GPU is the sum of rate / slo over its models, divided by the GB that their weights leave free.

    Parameters
    ----------
    gpus
        Number of GPUs, all alike.
    memory
        GB of one GPU. The weights on a GPU must take less than that.
    models
        One dict a model: `size` (GB of weights, int), `rate` (requests/s, int), `slo` (latency target, int).

    Returns
    -------
    list[int]
        The GPU (0..gpus-1) of each model, in the order of `models`.

    Examples
    --------
    >>> models = [{"size": 20, "rate": 6, "slo": 6}, {"size": 20, "rate": 9, "slo": 6}, {"size": 40, "rate": 3, "slo": 6}]
    >>> place(2, 80, models)  # GPU 0: 1.5 / 60; GPU 1: (1 + 0.5) / 20
    [1, 0, 1]
    """
    loads = [m["rate"] / m["slo"] for m in models]
    sizes = [m["size"] for m in models]
    mean_size, mean_load = sum(sizes) / len(models), sum(loads) / len(models)
    even = sum(loads) / max(1, gpus * memory - sum(sizes))
    order = sorted(range(len(models)), key=lambda m: -rank(sizes[m], loads[m], mean_size, mean_load))
    free, load, gpu_of = [memory] * gpus, [0.0] * gpus, [0] * len(models)
    for m in order:
        best, least = None, 0.0
        for g in range(gpus):
            if free[g] > sizes[m]:
                value = score(sizes[m], loads[m], free[g], load[g], even)
                if best is None or value < least:
                    best, least = g, value
        if best is None:  # no room left: start again with memory alone in mind
            return most_free(gpus, memory, sizes)
        gpu_of[m] = best
        free[best] -= sizes[m]
        load[best] += loads[m]
    return gpu_of


def most_free(gpus: int, memory: int, sizes: list[int]) -> list[int]:
    """The largest model first, each to the GPU with most free memory."""
    free, gpu_of = [memory] * gpus, [0] * len(sizes)
    for m in sorted(range(len(sizes)), key=lambda m: -sizes[m]):
        best = free.index(max(free))
        gpu_of[m] = best
        free[best] -= sizes[m]
    return gpu_of
