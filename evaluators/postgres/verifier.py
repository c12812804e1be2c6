"""Verifier for knob tuning: a policy suggests one configuration after another and sees their measured costs."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.postgres.cost_table import BUFFERS, PLANNER, WRITERS, CostTable
from evaluators.postgres.measure import Prices, table_of
from evaluators.postgres.space import Configuration, Space, narrowed, sets_of
from workbench.errors import ProblemError
from workbench.model import Instance, Measurement, Reference
from workbench.protocols import Policy


@dataclass(frozen=True, slots=True)
class Session:
    """A tuning session: database, space, workload and rules.

    Attributes
    ----------
    table
        Measurements of the database.
    space
        The searchable part of the table's space.
    places
        Position of each of the space's candidate indexes in the table's list.
    queries, transactions
        Number of executions by name, per unit of work.
    prices
        Costs of a block, a flush and a KiB of log.
    memory_mb, connections
        If `shared_buffers + connections * work_mem * hash_mem_multiplier` exceeds the memory, the server does not start.
    budget
        Number of runs available to the policy.
    noise
        Standard deviation of the logarithm of the measurement factor of each cost.
    seed
        Random seed of the noise; also passed to the policy as its seed.
    """

    table: CostTable
    space: Space
    places: tuple[int, ...]
    queries: Mapping[str, float]
    transactions: Mapping[str, float]
    prices: Prices
    memory_mb: float
    connections: int
    budget: int
    noise: float
    seed: int

    @classmethod
    def from_data(cls, data: Mapping[str, Any], tables: Mapping[str, CostTable]) -> Session:
        """Read an instance.

        Raises
        ------
        ProblemError
            The instance refers to something that was not measured, or its default does not fit into memory.
        """
        if data["database"] not in tables:
            raise ProblemError(f"knob tuning: no table was measured for database {data['database']!r}")
        table = tables[data["database"]]
        for kind, known in (("queries", table.queries), ("transactions", table.writes), ("indexes", table.space.indexes)):
            for name in data[kind]:
                if name not in known:
                    raise ProblemError(f"knob tuning: {name!r} of {kind} was not measured in database {data['database']!r}")
        levels = {name: tuple(values) for name, values in data["levels"].items()}
        space = narrowed(table.space, levels, tuple(data["indexes"]), data["most_indexes"])
        places = tuple(table.space.indexes.index(name) for name in space.indexes)
        session = cls(
            table, space, places, data["queries"], data["transactions"], Prices(**data["prices"]), data["memory_mb"],
            data["connections"], data["budget"], data["noise"], data["seed"],
        )  # fmt: skip
        if not session.fits(space.default):
            raise ProblemError(f"knob tuning: the default needs {session.need_mb(space.default)} of {session.memory_mb} MB")
        return session

    def need_mb(self, configuration: Configuration) -> float:
        """Return the maximum memory use of a configuration, in MB."""
        value = self.space.told(configuration)["knobs"]
        return float(value[BUFFERS] + self.connections * value["work_mem_mb"] * value["hash_mem_multiplier"])

    def fits(self, configuration: Configuration) -> bool:
        """Whether a server with this configuration starts."""
        return self.need_mb(configuration) <= self.memory_mb

    def parts(self, configuration: Configuration) -> list[float]:
        """Return the true total cost of each query, then of each kind of transaction, in ms."""
        whole = self.in_table(configuration)
        queries = [weight * self.table.query_cost(name, whole, self.prices) for name, weight in self.queries.items()]
        return queries + [weight * self.table.write_cost(name, whole, self.prices) for name, weight in self.transactions.items()]

    def cost(self, configuration: Configuration) -> float:
        """Return the true cost of the whole workload, in ms."""
        return math.fsum(self.parts(configuration))

    def in_table(self, configuration: Configuration) -> Configuration:
        """Convert a configuration to the table's levels and candidate indexes."""
        return Configuration(
            tuple(
                of.levels.index(knob.levels[level])
                for of, knob, level in zip(self.table.space.knobs, self.space.knobs, configuration.levels, strict=True)
            ),
            tuple(sorted(self.places[i] for i in configuration.indexes)),
        )

    # ----------------------------------------------------------------------- arguments of the policy

    def space_told(self) -> dict[str, Any]:
        """Return the argument `space` of the policy."""
        size = self.table.index_kib
        return {
            "knobs": {
                knob.name: {"type": type(knob.default).__name__, "levels": list(knob.levels), "default": knob.default}
                for knob in self.space.knobs
            },
            "indexes": {
                name: {
                    "table": table_of(name),
                    "columns": name.partition("(")[2].rstrip(")").split(","),
                    "mb": round(size[name] / 1024, 2),
                }
                for name in self.space.indexes
            },
            "most_indexes": self.space.most_indexes,
            "memory_mb": self.memory_mb,
            "connections": self.connections,
        }

    def workload_told(self) -> dict[str, Any]:
        """Return the argument `workload` of the policy."""
        names = dict(zip(self.places, self.space.indexes, strict=True))
        return {
            "budget": self.budget,
            "queries": [
                {
                    "weight": weight,
                    "what_if": [
                        [[names[i] for i in used], estimate]
                        for used, estimate in self.table.estimates(name, self.places)
                        if len(used) <= self.space.most_indexes
                    ],
                }
                for name, weight in self.queries.items()
            ],
            "transactions": [
                {"weight": weight, "tables": list(self.table.writes[name].tables)} for name, weight in self.transactions.items()
            ],
            "tables": {
                name: {"rows": rows, "mb": round(self.table.table_kib[name] / 1024, 2)} for name, rows in self.table.rows.items()
            },
            "prices": {"block": self.prices.block, "flush": self.prices.flush, "log_kib": self.prices.log_kib},
        }


