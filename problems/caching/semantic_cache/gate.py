"""Stress instances for the robustness filter, one of each class, over the texts of train; none is among the held-out ones."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made
from .streams import rng_of, stream, texts_of

FAMILIES = {
    "long": "there are four times as many queries and steps",
    "crowd": "all queries come in a few steps, a hundred at once",
    "verbatim": "every intent is asked in one wording only",
    "tiny": "there is room for three answers",
    "roomy": "there is room for all answers",
    "turned": "in the middle other intents become popular",
    "fleeting": "answers change every few steps",
    "lasting": "answers never change, and popularity neither",
    "dear": "a wrong answer costs thirty calls of the model",
    "cheap": "a wrong answer costs no more than a call of the model",
    "strange": "most queries belong to no intent and have an answer of their own",
    "personal": "every second query has an answer of its own, though its text is that of others",
    "one-category": "all queries are of one category",
}
"""Description of each class, for messages."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed; like the held-out ones, with other texts."""
    found = []
    for family, shape in made.STRESS.items():
        id = f"gate-{seed}-{family}"
        found.append(Instance(id, family, stream(texts_of(Split.TRAIN), shape, rng_of(id))))
    return found
