"""Search for a training plan: from the fastest plan so far, try the change that seems most worth a run - here any one, by chance.

The part between the markers scores one change; the functions below it make the changes and tell what is known of them.
"""

import random


# EVOLVE-BLOCK-START
def worth(
    tensor: int,
    pipeline: int,
    data: int,
    micro_batch: int,
    chunks: int,
    recompute: int,
    sharding: int,
    split: int,
    bubble: float,
    tokens: float,
    across: int,
    states: float,
    kept: float,
    hopeless: int,
    size: int,
    tried: int,
    gained: float,
    left: float,
    luck: float,
) -> float:
    """Score of a plan near the fastest so far; the one with the greatest is run next.

    tensor       GPUs that share a layer
    pipeline     stages
    data         copies of the model, each with its share of the batch
    micro_batch  sequences that go through the pipeline together
    chunks       parts of a stage
    recompute    0: none, 1: selective, 2: full
    sharding     stage of ZeRO, 0 to 3
    split        1: sequence_parallel
    bubble       stages less one over chunks and micro-batches: idle time of a pipeline, as a share
    tokens       thousands of tokens of a micro-batch on a GPU: those of its sequences over tensor
    across       1: GPUs that share a layer are on more than one node
    states       rough share of memory for weights, gradients and optimizer
    kept         rough share of memory for what the backward pass needs
    hopeless     runs that were out of memory with a plan that takes no more of anything
    size         how many settings differ from the fastest plan
    tried        runs so far with one of these settings
    gained       share of the time that these runs saved on average, each against the fastest before it; 0 if none
    left         share of the budget that is left
    luck         a random number in 0..1
    """
    return luck


# EVOLVE-BLOCK-END

LEVELS = {"none": 0, "selective": 1, "full": 2}
PAIRS = 120  # changes of two settings that are looked at


def suggest(space: dict, job: dict, cluster: dict, history: list[dict], seed: int) -> dict:
    """Suggest the plan of the next run.

    Parameters
    ----------
    space
        Values of each setting that occur in any allowed plan, by its name: tensor, pipeline, chunks, micro_batch, recompute,
        sharding, sequence_parallel. Not every combination is allowed; see `allowed`.
    job
        `layers`, `hidden`, `heads`, `kv_heads`, `head_size`, `ffn`, `gated`, `vocabulary` of the model, `batch` (sequences in an
        iteration), `sequence` (tokens in each) and `budget` (runs in all).
    cluster
        `gpus`, `gpus_per_node`; of each GPU `tflops`, `memory_gb`, `memory_gb_s`, `link_gb_s` (within a node); `network_gb_s` of
        each node; `flash`: attention keeps no matrix of scores.
    history
        A careful plan that fits first, then the runs in order: {"plan", "seconds" of an iteration, "memory_gb" of the fullest
        GPU}; both None if a GPU ran out of memory. Times are measured with some noise.
    seed
        For random choices; its own for every job.

    Returns
    -------
    dict
        An allowed plan: a value of each setting.

    Examples
    --------
    >>> suggest(space, job, cluster, history, 7)
    {"tensor": 2, "pipeline": 4, "chunks": 1, "micro_batch": 2, "recompute": "selective", "sharding": 1, "sequence_parallel": True}
    """
    rng = random.Random(f"{seed} {len(history)}")
    best = min((run for run in history if run["seconds"] is not None), key=lambda run: run["seconds"])["plan"]
    measured = [run["plan"] for run in history]
    failed = [weights_of(run["plan"]) for run in history if run["seconds"] is None]
    touched = effects(history)
    top = None
    for plan in changes(space, best, rng):
        luck = rng.random()
        if plan in measured or not allowed(plan, job, cluster):
            continue
        value = worth(
            *known(plan, job, cluster),
            sum(lighter(weights, weights_of(plan)) for weights in failed),
            *experience(touched, best, plan),
            1 - len(history) / (job["budget"] + 1),
            luck,
        )
        if not abs(value) < 1e300:  # infinite or no number: the last resort
            value = -1e300
        if top is None or value > top[0]:
            top = (value, plan)
    return top[1] if top else best


def changes(space, best, rng):
    """Plans with one other setting, and some with two."""
    single = [(name, value) for name, values in space.items() for value in values if value != best[name]]
    found = [{**best, name: value} for name, value in single]
    pairs = [(a, b) for i, a in enumerate(single) for b in single[i + 1 :] if a[0] != b[0]]
    return found + [{**best, **dict(pair)} for pair in rng.sample(pairs, min(PAIRS, len(pairs)))]


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


def known(plan, job, cluster):
    """A plan in numbers, from its degrees to rough shares of memory."""
    tensor, pipeline, chunks, sharding = plan["tensor"], plan["pipeline"], plan["chunks"], plan["sharding"]
    recompute = LEVELS[plan["recompute"]]
    data = cluster["gpus"] // (tensor * pipeline)
    micro_batches = job["batch"] // (data * plan["micro_batch"])
    tokens = plan["micro_batch"] * job["sequence"]
    layer = (3 if job["gated"] else 2) * job["hidden"] * job["ffn"] + 4 * job["hidden"] ** 2
    own = (job["layers"] * layer / pipeline + job["vocabulary"] * job["hidden"]) / tensor
    each = 18 if sharding == 0 else 6 + 12 / data if sharding == 1 else 2 + 16 / data if sharding == 2 else 18 / data
    waiting = min(pipeline, micro_batches) * job["layers"] / pipeline
    kept = tokens * job["hidden"] * (34, 26, 2)[recompute] * waiting / (tensor if plan["sequence_parallel"] or recompute < 2 else 1)
    memory = cluster["memory_gb"] * 1e9
    return (
        tensor, pipeline, data, plan["micro_batch"], chunks, recompute, sharding, int(plan["sequence_parallel"]),
        (pipeline - 1) / (chunks * micro_batches), tokens / tensor / 1000, int(tensor > cluster["gpus_per_node"]),
        own * each / memory, kept / memory,
    )  # fmt: skip


def weights_of(plan):
    """What makes a plan need memory: the greater, the more."""
    recompute, split = LEVELS[plan["recompute"]], plan["sequence_parallel"]
    return (-plan["tensor"], -plan["pipeline"], plan["micro_batch"], plan["chunks"] > 1, -recompute, -plan["sharding"], not split)


def lighter(one, other):
    """Whether one plan takes no more of anything than another."""
    return all(a <= b for a, b in zip(one, other, strict=True))


def settings(plan, other):
    """Settings of a plan that differ from those of another."""
    return [(name, value) for name, value in plan.items() if value != other[name]]


def effects(history):
    """For each setting that runs changed to, the shares of the time that they saved; a run out of memory lost it all."""
    found = {}
    best = history[0]
    for run in history[1:]:
        share = -1.0 if run["seconds"] is None else 1 - run["seconds"] / best["seconds"]
        for setting in settings(run["plan"], best["plan"]):
            found.setdefault(setting, []).append(share)
        if share > 0:
            best = run
    return found


def experience(touched, best, plan):
    """How many settings a plan changes, how many runs had one of them, and what those gained on average."""
    changed = settings(plan, best)
    gains = [gain for setting in changed for gain in touched.get(setting, ())]
    return len(changed), len(gains), sum(gains) / len(gains) if gains else 0.0
