"""Instances as those of the test split, drawn for one program: pieces of the recording of test, put together anew."""

from __future__ import annotations

import random

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 9
"""Instances of each load."""
_PIECE = 100
"""Number of consecutive requests that stay together."""


def instances(seed: int) -> list[Instance]:
    """Draw windows of the loads of test, with new guesses and clients."""
    rows, found = made.part(Split.TEST), []
    for rate in (*made.RATES, made.FURTHER_RATE):
        for copy in range(_COPIES):
            id = f"fresh-{seed}-{rate}-{copy}"
            drawn = _drawn(rows, random.Random(f"load_balancing/llm_serving pieces {id}"))
            found.append(made.replay(id, f"load-{rate}", drawn, rate))
    return found


def _drawn(rows: tuple[made.Row, ...], rng: random.Random) -> list[made.Row]:
    """Put pieces together: each begins at a random request, after the gap that was before that in the trace."""
    found: list[made.Row] = []
    now = 0.0
    while len(found) < made.WINDOW:
        first = rng.randrange(1, len(rows) - _PIECE + 1)
        for before, row in zip(rows[first - 1 :], rows[first : first + _PIECE], strict=False):
            now += row[0] - before[0]
            found.append((now, *row[1:]))
    return found[: made.WINDOW]
