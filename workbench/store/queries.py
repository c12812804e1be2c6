"""Read-only aggregates over a runs folder, for pages and reports; computed in SQL, without sources or prompts in lists."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from workbench.model import Split, Status
from workbench.store.ledger import Ledger
from workbench.store.records import (
    Attempt,
    ChampionGaps,
    DailySpending,
    FailureGroup,
    Mark,
    ModelCall,
    Outcome,
    PaidCall,
    Point,
    RunSummary,
    Score,
    Size,
    Spending,
)
from workbench.store.rows import TRIAL, WITH_TRIAL, attempt_of, call_of, spending_of, summary_of
from workbench.store.store import ESTIMATES, Store

NOTHING = Mark(0, 0)


@dataclass(slots=True)
class Tally:
    """Totals over the attempts and calls of one run counted so far."""

    mark: Mark = NOTHING
    statuses: Counter[str] = field(default_factory=Counter)  # without initial programs
    best_gap: float | None = None
    spending: Spending = field(default_factory=Spending)


class Reader(Ledger):
    """A runs folder opened read-only. Every method is a short read; none keeps a transaction open.

    Attempts and calls are append-only, so each is counted once; later queries add only new rows.

    Raises
    ------
    StoreError
        The folder has no database, or it cannot be read.
    """

    def __init__(self, folder: Path | str) -> None:
        super().__init__(folder, write=False)
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self._counted = self._paid = 0

    def _tally(self) -> defaultdict[str, Tally]:
        """Count the rows added since the last call."""
        with self._lock:
            # The first query is answered by a covering index alone, later ones read the few new rows.
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
                f"SELECT run, {self._sums()}, max(id) AS last FROM calls "
                + ("WHERE id > ? " if self._paid else "WHERE ? = 0 ") + "GROUP BY run", self._paid,
            ):  # fmt: skip
                tally = self._tallies[row["run"]]
                tally.spending += spending_of(row)
                self._paid = max(self._paid, row["last"])
            return self._tallies

    def runs(self) -> list[RunSummary]:
        """As `Store.runs`, but count only new rows."""
        rows = self._rows(
            "SELECT r.*, v.gap AS validation_gap FROM runs r "
            "LEFT JOIN scores v ON v.run = r.id AND v.number = r.champion AND v.split = 'validation' "
            "ORDER BY r.created DESC, r.rowid DESC"
        )
        tallies = self._tally()
        return [
            summary_of(row, t.statuses.total(), t.statuses[Status.OK] + t.statuses[Status.BEHIND], t.best_gap, t.spending)
            for row in rows
            for t in [tallies[row["id"]]]
        ]

    # ------------------------------------------------------------------ runs

    def mark(self, run: str) -> Mark:
        """Return the number of attempts recorded so far and the ID of the last."""
        return self._tally()[run].mark

    def counts(self, run: str) -> dict[str, int]:
        """Return the number of attempts by status, without initial programs, most frequent first."""
        return {status: n for status, n in self._tally()[run].statuses.most_common() if n}

    def best(self, run: str, split: Split = Split.TRAIN) -> Score | None:
        """Return the best attempt on a split, the earliest of equals; None without one."""
        if split is Split.TRAIN:
            query = "SELECT number, gap FROM candidates WHERE run = ? AND gap IS NOT NULL ORDER BY gap, number LIMIT 1"
            rows = self._rows(query, run)
        else:
            query = "SELECT number, gap FROM scores WHERE run = ? AND split = ? AND status = 'ok' ORDER BY gap, number LIMIT 1"
            rows = self._rows(query, run, split.value)
        return Score(*rows[0]) if rows else None

    def curve(self, run: str, buckets: int = 32) -> list[float]:
        """Return the best train gap after each of `buckets` equal parts of the attempts so far."""
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
        """Return attempts per minute over the last `seconds` before `now`."""
        query = (
            "SELECT count(*) FROM (SELECT created FROM candidates WHERE run = ? ORDER BY number DESC LIMIT 2000) WHERE created > ?"
        )
        return float(self._rows(query, run, now - seconds)[0][0]) / seconds * 60

    def first_error(self, run: str) -> str:
        """Return the first logged error, else the message of the first failed attempt, else an empty string."""
        rows = self._rows("SELECT message FROM events WHERE run = ? AND kind = 'error' ORDER BY id LIMIT 1", run)
        rows = rows or self._rows(
            "SELECT message FROM candidates WHERE run = ? AND status NOT IN ('ok', 'behind') ORDER BY id LIMIT 1", run
        )
        return str(rows[0][0]) if rows else ""

    def fault(self, run: str) -> str:
        """Return the first log entry that says that the problem itself is at fault, or an empty string."""
        rows = self._rows("SELECT message FROM events WHERE run = ? AND kind = 'fault' ORDER BY id LIMIT 1", run)
        return str(rows[0][0]) if rows else ""

    # ------------------------------------------------------------------ attempts

    def points(self, run: str, mark: Mark, after: int = 0) -> list[Point]:
        """Return all attempts up to a mark, and after another one's last, as charts show them, by number."""
        rows = self._rows(
            "SELECT id, c.number, status, operator, gap, island, json_extract(parents, '$[0]'), repairs, seconds, created, "
            "coalesce(t.idea, ''), t.longest, json_extract(t.effect, '$[0]'), json_extract(t.effect, '$[1]'), "
            "coalesce(t.proposer, '') "
            f"FROM candidates c {WITH_TRIAL} WHERE c.run = ? AND id BETWEEN ? AND ? ORDER BY c.number",
            run, after + 1, mark.last,
        )  # fmt: skip
        return list(map(Point._make, rows))

    def attempt(self, run: str, number: int) -> Attempt | None:
        """Return an attempt with its program; None if there is no such attempt."""
        rows = self._rows(f"SELECT c.*, {TRIAL} FROM candidates c {WITH_TRIAL} WHERE c.run = ? AND c.number = ?", run, number)
        return attempt_of(rows[0], self._texts) if rows else None

    def ancestors(self, run: str, number: int, most: int = 500) -> list[Attempt]:
        """Return the chain of main parents from the initial program to an attempt, the attempt included."""
        chain: list[Attempt] = []
        following: int | None = number
        seen: set[int] = set()
        while following is not None and following not in seen and len(chain) < most:
            seen.add(following)
            step = self.attempt(run, following)
            if step is None:
                break
            chain.append(step)
            following = step.parent
        return chain[::-1]

    def sizes(self, run: str, mark: Mark, most: int = 20_000) -> list[Size]:
        """Return length and evaluation time of the best `most` valid attempts, best first."""
        rows = self._rows(
            "SELECT c.number, coalesce(c.characters, length(c.source)), c.seconds, coalesce(s.families, '{}') "
            "FROM candidates c LEFT JOIN scores s ON s.run = c.run AND s.number = c.number AND s.split = 'train' "
            "WHERE c.run = ? AND c.id <= ? AND c.gap IS NOT NULL ORDER BY c.gap LIMIT ?",
            run, mark.last, most,
        )  # fmt: skip
        return [Size(number, size, seconds, json.loads(families)) for number, size, seconds, families in rows]

    def failures(self, run: str) -> list[FailureGroup]:
        """Return failed attempts by status, operator and model, with the cost of their calls, largest first; no duplicates."""
        rows = self._rows(
            """
            SELECT c.status, c.operator, k.model, count(*) AS attempts, sum(k.cost) AS cost_usd, min(c.number) AS first
            FROM candidates c LEFT JOIN (
                SELECT number, max(model) AS model, sum(cost_usd) AS cost FROM calls WHERE run = ? GROUP BY number
            ) k ON k.number = c.number
            WHERE c.run = ? AND c.status NOT IN ('ok', 'behind', 'duplicate')
            GROUP BY c.status, c.operator, k.model ORDER BY attempts DESC
            """,
            run, run,
        )  # fmt: skip
        return [
            FailureGroup(Status(status), operator, model, attempts, cost, first, self._message(run, first))
            for status, operator, model, attempts, cost, first in rows
        ]

    def useless(self, run: str) -> int:
        """Return how many attempts in a row, up to the latest, yielded no new valid program; initial programs end the row."""
        return int(
            self._rows(
                "SELECT count(*) FROM candidates WHERE run = ? AND id > "
                "(SELECT coalesce(max(id), 0) FROM candidates WHERE run = ? AND (status IN ('ok', 'behind') OR operator = 'seed'))",
                run, run,
            )[0][0]
        )  # fmt: skip

    def _message(self, run: str, number: int) -> str:
        return str(self._rows("SELECT message FROM candidates WHERE run = ? AND number = ?", run, number)[0][0])

    # ------------------------------------------------------------------ model calls

    def paid_calls(self, run: str) -> list[PaidCall]:
        """Return all calls of a run without prompts and answers, by attempt."""
        estimated = "estimated" if self._layout() >= ESTIMATES else "0"
        rows = self._rows(
            f"SELECT number, model, operator, cost_usd, tokens_in, tokens_out, {estimated}, seconds, error, created FROM calls "
            "WHERE run = ? ORDER BY number, created",
            run,
        )
        return list(map(PaidCall._make, rows))

    def spent(self) -> list[DailySpending]:
        """Return totals over the calls of all runs, by run, model and day."""
        rows = self._rows(
            "SELECT run, model, date(created, 'unixepoch', 'localtime') AS day, sum(error != '') AS failed, "
            f"{self._sums()} FROM calls GROUP BY run, model, day ORDER BY day"
        )
        return [DailySpending(**{"usd": row["dollars"]} | {f: row[f] for f in DailySpending._fields if f != "usd"}) for row in rows]

    def conversation(self, run: str, number: int) -> list[ModelCall]:
        """Return the model calls made for an attempt, with prompts and answers."""
        rows = self._rows("SELECT * FROM calls WHERE run = ? AND number = ? ORDER BY id", run, number)
        return [call_of(row, self._texts) for row in rows]


def outcome(store: Store, name: str) -> Outcome:
    """Return the result of a run: champion with train and validation gaps, counts, time, cost."""
    run = store.summary(name)
    best = None
    if run.champion is not None:
        reports = [store.report(run.id, run.champion, split) for split in (Split.TRAIN, Split.VALIDATION)]
        train, validation = (report.gap if report else None for report in reports)
        best = ChampionGaps(run.champion, train, validation)
    return Outcome(
        run=run.id,
        problem=run.problem,
        folder=run.folder,
        status=run.status,
        message=run.message,
        proposer=run.proposer,
        uses_model=run.uses_model,
        best=best,
        attempts=run.attempts,
        valid=run.valid,
        seconds=round(run.active_seconds, 3),
        cost_usd=run.spending.cost_usd,
        isolation=run.isolation,
    )
