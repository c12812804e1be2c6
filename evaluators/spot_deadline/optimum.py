"""Offline optimum of a spot job: exact dynamic programming over (tick, machine, remaining work)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluators.spot_deadline.verifier import CENT_DIGITS, Choice, Market
from workbench.model import Instance, Reference

_KINDS: tuple[Choice, Choice, Choice] = ("idle", "on_demand", "spot")
_Values = NDArray[np.float64]


def solve(instance: Instance) -> Reference:
    """Compute the reference of one instance: the offline optimum."""
    started = time.perf_counter()
    value = clairvoyant_cost(Market.from_data(instance.data))
    return Reference(value, "optimal", "offline DP", round(time.perf_counter() - started, 4))


def clairvoyant_cost(market: Market) -> float:
    """Return the minimum cost of finishing by the deadline given all of `market.available`, in $."""
    return _Programme.of(market).run(None)


def clairvoyant_schedule(market: Market) -> tuple[float, list[Choice]]:
    """Return the minimum cost and optimal decisions, one per tick until the work is done.

    Uses one byte per state: about 3 MB for 52 h in ten-minute ticks, 100 MB for 195-second ticks with 0.2 h of overhead.
    """
    programme = _Programme.of(market)
    chosen: list[list[NDArray[np.uint8]]] = []
    cost = programme.run(chosen)
    chosen.reverse()
    schedule: list[Choice] = []
    state, left = 0, programme.work
    for tick, tables in enumerate(chosen):
        if left == 0:
            break
        kind = int(tables[programme.after_market(state, tick)][left])
        age = programme.age_of(programme.after_market(state, tick), kind)
        left = max(left - programme.gain(age), 0) if kind else left
        state = programme.state(kind, age + 1) if kind else 0
        schedule.append(_KINDS[kind])
    return cost, schedule


@dataclass(frozen=True, slots=True)
class _Programme:
    """Dynamic programme. State 0 is idle; the others are a kind of machine and its age in ticks since launch, capped when warm.

    Time is in units of the greatest common divisor of tick, overhead and work; the table is therefore exact.
    """

    market: Market
    tick: int
    work: int
    overhead: int
    warm: int

    @classmethod
    def of(cls, market: Market) -> _Programme:
        unit = math.gcd(market.tick_s, market.overhead_s, market.work_s)
        warm = max(1, math.ceil(market.overhead_s / market.tick_s))
        return cls(market, market.tick_s // unit, market.work_s // unit, market.overhead_s // unit, warm)

    def gain(self, age: int) -> int:
        """Return the work done by a machine in the tick of the given age (0: launch)."""
        return max(0, min(self.tick, (age + 1) * self.tick - self.overhead))

    def state(self, kind: int, age: int) -> int:
        return 1 + (kind - 1) * self.warm + min(age, self.warm) - 1

    def after_market(self, state: int, tick: int) -> int:
        """Return the state after a possible preemption in `tick`."""
        return 0 if state > self.warm and self.market.available[tick] == "0" else state

    def age_of(self, state: int, kind: int) -> int:
        """Return the age of a machine of `kind` in the next tick: a running one continues, any other is launched."""
        low = self.state(kind, 1) if kind else 0
        return state - low + 1 if kind and low <= state < low + self.warm else 0

    def run(self, chosen: list[list[NDArray[np.uint8]]] | None) -> float:
        """Run backward over the ticks; `chosen` receives the best kind by state and remaining work, last tick first."""
        size, front = self.work + 1, self.tick
        hours = self.market.tick_s / 3600
        # Cost-to-go by remaining work, preceded by `front` zeros: surplus work is free, and progress is a shift.
        nothing = np.concatenate([np.zeros(front + 1), np.full(self.work, np.inf)])
        later = [nothing] * (1 + 2 * self.warm)
        for tick in reversed(range(self.market.horizon)):
            spot = self.market.available[tick] == "1"
            prices = (0.0, hours * self.market.on_demand_price, hours * self.market.spot_prices[tick])

            def ahead(kind: int, age: int, prices: tuple[float, ...] = prices, later: list[_Values] = later) -> _Values:
                start = front - self.gain(age)
                return later[self.state(kind, age + 1)][start : start + size] + prices[kind]

            launch = {kind: ahead(kind, 0) for kind in ((1, 2) if spot else (1,))}
            now: list[_Values] = []
            tables: list[NDArray[np.uint8]] = []
            for state in range(1 + 2 * self.warm):
                if self.after_market(state, tick) != state:
                    now.append(now[0])
                    if chosen is not None:
                        tables.append(tables[0])
                    continue
                options = {0: later[0][front:]} | launch
                for kind in launch:
                    if age := self.age_of(state, kind):
                        options[kind] = ahead(kind, age)
                best = np.minimum.reduce(list(options.values()))
                best[0] = 0.0
                now.append(np.concatenate([np.zeros(front), best]))
                if chosen is not None:
                    order = np.array(list(options), dtype=np.uint8)
                    tables.append(order[np.argmin(np.stack(list(options.values())), axis=0)])
            if chosen is not None:
                chosen.append(tables)
            later = now
        return round(float(later[0][front + self.work]), CENT_DIGITS)
