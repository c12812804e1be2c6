"""Small values that records are made of: splits, statuses, kinds of request, times, differences with their errors, counts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

SMOKE = "smoke-"
"""How the name of an instance class begins that is run and shown, but does not count in a mean gap: it is solved by now."""


IMPORT = "import"
"""Operator of an attempt whose program another project recorded."""

UNVERIFIED = "unverified"
"""Domain of foreign tasks: their scores are what their own evaluators say."""
NOT_VERIFIED = "scores not independently verified"
"""What is said wherever such a score is shown."""


def is_unverified(slug: str) -> bool:
    """Whether a problem ID is that of a foreign task, whose scores nobody has verified."""
    return slug.startswith(f"{UNVERIFIED}/")


def scored(families: Iterable[str]) -> frozenset[str]:
    """Return the instance classes that count in a mean gap: all but smoke tests, or all where there is nothing else."""
    found = frozenset(families)
    return frozenset(family for family in found if not family.startswith(SMOKE)) or found


def count_scored(families: Iterable[str]) -> int:
    """Return how many instances count in a mean gap, given the class of each."""
    given = list(families)
    counted = scored(given)
    return sum(family in counted for family in given)


class Split(StrEnum):
    """Sets of instances: `train` drives the search, `validation` selects the champion, `test` and `stress` are held out."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    STRESS = "stress"


class Status(StrEnum):
    """Outcome of an attempt. Only `ok` enters a population; failures are stored too."""

    OK = "ok"
    INFEASIBLE = "infeasible"
    CRASH = "crash"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    PROTOCOL = "protocol"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    """The same program as an earlier attempt; it is not evaluated again."""
    BEHIND = "behind"
    """Clearly worse than its parent on the first train instances, or no different; not evaluated on the others."""
    LLM_ERROR = "llm_error"
    FRAGILE = "fragile"
    """Legal on `train`, but failed the run's robustness filter."""

    @property
    def is_valid(self) -> bool:
        """Whether the program is new and did what it should where it was run: it counts as valid, however good it is."""
        return self in (Status.OK, Status.BEHIND)


class Kind(StrEnum):
    """What a request to a model asks for."""

    IMPROVE = "improve"
    """One change of the parent."""
    NEW = "new principle"
    """A program of another kind than those that were tried; the parent is not shown."""
    COMBINE = "combine"
    """The parent and a program that is better where the parent is poor."""
    SIMPLIFY = "simplify"
    """The same decisions from less code."""
    FASTER = "faster"
    """The same decisions in less time."""


class Seconds(NamedTuple):
    """Time that a program took on an instance: the median and the longest, in seconds."""

    median: float
    longest: float


class Effect(NamedTuple):
    """What a change did to the gap on the same instances; below 0 is better.

    Attributes
    ----------
    mean, error
        Mean difference to the parent's gap and its standard error (infinite: unknown).
    helped, hurt
        Instance classes that are better or worse by more than twice their standard error, the largest change first.
    """

    mean: float
    error: float
    helped: tuple[str, ...] = ()
    hurt: tuple[str, ...] = ()

    @property
    def within_noise(self) -> bool:
        """Whether the difference is smaller than twice its standard error."""
        return abs(self.mean) <= 2 * self.error

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object; an unknown error is null."""
        return {**self._asdict(), "error": self.error if math.isfinite(self.error) else None}


class Tier(NamedTuple):
    """A harder part of train and validation, where a run goes on that has solved the part before.

    Attributes
    ----------
    name
        Lower-case letters, digits and underscores. The problem at this tier is loaded as `domain/problem@name`.
    families
        Instance classes of train and validation that belong to it.
    words
        What is harder, in one sentence; prompts and pages show it.
    seconds
        Time limit of a program on one instance at this tier, in seconds; None: that of the problem.
    """

    name: str
    families: tuple[str, ...]
    words: str
    seconds: float | None = None


class Interval(NamedTuple):
    """A mean and its confidence interval."""

    mean: float
    low: float
    high: float


class Record(NamedTuple):
    """Number of instances on which the first of two programs was better, equal or worse."""

    wins: int
    ties: int
    losses: int


class Evaluator(NamedTuple):
    """How the programs of a foreign task are scored: by code of the task, which runs together with them.

    Attributes
    ----------
    folder, path
        The task's folder, and the file with the evaluator.
    command
        Whether the file is a script that takes `--program_path` and `--results_dir`; otherwise it has a function `evaluate`.
    thresholds
        Scores that lead to the next stage of a cascade; None: no cascade.
    features
        Metrics that describe a program and are no part of its score.
    """

    folder: str
    path: str
    command: bool = False
    thresholds: tuple[float, ...] | None = None
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Properties of the process that a program could observe. Its answers must not depend on them.

    Attributes
    ----------
    hash_seed
        `PYTHONHASHSEED` of its interpreter, which determines the order of a set of strings.
    module
        Its `__name__`: an identifier that is not a module of the standard library.
    file
        Its `__file__`, an absolute path; empty: none, as for executed text. The file is not read.
    generators
        Seed of the global generators of `random` and `numpy.random`.
    depth
        Number of additional stack frames below it.
    optimize
        1 removes assertions (`python -O`), 2 docstrings too.
    """

    hash_seed: int = 0
    module: str = "candidate"
    file: str = ""
    generators: int = 0
    depth: int = 0
    optimize: int = 0
