"""Longest processing time first, on load: the model of greatest rate / slo first, each to the GPU of least load with room.

R. L. Graham, "Bounds on multiprocessing timing anomalies", SIAM Journal on Applied Mathematics 17 (1969) 416-429.
"""


def place(gpus: int, memory: int, models: list[dict]) -> list[int]:
    """GPU of each model; ties to the lower GPU."""
    free, load, gpu_of = [memory] * gpus, [0.0] * gpus, [0] * len(models)
    for m in sorted(range(len(models)), key=lambda m: -models[m]["rate"] / models[m]["slo"]):
        size = models[m]["size"]
        fits = [g for g in range(gpus) if free[g] > size] or [free.index(max(free))]
        best = min(fits, key=lambda g: load[g])
        gpu_of[m] = best
        free[best] -= size
        load[best] += models[m]["rate"] / models[m]["slo"]
    return gpu_of
