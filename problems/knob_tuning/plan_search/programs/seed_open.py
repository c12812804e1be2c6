"""The whole program may change: the fastest plan so far is loosened, one setting after the other, then changed by chance."""

import random


# EVOLVE-BLOCK-START
def suggest(space, job, cluster, history, seed):
    """Suggest an allowed plan for the next run (see statement.md for the arguments)."""
    rng = random.Random(f"{seed} {len(history)}")
    best = min((run for run in history if run["seconds"] is not None), key=lambda run: run["seconds"])["plan"]
    known = [run["plan"] for run in history]
    steps = [
        {"recompute": "selective"}, {"tensor": best["tensor"] // 2}, {"pipeline": best["pipeline"] // 2},
        {"micro_batch": 2 * best["micro_batch"]}, {"recompute": "none"}, {"sequence_parallel": best["tensor"] > 1},
        {"tensor": best["tensor"] // 2, "pipeline": 2 * best["pipeline"]},
    ]  # fmt: skip
    for step in steps:
        plan = {**best, **step}
        if plan["tensor"] == 1:
            plan["sequence_parallel"] = False
        if all(plan[name] in values for name, values in space.items()) and allowed(plan, job, cluster) and plan not in known:
            return plan
    for _ in range(1000):
        plan = {**best, **{name: rng.choice(space[name]) for name in rng.sample(list(space), 2)}}
        if allowed(plan, job, cluster) and plan not in known:
            return plan
    return best


def allowed(plan, job, cluster):
    """Whether the job can run with a plan."""
    tensor, pipeline, chunks = plan["tensor"], plan["pipeline"], plan["chunks"]
    if cluster["gpus"] % (tensor * pipeline) or job["layers"] % (pipeline * chunks):
        return False
    data = cluster["gpus"] // (tensor * pipeline)
    if job["heads"] % tensor or job["ffn"] % tensor or (job["kv_heads"] % tensor and tensor % job["kv_heads"]):
        return False
    if job["batch"] % (data * plan["micro_batch"]):
        return False
    if chunks > 1 and (pipeline == 1 or job["batch"] // (data * plan["micro_batch"]) % pipeline):
        return False
    if plan["sharding"] > (0 if data == 1 else 1 if pipeline > 1 else 3):
        return False
    return tensor > 1 or not plan["sequence_parallel"]


# EVOLVE-BLOCK-END
