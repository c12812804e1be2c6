"""Plans of a query for all sets of candidate indexes, from few calls of the planner."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple, TypeVar

S = TypeVar("S", bound=Hashable)


class Choice(NamedTuple):
    """A plan chosen for some set of indexes: estimated cost, candidate indexes used (bit mask), and digest."""

    estimate: float
    uses: int
    plan: str


Explain = Callable[[int, Sequence[S]], Sequence[Choice]]
"""Returns the plans under a set of visible candidate indexes (bit mask), one per setting of the knobs."""


def enumerate_choices(explain: Explain[S], everything: int, settings: Sequence[S]) -> dict[S, list[Choice]]:
    """Return all plans for subsets of `everything`, by setting, cheapest estimate first.

    A planner chooses the plan with the lowest estimate. Removing an index that the chosen plan does not use changes nothing.
    It therefore suffices to remove used indexes, one at a time: for any set, the plan is the first in the resulting list whose
    indexes are all in the set (`choose`). This is the principle of AutoAdmin's atomic configurations (Chaudhuri, Narasayya,
    VLDB 1997).

    Each set is evaluated for all settings at once, so that indexes are rarely shown and hidden.
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
    """Return the plan for a set of visible indexes."""
    return next(choice for choice in choices if choice.uses & ~visible == 0)


def _bits(mask: int) -> list[int]:
    return [1 << i for i in range(mask.bit_length()) if mask >> i & 1]
