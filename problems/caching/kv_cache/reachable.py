"""What is within reach: Belady's rule for a server that sees the next few requests alone."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from evaluators.kv_cache.verifier import CacheReplay, Trace
from workbench.model import Instance

LOOKAHEAD = 10
"""Requests to come that the oracle sees."""

WORDS = f"Belady's rule that sees the next {LOOKAHEAD} requests of a node, and is LengthAware where none of them asks for a block"


def objective(instance: Instance) -> float:
    """Return what the oracle reaches on an instance."""
    return CacheReplay(prefix=True).run(instance, _Lookahead(Trace.from_data(instance.data), LOOKAHEAD)).objective


class _Lookahead:
    """Drops the block whose next use is latest; one that none of the next requests asks for counts as never used again."""

    def __init__(self, trace: Trace, ahead: int) -> None:
        self._trace, self._ahead = trace, ahead
        self.begin()

    def __call__(self, *args: Any) -> Any:
        raise TypeError("an online verifier calls methods")

    def begin(self, *args: Any) -> None:
        self._served = 0
        self._uses: Counter[int] = Counter()
        self._cached: dict[int, tuple[int, int, int]] = {}  # by worth, as in LengthAware

    def call(self, method: str, served: list[dict[str, Any]], need: int) -> list[int]:
        for request in served:
            self._served += 1
            for position, block in enumerate(request["blocks"]):
                self._uses[block] += 1
                self._cached[block] = self._uses[block], -position, self._served
        soon: dict[int, int] = {}
        for number in range(self._served, min(self._served + self._ahead, len(self._trace.requests))):
            for block in self._trace.requests[number]:
                soon.setdefault(block, number)
        # The blocks before one are used as often and no later, so that whole beginnings of prompts stay.
        order = sorted(self._cached, key=lambda block: (-soon.get(block, math.inf), self._cached[block]))
        for block in order[:need]:
            del self._cached[block]
        return order[:need]
