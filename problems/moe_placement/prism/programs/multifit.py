"""MULTIFIT: bisection on the pressure T; at each T first-fit decreasing of the weights load + T * size into bins T * memory.

E. G. Coffman, M. R. Garey, D. S. Johnson, "An application of bin-packing to multiprocessor scheduling", SIAM Journal on
Computing 7 (1978) 1-17. Here on the weight that turns a pressure into a bin.
"""


def place(gpus: int, memory: int, models: list[dict]) -> list[int]:
    """GPU of each model."""
    loads = [m["rate"] / m["slo"] for m in models]
    sizes = [m["size"] for m in models]
    low = sum(loads) / max(1, gpus * memory - sum(sizes))
    high = 2 * low
    best = first_fit(gpus, memory, sizes, loads, high)
    for _ in range(20):
        if best is not None:
            break
        low, high = high, 2 * high + 1e-9
        best = first_fit(gpus, memory, sizes, loads, high)
    if best is None:
        return [m % gpus for m in range(len(models))]
    for _ in range(25):
        target = (low + high) / 2
        found = first_fit(gpus, memory, sizes, loads, target)
        if found is None:
            low = target
        else:
            best, high = found, target
    return best


def first_fit(gpus: int, memory: int, sizes: list[int], loads: list[float], target: float) -> list[int] | None:
    """Place all models with no pressure above `target`, or None."""
    free, load, gpu_of = [memory] * gpus, [0.0] * gpus, [0] * len(sizes)
    for m in sorted(range(len(sizes)), key=lambda m: -(loads[m] + target * sizes[m])):
        for g in range(gpus):
            if free[g] > sizes[m] and load[g] + loads[m] <= target * (free[g] - sizes[m]):
                break
        else:
            return None
        gpu_of[m] = g
        free[g] -= sizes[m]
        load[g] += loads[m]
    return gpu_of
