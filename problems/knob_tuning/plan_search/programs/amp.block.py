"""AMP (Li, Wang, Xing, Zhang 2022): all degrees and micro-batches ranked by a cost model from the data sheet, run in that order.

The model adds computation, reductions of tensor parallelism and messages between stages of the slowest stage for each micro-batch,
the filling of the pipeline, and the reduction of gradients. It has no model of memory. What it does not choose is fixed: full
recomputation and distributed states of the optimizer, as in the Megatron and DeepSpeed of its experiments.
"""

COMPUTE = 0.5  # share of peak that is reached


def suggest(space, job, cluster, history, seed):
    """Suggest the plan with the least estimated time that was not run yet."""
    known = [run["plan"] for run in history]
    best = None
    for tensor in space["tensor"]:
        for pipeline in space["pipeline"]:
            for micro_batch in space["micro_batch"]:
                plan = {
                    "tensor": tensor, "pipeline": pipeline, "chunks": 1, "micro_batch": micro_batch, "recompute": "full",
                    "sharding": int(cluster["gpus"] > tensor * pipeline), "sequence_parallel": False,
                }  # fmt: skip
                if allowed(plan, job, cluster) and plan not in known:
                    seconds = estimate(tensor, pipeline, micro_batch, job, cluster)
                    if best is None or seconds < best[0]:
                        best = (seconds, plan)
    return best[1] if best else known[0]


def estimate(tensor, pipeline, micro_batch, job, cluster):
    """Seconds of an iteration."""
    data = cluster["gpus"] // (tensor * pipeline)
    micro_batches = job["batch"] // (data * micro_batch)
    tokens = micro_batch * job["sequence"]
    layer = (3 if job["gated"] else 2) * job["hidden"] * job["ffn"] + 4 * job["hidden"] ** 2
    inside, outside = cluster["link_gb_s"] * 1e9, cluster["network_gb_s"] * 1e9 / cluster["gpus_per_node"]
    compute = 8 * tokens * (layer + 2 * job["sequence"] * job["hidden"]) / tensor / (COMPUTE * cluster["tflops"] * 1e12)
    reduce = (
        6 * 2 * (tensor - 1) / tensor * 2 * tokens * job["hidden"] / (inside if tensor <= cluster["gpus_per_node"] else outside)
    )
    stage = job["layers"] / pipeline * (compute + reduce)
    hop = 0 if pipeline == 1 else 4 * tokens * job["hidden"] / (inside if tensor * data < cluster["gpus_per_node"] else outside)
    weights = (job["layers"] * layer / pipeline + job["vocabulary"] * job["hidden"]) / tensor
    gradients = 2 * (data - 1) / data * 2 * weights / (inside if tensor * data <= cluster["gpus_per_node"] else outside)
    return (micro_batches - 1) * (stage + hop) + pipeline * (stage + hop) + gradients


# The rest is from seed.py: allowed.