@dataclass(frozen=True)
class KnobTuning:
    """Verifier for knob tuning: looks up configurations in measured tables, without a database server.

    `suggest(space, workload, history, seed)` is called `budget` times. The history starts with the default configuration. Each
    entry has the configuration as applied, its measured cost (None if the server did not start), and the measured cost of each
    query and kind of transaction.

    Attributes
    ----------
    tables
        Measured databases by name.
    """

    tables: Mapping[str, CostTable]

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Return the mean over runs of the true cost of the best configuration by measurement, in percent of the default's.

        Raises
        ------
        Infeasible
            An answer is not a configuration of the space.
        """
        session = Session.from_data(instance.data, self.tables)
        rng = random.Random(f"knob tuning {session.seed}")
        default = session.space.default
        base = session.cost(default)
        history = [_measured(session, default, rng)]
        least, holder = history[0]["cost"], base
        held: list[float] = []
        tried = {default}
        refused = 0
        for run in range(1, session.budget + 1):
            answer = policy(session.space_told(), session.workload_told(), [dict(entry) for entry in history], session.seed)
            configuration = session.space.check(answer, f"run {run}: the configuration")
            tried.add(configuration)
            entry = _measured(session, configuration, rng)
            history.append(entry)
            if entry["cost"] is None:
                refused += 1
            elif entry["cost"] < least:
                least, holder = entry["cost"], session.cost(configuration)
            held.append(100 * holder / base)
        after = {f"after_{run}": held[min(run, len(held)) - 1] for run in (1, 5, 10, 30)}
        return Measurement(
            math.fsum(held) / len(held), {**after, "not_started": float(refused), "different": float(len(tried) - 1)}
        )

    def best(self, instance: Instance) -> tuple[Configuration, float]:
        """Return the best configuration of the whole space and its true cost in ms, by enumeration."""
        session = Session.from_data(instance.data, self.tables)
        return _cheapest(session)

    def solve(self, instance: Instance) -> Reference:
        """Compute the reference: the cost of the best configuration in percent of the default's."""
        session = Session.from_data(instance.data, self.tables)
        _, cost = _cheapest(session)
        return Reference(
            100 * cost / session.cost(session.space.default), "optimal", "least of the measured table, all configurations"
        )


def _measured(session: Session, configuration: Configuration, rng: random.Random) -> dict[str, Any]:
    # Drawn in every run, so that the noise of a run does not depend on earlier configurations.
    factors = [math.exp(session.noise * rng.gauss(0, 1)) for _ in (*session.queries, *session.transactions)]
    told = session.space.told(configuration)
    if not session.fits(configuration):
        return {"config": told, "cost": None, "queries": None, "transactions": None}
    parts = [factor * part for factor, part in zip(factors, session.parts(configuration), strict=True)]
    n = len(session.queries)
    return {"config": told, "cost": math.fsum(parts), "queries": parts[:n], "transactions": parts[n:]}


def _cheapest(session: Session) -> tuple[Configuration, float]:
    """Enumerate all configurations: queries and writes depend on different knobs and share only the set of indexes."""
    space, table = session.space, session.table
    chosen = sets_of(len(space.indexes), space.most_indexes)
    masks = [sum(1 << session.places[i] for i in some) for some in chosen]
    readers = [levels for levels in space.all_levels(fixed=WRITERS) if session.fits(Configuration(levels, ()))]
    reading = np.zeros((len(readers), len(chosen)))
    by_buffers: dict[int, list[int]] = {}
    for row, levels in enumerate(readers):
        by_buffers.setdefault(session.in_table(Configuration(levels, ())).levels[space.place(BUFFERS)], []).append(row)
    for buffers, rows in by_buffers.items():
        settings = [table.setting_of(session.in_table(Configuration(readers[row], ())).levels) for row in rows]
        for name, weight in session.queries.items():
            reading[rows] += weight * table.query_costs(name, settings, masks, buffers, session.prices)
    writers = list(space.all_levels(fixed=(*PLANNER, BUFFERS)))
    writing = np.array([[_writing(session, Configuration(levels, some)) for some in chosen] for levels in writers])
    total = reading.min(axis=0) + writing.min(axis=0)
    at = int(total.argmin())
    read, write = readers[int(reading[:, at].argmin())], writers[int(writing[:, at].argmin())]
    levels = tuple(w if knob.name in WRITERS else r for knob, r, w in zip(space.knobs, read, write, strict=True))
    best = Configuration(levels, chosen[at])
    return best, session.cost(best)


def _writing(session: Session, configuration: Configuration) -> float:
    whole = session.in_table(configuration)
    return math.fsum(
        weight * session.table.write_cost(name, whole, session.prices) for name, weight in session.transactions.items()
    )
