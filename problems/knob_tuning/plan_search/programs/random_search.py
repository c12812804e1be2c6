"""Random search: each run is an allowed plan drawn evenly, setting by setting."""

import random


def suggest(space, job, cluster, history, seed):
    """Suggest a plan by chance, one that was not run yet."""
    rng = random.Random(f"{seed} {len(history)}")
    return drawn(space, job, cluster, rng, [run["plan"] for run in history])


def drawn(space, job, cluster, rng, known):
    """An allowed plan by chance: values are drawn until they go together."""
    plan = known[0]
    for _ in range(2000):
        plan = {name: rng.choice(values) for name, values in space.items()}
        if allowed(plan, job, cluster) and plan not in known:
            return plan
    return known[0]


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
