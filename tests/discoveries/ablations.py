"""The parts of each discovery that are switched off, one at a time, as replacements in its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Changes = tuple[tuple[str, str], ...]
"""Text of the program, each part everywhere it occurs, and what stands there instead."""


class Study(NamedTuple):
    """An ablation of the heuristic that ships for a problem.

    Attributes
    ----------
    problem
        ID of the problem, at the tier on whose validation instances it is made.
    parts
        What is switched off, in words, and how.
    """

    problem: str
    parts: Mapping[str, Changes]


STUDIES: dict[str, Study] = {
    "cloudcast": Study(
        "routing/cloudcast",
        {
            "several trees: all data takes one": (("for levels in ((2, 4, 8), (3, 6)):", "for levels in ():"),),
            "the second way to split, into 3 and 6 trees": (("((2, 4, 8), (3, 6))", "((2, 4, 8),)"),),
            "annealing of the first tree": (
                (
                    "        parent = anneal(src, dsts, parent, price, gbps, params, min(10_000, 150_000 // len(parent)), seed)\n",
                    "",
                ),
            ),
            "smooth penalty on all slow edges, early on": (("soft = 0.15 * (1 - step / steps)", "soft = 0.0"),),
            "moves aimed at the slowest edges": (
                ("if rng.random() < 0.3:\n            # The end", "if False:\n            # The end"),
            ),
        },
    ),
    "prism": Study(
        "moe_placement/prism",
        {
            "annealing: packing to a target alone": (("while left > 0 and top > low", "while False and top > low"),),
            "packing: annealing begins with the most free GPU": (('for rule in ("first", "best", "worst"):', "for rule in ():"),),
            "proposals begin at GPUs that overflow": (("FROM_FULL = 0.85", "FROM_FULL = 0.0"),),
            "a second, higher temperature after failures": (("HEATS = (1.0, 4.0)", "HEATS = (1.0,)"),),
            "swaps: models only move": (("j = int(rnd() * (n + gpus))", "j = n + int(rnd() * gpus)"),),
        },
    ),
    "transactions": Study(
        "scheduling/transactions",
        {
            "reinsertion: the best greedy sequence alone": (("rounds = int(budget / ((n + 40) * step))", "rounds = 0"),),
            "sixteen sequences at a time: one, for as long": (("CHAINS = 16", "CHAINS = 1"), ("COPY = 6", "COPY = 0")),
            "good sequences replace bad ones": (("COPY = 6", "COPY = 0"),),
            "among equal makespans, the shorter path through the transaction": (("PATHW = 0.02", "PATHW = 0.0"),),
            "a transaction prefers another place": (("STAY = 0.5", "STAY = 0.0"),),
        },
    ),
    "weighted_tardiness": Study(
        "scheduling/weighted_tardiness",
        {
            "perturbation: one descent alone": (("while search.looks < budget and best > 0:", "while False:"),),
            "exchanges: jobs only move": (('best, kind, place = gain, "exchange", k', "pass"),),
            "moves: jobs are only exchanged": (("if base + saved > best:", "if False:"), ("if base - lost > best:", "if False:")),
            "return to the better local optimum": (("if search.cost <= current:", "if True:"),),
        },
    ),
    "total_tardiness": Study(
        "scheduling/total_tardiness",
        {
            "the exact search": (("search.budget = EXACT_WORK", "search.budget = 0"),),
            "memory of subproblems": (("hit = self.memo.get(key)", "hit = None"),),
            "searches of limited width": (("for width in (1, 2, 3):", "for width in ():"),),
            "windows solved exactly": (("return reoptimise(search, sequence)", "return sequence"),),
        },
    ),
    "job_shop": Study(
        "scheduling/job_shop",
        {
            "tabu search: the best rule alone": (("BUDGET = 6_000_000", "BUDGET = 0"),),
            "restarts between two good schedules: from new orders by rules": (
                ("found = tabu_search(shop, between(shop, a[1], b[1]))", "found = tabu_search(shop, dispatch(shop, fresh(shop)))"),
                ("def between(shop", "def fresh(shop):\n    return list(priorities(shop))[-1]\n\n\ndef between(shop"),
            ),
            "moves into a block, not only to its ends": (
                ("for k in range(1, n - 2):", "for k in ():"),
                ("for k in range(2, n - 1):", "for k in ():"),
            ),
            "all pairs that a move passes are tabu: the farthest alone": (
                ("for x in line:\n            if x != u:", "for x in (line[-2] if back else line[1],):\n            if x != u:"),
            ),
        },
    ),
    "spot_deadline": Study(
        "load_balancing/spot_deadline",
        {
            "how often spells end depends on their age: on their kind alone": (
                ("RATES = (1.5, 0.7, 0.35, 0.15)", "RATES = (0.5, 0.5, 0.5, 0.5)"),
            ),
            "the market is learnt: the prior alone": (("WEIGHT = 2.0", "WEIGHT = 1e9"),),
            "a plan looks ahead 70 hours: to the deadline": (("HORIZON = 70.0", "HORIZON = 1e9"),),
            "plans are made anew: one plan for a job": (("REPLANS = 30", "REPLANS = 1"),),
        },
    ),
    "flow_assign": Study(
        "routing/flow_assign",
        {
            "shadow prices: each hop costs the same": (("self.price + GAIN / self.rounds * unit * excess)", "0 * excess)"),),
            "what each pair asks for is learnt: gravity alone": (("PAIR = 2.0", "PAIR = 1e9"),),
            "gravity: each pair by what it asked for": (("PAIR = 2.0", "PAIR = 0.01"),),
            "sources that ask most at a time of the day: none": (
                ("PHASES, SWING, TIDE = 8, 0.8, 0.25", "PHASES, SWING, TIDE = 8, 0.8, 0.0"),
            ),
            "a trend of worth through the day: none": (("TREND = 0.5", "TREND = 1e-9"),),
            "demand is drawn at random: its mean": (("clump * self.random.poisson(demand / clump)", "demand"),),
            "prices are smoothed: the newest": (("return (self.shown + HOP", "return (self.price + HOP"),),
            "each hop has a price: none": (("HOP = 0.05", "HOP = 0.0"),),
            "a request must be worth a tenth more than its price": (("MARGIN = 1.1", "MARGIN = 1.0"),),
            "large steps are decided in parts": (("BATCH, PARTS = 8, 48", "BATCH, PARTS = 10**9, 1"),),
        },
    ),
    "expert_cache": Study(
        "moe_placement/expert_cache",
        {
            "prefetches: none": (
                ("            if delay >= self.window:\n                break", "            if True:\n                break"),
            ),
            "a prefetch pays for the slot it takes": (("RENT = 3.0", "RENT = 0.0"),),
            "hints are calibrated: as first guessed": (("self.hits[ahead] += np.bincount(place, used, size)", "continue"),),
            "tokens that were routed alike count more": (("LIKE = 8.0", "LIKE = 0.0"),),
            "what this request used": (("ASKED = 0.7", "ASKED = 0.0"),),
            "hints say all of a hinted layer": (("SHARP = 0.3", "SHARP = 0.01"),),
            "density until it is used: of the next call alone": (
                ("np.maximum(soon / distance, 1 / (distance + (1 - soon) * self.layers / later))", "soon / distance"),
            ),
        },
    ),
    "eplb": Study(
        "moe_placement/eplb",
        {
            "uncertainty: loads are taken as forecast": (
                ("(vectors.T @ logs)), rest + noise))", "(vectors.T @ logs)), 0 * rest))"),
            ),
            "the forecast: the latest window, with its uncertainty": (
                ("(cross @ (precision * (vectors.T @ logs)), ", "(logs[-1], "),
            ),
            "domains of traffic: there is one": (("if windows < 4:", "if True:"),),
            "exchanges, where several domains may come": (("if len(odds) > 1 and n_gpus > 1:", "if False:"),),
            "persistence is fitted: what is usual": (("if windows == 1:", "if True:"),),
        },
    ),
    "gpu_cluster": Study(
        "load_balancing/gpu_cluster",
        {
            "votes of plans for random futures": (("BONUS = 0.3 ", "BONUS = 0.0 "),),
            "three futures at a time: one": (("SCENARIOS = 3", "SCENARIOS = 1"),),
            "votes count for similar pods": (("SIMILAR = 0.3 ", "SIMILAR = 0.0 "),),
            "shortage of cpu and memory beside the GPUs left": (("SHORT = 0.5 ", "SHORT = 0.0 "),),
            "the price of a GPU that choosy pods would fill": (("PRICE = 0.5 ", "PRICE = 0.0 "),),
            "preference for full nodes": (("FULL = 0.15 ", "FULL = 0.0 "),),
        },
    ),
    "postgres": Study(
        "knob_tuning/postgres",
        {
            "effects of single indexes beyond the planner's estimates": (("INDEX = 0.6", "INDEX = 1e-3"),),
            "neighbouring levels of a knob are alike": (("CORRELATION = 0.5", "CORRELATION = 1e-3"),),
            "the error of measurements is estimated: the expected one": (
                ("NOISES = (0.02, 0.04, 0.08, 0.16, 0.32)", "NOISES = (0.05,)"),
            ),
            "what each knob is for: no knob is expected to do anything": (("total += np.where(", "total += 0 * np.where("),),
        },
    ),
    "llm_serving": Study(
        "load_balancing/llm_serving",
        {
            "those that are late step back": (("rate = (self.ttft / first) ** 2", "rate = 1.0"),),
            "those with slack press less": (("rate = math.exp((first - self.ttft) / (LOOKAHEAD * self.ttft))", "rate = 1.0"),),
            "the index is for each token of work": (("        return rate / (todo + EXTRA)\n\n", "        return rate\n\n"),),
            "routing by answers still to come": (("OWED = 1.0", "OWED = 0.0"),),
            "routing by prompts still to compute": (("BACKLOG = 1.5", "BACKLOG = 0.0"),),
        },
    ),
}
"""Name of the heuristic in `workbench.gallery` -> its ablation."""


def ablated(source: str, changes: Changes) -> str:
    """Return the program with a part switched off.

    Raises
    ------
    ValueError
        The text is not of the program that the changes were written for.
    """
    for old, new in changes:
        if old not in source:
            raise ValueError(f"the program does not contain {old!r}: its text has changed since the ablation was written")
        source = source.replace(old, new)
    return source
