"""Upper bound on what a cache can save: all queries known, and every answer recognised whatever the words of the query."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from evaluators.own_process import call_ortools
from evaluators.semantic_cache.verifier import Stream
from workbench.errors import ProblemError
from workbench.model import Instance, Reference

Stay = tuple[int, int, int]
"""Number of the batch after which an answer is kept, of the one that asks for it next, and how many of its queries do."""


def solve(instance: Instance) -> Reference:
    """Compute the reference of one instance: most calls of the model that can be saved, in % of all queries."""
    began = time.perf_counter()
    stream = Stream.from_data(instance.data)
    saved, version = call_ortools(most_saved, stays(stream), stream.capacity)
    value = 100 * saved / len(stream.queries)
    return Reference(value, "bound", f"minimum cost flow, OR-Tools {version}", round(time.perf_counter() - began, 4))


def stays(stream: Stream) -> list[Stay]:
    """Return, for each answer, the stretches between the batches that ask for it.

    An answer can only be reused in a batch if it was asked for in an earlier one. Whoever recognises all answers needs one
    slot for each, and keeps it from one batch that asks for it to the next or drops it at once.
    """
    found: list[Stay] = []
    last: dict[int, int] = {}
    for number, (_, batch) in enumerate(stream.batches()):
        for answer, count in Counter(query.answer for query in batch).items():
            if answer in last:
                found.append((last[answer], number, count))
            last[answer] = number
    return found


def most_saved(stretches: Sequence[Stay], capacity: int) -> tuple[int, str]:
    """Return the most queries that kept answers serve, at most `capacity` kept at any time, and the solver's version.

    Choosing intervals of greatest weight, no more than `capacity` over any point, is a flow of slots through time (Carlisle
    and Lloyd 1995).

    Raises
    ------
    ProblemError
        The solver does not find an optimum.
    """
    import ortools
    from ortools.graph.python import min_cost_flow

    if not stretches:
        return 0, ortools.__version__
    model = min_cost_flow.SimpleMinCostFlow()
    last = max(end for _, end, _ in stretches)
    for time_ in range(last):
        model.add_arc_with_capacity_and_unit_cost(time_, time_ + 1, capacity, 0)
    for begin, end, count in stretches:
        model.add_arc_with_capacity_and_unit_cost(begin, end, 1, -count)
    model.set_node_supply(0, capacity)
    model.set_node_supply(last, -capacity)
    if model.solve() != model.OPTIMAL:
        raise ProblemError("semantic cache: the solver found no optimal flow")
    return -model.optimal_cost(), ortools.__version__
