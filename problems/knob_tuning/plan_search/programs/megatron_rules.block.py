"""Megatron's rules, then a sweep (Narayanan et al. 2021; Korthikanti et al. 2022).

Tensor parallelism up to the GPUs of a node, then pipeline stages, no more of both than the model needs to fit; the rest is data
parallel, with the optimizer's states distributed. Activations are recomputed selectively, with sequence parallelism. Where that
does not fit, the next larger degree is run. Then micro-batches are doubled while that helps, chunks are tried, and recomputation
is left out.
"""

LIMIT = 0.8  # share of memory for weights, gradients and states: the rest is for activations


def suggest(space, job, cluster, history, seed):
    """Suggest the next run of the sweep; what the history shows decides, and no chance."""
    known = {tuple(run["plan"].values()): run["seconds"] for run in history}
    best = None
    for plan in degrees(space, job, cluster):
        key = tuple(plan.values())
        if key not in known:
            return plan
        if known[key] is not None:
            best = plan
            break
    if best is None:
        return history[0]["plan"]
    for name, values in (
        ("micro_batch", space["micro_batch"]), ("chunks", space["chunks"]), ("recompute", ("none",)),
        ("micro_batch", space["micro_batch"]), ("sharding", (0, 2)),
    ):  # fmt: skip
        for value in values:
            if name in ("micro_batch", "chunks") and value <= best[name]:
                continue
            plan = {**best, name: value}
            if not allowed(plan, job, cluster):
                continue
            key = tuple(plan.values())
            if key not in known:
                return plan
            if known[key] is None or known[key] >= known[tuple(best.values())]:
                break
            best = plan
    return best


def degrees(space, job, cluster):
    """Plans in the order of their degree of model parallelism, beginning with the least that should fit."""
    found = []
    for tensor in space["tensor"]:
        for pipeline in space["pipeline"]:
            if tensor > cluster["gpus_per_node"] or (pipeline > 1 and tensor < min(cluster["gpus_per_node"], max(space["tensor"]))):
                continue
            data = cluster["gpus"] // (tensor * pipeline)
            plan = {
                "tensor": tensor, "pipeline": pipeline, "chunks": 1, "micro_batch": 1, "recompute": "selective",
                "sharding": int(data > 1), "sequence_parallel": tensor > 1,
            }  # fmt: skip
            if allowed(plan, job, cluster):
                layer = (3 if job["gated"] else 2) * job["hidden"] * job["ffn"] + 4 * job["hidden"] ** 2
                own = (job["layers"] * layer / pipeline + job["vocabulary"] * job["hidden"]) / tensor
                if own * (6 + 12 / data) <= LIMIT * cluster["memory_gb"] * 1e9:
                    found.append((tensor * pipeline, tensor, plan))
    return [plan for _, _, plan in sorted(found, key=lambda entry: entry[:2])]


# The rest is from seed.py: allowed.
