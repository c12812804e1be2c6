"""Read-only aggregates over a runs folder, for pages and reports: made in SQL, without a source or a prompt in any list."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from workbench.model import Split
from workbench.store.ledger import Ledger
from workbench.store.store import Store, run_of


class Mark(NamedTuple):
    """How far a run has come: what was read at the same mark is still true."""

    attempts: int
    last: int


NOTHING = Mark(0, 0)


@dataclass(slots=True)
class Tally:
    """What the attempts and calls of one run add up to, as far as they have been counted."""

    mark: Mark = NOTHING
    statuses: Counter[str] = field(default_factory=Counter)  # without the seeds
    best_gap: float | None = None
    calls: int = 0
    cost_usd: float | None = None
    unpriced: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


class Reader(Ledger):
    """A runs folder opened for reading. Every method is one short read: none keeps a transaction open.

    Attempts and calls are only ever appended, so they are counted once: a later look adds what is new.

    Raises
    ------
    StoreError
        There is no database in the folder, or it cannot be read.
    """

    def __init__(self, folder: Path | str) -> None:
        super().__init__(folder, write=False)
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self._counted = self._paid = 0

    def _tally(self) -> defaultdict[str, Tally]:
        """Count what has come in since the last look."""
        with self._lock:
            # From the start an index that holds all of it is read, later the few new rows.
            for row in self._rows(
                "SELECT run, operator = 'seed' AS seed, status, count(*) AS n, min(gap) AS gap, max(id) AS last FROM candidates "
                + ("WHERE id > ? " if self._counted else "WHERE ? = 0 ") + "GROUP BY run, seed, status", self._counted,
            ):  # fmt: skip
                tally = self._tallies[row["run"]]
                tally.mark = Mark(tally.mark.attempts + row["n"], max(tally.mark.last, row["last"]))
                if not row["seed"]:
                    tally.statuses[row["status"]] += row["n"]
                if row["gap"] is not None:
                    tally.best_gap = row["gap"] if tally.best_gap is None else min(row["gap"], tally.best_gap)
            self._counted = max((t.mark.last for t in self._tallies.values()), default=0)
            for row in self._rows(
                "SELECT run, count(*) AS n, sum(cost_usd) AS usd, sum(cost_usd IS NULL AND error = '') AS unpriced, "
                "sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out, max(id) AS last FROM calls "
                + ("WHERE id > ? " if self._paid else "WHERE ? = 0 ") + "GROUP BY run", self._paid,
            ):  # fmt: skip
                tally = self._tallies[row["run"]]
                tally.calls += row["n"]
                tally.cost_usd = tally.cost_usd if row["usd"] is None else (tally.cost_usd or 0.0) + row["usd"]
                tally.unpriced += row["unpriced"]
                tally.tokens_in += row["tokens_in"]
                tally.tokens_out += row["tokens_out"]
                self._paid = max(self._paid, row["last"])
            return self._tallies

    def runs(self) -> list[dict[str, Any]]:
        """As `Store.runs`, without counting again what was counted before."""
        rows = self._rows(
            "SELECT r.*, v.gap AS validation_gap FROM runs r "
            "LEFT JOIN scores v ON v.run = r.id AND v.number = r.champion AND v.split = 'validation' "
            "ORDER BY r.created DESC, r.rowid DESC"
        )
        tallies = self._tally()
        found = []
        for row in rows:
            t = tallies[row["id"]]
            counted = {"candidates": t.statuses.total(), "valid": t.statuses["ok"], "best_gap": t.best_gap, "calls": t.calls}
            spent = {"cost_usd": t.cost_usd, "unpriced": t.unpriced, "tokens_in": t.tokens_in, "tokens_out": t.tokens_out}
            found.append({**run_of(row), **counted, **spent})
        return found

    # ------------------------------------------------------------------ a run as a whole

    def mark(self, run: str) -> Mark:
        """Attempts recorded so far, and the id of the last one."""
        return self._tally()[run].mark

    def counts(self, run: str) -> dict[str, int]:
        """Attempts by status, seeds left out; the most frequent first."""
        return {status: n for status, n in self._tally()[run].statuses.most_common() if n}

    def best(self, run: str, split: Split = Split.TRAIN) -> tuple[int, float] | None:
        """Number and mean gap of the best attempt on a split; the earliest of equals."""
        if split is Split.TRAIN:
            query = "SELECT number, gap FROM candidates WHERE run = ? AND gap IS NOT NULL ORDER BY gap, number LIMIT 1"
            rows = self._rows(query, run)
        else:
            query = "SELECT number, gap FROM scores WHERE run = ? AND split = ? AND status = 'ok' ORDER BY gap, number LIMIT 1"
            rows = self._rows(query, run, split.value)
        return (rows[0][0], rows[0][1]) if rows else None

    def curve(self, run: str, buckets: int = 32) -> list[float]:
        """Best train gap after each of `buckets` equal parts of the attempts made so far."""
        rows = self._rows(
            """
            SELECT number * ? / (SELECT max(number) + 1 FROM candidates WHERE run = ?) AS bucket, min(gap) AS gap
            FROM candidates WHERE run = ? AND gap IS NOT NULL GROUP BY bucket ORDER BY bucket
            """,
            buckets, run, run,
        )  # fmt: skip
        found = {row["bucket"]: row["gap"] for row in rows}
        curve: list[float] = []
        for bucket in range(buckets):
            gap = found.get(bucket)
            if gap is not None:
                curve.append(min(gap, curve[-1]) if curve else gap)
            elif curve:
                curve.append(curve[-1])
        return curve

    def rate(self, run: str, seconds: float, now: float) -> float:
        """Attempts a minute over the last `seconds` before `now`."""
        query = (
            "SELECT count(*) FROM (SELECT created FROM candidates WHERE run = ? ORDER BY number DESC LIMIT 2000) WHERE created > ?"
        )
        return float(self._rows(query, run, now - seconds)[0][0]) / seconds * 60

    def first_error(self, run: str) -> str:
        """The first error that was logged, else the first failed attempt's message; empty where there is neither."""
        rows = self._rows("SELECT message FROM events WHERE run = ? AND kind = 'error' ORDER BY id LIMIT 1", run)
        rows = rows or self._rows("SELECT message FROM candidates WHERE run = ? AND status != 'ok' ORDER BY id LIMIT 1", run)
        return str(rows[0][0]) if rows else ""

    # ------------------------------------------------------------------ its attempts

    def points(self, run: str, mark: Mark) -> list[tuple[Any, ...]]:
        """What a chart shows of every attempt up to a mark, by number.

        Returns
        -------
        Rows of id, number, status, operator, gap (None unless ok), island, parents (JSON), repairs, seconds, created.
        """
        rows = self._rows(
            "SELECT id, number, status, operator, gap, island, parents, repairs, seconds, created "
            "FROM candidates WHERE run = ? AND id <= ? ORDER BY number",
            run, mark.last,
        )  # fmt: skip
        return [tuple(row) for row in rows]

    def attempt(self, run: str, number: int) -> dict[str, Any] | None:
        """One attempt whole: its row with the source; None where there is no such attempt."""
        rows = self._rows("SELECT * FROM candidates WHERE run = ? AND number = ?", run, number)
        return {**dict(rows[0]), "parents": json.loads(rows[0]["parents"])} if rows else None

    def ancestors(self, run: str, number: int, most: int = 500) -> list[dict[str, Any]]:
        """The chain of main parents that leads to an attempt, from its seed to itself, with sources."""
        chain: list[dict[str, Any]] = []
        following: int | None = number
        seen: set[int] = set()
        while following is not None and following not in seen and len(chain) < most:
            seen.add(following)
            row = self.attempt(run, following)
            if row is None:
                break
            chain.append(row)
            following = row["parents"][0] if row["parents"] else None
        return chain[::-1]

    def sizes(self, run: str, mark: Mark, most: int = 20_000) -> list[tuple[int, int, float, str]]:
        """Number, characters of source, evaluation seconds and family gaps (JSON) of the best `most` valid attempts, best first."""
        rows = self._rows(
            "SELECT c.number, length(c.source), c.seconds, coalesce(s.families, '{}') FROM candidates c LEFT JOIN scores s "
            "ON s.run = c.run AND s.number = c.number AND s.split = 'train' "
            "WHERE c.run = ? AND c.id <= ? AND c.gap IS NOT NULL ORDER BY c.gap LIMIT ?",
            run, mark.last, most,
        )  # fmt: skip
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def failures(self, run: str) -> list[dict[str, Any]]:
        """Failed attempts by class, operator and model, with what their calls cost and the first message of each group."""
        rows = self._rows(
            """
            SELECT c.status, c.operator, k.model, count(*) AS attempts, sum(k.cost) AS cost_usd, min(c.number) AS first
            FROM candidates c LEFT JOIN (
                SELECT number, max(model) AS model, sum(cost_usd) AS cost FROM calls WHERE run = ? GROUP BY number
            ) k ON k.number = c.number
            WHERE c.run = ? AND c.status != 'ok' GROUP BY c.status, c.operator, k.model ORDER BY attempts DESC
            """,
            run, run,
        )  # fmt: skip
        found = [dict(row) for row in rows]
        for group in found:
            group["message"] = self._rows("SELECT message FROM candidates WHERE run = ? AND number = ?", run, group["first"])[0][0]
        return found

    # ------------------------------------------------------------------ its model calls

    def calls_made(self, run: str) -> list[tuple[Any, ...]]:
        """Number, model, operator, cost (None: unknown), tokens in and out, seconds, error and time of every call."""
        rows = self._rows(
            "SELECT number, model, operator, cost_usd, tokens_in, tokens_out, seconds, error, created FROM calls WHERE run = ? "
            "ORDER BY number, created",
            run,
        )
        return [tuple(row) for row in rows]

    def spent(self) -> list[dict[str, Any]]:
        """Calls, dollars, calls of unknown price and tokens of all runs by run, model and day (this machine's date)."""
        return [
            dict(row) for row in self._rows(
                "SELECT run, model, date(created, 'unixepoch', 'localtime') AS day, count(*) AS calls, "
                "coalesce(sum(cost_usd), 0.0) AS usd, sum(cost_usd IS NULL AND error = '') AS unpriced, "
                "sum(error != '') AS failed, sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out "
                "FROM calls GROUP BY run, model, day ORDER BY day"
            )
        ]  # fmt: skip

    def conversation(self, run: str, number: int) -> list[dict[str, Any]]:
        """The model calls made for one attempt, whole: prompts and responses."""
        return [dict(row) for row in self._rows("SELECT * FROM calls WHERE run = ? AND number = ? ORDER BY id", run, number)]


def outcome(store: Store, name: str) -> dict[str, Any]:
    """What a run came to: its champion with train and validation gaps, counts, time, cost."""
    row = next(r for r in store.runs() if r["id"] == store.run(name)["id"])
    number = row["champion"]
    best = None
    if number is not None:
        reports = {split: store.report(row["id"], number, split) for split in (Split.TRAIN, Split.VALIDATION)}
        best = {"candidate": number, **{s.value: {"gap": r.gap} if r else None for s, r in reports.items()}}
    priced = not row["unpriced"]
    return {
        "run": row["id"],
        "problem": row["problem"],
        "folder": row["folder"],
        "status": row["status"],
        "message": row["message"],
        "proposer": row["proposer"],
        "uses_model": row["uses_model"],
        "best": best,
        "candidates": row["candidates"] or 0,
        "valid": row["valid"] or 0,
        "seconds": round(row["active_seconds"], 3),
        "cost_usd": (row["cost_usd"] or 0.0) if priced else None,
        "isolation": row["isolation"],
    }
