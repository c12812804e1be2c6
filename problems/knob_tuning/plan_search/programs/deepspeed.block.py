"""DeepSpeed's autotuner, fast mode: data parallelism only, stages of ZeRO in turn, micro-batches doubled while that helps.

By the DeepSpeed documentation (Autotuning, 2021): stages for which weights, gradients and states do not fit are left out; for each
other stage, micro-batches grow until the throughput falls or memory is exceeded; a stage that is no better than the one before
ends the search. Activations are recomputed in full, as in its examples.
"""


def suggest(space, job, cluster, history, seed):
    """Suggest the next run; what the history shows decides, and no chance."""
    known = {tuple(run["plan"].values()): run["seconds"] for run in history}
    gpus = cluster["gpus"]
    layer = (3 if job["gated"] else 2) * job["hidden"] * job["ffn"] + 4 * job["hidden"] ** 2
    weights = job["layers"] * layer + 2 * job["vocabulary"] * job["hidden"]
    fastest = None
    for stage in space["sharding"]:
        each = (18, 6 + 12 / gpus, 2 + 16 / gpus, 18 / gpus)[stage]
        if weights * each > cluster["memory_gb"] * 1e9:
            continue
        stages_best = None
        for micro_batch in space["micro_batch"]:
            plan = {
                "tensor": 1, "pipeline": 1, "chunks": 1, "micro_batch": micro_batch, "recompute": "full", "sharding": stage,
                "sequence_parallel": False,
            }  # fmt: skip
            if not allowed(plan, job, cluster):
                continue
            key = tuple(plan.values())
            if key not in known:
                return plan
            if known[key] is None or (stages_best is not None and known[key] >= stages_best):
                break
            stages_best = known[key]
        if stages_best is not None and fastest is not None and stages_best >= fastest:
            break
        if stages_best is not None:
            fastest = stages_best
    return min((run for run in history if run["seconds"] is not None), key=lambda run: run["seconds"])["plan"]


# The rest is from seed.py: allowed.
