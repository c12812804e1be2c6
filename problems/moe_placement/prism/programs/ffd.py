"""First-fit decreasing on the weights: the largest model first, each to the first GPU with room; blind to load.

D. S. Johnson, A. Demers, J. D. Ullman, M. R. Garey, R. L. Graham, "Worst-case performance bounds for simple one-dimensional
packing algorithms", SIAM Journal on Computing 3 (1974) 299-325.

Filled to the brim a GPU has no KV cache at all. So the bins are as high as the fullest GPU has to be: the least height at
which first-fit decreasing still places all models.
"""


def place(gpus: int, memory: int, models: list[dict]) -> list[int]:
    """GPU of each model."""
    sizes = [m["size"] for m in models]
    for height in range(max(1, -(-sum(sizes) // gpus)), memory):
        gpu_of = first_fit(gpus, height, sizes)
        if gpu_of is not None:
            return gpu_of
    return [m % gpus for m in range(len(sizes))]


def first_fit(gpus: int, height: int, sizes: list[int]) -> list[int] | None:
    """Place all models within `height` GB a GPU, or None."""
    free, gpu_of = [height] * gpus, [0] * len(sizes)
    for m in sorted(range(len(sizes)), key=lambda m: -sizes[m]):
        gpu = next((g for g in range(gpus) if free[g] >= sizes[m]), None)
        if gpu is None:
            return None
        gpu_of[m] = gpu
        free[gpu] -= sizes[m]
    return gpu_of
