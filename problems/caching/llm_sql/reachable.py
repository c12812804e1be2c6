"""What is within reach: a long search over trees of rows, which the lower bound takes no notice of."""

from __future__ import annotations

import random

from evaluators.llm_sql.search import agglomerate, improve
from evaluators.llm_sql.verifier import table_from
from workbench.model import Instance

MOVES, WARMTH = 6_000, 10.0
"""Moves of a subtree for each instance, and characters of noise at the start."""

WORDS = f"the best of a search of {MOVES:,} moves of subtrees in a tree of the rows, longer than a program may take"


def objective(instance: Instance) -> float:
    """Return what the search reaches on an instance."""
    table = table_from(instance.data)
    most = improve(agglomerate(table), table.lengths, MOVES, WARMTH, random.Random(instance.id))
    return (table.characters - most) / table.characters
