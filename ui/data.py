"""Data for the pages: short queries, cached by the run's mark (number of attempts, last ID)."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
import streamlit as st

from ui.actions import certificate_log
from workbench.analysis.attempts import frame
from workbench.analysis.compare import Comparison, compare, of_baselines, of_report
from workbench.analysis.front import standings
from workbench.analysis.messages import Asked, asked
from workbench.analysis.rechecked import Rechecked, rechecked
from workbench.certificate import Certificate
from workbench.errors import StoreError, UsageError, WorkbenchError
from workbench.formatting import last_line
from workbench.model import Report, Split
from workbench.prices import Price
from workbench.problem import catalog
from workbench.problem.gap import mean_gap
from workbench.protocols import SecondObjective
from workbench.store import FILE, CertificateRecord, DailySpending, FailureGroup, Mark, PaidCall, Reader, Run, Size
from workbench.values import scored

SIZED = 20_000
"""Maximum number of attempts in the archive; of longer runs, the best."""
_FORMULA = tuple("=+-@\t\r")
"""First characters of a cell that make spreadsheets evaluate it."""
_STARTING = 20.0
"""Seconds within which a process that certifies writes its first line."""


def folder() -> Path:
    """Return the runs folder, from `-- --runs DIR`."""
    words = sys.argv[1:]
    given = words[words.index("--runs") + 1] if "--runs" in words[:-1] else st.session_state.get("runs_folder", "runs")
    return Path(given).resolve()


def own() -> Reader | None:
    """Return the store of the runs folder; None without a database."""
    path = folder() / FILE
    try:
        return _reader(str(folder()), path.stat().st_ino)
    except FileNotFoundError:
        return None


def gallery() -> Reader | None:
    """Return the store of the example runs (gallery), read-only; None if it is missing or has another layout."""
    place = Path(st.session_state.get("gallery_folder", catalog.root() / "runs" / "gallery")).resolve()
    try:
        return _reader(str(place), (place / FILE).stat().st_ino)
    except (FileNotFoundError, StoreError):
        return None


def reader(run: str | None = None) -> Reader | None:
    """Return the store with a run: the runs folder, else the gallery; without a name, the gallery if the folder has no runs."""
    mine, recorded_runs = own(), gallery()
    if run and recorded_runs and find(recorded_runs, run) and not (mine and find(mine, run)):
        return recorded_runs
    return mine if mine is not None and (run or mine.runs()) else recorded_runs or mine


def recorded(store: Reader) -> bool:
    """Whether a store is the gallery, which is read-only."""
    shipped = gallery()
    return shipped is not None and store.folder == shipped.folder


@st.cache_resource(show_spinner=False, max_entries=4)
def _reader(path: str, inode: int) -> Reader:
    # Cached by inode, because a folder that was deleted and created again has another database.
    return Reader(path)


def find(store: Reader, name: str) -> Run | None:
    """Return a run by its exact ID; None without one."""
    try:
        row = store.run(name)
    except UsageError:
        return None
    return row if row.id == name else None


# --------------------------------------------------------------------------- runs


def state(store: Reader, row: Run) -> str:
    """Return the status, or `stopping`, `pausing` or `resuming` until the run has handled the last message.

    Runs of the gallery are `recorded`.
    """
    if recorded(store):
        return "recorded"
    if not row.live:
        return row.status
    started = max(row.created, store.resumed(row.id))
    for message in reversed(store.messages(row.id, pending=False)):
        if message.created < started:
            break
        if message.command == "stop":
            return "stopping"
        if message.command in ("pause", "resume"):
            if message.acknowledged is None:
                return "pausing" if message.command == "pause" else "resuming"
            break
    return row.status


def curve(store: Reader, run: str) -> list[float]:
    """Return the best train gap over the run, for a sparkline."""
    return _curve(str(store.folder), run, store.mark(run), store)


@st.cache_data(show_spinner=False, max_entries=500)
def _curve(place: str, run: str, mark: Mark, _store: Reader) -> list[float]:
    return _store.curve(run)


def first_error(store: Reader, run: str) -> str:
    """Return why a run failed, in one line."""
    return store.run(run).message or store.first_error(run)


def typical_cost(spent: pd.DataFrame, model: str, price: Price | None) -> float | None:
    """Return dollars per call of a model, as paid in this folder, else by its price and the tokens of earlier calls."""
    own = spent[spent["model"] == model]
    priced = own["calls"].sum() - own["unpriced"].sum()
    if priced > 0 and own["usd"].sum() > 0:
        return float(own["usd"].sum() / priced)
    known = own if own["tokens_in"].sum() else spent[spent["tokens_in"] > 0]
    calls = known["calls"].sum()
    return price.of(known["tokens_in"].sum() / calls, known["tokens_out"].sum() / calls) if price is not None and calls else None


def typical_seconds(store: Reader | None, problem: str) -> float | None:
    """Return seconds per attempt on a problem in runs of this folder; None if unknown."""
    rows = store.runs() if store is not None else []
    seconds = [row.active_seconds / row.attempts for row in rows if row.problem == problem and row.attempts]
    return sum(seconds) / len(seconds) if seconds else None


# --------------------------------------------------------------------------- attempts


def attempts(store: Reader, run: str, mark: Mark) -> pd.DataFrame:
    """Return the attempts up to a mark, as `analysis.attempts.frame`, with the dollars spent so far (`usd`).

    The frame is shared between sessions: never modify it in place.
    """
    return _attempts(str(store.folder), run, mark, store)


@st.cache_resource(show_spinner=False, max_entries=12)
def _attempts(place: str, run: str, mark: Mark, _store: Reader) -> pd.DataFrame:
    made = frame(_store.points(run, mark))
    spent = calls(_store, run, mark)
    made["usd"] = made["number"].map(spent.groupby("number")["cost_usd"].sum()).fillna(0.0).cumsum() if len(spent) else 0.0
    return made


def second(store: Reader, run: str, mark: Mark, objective: SecondObjective) -> pd.Series:
    """Return the second objective of the valid attempts up to a mark on train, by number; lower is better."""
    return _second(str(store.folder), run, mark, objective, store)


@st.cache_data(show_spinner=False, max_entries=8)
def _second(place: str, run: str, mark: Mark, objective: SecondObjective, _store: Reader) -> pd.Series:
    return pd.Series({s.number: s.second for s in standings(_store, run, objective, Split.TRAIN)}, dtype=float)


def calls(store: Reader, run: str, mark: Mark) -> pd.DataFrame:
    """Return the model calls of a run up to a mark, without prompts and answers."""
    return _calls(str(store.folder), run, mark, store)


@st.cache_resource(show_spinner=False, max_entries=12)
def _calls(place: str, run: str, mark: Mark, _store: Reader) -> pd.DataFrame:
    return pd.DataFrame(_store.paid_calls(run), columns=PaidCall._fields).astype({"cost_usd": float})


def spent(store: Reader) -> pd.DataFrame:
    """As `Reader.spent`, cached until there are new calls."""
    return _spent(str(store.folder), sum(row.spending.calls for row in store.runs()), store)


@st.cache_data(show_spinner=False, max_entries=4)
def _spent(place: str, calls: int, _store: Reader) -> pd.DataFrame:
    return pd.DataFrame(_store.spent(), columns=DailySpending._fields)


@st.cache_data(show_spinner=False, max_entries=8)
def sizes(place: str, run: str, mark: Mark, _store: Reader) -> pd.DataFrame:
    """Return number, length, evaluation time and strongest instance class of the best `SIZED` valid attempts.

    An attempt's strongest class is the one with the largest lead over the run's mean, relative to its average lead.
    """
    frame = pd.DataFrame(_store.sizes(run, mark, SIZED), columns=Size._fields)
    families = pd.DataFrame(list(frame.pop("families")), index=frame.index)
    families = families[sorted(scored(families.columns))]
    if families.shape[1] > 1:
        ahead = families.mean() - families
        frame["strongest"] = ahead.sub(ahead.mean(axis=1), axis=0).fillna(float("-inf")).idxmax(axis=1)
    else:
        frame["strongest"] = families.columns[0] if families.shape[1] else "all"
    return frame


def failures(store: Reader, run: str, mark: Mark) -> list[FailureGroup]:
    """As `Reader.failures`, cached by mark."""
    return _failures(str(store.folder), run, mark, store)


@st.cache_data(show_spinner=False, max_entries=20)
def _failures(place: str, run: str, mark: Mark, _store: Reader) -> list[FailureGroup]:
    return _store.failures(run)


@dataclass(frozen=True, slots=True)
class Steered:
    """A message to a run, and its effect.

    Attributes
    ----------
    at
        Row of the attempts' frame from which it took effect; None for messages that change no prompt.
    before, after
        Improvements per 100 attempts in equal windows before and after it; None with too few attempts.
    """

    asked: Asked
    at: int | None = None
    before: float | None = None
    after: float | None = None


def steering(store: Reader, frame: pd.DataFrame, row: Run) -> list[Steered]:
    """Return the messages to a run, oldest first."""
    return [_steered(found, frame) for found in asked(store, row)]


def _steered(found: Asked, frame: pd.DataFrame) -> Steered:
    if found.message.command != "steer":
        return Steered(found)
    at = int((frame["created"] <= (found.message.acknowledged or found.message.created)).sum())
    window = min(found.attempts or 50, at, len(frame) - at)
    if window < 5:
        return Steered(found, at)
    before, after = (float(frame["improved"].iloc[part].mean() * 100) for part in (slice(at - window, at), slice(at, at + window)))
    return Steered(found, at, before, after)


# --------------------------------------------------------------------------- problems


def problem(row: Run) -> tuple[catalog.LoadedProblem | None, str]:
    """Return the problem of a run, and a note if it cannot be loaded or has changed."""
    try:
        loaded = catalog.load_recorded(row.folder, row.problem)
        loaded.references.ranking  # noqa: B018  without references there are no baselines to show
    except WorkbenchError as error:
        return None, str(error)
    changed = loaded.version != row.version
    return loaded, f"{loaded.slug} has changed since this run; baselines are of its current version" if changed else ""


def baselines(loaded: catalog.LoadedProblem | None, split: Split) -> list[tuple[str, str, float]]:
    """Return name, title and gap of each baseline on a split, best first."""
    if loaded is None:
        return []
    found = [(b.name, b.title, mean_gap(loaded.references.families(b.name, split))) for b in loaded.problem.baselines]
    return sorted(found, key=lambda item: item[2])


def verdict(store: Reader, row: Run, number: int | None = None) -> Comparison | None:
    """Compare a program of a run (default: the best candidate) with the best baseline on validation; None if impossible."""
    number = row.champion if number is None else number
    return None if number is None else _verdict(str(store.folder), row.id, number, row.version, store, row)


@st.cache_data(show_spinner=False, max_entries=2000)
def _verdict(place: str, run: str, number: int, version: str, _store: Reader, _row: Run) -> Comparison | None:
    loaded, why = problem(_row)
    report = _store.report(run, number, Split.VALIDATION)
    if loaded is None or why or report is None or not loaded.problem.baselines:
        return None
    return compare(of_report(f"{run}:{number}", number, report), of_baselines(loaded, Split.VALIDATION)[0])


def today(store: Reader, row: Run, number: int | None) -> Rechecked | None:
    """Return the re-evaluation with the current version of the problem; None if it has not changed or there is none."""
    loaded, _ = problem(row)
    return None if loaded is None or number is None else rechecked(store, row, number, loaded)


def instances(loaded: catalog.LoadedProblem | None, report: Report) -> pd.DataFrame:
    """Return one row per instance: objective, reference, gap, gap of the best baseline, and the difference."""
    split = report.split
    ranking = baselines(loaded, split)
    theirs = loaded.references.gaps(ranking[0][0], split) if loaded and ranking else {}
    rows = []
    for r in report.results:
        kind = ""
        if loaded is not None:
            try:
                kind = loaded.references.reference(split, r.id).status.replace("_", " ")
            except WorkbenchError:
                kind = ""
        other = theirs.get(r.id)
        rows.append(
            {"instance": r.id, "family": r.family, "split": split.value, "status": r.status.value, "objective": r.objective,
             "reference": r.reference, "kind": kind, "gap": r.gap, "baseline": other,
             "difference": None if other is None else r.gap - other, "seconds": r.seconds, "message": r.message}
        )  # fmt: skip
    return pd.DataFrame(rows)


def as_csv(frame: pd.DataFrame) -> str:
    """Return a table as CSV in which no text of a program or model is a formula for a spreadsheet."""

    def told(cell: object) -> object:
        return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell

    return frame.map(told).rename(columns=told).to_csv(index=False)


@dataclass(frozen=True, slots=True)
class Certification:
    """State of a program's certificate: `none`, `running`, `failed` or `ready`.

    Attributes
    ----------
    kept
        The certificate if it is ready, else None.
    message
        The current stage, or why it failed.
    """

    state: Literal["none", "running", "failed", "ready"]
    kept: CertificateRecord | None = None
    message: str = ""

    @property
    def certificate(self) -> Certificate | None:
        """The certificate; None until it is ready."""
        return self.kept.certificate if self.kept else None

    @property
    def test_gap(self) -> float | None:
        """Gap on test; None without a certificate."""
        return self.certificate.gaps.get(Split.TEST) if self.certificate else None

    @property
    def verdict(self) -> str:
        """The verdict in words; `not certified` without a certificate."""
        return self.certificate.verdict.words if self.certificate else "not certified"

    @property
    def reason(self) -> str:
        """The finding that decided the verdict; empty without a certificate."""
        return self.certificate.reason if self.certificate else ""


def certificate(run: str, number: int | None) -> Certification:
    """Return the state of a program's certificate; `none` without a program."""
    store = reader(run)
    if store is None or number is None:
        return Certification("none")
    if found := store.certificate(run, number):
        return Certification("ready", found)
    log = certificate_log(folder(), run, number)
    try:
        said, age = last_line(log.read_bytes()), time.time() - log.stat().st_mtime
    except OSError:
        said, age = "", None
    if said.startswith("error:"):
        return Certification("failed", message=said)
    if store.being_certified(run, number) or (age is not None and age < _STARTING):
        return Certification("running", message=said)
    return Certification("none") if age is None else Certification("failed", message="the process ended without a message")


__all__ = ["Mark", "StoreError", "attempts", "baselines", "certificate", "find", "folder", "problem", "reader", "state"]
