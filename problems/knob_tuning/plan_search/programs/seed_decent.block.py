"""Search for a training plan: from the fastest plan so far, try the change that rules of thumb and experience favour.

The part between the markers scores one change; the functions below it make the changes and tell what is known of them.
"""

import random

# EVOLVE-BLOCK-START
TUNABLE = {
    "TENSOR": (0.0, 0.3), "ACROSS": (0.0, 2.0), "BUBBLE": (0.0, 1.0), "AGAIN": (0.0, 0.3), "SMALL": (0.0, 0.5),
    "SHARD": (0.0, 0.2), "FULL": (0.0, 4.0), "LIMIT": (0.5, 1.1), "GAINED": (0.0, 1.0), "TRIED": (0.0, 0.1),
}  # fmt: skip
TENSOR = 0.05  # share of the time for each doubling of the GPUs that share a layer
ACROSS = 0.5  # for sharing layers over nodes
BUBBLE = 0.7  # of the idle share
AGAIN = 0.1  # for each level of recomputing
SMALL = 0.15  # over the thousands of tokens of a micro-batch on a GPU
SHARD = 0.03  # for sharding beyond the optimizer's states
FULL = 2.0  # for what is above the limit of memory
LIMIT = 0.85  # share of memory that may be planned
GAINED = 0.3  # how far experience counts
TRIED = 0.01  # what a change loses each time that it was tried


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
    time = TENSOR * (tensor - 1) ** 0.5 + ACROSS * across + BUBBLE * bubble + AGAIN * recompute + SMALL / (tokens + 0.1)
    time += SHARD * max(0, sharding - 1) - 0.02 * split
    over = max(0.0, states + kept - LIMIT) + hopeless
    return GAINED * gained - TRIED * tried - time - FULL * over + 0.01 * luck


# EVOLVE-BLOCK-END
# The rest is from seed.py.
