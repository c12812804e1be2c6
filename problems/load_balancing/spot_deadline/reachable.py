"""What is within reach: the best plan for somebody who knows how often spot comes and goes, but not when."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.spot_deadline.optimum import _Programme
from evaluators.spot_deadline.verifier import Choice, Market, SpotMarket
from workbench.model import Instance

WORDS = (
    "a plan that is best on average if spot came and went as a Markov chain with the rates of the recorded window, at its mean "
    "price (dynamic programming)"
)

_KINDS: tuple[Choice, Choice, Choice] = ("idle", "on_demand", "spot")
_Values = NDArray[np.float64]


def objective(instance: Instance) -> float:
    """Return what the oracle reaches on an instance."""
    return SpotMarket().run(instance, _Planned(Market.from_data(instance.data))).objective


def rates(available: str) -> tuple[float, float]:
    """Return the shares of ticks without and with spot after which there is spot."""
    after = {"0": [0, 0], "1": [0, 0]}
    for now, then in pairwise(available):
        after[now][0] += then == "1"
        after[now][1] += 1
    return after["0"][0] / max(1, after["0"][1]), after["1"][0] / max(1, after["1"][1])


class _Planned:
    """Decides by a table over ticks, whether there is spot, machine and its age, and work left."""

    def __init__(self, market: Market) -> None:
        self._programme = _Programme.of(market)
        self._unit = market.tick_s // self._programme.tick
        self._tables = plan(self._programme, rates(market.available), sum(market.spot_prices) / market.horizon)
        self._tick, self._state = 0, 0

    def __call__(self, *args: Any) -> Any:
        raise TypeError("an online verifier calls methods")

    def begin(self, *args: Any) -> None:
        self._tick, self._state = 0, 0

    def call(self, method: str, now: dict[str, Any]) -> Choice:
        programme, spot = self._programme, int(now["spot"])
        state = 0 if now["preempted"] else self._state
        left = round(now["work_left_h"] * 3600 / self._unit)
        kind = int(self._tables[self._tick][spot][state][left])
        self._state = programme.state(kind, programme.age_of(state, kind) + 1) if kind else 0
        self._tick += 1
        return _KINDS[kind]


def plan(programme: _Programme, spot_after: tuple[float, float], price: float) -> list[Sequence[Sequence[NDArray[np.uint8]]]]:
    """Return by tick, whether there is spot, state and work left which kind of machine costs least on average."""
    market, front, size = programme.market, programme.tick, programme.work + 1
    hours = market.tick_s / 3600
    prices = (0.0, hours * market.on_demand_price, hours * price)
    states = 1 + 2 * programme.warm
    nothing = np.concatenate([np.zeros(front + 1), np.full(programme.work, np.inf)])
    later: list[list[_Values]] = [[nothing] * states, [nothing] * states]  # cost to go without and with spot, by state
    tables: list[Sequence[Sequence[NDArray[np.uint8]]]] = []
    for _ in range(market.horizon):
        values: list[list[_Values]] = []
        chosen: list[list[NDArray[np.uint8]]] = []
        for spot in (0, 1):
            # A machine of the kind spot is gone where there is none.
            held = [state if state <= programme.warm else 0 for state in range(states)]
            then = [_mean(later[0][held[state]], later[1][state], spot_after[spot]) for state in range(states)]

            def ahead(kind: int, age: int, then: list[_Values] = then) -> _Values:
                start = front - programme.gain(age)
                return then[programme.state(kind, age + 1)][start : start + size] + prices[kind]

            anew = np.stack([then[0][front:], *(ahead(kind, 0) for kind in ((1, 2) if spot else (1,)))])
            least, order = anew.min(axis=0), anew.argmin(axis=0).astype(np.uint8)
            now: list[_Values] = []
            best: list[NDArray[np.uint8]] = []
            for state in range(states):
                kind = 0 if state == 0 else 1 if state <= programme.warm else 2
                if kind == 0 or (kind == 2 and not spot):
                    cost, choice = least, order
                else:
                    on = ahead(kind, programme.age_of(state, kind))
                    cost, choice = np.minimum(least, on), np.where(on < least, np.uint8(kind), order)
                cost = np.concatenate([np.zeros(front), cost])
                cost[front] = 0.0
                now.append(cost)
                best.append(choice)
            values.append(now)
            chosen.append(best)
        tables.append(chosen)
        later = values
    tables.reverse()
    return tables


def _mean(without: _Values, having: _Values, chance: float) -> _Values:
    # Either may be infinite where the deadline is lost; what cannot happen costs nothing.
    if chance == 0:
        return without
    return having if chance == 1 else (1 - chance) * without + chance * having
