"""Messages to a run in words: who asked for what, and what has become of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.formatting import Measure, measure_of
from workbench.store import Message, Reader, Run

LOST = "not evaluated: the run ended before its turn"
AGAIN = "it is evaluated if the run is resumed"
UNREAD = "not read: the run has ended"


@dataclass(frozen=True, slots=True)
class Asked:
    """A message to a run, read.

    Attributes
    ----------
    author
        Who sent it, if it says so.
    text
        What it says: wish, idea, or name of the ticket.
    source
        The program that it carries.
    attempts
        For how many attempts a wish holds; None: for all that follow.
    outcome
        What has become of it, in words.
    number
        The attempt that it led to.
    waits
        Whether the run still has to answer it; of a ticket, whether it is out.
    """

    message: Message
    author: str = ""
    text: str = ""
    source: str = ""
    attempts: int | None = None
    outcome: str = ""
    number: int | None = None
    waits: bool = False


def asked(store: Reader, row: Run, now: float | None = None) -> list[Asked]:
    """Return the messages to a run, oldest first."""
    sent = store.messages(row.id, pending=False)
    since = max(row.created, store.resumed(row.id)) if row.live else float("inf")
    answered = {str(_fields(m.argument).get("ticket")) for m in sent if m.command == "submit" and not _refused(m)}
    given_back = {m.argument for m in sent if m.command == "give-up" and not _refused(m)}
    measure = measure_of(row.problem)
    return [_read(m, since, answered, given_back, time.time() if now is None else now, measure) for m in sent]


def _read(message: Message, since: float, answered: set[str], given_back: set[str], now: float, measure: Measure) -> Asked:
    fields = _fields(message.argument)
    author = str(fields.get("author") or "")
    outcome, number, waits = _outcome(message, since, measure)
    match message.command:
        case "ticket":
            outcome, waits = _ticket(message, since, answered, given_back, now) or (outcome, waits)
            return Asked(message, author, str(_fields(message.answer).get("kind", "")), outcome=outcome, waits=waits)
        case "submit":
            return Asked(message, author, str(fields.get("idea", "")), str(fields.get("source", message.argument)), None, outcome,
                         number, waits)  # fmt: skip
        case "inject":
            source, idea = message.program
            return Asked(message, author, idea, source, None, outcome, number, waits)
        case "steer":
            scope = fields.get("next")
            text = str(fields.get("text", message.argument))
            return Asked(message, author, text, "", int(scope) if scope else None, outcome, number, waits)
    return Asked(message, author, message.argument, outcome=outcome, number=number, waits=waits)


def _outcome(message: Message, since: float, measure: Measure) -> tuple[str, int | None, bool]:
    """Return what became of a message, its attempt, and whether the run, which has been at work `since` then, may still answer."""
    if message.acknowledged is None:
        return ("waiting for the run to read it", None, True) if since < float("inf") else (UNREAD, None, False)
    if message.waiting:
        lost = f"{LOST}; {AGAIN}" if message.command == "inject" else LOST
        return ("waiting for its turn", None, True) if message.acknowledged >= since else (lost, None, False)
    found = _fields(message.answer)
    if set(found) == {"error"}:
        return f"refused: {found['error']}", None, False
    if "given_back" in found:
        return "given back", None, False
    if "candidate" in found:
        scored = found.get("gap") is not None
        what = f"train {measure.word} {measure.value(found['gap'])}" if scored else str(found.get("message", ""))
        return f"attempt {found['candidate']}: {found.get('status', '')}, {what}", int(found["candidate"]), False
    named = re.match(r"attempt (\d{1,9}):", message.answer)
    return message.answer, int(named[1]) if named else None, False


def _ticket(message: Message, since: float, answered: set[str], given_back: set[str], now: float) -> tuple[str, bool] | None:
    """Return what became of a ticket, and whether it is out; None if none was given."""
    given = _fields(message.answer)
    if "ticket" not in given:
        return None
    name, what = str(given["ticket"]), f"attempt {given.get('number', '?')}"
    if name in answered:
        return f"{what}, answered", False
    if name in given_back:
        return f"{what}, given back", False
    if (message.acknowledged or 0.0) < since:
        return f"{what}, ended with the run", False
    expires = float(given.get("expires", 0.0))
    if expires <= now:
        return f"{what}, expired", False
    return f"{what}, out until {time.strftime('%H:%M', time.localtime(expires))}", True


def _refused(message: Message) -> bool:
    return message.acknowledged is None or set(_fields(message.answer)) == {"error"}


def _fields(text: str) -> Mapping[str, Any]:
    """Return a JSON object; empty for any other text."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def out(found: Sequence[Asked]) -> list[Asked]:
    """Return the tickets that are out."""
    return [a for a in found if a.message.command == "ticket" and a.waits and a.message.acknowledged]
