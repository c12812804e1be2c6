"""Stress instances for the robustness filter, some of each class, with models of train; none is among the held-out ones."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made

FAMILIES = {
    "one-gpu": "there is a single GPU, so that only the micro-batch and what is recomputed can be chosen",
    "one-node": "there is a single node",
    "thousand": "there are 512 or 1,024 GPUs",
    "other-gpus": "GPUs of other makers and kinds, with more or less memory or only four in a node",
    "crawling": "the network between nodes is ten times slower than usual",
    "pairs": "nodes have two GPUs",
    "odd": "hardly anything divides the layers and heads, so that few plans are allowed",
    "long": "sequences are 32,768 tokens long",
    "small-batch": "an iteration has few sequences",
    "noisy": "times are measured with an error of 15 %",
    "exact": "times are measured without error",
    "tiny-budget": "there are only three runs",
    "other-software": "the software is far faster or slower than usual in some respects",
}
"""Description of each class, for messages."""

COPIES = 2


def instances(seed: int) -> list[Instance]:
    """Generate the instances of each class from a random seed."""
    models = made.POOLS[Split.TRAIN]
    return [made.strange(f"gate-{seed}-{family}-{copy}", family, models) for family in FAMILIES for copy in range(COPIES)]
