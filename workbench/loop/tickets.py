"""The desk where attempts are given out as tickets, one by one, to those who propose from outside."""

from __future__ import annotations

import math
import secrets
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.errors import UsageError
from workbench.loop.attempt import Flight
from workbench.loop.messages import Parent, Submission, Ticket, TicketRequest, refusal
from workbench.model import Prompt, Reply, Task
from workbench.store import Store

MOST_OUT = 32
"""Number of tickets that can be out at the same time."""


@dataclass(slots=True)
class _Ticket:
    """A ticket that is out."""

    flight: Flight
    author: str
    prompt: Prompt
    issued: float
    expires: float


@dataclass(slots=True)
class Tickets:
    """Requests for tickets, and the tickets that are out.

    Attributes
    ----------
    used
        When one was last asked for, answered or given back, by `time.monotonic`; minus infinity: never.
    began
        Since when they can be, by the same clock.
    """

    used: float = -math.inf
    began: float = field(default_factory=time.monotonic)
    _asked: deque[tuple[int, TicketRequest]] = field(default_factory=deque)
    _out: dict[str, _Ticket] = field(default_factory=dict)
    _returned: deque[Flight] = field(default_factory=deque)

    @property
    def is_wanted(self) -> bool:
        """Whether a request waits and another ticket may be out."""
        return bool(self._asked) and len(self._out) < MOST_OUT

    def ask(self, message: int, request: TicketRequest) -> None:
        """Queue a request; the control message with this ID gets the ticket as its answer."""
        self.used = time.monotonic()
        self._asked.append((message, request))

    def refuse(self, store: Store, why: str) -> None:
        """Answer all requests that wait with a reason."""
        while self._asked:
            store.acknowledge(self._asked.popleft()[0], refusal(why))

    def put_aside(self, flight: Flight) -> None:
        """Keep an attempt for whoever asks next."""
        self._returned.append(flight)

    def returned(self) -> Flight | None:
        """Take an attempt whose ticket was given back or has expired; None without one."""
        return self._returned.popleft() if self._returned else None

    def issue(self, flight: Flight, task: Task, prompt: Prompt) -> tuple[int, dict[str, Any]]:
        """Give out an attempt to whoever waits longest.

        Returns
        -------
        tuple
            The control message to answer, and its answer: see `Ticket`.
        """
        message, request = self._asked.popleft()
        held = [name for name, ticket in self._out.items() if ticket.author == request.author]
        name, now = secrets.token_hex(8), time.monotonic()
        self._out[name] = _Ticket(flight, request.author, prompt, now, now + request.seconds)
        parents = [task.selection.parent, *task.selection.inspirations]
        shown = Ticket(
            name,
            flight.number,
            task.kind.value,
            f"{prompt.system}\n\n{prompt.user}",
            [Parent(p.number, p.gap, dict(p.families), p.program.source if p.program else "") for p in parents],
            time.time() + request.seconds,
            held,
        )
        return message, asdict(shown)

    def take(self, name: str, submission: Submission, entry: str) -> tuple[Flight, Reply]:
        """Return the attempt of a ticket that is answered now, and the answer.

        Raises
        ------
        UsageError
            The ticket is unknown, has expired or was answered.
        """
        ticket = self._valid(name)
        del self._out[name]
        flight, seconds = ticket.flight, time.monotonic() - ticket.issued
        return flight, submission.reply(entry, flight.operator, ticket.prompt, ticket.author, seconds)

    def give_back(self, name: str) -> None:
        """Return a ticket unanswered: its attempt goes to the next who asks.

        Raises
        ------
        UsageError
            As `take`.
        """
        self._valid(name)
        self._returned.append(self._out.pop(name).flight)

    def expire(self) -> None:
        """Return the tickets whose time is over."""
        now = time.monotonic()
        for name in [name for name, ticket in self._out.items() if ticket.expires <= now]:
            self._returned.append(self._out.pop(name).flight)

    def withdraw(self) -> list[Flight]:
        """Return all attempts that are out or were returned; their tickets are no longer valid."""
        flights = [ticket.flight for ticket in self._out.values()] + list(self._returned)
        self._out.clear()
        self._returned.clear()
        return flights

    @property
    def held(self) -> int:
        """Number of attempts whose tickets are out or were returned."""
        return len(self._out) + len(self._returned)

    def _valid(self, name: str) -> _Ticket:
        self.used = time.monotonic()
        self.expire()
        if name not in self._out:
            raise UsageError(
                f"ticket {name[:40]} is not valid: it was answered or given back, has expired, or the run was resumed since; "
                "submit the program without a ticket, or take another one"
            )
        return self._out[name]
