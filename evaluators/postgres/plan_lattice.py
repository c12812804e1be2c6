"""Which plan a query gets for every set of candidate indexes, from few questions to the planner."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple, TypeVar

S = TypeVar("S", bound=Hashable)


class Choice(NamedTuple):
    """A plan that some set of indexes leads to: its estimated cost, the candidate indexes it uses (bit mask), its digest."""

    estimate: float
    uses: int
    plan: str


Explain = Callable[[int, Sequence[S]], Sequence[Choice]]
"""Plans under a set of visible candidate indexes (bit mask), one for each setting of the knobs."""


def enumerate_choices(explain: Explain[S], everything: int, settings: Sequence[S]) -> dict[S, list[Choice]]:
    """All plans that subsets of `everything` lead to, by setting, least estimate first.

    A planner takes the plan with the least estimate. If with a set of indexes it takes a plan that uses only some of them,
    taking away one of the others changes nothing; so only used ones are taken away, one at a time, and what that leads to is
    the whole answer: for any set the plan is the first in the list whose indexes are all in it (`choose`). This is how
    AutoAdmin's atomic configurations work (Chaudhuri, Narasayya, VLDB 1997).

    A set is asked about for all settings at once, so that showing and hiding indexes is rare.
    """
    found: dict[S, set[Choice]] = {setting: set() for setting in settings}
    waiting: dict[int, dict[S, None]] = {everything: dict.fromkeys(settings)}
    while waiting:
        visible = max(waiting, key=lambda mask: (mask.bit_count(), mask))
        asked = list(waiting.pop(visible))
        for setting, choice in zip(asked, explain(visible, asked), strict=True):
            found[setting].add(choice)
            for bit in _bits(choice.uses):
                waiting.setdefault(visible & ~bit, {})[setting] = None
    return {setting: sorted(choices) for setting, choices in found.items()}


def choose(choices: Sequence[Choice], visible: int) -> Choice:
    """The plan for a set of visible indexes."""
    return next(choice for choice in choices if choice.uses & ~visible == 0)


def _bits(mask: int) -> list[int]:
    return [1 << i for i in range(mask.bit_length()) if mask >> i & 1]
