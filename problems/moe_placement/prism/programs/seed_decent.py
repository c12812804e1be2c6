"""Bisection on the pressure: at a given target every model has one weight, and a GPU is a bin (Coffman, Garey, Johnson 1978)."""

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"alpha": (0.0, 3.0), "beta": (-2.0, 2.0)}
alpha = 1.0  # how much size counts in the order of placement
beta = 0.0  # preference for GPUs with much free memory


def rank(size: int, load: float, target: float) -> float:
    """When a model is placed: the greatest value first.

    size    GB of the model's weights
    load    its request rate divided by its latency target
    target  the pressure that no GPU may exceed in this attempt
    """
    return load + alpha * target * size


def score(size: int, load: float, free: int, gpu_load: float, room: float, target: float) -> float:
    """Where a model is placed: on the GPU of least value among those where it keeps the pressure below the target.

    size      GB of the model's weights
    load      its request rate divided by its latency target
    free      GB that are free on the GPU now, before the model
    gpu_load  sum of the loads on the GPU now
    room      target * free - gpu_load: what the GPU can still take of load + target * size
    target    the pressure that no GPU may exceed in this attempt
    """
    return room + beta * target * free


# EVOLVE-BLOCK-END


def place(gpus: int, memory: int, models: list[dict]) -> list[int]:
    """Choose a GPU for every model so that the largest KV-cache pressure is small.

    `models` holds one dict a model: `size` (GB of weights), `rate` (requests/s), `slo` (latency target). The pressure of a
    GPU is the sum of rate / slo over its models, divided by the GB that their weights leave free of `memory`.

    Returns the GPU (0..gpus-1) of each model, in the order of `models`.
    """
    loads = [m["rate"] / m["slo"] for m in models]
    sizes = [m["size"] for m in models]
    low = sum(loads) / max(1, gpus * memory - sum(sizes))
    high = sum(loads) + 1.0
    best = pack(gpus, memory, sizes, loads, high) or most_free(gpus, memory, sizes)
    for step in range(24):
        # Near the even spread first: the answer is nearly always within a factor of two of it.
        target = low * 2 if step == 0 else (low + high) / 2
        found = pack(gpus, memory, sizes, loads, target)
        if found is None:
            low = max(low, target)
        else:
            best, high = found, min(high, target)
    return best


def pack(gpus: int, memory: int, sizes: list[int], loads: list[float], target: float) -> list[int] | None:
    """Place all models with no pressure above `target`, or None where a model is left over."""
    free, load, gpu_of = [memory] * gpus, [0.0] * gpus, [0] * len(sizes)
    for m in sorted(range(len(sizes)), key=lambda m: -rank(sizes[m], loads[m], target)):
        best, least = None, 0.0
        for g in range(gpus):
            if free[g] > sizes[m] and load[g] + loads[m] <= target * (free[g] - sizes[m]):
                value = score(sizes[m], loads[m], free[g], load[g], target * free[g] - load[g], target)
                if best is None or value < least:
                    best, least = g, value
        if best is None:
            return None
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
