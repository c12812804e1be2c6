"""A tuning session: a policy suggests one configuration after the other and sees what each was measured to cost."""

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
    """What is tuned, and under which rules.

    Attributes
    ----------
    table
        The measured database.
    space
        The part of the table's space that may be chosen.
    places
        Position of each of the space's candidate indexes in the table's list.
    queries, transactions
        Executions by name, all for one unit of work.
    prices
        What a block, a flush and a KiB of log cost.
    memory_mb, connections
        `shared_buffers + connections * work_mem * hash_mem_multiplier` must not exceed the memory, or the server is not started.
    budget
        Runs that the policy may ask for.
    noise
        Standard deviation of the logarithm of what a measurement multiplies each cost by.
    seed
        Of the noise; told to the policy as its own seed.
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
            When it names what was not measured, or its default does not fit into memory.
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
            raise ProblemError(f"knob tuning: the default needs {session.need_mb(space.default)} MB of {session.memory_mb}")
        return session

    def need_mb(self, configuration: Configuration) -> float:
        """Memory that a configuration may need, in MB."""
        value = self.space.told(configuration)["knobs"]
        return float(value[BUFFERS] + self.connections * value["work_mem_mb"] * value["hash_mem_multiplier"])

    def fits(self, configuration: Configuration) -> bool:
        """Whether a server with this configuration would be started."""
        return self.need_mb(configuration) <= self.memory_mb

    def parts(self, configuration: Configuration) -> list[float]:
        """True cost of each query, then of each kind of transaction, all executions together, in milliseconds."""
        whole = self.in_table(configuration)
        queries = [weight * self.table.query_cost(name, whole, self.prices) for name, weight in self.queries.items()]
        return queries + [weight * self.table.write_cost(name, whole, self.prices) for name, weight in self.transactions.items()]

    def cost(self, configuration: Configuration) -> float:
        """True cost of the whole workload in milliseconds."""
        return math.fsum(self.parts(configuration))

    def in_table(self, configuration: Configuration) -> Configuration:
        """The same configuration by the table's levels and candidate indexes."""
        return Configuration(
            tuple(
                of.levels.index(knob.levels[level])
                for of, knob, level in zip(self.table.space.knobs, self.space.knobs, configuration.levels, strict=True)
            ),
            tuple(sorted(self.places[i] for i in configuration.indexes)),
        )

    # ----------------------------------------------------------------------- what a policy is told

    def space_told(self) -> dict[str, Any]:
        """Argument `space` of the policy."""
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
        """Argument `workload` of the policy."""
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
    """Verifier: looks configurations up in measured tables; a policy never touches an engine.

    `suggest(space, workload, history, seed)` is asked `budget` times. History begins with the default configuration, and each
    entry has the configuration as it was taken, its measured cost (None where the server could not be started), and the
    measured cost of each query and kind of transaction.

    Attributes
    ----------
    tables
        Measured databases by name.
    """

    tables: Mapping[str, CostTable]

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Mean over the runs of the true cost of what was measured cheapest so far, in % of the default's true cost.

        Raises
        ------
        Infeasible
            When an answer is no configuration of the space.
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
        """The cheapest configuration of the whole space and its true cost in milliseconds, by looking at all of them."""
        session = Session.from_data(instance.data, self.tables)
        return _cheapest(session)

    def solve(self, instance: Instance) -> Reference:
        """Cost of the best configuration in % of the default's."""
        session = Session.from_data(instance.data, self.tables)
        _, cost = _cheapest(session)
        return Reference(
            100 * cost / session.cost(session.space.default), "optimal", "least of the measured table, all configurations"
        )


def _measured(session: Session, configuration: Configuration, rng: random.Random) -> dict[str, Any]:
    # Drawn for every run alike, so that the noise of a run does not depend on what was asked before.
    factors = [math.exp(session.noise * rng.gauss(0, 1)) for _ in (*session.queries, *session.transactions)]
    told = session.space.told(configuration)
    if not session.fits(configuration):
        return {"config": told, "cost": None, "queries": None, "transactions": None}
    parts = [factor * part for factor, part in zip(factors, session.parts(configuration), strict=True)]
    n = len(session.queries)
    return {"config": told, "cost": math.fsum(parts), "queries": parts[:n], "transactions": parts[n:]}


def _cheapest(session: Session) -> tuple[Configuration, float]:
    """Go through all configurations: queries and writes depend on different knobs, and meet in the set of indexes alone."""
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
