"""How often this user has used held-out data on this machine, in any runs folder."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

from workbench.state import database

TEST, VALIDATION = "test", "validation"


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a split.

    Attributes
    ----------
    problem, version
        ID and version of the problem.
    program
        SHA-256 of the program's text.
    name
        `run:number`, or the name of a file.
    folder
        The runs folder with the certificate; empty if there is none.
    """

    problem: str
    version: str
    program: str
    name: str
    folder: str = ""


class Uses(NamedTuple):
    """How often a split was used, and for how many different programs."""

    times: int
    programs: int


def open_test(use: Use, instances: Collection[str], allow: Callable[[frozenset[str]], bool]) -> None:
    """Count an access to a test set before it happens.

    Parameters
    ----------
    instances
        Hashes of the test instances. Programs judged on any of them count, under any version and problem ID, so that
        rewording a statement or copying a folder does not reset the limit.
    allow
        Function of the programs judged on them before that says whether this access is within the limit. If it raises,
        nothing is counted.

    Raises
    ------
    StoreError
        The state directory cannot be written, so the access must not happen.
    """
    with database.writing() as state:
        marks = ", ".join("?" * len(instances))
        query = f"SELECT DISTINCT a.program FROM accesses a JOIN instances i ON i.access = a.id WHERE i.instance IN ({marks})"
        seen = frozenset(str(row[0]) for row in state.execute(query, tuple(instances)))
        access = _insert(state, TEST, use, forced=not allow(seen))
        state.executemany(
            "INSERT INTO instances (access, instance) VALUES (?, ?)", [(access, instance) for instance in set(instances)]
        )


def carry_over(use: Use, instances: Collection[str], programs: Collection[str]) -> None:
    """Count accesses made on another machine, for programs that are not counted here yet.

    Raises
    ------
    StoreError
        The state directory cannot be written.
    """
    known = test_programs(use.problem, use.version)
    for program in programs:
        if program not in known:
            open_test(replace(use, program=program), instances, lambda seen: True)


def test_programs(problem: str, version: str) -> frozenset[str]:
    """Return the hashes of the programs that were judged on the test set of a version."""
    query = "SELECT DISTINCT program FROM accesses WHERE problem = ? AND version = ? AND split = ?"
    return frozenset(str(row[0]) for row in database.rows(query, problem, version, TEST))


def count_validation(use: Use) -> None:
    """Count an evaluation on validation requested by the user.

    Raises
    ------
    StoreError
        The state directory cannot be written.
    """
    with database.writing() as state:
        _insert(state, VALIDATION, use, forced=False)


def validation_uses(problem: str, version: str) -> Uses:
    """Return how often the user had programs evaluated on validation, for a version of a problem."""
    query = "SELECT count(*), count(DISTINCT program) FROM accesses WHERE problem = ? AND version = ? AND split = ?"
    found = database.rows(query, problem, version, VALIDATION)
    return Uses(int(str(found[0][0])), int(str(found[0][1]))) if found else Uses(0, 0)


def _insert(state: sqlite3.Connection, split: str, use: Use, *, forced: bool) -> int:
    values = (split, use.problem, use.version, use.program, use.name, use.folder, int(forced), time.time())
    names = "split, problem, version, program, name, folder, forced, created"
    return int(state.execute(f"INSERT INTO accesses ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values).lastrowid or 0)
