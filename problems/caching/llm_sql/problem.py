"""Order of rows and fields of a table whose rows an LLM reads one by one through a prefix cache."""

from __future__ import annotations

from evaluators.llm_sql.search import solve
from evaluators.llm_sql.verifier import Reordering
from workbench.model import Baseline, Limits, Problem

from .instances import instances

_LIU = "Liu et al., Optimizing LLM queries in relational data analytics workloads, MLSys 2025"

PROBLEM = Problem(
    slug="caching/llm_sql",
    title="Prompts from table rows",
    question="In which order should an LLM read the rows of a table, and the fields of each, so that prompts begin alike?",
    entry="reorder",
    verifier=Reordering(),
    instances=instances,
    solve=solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline("as_given", "Table as it is", "no reordering; " + _LIU),
        Baseline("sorted_rows", "Rows sorted", "ORDER BY all columns, as in SQL (ANSI X3.135-1986)"),
        Baseline("statistics_order", "Columns by statistics, rows sorted", _LIU),
        Baseline(
            "greedy_columns",
            "Columns by greedy saving, rows sorted",
            "Comer, Analysis of a heuristic for full trie minimization, ACM Trans. Database Syst. 6(3), 1981",
        ),
        Baseline("ggr_early_stop", "GGR, stopped early", _LIU),
        Baseline("ggr", "GGR, greedy group recursion", _LIU),
    ),
    features={
        "length": "characters of the cell in a prompt, with the name of its column",
        "count": "rows that have it and are in no group yet, at least 2",
        "shared": "characters of all cells that these rows have in common, this one included",
        "rows": "rows to be grouped here",
        "distinct": "different values that the column has in these rows",
        "columns": "columns that are not settled here",
        "depth": "groups around this one",
    },
    unit="share of characters not found in the cache",
    bound="lower bound: different cells, or the maximum spanning tree of what rows have in common",
    limits=Limits(seconds=3 * 0.3),
)
