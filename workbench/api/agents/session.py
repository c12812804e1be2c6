"""Sessions: runs whose programs come from coding agents and people, each of whom takes tickets and submits programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.api.detached import spawn, wait_for_answer, wait_for_run
from workbench.api.loading import AnyProblem, load, runs_folder
from workbench.errors import ProblemError, RunFailed, UsageError
from workbench.loop.messages import SECONDS, Submission, Submitted, Ticket, TicketRequest
from workbench.model import Program
from workbench.program.idea import shortened
from workbench.store import Reader, Store

AUTHOR = "agent"
"""Author of a program whose author gives no name."""

_START_SECONDS = 120.0


def open_session(problem: AnyProblem, *, attempts: int = 50, runs: Path | str | None = None, options: Sequence[str] = ()) -> str:
    """Start a session: a run in a process of its own that waits for requests.

    It ends when its attempts are used up, or when nobody has asked for half an hour; the next request then resumes it.

    Parameters
    ----------
    attempts
        Number of programs that can be submitted.
    options
        Further options of `evolve run`, such as `--tune-trials=24`: then tunings of the best program count as attempts too.

    Returns
    -------
    str
        ID of the run.

    Raises
    ------
    UsageError, ProblemError
        Before anything is started.
    RunFailed
        The process ended, or did not start in time; with its last line.
    """
    loaded = load(problem)
    if loaded.in_memory:
        raise ProblemError(f"{loaded.slug} was defined in Python, and a session is a process of its own: put it into a folder")
    folder = runs_folder(runs).resolve()
    words = ["--proposer=agents", f"--candidates={attempts}", "--tune-trials=0", *options]  # tuning would take some of them
    return _started(folder, "run", words, str(loaded.folder))


def take_ticket(
    run: str, *, author: str = AUTHOR, seconds: float = SECONDS, wait: float = 60.0, runs: Path | str | None = None
) -> Ticket:
    """Take the next attempt of a session.

    Parameters
    ----------
    author
        Name under which its answer is recorded.
    seconds
        For how long the ticket is valid; then the attempt goes to someone else.
    wait
        How long to wait for it, in seconds: if the run is paused or too many tickets are out, there is none.

    Raises
    ------
    UsageError
        The run is unknown, its attempts are used up, it takes no tickets, or none came in time.
    RunFailed
        It could not be resumed.
    """
    folder = runs_folder(runs).resolve()
    name = _awake(folder, run)
    with Store(folder) as store:
        message = store.send(name, "ticket", TicketRequest(author, seconds).to_json())
        return Ticket.from_json(_answer(store, name, message, wait))


def submit(
    run: str,
    source: str,
    *,
    idea: str = "",
    ticket: str = "",
    parent: int | None = None,
    author: str = "",
    tokens: int | None = None,
    cost_usd: float | None = None,
    wait: float = 900.0,
    runs: Path | str | None = None,
) -> Submitted:
    """Submit a program to a session, or to any other run, and wait for its result.

    Parameters
    ----------
    source
        Text of the whole program.
    idea
        What it changes and why, in one line; others will read it.
    ticket
        The ticket that it answers; without one it is an attempt of its own.
    parent
        Number of the attempt that it was made from, if that is not the program that its ticket shows.
    tokens, cost_usd
        What it took to write, if its author knows.

    Raises
    ------
    UsageError
        The run is unknown, the ticket is not valid, or the result did not come in time.
    """
    folder = runs_folder(runs).resolve()
    name = _awake(folder, run, free=not ticket)
    told = Submission(source, shortened(idea), author or ("" if ticket else AUTHOR), ticket, tokens, cost_usd, parent)
    with Store(folder) as store:
        return Submitted.from_json(_answer(store, name, store.send(name, "submit", told.to_json()), wait))


def give_up(run: str, ticket: str, *, wait: float = 60.0, runs: Path | str | None = None) -> None:
    """Return a ticket unanswered.

    Raises
    ------
    UsageError
        The run is unknown, or the ticket is not valid.
    """
    folder = runs_folder(runs).resolve()
    with Store(folder) as store:
        row = store.run(run)
        if not row.live:
            return  # its tickets ended with it
        _answer(store, row.id, store.send(row.id, "give-up", ticket), wait)


@dataclass(frozen=True)  # without slots, which the protocol's SDK takes for defaults
class Attempt:
    """An attempt of a run without its program. `gap` is on train; None unless the status is `ok`."""

    number: int
    status: str
    gap: float | None
    parents: list[int]
    operator: str
    proposer: str
    idea: str
    message: str


def history(run: str, *, runs: Path | str | None = None) -> list[Attempt]:
    """Return all attempts of a run so far.

    Raises
    ------
    UsageError
        The run is unknown.
    """
    with Reader(runs_folder(runs)) as store:
        return [
            Attempt(a.number, a.status.value, a.gap, list(a.parents), a.operator, a.proposer, a.idea, a.message)
            for a in store.attempts(store.run(run).id)
        ]


def program(run: str, number: int, *, runs: Path | str | None = None) -> Program | None:
    """Return the program of an attempt; None if it had none.

    Raises
    ------
    UsageError
        The run or the attempt is unknown.
    """
    with Reader(runs_folder(runs)) as store:
        return store.candidate(store.run(run).id, number).program


def _awake(folder: Path, name: str, *, free: bool = False) -> str:
    """Resume a session that has ended with attempts left; return its ID."""
    with Store(folder) as store:
        row = store.run(name)
        if row.live:
            return row.id
        used = sum(attempt.operator != "seed" for attempt in store.attempts(row.id))
    most = row.options.candidates
    if row.options.proposer != "agents":
        hint = f"add the program with: evolve inject {row.id} FILE" if free else "open a session with: evolve agent open PROBLEM"
        raise UsageError(f"run {row.id} is not running ({row.status}); {hint}")
    if used >= most:
        raise UsageError(f"all {most} attempts of {row.id} are used up; for more: evolve resume {row.id} -n {2 * most}")
    return _started(folder, "resume", [], row.id)


def _started(folder: Path, command: str, options: Sequence[str], about: str) -> str:
    launch = spawn(folder, command, options, about)
    found, why = wait_for_run(launch, folder, _START_SECONDS)
    if found is None:
        slow = f"still starting after {_START_SECONDS:.0f} s, and goes on: evolve list shows it; its log is {launch.log}"
        raise RunFailed(why.removeprefix("error: ") or slow)
    return found


def _answer(store: Store, run: str, message: int, wait: float) -> dict[str, Any]:
    found = wait_for_answer(store, run, message, wait)
    if found is None:
        why = f"has not answered within {wait:g} s" if store.run(run).live else "has ended before it answered"
        raise UsageError(f"run {run} {why}; see evolve show {run}")
    try:
        answer: dict[str, Any] = json.loads(found.answer)
    except ValueError:
        raise UsageError(f"run {run}: {found.answer}") from None
    if "error" in answer and set(answer) == {"error"}:
        raise UsageError(f"run {run}: {answer['error']}")
    return answer
