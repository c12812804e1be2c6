"""A job on spot and on-demand machines in several zones: the recorded market, and the books that decisions change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from workbench.errors import ProblemError

Kind = Literal["spot", "on_demand"]

DOLLAR_DIGITS = 6
"""Digits of costs in $; rounding makes the cost of a schedule independent of the order of summation."""


class Machine(NamedTuple):
    """A kind of machine in a zone."""

    kind: Kind
    zone: int


@dataclass(frozen=True, slots=True)
class Market:
    """A job and its market, in whole seconds so that progress is exact.

    Attributes
    ----------
    tick_s
        Time between decisions, in seconds; machines are billed per tick.
    work_s, deadline_s
        Productive machine time required and time until the deadline, in seconds; the deadline is a multiple of `tick_s`.
    overhead_s
        Paid but unproductive time after every launch, in seconds.
    region
        Region of each zone, numbered from 0.
    home
        Region where the checkpoint lies at first.
    checkpoint_gb
        Size of the checkpoint in GB; told to policies, and priced in `transfer`.
    transfer
        Price of moving the checkpoint from one region (row) to another (column), in $.
    on_demand_price
        Price of each zone, in $/h.
    available
        By zone, one character per tick: "1" if a spot machine is available for the whole tick.
    spot_price
        By zone, the spot price of each tick, in $/h.
    """

    tick_s: int
    work_s: int
    deadline_s: int
    overhead_s: int
    region: tuple[int, ...]
    home: int
    checkpoint_gb: float
    transfer: tuple[tuple[float, ...], ...]
    on_demand_price: tuple[float, ...]
    available: tuple[str, ...]
    spot_price: tuple[tuple[float, ...], ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Market:
        """Read an instance; `spot_price` has a list of [$/h, ticks] runs for each zone, the last of which extends to the end.

        Raises
        ------
        ProblemError
            The data are inconsistent, or the job cannot be done even on demand.
        """
        tick, work, deadline, overhead = (int(data[k]) for k in ("tick_s", "work_s", "deadline_s", "overhead_s"))
        if min(tick, work, deadline) <= 0 or overhead < 0:
            raise ProblemError("spot market: tick_s, work_s and deadline_s must be positive, and overhead_s non-negative")
        if deadline % tick:
            raise ProblemError(f"spot market: deadline_s {deadline} must be a multiple of tick_s {tick}")
        if work + overhead > deadline:
            raise ProblemError(f"spot market: {work} s of work and {overhead} s of overhead do not fit into {deadline} s")
        horizon, zones = deadline // tick, len(data["zone_region"])
        if not zones or any(len(data[k]) != zones for k in ("on_demand_price", "available", "spot_price")):
            raise ProblemError(f"spot market: zone_region tells of {zones} zones, and each needs prices and `available`")
        for series in data["available"]:
            if len(series) < horizon or set(series) - {"0", "1"}:
                raise ProblemError(f"spot market: `available` needs {horizon} characters 0 or 1 for each zone, one per tick")
        size = len(data["transfer"])
        if any(len(row) != size for row in data["transfer"]) or any(row[k] for k, row in enumerate(data["transfer"])):
            raise ProblemError("spot market: `transfer` must be square, with nothing to pay within a region")
        if not all(0 <= r < size for r in (*data["zone_region"], data["home"])):
            raise ProblemError(f"spot market: regions must be numbers below {size}")
        return cls(
            tick, work, deadline, overhead, tuple(data["zone_region"]), int(data["home"]), float(data["checkpoint_gb"]),
            tuple(tuple(float(price) for price in row) for row in data["transfer"]),
            tuple(float(price) for price in data["on_demand_price"]),
            tuple(series[:horizon] for series in data["available"]),
            tuple(_spread(runs, horizon) for runs in data["spot_price"]),
        )  # fmt: skip

    @property
    def horizon(self) -> int:
        """Number of ticks until the deadline."""
        return self.deadline_s // self.tick_s

    @property
    def zones(self) -> int:
        """Number of zones."""
        return len(self.region)

    def has_spot(self, zone: int, tick: int) -> bool:
        """Whether there is a spot machine in a zone; False at the deadline."""
        return self.available[zone][tick : tick + 1] == "1"

    def price(self, machine: Machine, tick: int) -> float:
        """Return the price of a machine in a tick, in $/h."""
        return self.spot_price[machine.zone][tick] if machine.kind == "spot" else self.on_demand_price[machine.zone]


def _spread(runs: Sequence[Sequence[float]], horizon: int) -> tuple[float, ...]:
    prices: list[float] = []
    for price, ticks in runs:
        prices += [float(price)] * int(ticks)
    prices += prices[-1:] * (horizon - len(prices))
    return tuple(prices[:horizon])


@dataclass(slots=True)
class Job:
    """State of a job, which decisions change.

    Attributes
    ----------
    tick
        Number of elapsed ticks.
    running
        Current machine, after a possible preemption; None when idle.
    data_region
        Region where the checkpoint lies.
    pending_s
        Remaining overhead of the running machine, in seconds; 0 when idle.
    done_s
        Work done, in seconds.
    """

    market: Market
    tick: int = 0
    running: Machine | None = None
    data_region: int = -1
    pending_s: int = 0
    done_s: int = 0
    ticks: dict[str, int] = field(default_factory=lambda: {"spot": 0, "on_demand": 0, "idle": 0})
    dollars_per_h: float = 0.0
    moved: float = 0.0
    moves: int = 0
    launches: int = 0
    preemptions: int = 0
    unfilled: int = 0

    def __post_init__(self) -> None:
        self.data_region = self.market.home

    def observe(self) -> bool:
        """Preempt a spot machine if its zone has none in this tick; return whether this happened."""
        machine = self.running
        if machine and machine.kind == "spot" and not self.market.has_spot(machine.zone, self.tick):
            self.running, self.pending_s = None, 0
            self.preemptions += 1
            return True
        return False

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
        return self.left_s + (self.pending_s if self.running else self.market.overhead_s)

    def advance(self, machine: Machine | None) -> None:
        """Simulate one tick. If spot is chosen where there is none, the job is idle."""
        market = self.market
        if machine and machine.kind == "spot" and not market.has_spot(machine.zone, self.tick):
            machine = None
            self.unfilled += 1
        if machine is None:
            self.pending_s = 0
        else:
            if machine != self.running:
                self._launch(machine)
            waited = min(self.pending_s, market.tick_s)
            self.pending_s -= waited
            self.done_s = min(self.done_s + market.tick_s - waited, market.work_s)
            self.dollars_per_h += market.price(machine, self.tick)
        self.running = machine
        self.ticks[machine.kind if machine else "idle"] += 1
        self.tick += 1

    def _launch(self, machine: Machine) -> None:
        self.pending_s = self.market.overhead_s
        self.launches += 1
        region = self.market.region[machine.zone]
        if region != self.data_region:
            self.moved += self.market.transfer[self.data_region][region]
            self.moves += 1
            self.data_region = region

    @property
    def cost(self) -> float:
        """Cost so far, in $."""
        return round(self.market.tick_s / 3600 * self.dollars_per_h + self.moved, DOLLAR_DIGITS)
