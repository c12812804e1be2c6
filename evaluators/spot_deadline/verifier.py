"""Verifier for spot scheduling: a job must finish before its deadline, on spot, on-demand or no machine in each tick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard

from workbench.checks import describe
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Measurement
from workbench.protocols import Policy

Choice = Literal["spot", "on_demand", "idle"]

CENT_DIGITS = 6
"""Digits of costs in $; rounding makes the cost of a schedule independent of the order of summation."""


@dataclass(frozen=True, slots=True)
class Market:
    """A job and its market, in whole seconds so that progress is exact.

    Attributes
    ----------
    tick_s
        Time between decisions, in seconds; machines are billed per tick.
    work_s
        Productive machine time required, in seconds.
    deadline_s
        Deadline in seconds; a multiple of `tick_s`.
    overhead_s
        Paid but unproductive time after every launch, in seconds.
    on_demand_price
        Price in $/h.
    available
        One character per tick, at least until the deadline; "1" if a spot machine is available for the whole tick.
    spot_prices
        Spot price of each tick, in $/h.
    """

    tick_s: int
    work_s: int
    deadline_s: int
    overhead_s: int
    on_demand_price: float
    available: str
    spot_prices: tuple[float, ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Market:
        """Read an instance; `spot_price` is a list of [$/h, ticks] runs, the last of which extends to the end.

        Raises
        ------
        ProblemError
            The data are inconsistent, or the job cannot be done even on demand.
        """
        tick, work, deadline, overhead = (int(data[k]) for k in ("tick_s", "work_s", "deadline_s", "overhead_s"))
        available = str(data["available"])
        if min(tick, work, deadline) <= 0 or overhead < 0:
            raise ProblemError("spot market: tick_s, work_s and deadline_s must be positive, and overhead_s non-negative")
        if deadline % tick:
            raise ProblemError(f"spot market: deadline_s {deadline} must be a multiple of tick_s {tick}")
        horizon = deadline // tick
        if len(available) < horizon or set(available) - {"0", "1"}:
            raise ProblemError(f"spot market: `available` needs {horizon} characters 0 or 1, one per tick")
        if work + overhead > deadline:
            raise ProblemError(f"spot market: {work} s of work and {overhead} s of overhead do not fit into {deadline} s")
        prices: list[float] = []
        for price, ticks in data["spot_price"]:
            prices += [float(price)] * int(ticks)
        prices += prices[-1:] * (horizon - len(prices))
        return cls(tick, work, deadline, overhead, float(data["on_demand_price"]), available[:horizon], tuple(prices[:horizon]))

    @property
    def horizon(self) -> int:
        """Number of ticks until the deadline."""
        return self.deadline_s // self.tick_s


@dataclass(slots=True)
class Job:
    """State of a job, which decisions change.

    Attributes
    ----------
    tick
        Number of elapsed ticks.
    running
        Current machine, after a possible preemption.
    pending_s
        Remaining overhead of the running machine, in seconds; 0 when idle.
    done_s
        Work done, in seconds.
    """

    market: Market
    tick: int = 0
    running: Choice = "idle"
    pending_s: int = 0
    done_s: int = 0
    ticks: dict[Choice, int] = field(default_factory=lambda: {"spot": 0, "on_demand": 0, "idle": 0})
    spot_dollars_per_h: float = 0.0
    launches: int = 0
    preemptions: int = 0
    unfilled: int = 0

    def observe(self) -> bool:
        """Preempt a spot machine if spot is not available in this tick; return whether this happened."""
        if self.running == "spot" and not self.spot:
            self.running, self.pending_s = "idle", 0
            self.preemptions += 1
            return True
        return False

    @property
    def spot(self) -> bool:
        """Whether spot is available in this tick; False at the deadline."""
        return self.market.available[self.tick : self.tick + 1] == "1"

    @property
    def left_s(self) -> int:
        """Remaining work, in seconds."""
        return self.market.work_s - self.done_s

    @property
    def time_s(self) -> int:
        """Time until the deadline, in seconds."""
        return self.market.deadline_s - self.tick * self.market.tick_s

    @property
    def need_s(self) -> int:
        """Minimum time in which the job can still be finished, in seconds."""
        return self.left_s + (self.market.overhead_s if self.running == "idle" else self.pending_s)

    def advance(self, choice: Choice) -> None:
        """Simulate one tick. If spot is chosen but not available, the job is idle."""
        market = self.market
        if choice == "spot" and not self.spot:
            choice = "idle"
            self.unfilled += 1
        if choice == "idle":
            self.pending_s = 0
        else:
            if choice != self.running:
                self.pending_s = market.overhead_s
                self.launches += 1
            waited = min(self.pending_s, market.tick_s)
            self.pending_s -= waited
            self.done_s = min(self.done_s + market.tick_s - waited, market.work_s)
            if choice == "spot":
                self.spot_dollars_per_h += market.spot_prices[self.tick]
        self.running = choice
        self.ticks[choice] += 1
        self.tick += 1

    @property
    def cost(self) -> float:
        """Cost so far, in $."""
        hours = self.market.tick_s / 3600
        return round(hours * (self.ticks["on_demand"] * self.market.on_demand_price + self.spot_dollars_per_h), CENT_DIGITS)


class SpotMarket:
    """Verifier for spot scheduling: calls `decide(now)` at every tick, showing only the past."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Return the cost of finishing the job, in $.

        Raises
        ------
        Infeasible
            An answer is not one of the three choices, or the deadline can no longer be met.
        """
        market = Market.from_data(instance.data)
        job = Job(market)
        policy.begin(_task(market))
        while job.left_s > 0:
            preempted = job.observe()
            if job.need_s > job.time_s:
                raise Infeasible(_late(job))
            choice = policy.call("decide", _now(job, preempted))
            if not _is_choice(choice):
                raise Infeasible(
                    f"decide() returned {describe(choice)} at hour {_hours(job.tick * market.tick_s):.2f}; "
                    'it must return "spot", "on_demand" or "idle"'
                )
            job.advance(choice)
        hours = market.tick_s / 3600
        return Measurement(
            job.cost,
            {
                "spot_h": job.ticks["spot"] * hours,
                "on_demand_h": job.ticks["on_demand"] * hours,
                "idle_h": job.ticks["idle"] * hours,
                "spare_h": job.time_s / 3600,
                "launches": float(job.launches),
                "preemptions": float(job.preemptions),
                "unfilled": float(job.unfilled),
            },
        )


def _is_choice(answer: object) -> TypeGuard[Choice]:
    return isinstance(answer, str) and answer in ("spot", "on_demand", "idle")


def _hours(seconds: int) -> float:
    return seconds / 3600


def _task(market: Market) -> dict[str, float]:
    return {
        "work_h": _hours(market.work_s),
        "deadline_h": _hours(market.deadline_s),
        "overhead_h": _hours(market.overhead_s),
        "tick_h": _hours(market.tick_s),
        "spot_price": market.spot_prices[0],
        "on_demand_price": market.on_demand_price,
    }


def _now(job: Job, preempted: bool) -> dict[str, Any]:
    # All of this is known at the start of the tick; the trace itself never leaves this process.
    return {
        "elapsed_h": _hours(job.tick * job.market.tick_s),
        "time_left_h": _hours(job.time_s),
        "work_left_h": _hours(job.left_s),
        "slack_h": _hours(job.time_s - job.left_s - job.pending_s),
        "overhead_left_h": _hours(job.pending_s),
        "running": job.running,
        "preempted": preempted,
        "spot": job.spot,
        "spot_price": job.market.spot_prices[job.tick],
    }


def _late(job: Job) -> str:
    now, left, time = _hours(job.tick * job.market.tick_s), _hours(job.left_s), _hours(job.time_s)
    return (
        f"the deadline cannot be met: at hour {now:.2f} the job still needs {left:.2f} h of work and "
        f"{_hours(job.need_s - job.left_s):.2f} h of restart overhead, but only {time:.2f} h are left; "
        "switch to on_demand, and stay there, while slack_h still covers overhead_h"
    )
