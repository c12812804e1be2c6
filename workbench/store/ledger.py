"""Append-only tables of a runs folder: test-set accesses, certificates, and re-evaluations of best candidates."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from workbench.certificate import Certificate, Opening, json_hash
from workbench.errors import StoreError, UsageError
from workbench.model import Program, Report, Split
from workbench.program.source import fingerprint, identity
from workbench.state import usage
from workbench.store.liveness import process_alive
from workbench.store.migrations import version
from workbench.store.records import CertificateRecord
from workbench.store.rows import certificate_of, insert, report_of
from workbench.store.store import Store
from workbench.store.texts import listed

OPENINGS = 10
"""Limit on the programs that may access the test set of one version of a problem: each further one may look good by chance."""
_SINCE = 3
"""First database layout with these tables; a folder last written by an older version has none of them."""
_BY_TEXT = 4
"""First database layout that identifies programs by their text."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A program to be certified.

    Attributes
    ----------
    name
        `run:number`, or the name of a file; for a file, `run` and `number` are None.
    problem, version
        ID and version of the problem.
    instances
        Hashes of the problem's test instances.
    """

    program: Program
    name: str
    problem: str
    version: str
    run: str | None = None
    number: int | None = None
    instances: frozenset[str] = frozenset()


class Made(NamedTuple):
    """An attempt of a run."""

    run: str
    number: int


class Ledger(Store):
    """A runs folder with its certificates, test-set accesses and re-evaluations."""

    # ------------------------------------------------------------------ test-set accesses

    def open_test(self, judged: Judged, *, limit: int = OPENINGS, force: bool = False) -> Opening:
        """Count an access to the test set, before any of it is read.

        The limit applies to all programs of this user on this machine, plus those recorded in this folder, which may come from
        elsewhere. The folder records the access too.

        Raises
        ------
        UsageError
            The limit is reached, this program has not accessed the test set before, and `force` is not set.
        StoreError
            The state directory, which holds the count, cannot be written.
        """
        text = identity(judged.program)
        here = self._opened_here(judged.problem, judged.version)
        outcome = []

        def allow(before: frozenset[str]) -> bool:
            seen = before | here
            again = text in seen
            beyond = not again and len(seen) >= limit
            if beyond and not force:
                raise UsageError(
                    f"{len(seen)} programs have accessed the test set of {judged.problem} (version {judged.version}); the limit "
                    f"is {limit}, because each further one makes a lucky result more likely. --force allows it, and the "
                    "certificate says so"
                )
            outcome.append((len(seen | {text}), again, beyond))
            return not beyond

        use = usage.Use(judged.problem, judged.version, text, judged.name, str(self.folder.resolve()))
        usage.open_test(use, judged.instances or (f"{judged.problem} {judged.version}",), allow)
        ((count, again, beyond),) = outcome
        with self._transaction() as db:
            id = insert(
                db, "openings", problem=judged.problem, version=judged.version, program=text,
                fingerprint=fingerprint(judged.program), run=judged.run, number=judged.number, name=judged.name,
                forced=int(beyond), pid=os.getpid(), created=time.time(),
            )  # fmt: skip
        return Opening(count, limit, again, beyond, usage.validation_uses(judged.problem, judged.version).times, id)

    def openings(self, problem: str, version: str) -> int:
        """Return how many different programs have accessed the test set of this version, per this folder and machine."""
        return len(self._opened_here(problem, version) | usage.test_programs(problem, version))

    def validation_uses(self, problem: str, version: str) -> usage.Uses:
        """Return how often programs were evaluated on validation at the user's request on this machine, and how many programs."""
        return usage.validation_uses(problem, version)

    def _opened_here(self, problem: str, version: str) -> frozenset[str]:
        text = "coalesce(program, fingerprint)" if self._layout() >= _BY_TEXT else "fingerprint"
        query = f"SELECT DISTINCT {text} AS text FROM openings WHERE problem = ? AND version = ?"
        return frozenset(str(row["text"]) for row in self._trusted(query, problem, version))

    def being_certified(self, run: str, number: int) -> bool:
        """Whether a live process is certifying this candidate."""
        rows = self._trusted(
            "SELECT o.pid, o.created AS heartbeat FROM openings o LEFT JOIN certificates c ON c.opening = o.id "
            "WHERE o.run = ? AND o.number = ? AND c.id IS NULL ORDER BY o.id DESC LIMIT 1",
            run, number,
        )  # fmt: skip
        return bool(rows) and process_alive(rows[0]["pid"], rows[0]["heartbeat"])

    # ------------------------------------------------------------------ certificates

    def add_certificate(self, judged: Judged, opening: Opening, certificate: Certificate) -> int:
        """Store a certificate with all its evidence and return its ID."""
        evidence = json.dumps(certificate.to_json(), allow_nan=False)
        with self._transaction() as db:
            return insert(
                db, "certificates", opening=opening.id, run=judged.run, number=judged.number, name=judged.name,
                problem=judged.problem, version=judged.version, program=identity(judged.program),
                fingerprint=fingerprint(judged.program), source=judged.program.source, verdict=certificate.verdict.value,
                evidence=evidence, created=time.time(),
            )  # fmt: skip

    def certificate(self, run: str, number: int) -> CertificateRecord | None:
        """Return the newest certificate of a candidate's exact text, even if it was certified as a file; None without one."""
        rows = self._rows(
            "SELECT a.source, a.text, r.problem FROM candidates a JOIN runs r ON r.id = a.run WHERE a.run = ? AND a.number = ?",
            run, number,
        )  # fmt: skip
        return self._newest("problem", rows[0]["problem"], self._texts.source(rows[0])) if rows else None

    def attempt_of_text(self, problem: str, source: str) -> Made | None:
        """The first attempt of a run that proposed this very text; not one that a run was given to start from."""
        rows = self._rows(
            "SELECT c.run, c.number, c.source, c.text FROM candidates c JOIN runs r ON r.id = c.run WHERE r.problem = ? "
            "AND (c.source = ? OR c.characters = ?) AND c.status = 'ok' AND c.operator NOT IN ('seed', 'inject') "
            "ORDER BY c.id",
            problem, source, len(source),
        )  # fmt: skip
        return next((Made(row["run"], row["number"]) for row in rows if self._texts.source(row) == source), None)

    def record_hash(self, run: str, number: int) -> str | None:
        """Hash of an attempt and of what never changes in its run, as they are kept here; None if there is no such attempt."""
        rows = self._rows(
            "SELECT r.id, r.problem, r.version, r.proposer, r.created AS began, c.number, c.status, c.operator, c.parents, "
            "c.entry, c.source, c.gap, c.created, c.text FROM candidates c JOIN runs r ON r.id = c.run "
            "WHERE c.run = ? AND c.number = ?",
            run, number,
        )  # fmt: skip
        if not rows:
            return None
        kept = {name: value for name, value in dict(rows[0]).items() if name != "text"}
        return json_hash(kept | {"source": self._texts.source(rows[0])})

    def certificate_of(self, program: Program, version: str) -> CertificateRecord | None:
        """Return the newest certificate of exactly this text for a problem version, whatever its origin; None without one."""
        return self._newest("version", version, program.source)

    def certificate_of_text(self, source: str) -> CertificateRecord | None:
        """The newest certificate of a text, for whatever problem and version."""
        rows = self._trusted("SELECT * FROM certificates WHERE source = ? ORDER BY id DESC LIMIT 1", source)
        return certificate_of(rows[0]) if rows else None

    def _newest(self, column: str, value: str, source: str | None) -> CertificateRecord | None:
        query = f"SELECT * FROM certificates WHERE source = ? AND {column} = ? ORDER BY id DESC LIMIT 1"
        rows = self._trusted(query, source, value)
        return certificate_of(rows[0]) if rows else None

    # ------------------------------------------------------------------ re-evaluations

    def add_recheck(self, run: str, number: int, version: str, report: Report) -> None:
        """Store the score of a candidate with another version of its problem; the original score is kept."""
        with self._transaction() as db:
            insert(
                db, "rechecks", run=run, number=number, split=report.split.value, version=version, status=report.status.value,
                gap=report.gap, families=json.dumps(report.families), created=time.time(),
                results=listed(report.results),
            )  # fmt: skip

    def recheck(self, run: str, number: int, split: Split, version: str) -> Report | None:
        """Return the newest score of a candidate with another version of its problem than its run's; None without one."""
        rows = self._trusted(
            "SELECT r.*, 0.0 AS seconds FROM rechecks r WHERE run = ? AND number = ? AND split = ? AND version = ? "
            "ORDER BY id DESC LIMIT 1",
            run, number, split.value, version,
        )  # fmt: skip
        return report_of(rows[0], self._texts) if rows else None

    def _trusted(self, query: str, *values: Any) -> list[sqlite3.Row]:
        try:
            return self._rows(query, *values)
        except StoreError:
            if self._layout() < _SINCE:  # opened read-only and last written by a version without these tables
                return []
            raise

    def _layout(self) -> int:
        with self._lock:
            return version(self._db)
