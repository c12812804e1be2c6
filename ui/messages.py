"""Messages to a run, its tickets and its log, as the page of a run shows them."""

from __future__ import annotations

import json
import time
from html import escape
from typing import Any

import streamlit as st

from ui import data, parts, theme
from workbench.analysis.messages import Asked, out
from workbench.store import Mark, Reader, RunSummary

SHOWN = 200
"""Maximum number of messages in the table, and of events in the log."""
PROGRAMS = 20
"""Maximum number of programs that are shown; others are on their attempt's page."""


def messages(store: Reader, row: RunSummary, mark: Mark, loaded: Any) -> None:
    """Show the messages to the run with their outcome, and the programs that they carry."""
    told = data.steering(store, data.attempts(store, row.id, store.mark(row.id)), row)
    if not told:
        st.caption("No messages yet. What a person or an agent asks of the run is listed here, with its outcome.")
        return
    tickets(out([t.asked for t in told]))
    measured = any(t.before is not None for t in told)
    named = any(t.asked.author for t in told)
    columns = ["sent", "message", *(["from"] if named else []), "text", "outcome", *(["improvements per 100 attempts"] * measured)]
    rows = []
    for t in reversed(told[-SHOWN:]):
        a = t.asked
        scope = f" (for the next {a.attempts} attempts)" if a.attempts else ""
        outcome = escape(a.outcome)
        if a.number is not None:
            outcome = theme.link("program", outcome, run=row.id, n=str(a.number))
        rows.append([clock(a), escape(a.message.command), *([escape(a.author)] if named else []), escape(a.text + scope), outcome,
                     *(["" if t.before is None else f"{t.before:.1f} → {t.after:.1f}"] * measured)])  # fmt: skip
    st.html(
        theme.table(
            columns, rows, {len(columns) - 1} if measured else (), grow=columns.index("text"), wrap={columns.index("outcome")}
        )
    )
    if measured:
        st.caption("Improvements of the best train gap in equal windows before and after a message; this does not show causation.")
    if len(told) > SHOWN:
        st.caption(f"The last {SHOWN} of {len(told):,} messages are listed.")
    if row.options.proposer == "agents" and (uses := store.validation_uses(row.problem, row.version)).times:
        times, texts = parts.counted(uses.times, "time"), parts.counted(uses.programs, "program")
        st.caption(f"Validation of this version of the problem was looked at {times} on this machine, for {texts}: each look "
                   "makes a lucky result more likely.")  # fmt: skip
    programs([t.asked for t in told if t.asked.source])


def tickets(held: list[Asked]) -> None:
    """Say which tickets are out."""
    if held:
        who = "; ".join(f"{a.author or 'somebody'} has {a.outcome.replace('out until', 'until')}" for a in held)
        st.caption(f"{parts.counted(len(held), 'ticket')} out: {parts.literal(who)}.")


def programs(sent: list[Asked]) -> None:
    """Show the programs that came with messages, newest first, whole and as code."""
    for a in reversed(sent[-PROGRAMS:]):
        by = f" by {a.author}" if a.author else ""
        with st.expander(parts.literal(f"Program of {clock(a)}{by}: {a.outcome[:120]}"), expanded=a.waits):
            st.code(a.source, "python", line_numbers=True)
    if len(sent) > PROGRAMS:
        st.caption(f"The last {PROGRAMS} of {len(sent):,} programs are shown; all are listed under Programs.")


def clock(asked: Asked) -> str:
    """Return when a message was sent."""
    return time.strftime("%m-%d %H:%M:%S", time.localtime(asked.message.created))


def log(store: Reader, row: RunSummary, mark: Mark, loaded: Any) -> None:
    """Show the lessons of the playbook and the log, newest first; it refreshes while the run is live."""
    if lessons := store.lessons(row.id):
        st.html(theme.table(["", "playbook"], [[str(number), escape(words)] for number, words in lessons.items()], {0}, grow=1))
    st.fragment(events, run_every=2.0 if row.live else None)(row.id)


def events(run: str) -> None:
    """Show the last events."""
    store = data.reader(run)
    found = store.events(run, limit=SHOWN) if store else []
    if not found:
        st.caption("No events yet: improvements, notes, errors and messages are listed here.")
        return
    rows = [
        [time.strftime("%m-%d %H:%M:%S", time.localtime(e.created)), escape(e.kind), escape(said(e.message))]
        for e in reversed(found)
    ]  # fmt: skip
    st.html(theme.table(["time", "kind", "event"], rows, grow=2))


def said(message: str) -> str:
    """Return the words of an event: earlier versions recorded messages as they were sent, as JSON that may be cut."""
    command, _, argument = message.partition(" ")
    if not argument.startswith("{"):
        return message
    try:
        wish = json.loads(argument)
    except ValueError:
        return command
    scope = f" (for the next {wish['next']} attempts)" if wish.get("next") else ""
    return f"{command}: {wish.get('text') or wish.get('idea') or ''}{scope}".rstrip(": ")
