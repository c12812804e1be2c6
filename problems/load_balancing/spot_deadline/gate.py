"""Stress instances for the robustness filter, one of each class that can be generated; none is among the held-out ones."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

FAMILIES = {
    "vanishes": "the spot machine is there at first and never again",
    "flapping": "the spot machine comes and goes every few ticks",
    "late-drought": "there is no spot machine in the later part",
    "early-drought": "there is no spot machine in the earlier part",
    "slow-start": "a launch takes very long",
    "equal-price": "the spot machine costs as much as the one on demand",
    "ten-times": "work and deadline are several times as long as in training",
    "no-slack": "work and one launch fill the time to the deadline",
}
"""Description of each class, for messages."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed; like the held-out ones, with other lengths and spells."""
    rng = random.Random(f"load_balancing/spot_deadline gate {seed}")
    hours = rng.choice(list(made.DEADLINES_H.values()))
    tick, n = 600, int(hours * 6)
    first, part, period = rng.randint(4, 20), rng.randint(4 * n // 10, 7 * n // 10), rng.randint(2, 5)
    markets = {
        "vanishes": made._job("1" * first + "0" * (n - first), tick, hours, 0.15),
        "flapping": made._job((("1" * period + "0" * period) * n)[:n], tick, hours, 0.15),
        "late-drought": made._job("1" * part + "0" * (n - part), tick, hours, 0.15),
        "early-drought": made._job("0" * part + "1" * (n - part), tick, hours, 0.15),
        "slow-start": made._job(made._spells(n, 12, 6, rng.randrange(10**9)), tick, hours, 0.7),
        "equal-price": made._job(made._spells(n, 12, 6, rng.randrange(10**9)), tick, hours, 0.05, [[made.ON_DEMAND_PRICE, n]]),
        "ten-times": made._job(
            made._spells(4 * n, 24, 12, rng.randrange(10**9)), tick, 4 * hours, 0.20, work_h=4 * made.WORK_H
        ),
        "no-slack": made._job(made._spells(n, 12, 6, rng.randrange(10**9)), tick, 290 / 6, 0.20),
    }  # fmt: skip
    return [Instance(f"gate-{seed}-{family}", family, job) for family, job in markets.items()]
