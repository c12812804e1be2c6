"""Measured costs of all configurations of a space, composed from measurements of single queries and transactions."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.postgres.measure import Prices, table_of
from evaluators.postgres.space import Configuration, Knob, Space

PLANNER = ("work_mem_mb", "hash_mem_multiplier", "random_page_cost", "effective_cache_size_mb", "enable_nestloop")
"""Knobs that determine the plan of a query; the first two also determine what spills to temporary files."""
BUFFERS = "shared_buffers_mb"
WRITERS = ("synchronous_commit", "wal_compression")
"""Knobs that affect write transactions."""


@dataclass(frozen=True, slots=True)
class QueryCosts:
    """Measurements of one query.

    Attributes
    ----------
    estimates
        Plans under default knobs: indexes used (bit mask) and the planner's estimated cost, cheapest first.
    lattices
        Lists of (indexes used as a bit mask, plan). The plan for a set of indexes is the first whose indexes it contains.
    lattice_of
        Index of the lattice for each setting of the planner's knobs, in the order of `itertools.product` over their levels.
    at
        Entry index by plan and memory setting (work_mem, then hash_mem_multiplier); -1 if no configuration leads to it.
    cpu_ms, temporary, read
        For each entry: CPU time in ms, temporary blocks, and blocks read by level of shared_buffers.
    """

    estimates: tuple[tuple[int, float], ...]
    lattices: tuple[tuple[tuple[int, int], ...], ...]
    lattice_of: tuple[int, ...]
    at: tuple[tuple[int, ...], ...]
    cpu_ms: tuple[float, ...]
    temporary: tuple[int, ...]
    read: tuple[tuple[int, ...], ...]

    def entry(self, setting: int, memory: int, indexes: int) -> int:
        """Return the entry index for a planner setting, its memory setting and a set of indexes (bit mask)."""
        for uses, plan in self.lattices[self.lattice_of[setting]]:
            if uses & ~indexes == 0:
                return self.at[plan][memory]
        raise ValueError("the lattice has no plan without indexes")

    def cost(self, entry: int, buffers: int, prices: Prices) -> float:
        """Return the cost of one execution, in ms."""
        return self.cpu_ms[entry] + prices.block * (self.temporary[entry] + self.read[entry][buffers])


@dataclass(frozen=True, slots=True)
class WriteCosts:
    """Measurements of one kind of transaction.

    Attributes
    ----------
    tables
        Tables that it modifies.
    base
        CPU time in ms, flushes and log bytes by (synchronous_commit, wal_compression), without candidate indexes.
    extra
        Additional CPU time in ms and log bytes of each index, by (index, wal_compression).
    """

    tables: tuple[str, ...]
    base: Mapping[tuple[int, int], tuple[float, float, float]]
    extra: Mapping[tuple[int, int], tuple[float, float]]

    def cost(self, commit: int, compress: int, indexes: Sequence[int], prices: Prices) -> float:
        """Return the cost of one transaction, in ms."""
        cpu, flushes, log = self.base[commit, compress]
        for index in indexes:
            more = self.extra.get((index, compress), (0.0, 0.0))
            cpu, log = cpu + more[0], log + more[1]
        return cpu + prices.flush * flushes + prices.log_kib * log / 1024


@dataclass(frozen=True)
class CostTable:
    """All measurements of one database, and the space that they cover."""

    space: Space
    rows: Mapping[str, int]
    table_kib: Mapping[str, int]
    index_kib: Mapping[str, int]
    queries: Mapping[str, QueryCosts]
    writes: Mapping[str, WriteCosts]

    @classmethod
    def read(cls, file: Path) -> CostTable:
        """Read a table from gzipped JSON."""
        return cls.from_json(json.loads(gzip.decompress(file.read_bytes())))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CostTable:
        """Create a table from plain JSON values."""
        space = Space(
            tuple(Knob(name, tuple(levels), default) for name, levels, default in data["knobs"]),
            tuple(data["index_kib"]),
            data["most_indexes"],
        )
        queries = {
            name: QueryCosts(
                tuple((uses, estimate) for uses, estimate in q["estimates"]),
                tuple(tuple((uses, plan) for uses, plan in lattice) for lattice in q["lattices"]),
                tuple(q["lattice_of"]),
                tuple(map(tuple, q["at"])),
                tuple(q["cpu_ms"]),
                tuple(q["temporary"]),
                tuple(map(tuple, q["read"])),
            )
            for name, q in data["queries"].items()
        }
        writes = {
            name: WriteCosts(
                tuple(w["tables"]),
                {(commit, compress): (cpu, flushes, log) for commit, compress, cpu, flushes, log in w["base"]},
                {(index, compress): (cpu, log) for index, compress, cpu, log in w["extra"]},
            )
            for name, w in data["writes"].items()
        }
        return cls(space, data["rows"], data["table_kib"], data["index_kib"], queries, writes)

    # ----------------------------------------------------------------------- one configuration

    def query_cost(self, name: str, configuration: Configuration, prices: Prices) -> float:
        """Return the cost of one execution of a query that is repeated back to back, in ms."""
        query = self.queries[name]
        setting, memory = self._setting(configuration)
        indexes = sum(1 << i for i in configuration.indexes)
        return query.cost(query.entry(setting, memory, indexes), configuration.levels[self._place[BUFFERS]], prices)

    def write_cost(self, name: str, configuration: Configuration, prices: Prices) -> float:
        """Return the cost of one transaction of a kind, in ms."""
        commit, compress = (configuration.levels[self._place[knob]] for knob in WRITERS)
        return self.writes[name].cost(commit, compress, configuration.indexes, prices)

    def estimates(self, name: str, indexes: Sequence[int]) -> list[tuple[tuple[int, ...], float]]:
        """Return the planner's what-if estimates of a query under default knobs, for plans that use only `indexes`.

        The estimate for a set of indexes is the first whose indexes it contains.
        """
        allowed = sum(1 << i for i in indexes)
        kept: list[tuple[int, float]] = []
        for uses, estimate in self.queries[name].estimates:
            # A plan that uses a superset of the indexes of a cheaper plan is never chosen.
            if uses & ~allowed == 0 and not any(used & ~uses == 0 for used, _ in kept):
                kept.append((uses, estimate))
        return [(tuple(i for i in indexes if uses >> i & 1), estimate) for uses, estimate in kept]

    # ----------------------------------------------------------------------- all configurations

    def query_costs(
        self, name: str, settings: Sequence[int], sets: Sequence[int], buffers: int, prices: Prices
    ) -> NDArray[np.float64]:
        """Return the cost of a query in ms by planner setting and set of indexes (bit masks), shape (settings, sets)."""
        query = self.queries[name]
        cost = np.array([query.cost(entry, buffers, prices) for entry in range(len(query.cpu_ms))])
        masks = np.array(sets, dtype=np.int64)
        memories = self._memory_settings
        plans: dict[int, NDArray[np.int64]] = {}
        at = np.array(query.at)
        found = np.empty((len(settings), len(sets)))
        for row, setting in enumerate(settings):
            lattice = query.lattice_of[setting]
            if lattice not in plans:
                chosen = np.full(len(sets), -1)
                for uses, plan in reversed(query.lattices[lattice]):
                    chosen[(uses & ~masks) == 0] = plan
                plans[lattice] = chosen
            found[row] = cost[at[plans[lattice], memories[setting]]]
        return found

    def setting_of(self, levels: Sequence[int]) -> int:
        """Return the number of the planner setting of a configuration's levels."""
        return self._setting(Configuration(tuple(levels), ()))[0]

    # ----------------------------------------------------------------------- internal

    @cached_property
    def _place(self) -> dict[str, int]:
        return {knob.name: i for i, knob in enumerate(self.space.knobs)}

    @cached_property
    def _sizes(self) -> list[int]:
        return [len(self.space.knobs[self._place[name]].levels) for name in PLANNER]

    @cached_property
    def _memory_settings(self) -> list[int]:
        sizes = self._sizes
        return [levels[0] * sizes[1] + levels[1] for levels in itertools.product(*map(range, sizes))]

    def _setting(self, configuration: Configuration) -> tuple[int, int]:
        setting = 0
        for name, size in zip(PLANNER, self._sizes, strict=True):
            setting = setting * size + configuration.levels[self._place[name]]
        return setting, self._memory_settings[setting]


