"""A router of a mixture-of-experts model: hidden states drift from layer to layer, and each layer keeps the best experts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

WIDTH = 12
"""Numbers in a hidden state."""
_ONE = 256
"""Hidden states and routers are whole multiples of 1 / _ONE: sums of products are then exact on every machine."""
VOCABULARY, TOPICS = 300, 8


@dataclass(frozen=True)
class Law:
    """What the routing of a model and its requests are drawn from.

    Attributes
    ----------
    word, topic, chance
        Shares of a hidden state's variance that come from the token, from what the request is about, and from neither.
    carry
        Correlation of a hidden state with that of the next layer, token and topic being the same.
    spread
        Standard deviation of the popularity of experts, where that of a router's scores is 1.
    length
        Mean tokens of a request.
    ahead
        Layers that hints reach.
    """

    word: float = 0.3
    topic: float = 0.4
    chance: float = 0.3
    carry: float = 0.92
    spread: float = 0.35
    length: int = 40
    ahead: int = 2


class Model:
    """Routers, popularities, embeddings and topics of one model, drawn at random."""

    def __init__(self, layers: int, experts: int, top_k: int, law: Law, rng: random.Random) -> None:
        self.layers, self.experts, self.top_k, self._law, self._rng = layers, experts, top_k, law, rng
        self._numbers = np.random.RandomState(rng.getrandbits(32))
        self._router = self._normal(layers, experts, WIDTH)
        self._bias = np.rint(self._normal(layers, experts) * (_ONE * WIDTH**0.5 * law.spread)).astype(np.int64)
        self._words = self._drifting(VOCABULARY)
        self._topics = self._drifting(TOPICS)
        self._order = [rng.sample(range(VOCABULARY), VOCABULARY) for _ in range(TOPICS)]
        self._weights = list(accumulate(1 / (rank + 2) for rank in range(VOCABULARY)))

    def _drifting(self, count: int) -> Ints:
        """Draw `count` vectors that change from layer to layer."""
        carry = self._law.carry
        rows = [self._normal(count, WIDTH)]
        for _ in range(self.layers - 1):
            rows.append(_mix(rows[-1], self._normal(count, WIDTH), carry**2))
        return np.stack(rows, axis=1)

    def _normal(self, *shape: int) -> Ints:
        return np.rint(_ONE * self._numbers.standard_normal(shape)).astype(np.int64)

    def tokens(self, count: int) -> tuple[list[int], list[int], list[int]]:
        """Draw tokens of several requests: their numbers, what each is about, and the tokens that begin a request."""
        rng, ids, about, starts = self._rng, list[int](), list[int](), list[int]()
        while len(ids) < count:
            topic, length = rng.randrange(TOPICS), max(4, round(rng.expovariate(1 / self._law.length)))
            starts.append(len(ids))
            for _ in range(min(length, count - len(ids))):
                said = ids[max(starts[-1], len(ids) - 30) :]
                # A quarter repeats what was said; half of the rest are words of every topic, the others of this one.
                if said and rng.random() < 0.25:
                    word = rng.choice(said)
                else:
                    rank = rng.choices(range(VOCABULARY), cum_weights=self._weights)[0]
                    word = self._order[topic if rng.random() < 0.5 else 0][rank]
                ids.append(word)
                about.append(topic)
        return ids, about, starts

    def states(self, ids: Sequence[int], about: Sequence[int]) -> Ints:
        """Draw the hidden state of each token in each layer: by token, layer and number."""
        law, count = self._law, len(ids)
        mood = [self._normal(WIDTH)]  # what a request says wanders
        for _ in range(count - 1):
            mood.append(_mix(mood[-1], self._normal(WIDTH), 0.9))
        topic = _mix(self._topics[about], np.stack(mood)[:, None, :], 0.6)
        return _sum((self._words[ids], law.word), (topic, law.topic), (self._drifting(count), law.chance))

    def scores(self, states: Ints, layer: int) -> Ints:
        """Scores that the router of a layer gives to all experts, for hidden states by token."""
        return np.asarray(states @ self._router[layer].T + self._bias[layer])

    def best(self, states: Ints, layer: int, count: int) -> list[list[int]]:
        """Return the experts of a layer with the highest scores for each hidden state, by their numbers in the whole model."""
        order = np.argsort(-self.scores(states, layer), axis=1, kind="stable")[:, :count] + layer * self.experts
        found: list[list[int]] = order.tolist()
        return found


def decoded(model: Model, count: int, ahead: int) -> dict[str, Any]:
    """Draw `count` tokens, what they need in each layer, and hints: the next layers' routers on the state of this layer."""
    ids, about, starts = model.tokens(count)
    states = model.states(ids, about)
    need = [model.best(states[:, layer], layer, model.top_k) for layer in range(model.layers)]
    told = min(model.experts, 2 * model.top_k)
    hint = [
        [model.best(states[:, layer], later, told) for later in range(layer + 1, min(layer + 1 + ahead, model.layers))]
        for layer in range(model.layers)
    ]
    steps = [(token, layer) for token in range(count) for layer in range(model.layers)]
    return {
        "token_ids": ids,
        "starts": starts,
        "need": [need[layer][token] for token, layer in steps],
        "hint": [[row[token] for row in hint[layer]] for token, layer in steps],
    }


def usage(model: Model, count: int) -> list[list[int]]:
    """Count how many of `count` tokens of other requests use each expert of each layer."""
    ids, about, _ = model.tokens(count)
    states = model.states(ids, about)
    counts = [[0] * model.experts for _ in range(model.layers)]
    for layer in range(model.layers):
        for row in model.best(states[:, layer], layer, model.top_k):
            for expert in row:
                counts[layer][expert - layer * model.experts] += 1
    return counts


def _mix(one: Ints, other: Ints, share: float) -> Ints:
    return _sum((one, share), (other, 1 - share))


def _sum(*parts: tuple[Ints, float]) -> Ints:
    """Add parts with given shares of the variance."""
    total = sum((part * round(_ONE * share**0.5) for part, share in parts), start=np.int64(0))
    return np.asarray(np.floor_divide(total, _ONE))
