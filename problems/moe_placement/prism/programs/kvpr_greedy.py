"""Greedy on the present pressure: models by falling rate / slo, each to the GPU whose KVPR is least before it arrives.

S. Yu et al., "Prism: Unleashing GPU Sharing for Cost-Efficient Multi-LLM Serving", arXiv 2505.04021 (2025), KVPR-based
placement; in this form the starting program of the published placement task.
"""


def place(gpus: int, memory: int, models: list[dict]) -> list[int]:
    """GPU of each model; ties to the lower GPU."""
    free, load, gpu_of = [memory] * gpus, [0.0] * gpus, [0] * len(models)
    for m in sorted(range(len(models)), key=lambda m: -models[m]["rate"] / models[m]["slo"]):
        size = models[m]["size"]
        # The published program also fills a GPU to the last GB; that leaves no KV cache, so it is no choice here.
        fits = [g for g in range(gpus) if free[g] > size] or [free.index(max(free))]
        best = min(fits, key=lambda g: load[g] / free[g] if free[g] > 0 else float("inf"))
        gpu_of[m] = best
        free[best] -= size
        load[best] += models[m]["rate"] / models[m]["slo"]
    return gpu_of