def packed(record: Mapping[str, Any], space: Space, tables: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Build a table, as plain JSON values, from the record of `problems/knob_tuning/postgres/measure.py`.

    Parameters
    ----------
    tables
        Tables that each kind of transaction modifies.
    """
    knobs = {knob.name: knob for knob in space.knobs}
    settings = list(itertools.product(*(knobs[name].levels for name in PLANNER)))
    default = [knobs[name].default for name in PLANNER]
    return {
        "knobs": [[knob.name, list(knob.levels), knob.default] for knob in space.knobs],
        "most_indexes": space.most_indexes,
        "rows": record["rows"],
        "table_kib": record["table_kib"],
        "index_kib": record["index_kib"],
        "queries": {
            name: _packed_query(plans["choices"], record["cpu"][name],
                                [record["read"][f"{name} {mb}"] for mb in knobs[BUFFERS].levels], space, settings, default)
            for name, plans in record["plans"].items()
        },
        "writes": {kind: _packed_writes(kind, kind_tables, record["writes"], space) for kind, kind_tables in tables.items()},
    }  # fmt: skip


def _packed_query(
    choices: Any, cpu: Any, read: Sequence[Sequence[int]], space: Space, settings: Sequence[Sequence[Any]], default: Sequence[Any]
) -> dict[str, Any]:
    by_setting = {tuple(setting): _within(found, space.most_indexes) for setting, found in choices}
    plans = sorted({plan for found in by_setting.values() for _, _, plan in found})
    lattices: dict[Any, int] = {}
    lattice_of = []
    for setting in settings:
        lattice = tuple((uses, plans.index(plan)) for _, uses, plan in by_setting[tuple(setting)])
        lattice_of.append(lattices.setdefault(lattice, len(lattices)))
    at = [[-1] * 0 for _ in plans]
    memories = list(dict.fromkeys((s[0], s[1]) for s in settings))
    needed = {(plan, s[0], s[1]) for s, found in by_setting.items() for _, _, plan in found}
    for p, plan in enumerate(plans):
        rows = [(i, m, f, temporary) for i, (digest, m, f, _, _, temporary, _) in enumerate(cpu) if digest == plan]
        for memory, factor in memories:
            # Measured with these settings, or with less memory and no temporary file.
            fits = [i for i, m, f, _ in rows if (m, f) == (memory, factor)] or [
                i for i, m, f, temporary in rows if temporary == 0 and m <= memory and m * f <= memory * factor
            ]
            if not fits and (plan, memory, factor) in needed:
                raise ValueError(f"plan {plan} was not measured with work_mem {memory} and hash_mem_multiplier {factor}")
            at[p].append(fits[0] if fits else -1)
    return {
        "estimates": [[uses, estimate] for estimate, uses, _ in by_setting[tuple(default)]],
        "lattices": [[list(pair) for pair in lattice] for lattice in lattices],
        "lattice_of": lattice_of,
        "at": at,
        "cpu_ms": [round(row[6], 3) for row in cpu],
        "temporary": [row[5] for row in cpu],
        "read": [list(levels) for levels in zip(*read, strict=True)],
    }


def _within(found: Sequence[Any], most: int) -> list[Any]:
    """Return the reachable choices: at most `most` indexes, and not dominated by an earlier choice with a subset of its indexes."""
    kept: list[Any] = []
    for choice in found:
        uses = choice[1]
        if uses.bit_count() <= most and not any(earlier & ~uses == 0 for _, earlier, _ in kept):
            kept.append(choice)
    return kept


def _packed_writes(kind: str, tables: Sequence[str], writes: Mapping[str, Any], space: Space) -> dict[str, Any]:
    def least(commit: bool, compress: bool, indexes: list[str]) -> list[float]:
        runs = writes[json.dumps([kind, commit, compress, indexes])]
        return [min(run[i] for run in runs) for i in range(3)]

    base = [[int(s), int(c), *(round(x, 4) for x in least(s, c, []))] for s in (False, True) for c in (False, True)]
    extra = []
    for i, index in enumerate(space.indexes):
        if table_of(index) in tables:
            for compress in (False, True):
                with_it, without = least(False, compress, [index]), least(False, compress, [])
                # An index never makes a write cheaper: negative differences are measurement error.
                extra.append(
                    [i, int(compress), round(max(0.0, with_it[0] - without[0]), 4), round(max(0.0, with_it[2] - without[2]), 1)]
                )
    return {"tables": list(tables), "base": base, "extra": extra}
