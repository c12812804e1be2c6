"""What is within reach: a program with perfect hints, for all layers of a token to its end, that knows nothing of later tokens."""

from __future__ import annotations

from typing import Any

from evaluators.expert_cache.verifier import ExpertCache
from workbench.model import Instance

_FORGET = 0.93
"""What is left of the weight of a token with each further one."""

WORDS = (
    "a program that sees what all later layers of a token will use, but nothing of later tokens, and else keeps what the latest "
    "tokens used"
)


def objective(instance: Instance) -> float:
    """Return what the oracle reaches on an instance."""
    return ExpertCache().run(instance, _Foresight(instance.data["need"])).objective


class _Foresight:
    """Exchanges the experts that are least likely to be used soon for those that will be."""

    def __init__(self, need: list[list[int]]) -> None:
        self._need = need

    def __call__(self, *args: Any) -> Any:
        raise TypeError("an online verifier calls methods")

    def begin(self, info: dict[str, Any]) -> None:
        """Start from the counts of other requests."""
        self._layers, self._experts, self._number = info["layers"], info["experts"], 0
        self._held = set(info["resident"])
        self._rate = [info["top_k"] * count / max(1, sum(row)) for row in info["usage"] for count in row]

    def call(self, method: str, news: dict[str, Any]) -> dict[str, list[int]]:
        """Answer one step."""
        self._held.difference_update(news["dropped"])
        self._held.update(news["loaded"])
        layer, need = news["layer"], news["need"]
        for e in range(layer * self._experts, (layer + 1) * self._experts):
            self._rate[e] = _FORGET * self._rate[e] + (1 - _FORGET) * (e in need)
        coming = self._need[self._number + 1 : self._number + self._layers - layer]
        self._number += 1
        ahead = {e: distance for distance, row in enumerate(coming, 1) for e in row}

        def worth(e: int) -> tuple[float, float]:
            if e in ahead:
                return 1.0, -float(ahead[e])
            distance = self._layers + e // self._experts - layer  # the next token is the next chance, whatever the layer
            return 0.0, self._rate[e] / distance

        missing = [e for e in need if e not in self._held]
        wanted = sorted(ahead.keys() - self._held, key=lambda e: (ahead[e], e))
        spare = sorted(self._held - {*need, news["loading"]}, key=lambda e: (worth(e), e))
        drop, prefetch = spare[: len(missing)], []
        for e, victim in zip(wanted, spare[len(missing) :], strict=False):
            if worth(victim) >= worth(e):
                break
            prefetch.append(e)
            drop.append(victim)
        return {"drop": drop, "prefetch": prefetch}
