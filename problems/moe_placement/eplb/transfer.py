"""Another generator: traffic is a mix of topics, which wanders and takes all layers along. Nothing is tuned on these."""

from __future__ import annotations

import zlib

import numpy as np

from workbench.model import Instance

from . import instances as made

SOURCE = "traffic as a wandering mix of topics, as in the model of Blei, Ng and Jordan, JMLR 3 (2003)"

_TOPICS, _LAYERS = 20, 3


def instances() -> list[Instance]:
    """Twelve instances for each of three speeds at which the mix wanders."""
    found = []
    for step in (0.1, 0.3, 0.9):
        for copy in range(12):
            id = f"transfer-step{step}-{copy}"
            rng = np.random.RandomState(zlib.crc32(f"moe_placement/eplb {id}".encode()))
            found.append(made._instance(id, f"topics-{step}", _counts(rng, step), futures=made.FUTURES))
    return found


def _counts(rng: np.random.RandomState, step: float) -> made.Counts:
    # In each layer a topic uses few experts; the share of a topic follows a random walk without a mean to return to.
    experts = np.array([rng.dirichlet(np.full(made.EXPERTS, 0.1), _TOPICS) for _ in range(_LAYERS)])
    walk = rng.standard_normal(_TOPICS)
    walks = [walk := walk + step * rng.standard_normal(_TOPICS) for _ in range(made.WINDOWS)]
    walks += [walk + step * rng.standard_normal(_TOPICS) for _ in range(made.FUTURES)]
    counts = []
    for each in walks:
        mix = np.exp(each) / np.exp(each).sum()
        counts.append([rng.multinomial(made.TOKENS, mix @ layer / (mix @ layer).sum()) for layer in experts])
    return np.array(counts)
