"""Offline optimum of a job in several zones: exact dynamic programming over (tick, machine and its age, checkpoint, slack)."""

from __future__ import annotations

import math
import time

import numpy as np

from evaluators.spot_multi_region.market import DOLLAR_DIGITS, Machine, Market
from workbench.model import Instance, Reference


def solve(instance: Instance) -> Reference:
    """Compute the reference of one instance: the offline optimum."""
    started = time.perf_counter()
    value = clairvoyant_cost(Market.from_data(instance.data))
    return Reference(value, "optimal", "offline DP", round(time.perf_counter() - started, 4))


def clairvoyant_cost(market: Market) -> float:
    """Return the minimum cost of finishing by the deadline given all of `market.available`, in $.

    A state is a machine with its age in ticks since launch, capped when warm, or an idle job with the region of its checkpoint
    (that of a machine is where it runs), and the slack: time left minus work left, which a tick can only reduce. Time is in
    units of the greatest common divisor of tick, overhead and work; the table is therefore exact.
    """
    unit = math.gcd(market.tick_s, market.overhead_s, market.work_s)
    tick, overhead = market.tick_s // unit, market.overhead_s // unit
    slack = (market.deadline_s - market.work_s) // unit
    warm = max(1, math.ceil(overhead / tick))
    wasted = [min(tick, max(0, overhead - age * tick)) for age in range(warm + 1)]  # of a tick, by age: 0 for a launch
    machines = _machines(market)
    region = np.array([market.region[machine.zone] for machine in machines])
    move = np.array(market.transfer)
    # Costs to go by slack, preceded by a tick's worth of states in which the deadline is lost.
    idle = np.full((len(move), tick + slack + 1), np.inf)
    held = np.full((len(machines), warm, tick + slack + 1), np.inf)
    idle[:, tick:] = held[:, :, tick:] = 0.0
    for now in reversed(range(market.horizon)):
        dollars = np.array([_dollars(market, machine, now) for machine in machines])[:, None]
        ran = [
            held[:, min(age + 1, warm) - 1, tick - waste : tick - waste + slack + 1] + dollars for age, waste in enumerate(wasted)
        ]
        launched = np.stack([ran[0][region == there].min(axis=0, initial=np.inf) for there in range(len(move))])
        start = np.minimum(idle[:, : slack + 1], (move[:, :, None] + launched[None]).min(axis=1))
        idle[:, tick:] = start
        for age in range(1, warm + 1):
            held[:, age - 1, tick:] = np.minimum(start[region], ran[age])
        # Where the slack is all the time that is left, the work is done.
        done = tick + (market.horizon - now) * tick
        idle[:, done:] = held[:, :, done:] = 0.0
    return round(float(idle[market.home, tick + slack]), DOLLAR_DIGITS)


def _machines(market: Market) -> list[Machine]:
    """Return the machines that matter: those on demand in one region differ in price only, so the cheapest stands for all."""
    cheapest: dict[int, int] = {}
    for zone, region in enumerate(market.region):
        if market.on_demand_price[zone] < market.on_demand_price[cheapest.setdefault(region, zone)]:
            cheapest[region] = zone
    return [
        *(Machine("spot", zone) for zone in range(market.zones)),
        *(Machine("on_demand", zone) for zone in cheapest.values()),
    ]


def _dollars(market: Market, machine: Machine, tick: int) -> float:
    """Return what a machine costs in a tick, infinite where there is none."""
    if machine.kind == "spot" and not market.has_spot(machine.zone, tick):
        return math.inf
    return market.tick_s / 3600 * market.price(machine, tick)
