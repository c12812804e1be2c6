"""What is within reach: a placement made for draws of the next window, by somebody who knows all that draws it but chance."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from evaluators.eplb.bounds import pack, replicate
from evaluators.eplb.verifier import ExpertPlacementVerifier
from workbench.model import Instance

from . import instances as made

DRAWS, STEPS = 256, 6000
"""Next windows that a placement is made for; changes to it that are tried in each layer."""

WORDS = (
    "a placement that local search makes for the mean over 256 further draws of the next window, with the true popularities, "
    "drift and jumps of the generator"
)


def objective(instance: Instance) -> float:
    """Return what the oracle reaches on an instance of train or validation."""
    layers = len(instance.data["prev"])
    a, _, kind = instance.family.removeprefix("a").partition("-")
    if instance.family == "full":
        skew, rho, jump = *made.WHOLE, 0.0
    else:
        skew, rho, jump = float(a), 0.9 if kind == "jump" else float(kind[1:]), made.JUMP if kind == "jump" else 0.0
    past, now = made.history(made._rng(instance.id), layers, skew, rho, jump=jump)
    if np.array(past).tolist() != instance.data["history"]:
        raise ValueError(f"{instance.id} was not drawn as its family says")
    rng = made._rng(f"reachable {instance.id}")
    draws = np.array([now.drifted(rng).shares() for _ in range(DRAWS)])
    maps = [_Layer(draws[:, layer], random.Random(f"{instance.id} {layer}")).placed() for layer in range(layers)]
    return ExpertPlacementVerifier().run(instance, lambda *args: maps).objective  # type: ignore[arg-type]


class _Layer:
    """A placement of one layer: greedy for the mean of the draws, then changes that lower the mean of the busiest GPU."""

    def __init__(self, draws: made.Floats, rng: random.Random) -> None:
        self._draws, self._rng = draws, rng
        mean = draws.mean(axis=0).tolist()
        copies = replicate(mean, made.GPUS, made.SLOTS)
        self._held = pack(mean, copies, made.GPUS, made.SLOTS // made.GPUS)
        self._copies = np.array(copies)
        self._on: list[set[int]] = [set() for _ in mean]
        for gpu, experts in enumerate(self._held):
            for expert in experts:
                self._on[expert].add(gpu)

    def _loads(self) -> made.Floats:
        share = self._draws / self._copies
        return np.stack([share[:, experts].sum(axis=1) for experts in self._held], axis=1)

    def placed(self) -> list[int]:
        """Return the expert in each slot."""
        loads = self._loads()
        best = float(loads.max(axis=1).mean())
        for _ in range(STEPS):
            # GPUs that are often the busiest are changed more often.
            busiest = int(loads[self._rng.randrange(len(self._draws))].argmax())
            other = self._rng.randrange(made.GPUS)
            changed = self._exchanged(loads, busiest, other) if self._rng.random() < 0.7 else self._replaced(loads, busiest, other)
            if changed is not None and (value := float(changed[0].max(axis=1).mean())) < best:
                loads, best = changed[0], value
                self._take(changed[1])
        return [expert for experts in self._held for expert in experts]

    def _exchanged(self, loads: made.Floats, one: int, other: int) -> tuple[made.Floats, Sequence[tuple[int, int, int]]] | None:
        i, j = self._rng.randrange(len(self._held[one])), self._rng.randrange(len(self._held[other]))
        e, f = self._held[one][i], self._held[other][j]
        if one == other or one in self._on[f] or other in self._on[e]:
            return None
        shift = self._draws[:, e] / self._copies[e] - self._draws[:, f] / self._copies[f]
        found = loads.copy()
        found[:, one] -= shift
        found[:, other] += shift
        return found, ((one, i, f), (other, j, e))

    def _replaced(self, loads: made.Floats, busy: int, gpu: int) -> tuple[made.Floats, Sequence[tuple[int, int, int]]] | None:
        # One more copy of an expert of a busy GPU, in place of a copy that can be spared.
        i = self._rng.randrange(len(self._held[gpu]))
        e, f = self._held[gpu][i], self._rng.choice(self._held[busy])
        if e == f or self._copies[e] == 1 or gpu in self._on[f]:
            return None
        found = loads.copy()
        for expert, change in ((e, -1), (f, 1)):
            before, after = (self._draws[:, expert] / (self._copies[expert] + by) for by in (0, change))
            found[:, list(self._on[expert])] += (after - before)[:, None]
            found[:, gpu] += after if change == 1 else -after
        return found, ((gpu, i, f),)

    def _take(self, changes: Sequence[tuple[int, int, int]]) -> None:
        for gpu, i, expert in changes:
            old = self._held[gpu][i]
            self._on[old].discard(gpu)
            self._copies[old] -= 1
            self._held[gpu][i] = expert
            self._on[expert].add(gpu)
            self._copies[expert] += 1
