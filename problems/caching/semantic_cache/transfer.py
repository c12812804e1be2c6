"""Another set of texts: the intents of customers of one bank, much alike. Nothing is tuned on these."""

from __future__ import annotations

from workbench.model import Instance

from . import instances as made
from .streams import Texts, recorded, rng_of, stream

SOURCE = "Banking77 (Casanueva et al., NLP4ConvAI 2020), three random groups of its intents as categories"

_COPIES = 8


def instances() -> list[Instance]:
    """Draw streams of each class."""
    bank = recorded("banking77")
    (intents,) = bank.domains.values()
    found = []
    for family, shape in made.CLASSES.items():
        for copy in range(_COPIES):
            id = f"transfer-{family}-{copy}"
            rng = rng_of(id)
            order = rng.sample(list(intents), len(intents))
            # Two of five intents are never popular: each of their texts has an answer of its own.
            texts = Texts(bank.dims, {str(k): order[k:45:3] for k in range(3)}, [text for own in order[45:] for text in own])
            found.append(Instance(id, f"bank-{family}", stream(texts, shape, rng)))
    return found
