"""Verifier for spot scheduling in several zones: asks for a machine at every tick, and shows the past only."""

from __future__ import annotations

from typing import Any

from evaluators.spot_multi_region.market import Job, Machine, Market
from workbench.checks import describe, integer
from workbench.errors import Infeasible
from workbench.model import Instance, Measurement
from workbench.protocols import Policy


class MultiRegionMarket:
    """Calls `decide(now)` at every tick until the job is done."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Return the cost of finishing the job, in $.

        Raises
        ------
        Infeasible
            An answer is no machine of the market, or the deadline can no longer be met.
        """
        market = Market.from_data(instance.data)
        job = Job(market)
        policy.begin(_task(market))
        while job.left_s > 0:
            preempted = job.observe()
            if job.need_s > job.time_s:
                raise Infeasible(_late(job))
            job.advance(_machine(policy.call("decide", _now(job, preempted)), job))
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
                "moves": float(job.moves),
                "moved_dollars": job.moved,
            },
        )


def _machine(answer: object, job: Job) -> Machine | None:
    if isinstance(answer, str) and answer == "idle":
        return None
    if type(answer) is list and len(answer) == 2:
        kind, zone = answer
        for known in ("spot", "on_demand"):
            if isinstance(kind, str) and kind == known:
                return Machine(known, integer(zone, f"zone of {known} at hour {_hour(job):.2f}", 0, job.market.zones - 1))
    raise Infeasible(
        f"decide() returned {describe(answer)} at hour {_hour(job):.2f}; "
        'it must return "idle", ["spot", zone] or ["on_demand", zone], with the number of a zone'
    )


def _hour(job: Job) -> float:
    return job.tick * job.market.tick_s / 3600


def _task(market: Market) -> dict[str, Any]:
    return {
        "work_h": market.work_s / 3600,
        "deadline_h": market.deadline_s / 3600,
        "overhead_h": market.overhead_s / 3600,
        "tick_h": market.tick_s / 3600,
        "region": list(market.region),
        "home": market.home,
        "checkpoint_gb": market.checkpoint_gb,
        "on_demand_price": list(market.on_demand_price),
        "transfer": [list(row) for row in market.transfer],
    }


def _now(job: Job, preempted: bool) -> dict[str, Any]:
    # All of this is known at the start of the tick; the trace itself never leaves this process.
    market, tick = job.market, job.tick
    return {
        "elapsed_h": tick * market.tick_s / 3600,
        "time_left_h": job.time_s / 3600,
        "work_left_h": job.left_s / 3600,
        "slack_h": (job.time_s - job.left_s - job.pending_s) / 3600,
        "overhead_left_h": job.pending_s / 3600,
        "running": job.running.kind if job.running else "idle",
        "zone": job.running.zone if job.running else None,
        "preempted": preempted,
        "data_region": job.data_region,
        "spot": [market.has_spot(zone, tick) for zone in range(market.zones)],
        "spot_price": [series[tick] for series in market.spot_price],
    }


def _late(job: Job) -> str:
    left, time = job.left_s / 3600, job.time_s / 3600
    return (
        f"the deadline cannot be met: at hour {_hour(job):.2f} the job still needs {left:.2f} h of work and "
        f"{(job.need_s - job.left_s) / 3600:.2f} h of restart overhead, but only {time:.2f} h are left; "
        "switch to on_demand, and stay there, while slack_h still covers overhead_h"
    )
