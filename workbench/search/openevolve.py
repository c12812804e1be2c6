"""OpenEvolve's program database as a strategy, for comparison under the same proposers, sandbox and budget."""

from __future__ import annotations

import contextlib
import importlib
import logging
import random
import sys
import threading
from collections.abc import Iterable, Iterator, MutableSet
from typing import Any, TypeVar

from workbench.errors import UsageError
from workbench.model import Candidate, Selection, Status
from workbench.plugins import keeps_its_options

T = TypeVar("T")

_COLLECTIONS = ("programs", "archive", "island_best_programs", "diversity_cache", "diversity_reference_set")
_module_lock = threading.Lock()


class _OrderedSet(MutableSet[T]):
    """A set with insertion order. The database draws from `list(a_set)`, and the order of a set of strings differs between
    processes: a resumed run would otherwise draw different parents."""

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._items = dict.fromkeys(items)

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def add(self, value: T) -> None:
        self._items[value] = None

    def discard(self, value: T) -> None:
        self._items.pop(value, None)

    def copy(self) -> _OrderedSet[T]:
        return _OrderedSet(self._items)


@keeps_its_options
class OpenEvolve:
    """OpenEvolve's ProgramDatabase: islands, MAP-Elites on length and diversity, archive; with OpenEvolve's defaults.

    The fitness is `combined_score = -gap`. Selection and migration use its `sample_from_island` and `migrate_programs`, in
    the order of OpenEvolve's controller. The island of a request is drawn uniformly, whereas the controller keeps equal
    numbers of requests in flight. Written for openevolve 0.4.0.

    Parameters
    ----------
    islands, population, archive, bins
        Sizes of the populations, archive and feature grid. OpenEvolve's default population is 1,000.
    migration
        Valid programs of an island between migrations.
    explore, exploit
        Exploration and exploitation ratios; the remainder is weighted sampling.
    inspirations
        Number of programs shown with the parent.
    """

    def __init__(
        self,
        *,
        islands: int = 5,
        population: int = 200,
        archive: int = 100,
        bins: int = 10,
        migration: int = 50,
        explore: float = 0.2,
        exploit: float = 0.7,
        inspirations: int = 2,
    ) -> None:
        for name, value, low in (
            ("islands", islands, 1), ("population", population, 2), ("archive", archive, 1), ("bins", bins, 1),
            ("migration", migration, 1), ("inspirations", inspirations, 0),
        ):  # fmt: skip
            if value < low:
                raise UsageError(f"{name} must be at least {low}, got {value}")
        if min(explore, exploit) < 0 or explore + exploit > 1:
            raise UsageError("explore and exploit must be at least 0 and sum to at most 1")
        try:
            importlib.import_module("openevolve.database")
            config = importlib.import_module("openevolve.config").DatabaseConfig
        except ImportError as error:
            raise UsageError(f"strategy 'openevolve' needs the package openevolve ({error}): pip install openevolve") from error
        # It logs every cell and every fallback; the run's own records suffice.
        logging.getLogger("openevolve.database").setLevel(logging.CRITICAL)
        self._database = self._library.ProgramDatabase(
            config(
                db_path=None, log_prompts=False, population_size=population, archive_size=archive, num_islands=islands,
                exploration_ratio=explore, exploitation_ratio=exploit, feature_bins=bins, migration_interval=migration,
                random_seed=None,
            )
        )  # fmt: skip
        self._database.islands = [_OrderedSet[str]() for _ in range(islands)]
        self._database.archive = _OrderedSet[str]()
        # With its limit of 1,000 values the cache would evict the elites' values, which are needed at every sample.
        self._database.diversity_cache_size = sys.maxsize
        self._inspirations = inspirations
        self._candidates: dict[int, Candidate] = {}

    def ask(self, rng: random.Random) -> Selection:
        """Sample from an island of the database, then undo the changes made by sampling."""
        if not self._candidates:
            raise UsageError("no initial program is valid: fix the initial programs of the run")
        index = rng.randrange(len(self._database.islands))
        with self._drawing_from(rng), self._unchanged():
            parent, others = self._database.sample_from_island(index, num_inspirations=self._inspirations)
            chosen = dict.fromkeys(self._number(p) for p in (parent, *others))
        first, *rest = (self._candidates[number] for number in chosen)
        return Selection(first, tuple(rest), index)

    def tell(self, candidate: Candidate) -> None:
        """Add a valid program to the database and migrate when due, as OpenEvolve's controller does."""
        if candidate.status is not Status.OK or candidate.program is None:
            return
        island = 0 if candidate.island is None else candidate.island % len(self._database.islands)
        program = self._library.Program(
            id=str(candidate.number),
            code=candidate.program.source,
            parent_id=str(candidate.parents[0]) if candidate.parents else None,
            metrics={"combined_score": -candidate.gap},
            metadata={"number": candidate.number},
            timestamp=float(candidate.number),
        )
        self._candidates[candidate.number] = candidate
        with self._drawing_from(random.Random(candidate.number)):
            self._database.add(program, iteration=candidate.number, target_island=island)
            if candidate.parents:
                self._database.increment_island_generation(island)
                if self._database.should_migrate():
                    self._database.migrate_programs()
        programs = self._database.programs.values()
        cache, codes = self._database.diversity_cache, {hash(p.code) for p in programs}
        self._database.diversity_cache = {key: value for key, value in cache.items() if key in codes}
        alive = {self._number(p) for p in programs}
        self._candidates = {number: c for number, c in self._candidates.items() if number in alive}

    @property
    def _library(self) -> Any:
        return importlib.import_module("openevolve.database")  # no attribute: a module cannot be copied with the object

    def _number(self, program: Any) -> int:
        # A migrant is a copy with a new id and the metadata of the original. The copy that initializes an empty island has no
        # metadata, but names the original as its parent.
        number = program.metadata.get("number")
        return self._number(self._database.programs[program.parent_id]) if number is None else int(number)

    @contextlib.contextmanager
    def _drawing_from(self, rng: random.Random) -> Iterator[None]:
        """Make the library draw from `rng` instead of the global generator, which other threads use too."""
        with _module_lock:
            before, self._library.random = self._library.random, rng
            try:
                yield
            finally:
                self._library.random = before

    @contextlib.contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Restore the database on exit: sampling updates feature counts and the diversity cache and may copy a program."""
        database = self._database
        kept = {name: getattr(database, name).copy() for name in _COLLECTIONS}
        islands = [island.copy() for island in database.islands]
        statistics = {name: {**s, "values": s["values"].copy()} for name, s in database.feature_stats.items()}
        try:
            yield
        finally:
            for name, value in kept.items():
                setattr(database, name, value)
            database.islands, database.feature_stats = islands, statistics
