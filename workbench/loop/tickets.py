"""Tickets: attempts that whoever proposes from outside takes, one by one, and answers with a program."""

from __future__ import annotations

import json
import math
import secrets
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from workbench.errors import UsageError
from workbench.loop.attempt import Flight
from workbench.model import Call, Candidate, Program, Prompt, Status, Task
from workbench.proposers.quoting import fence
from workbench.store import Store

MOST_OUT = 32
"""Number of tickets that can be out at the same time."""
SECONDS = 1800.0
"""Time for which a ticket is valid unless its holder asked for another."""
LONGEST = 86_400.0
"""Longest time for which a ticket can be valid, in seconds."""

_CHARS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class TicketRequest:
    """A request for a ticket, as a control message carries it.

    Attributes
    ----------
    author
        Who asks; shown as the model of the attempt.
    seconds
        For how long the ticket is valid.
    """

    author: str
    seconds: float = SECONDS

    def to_json(self) -> str:
        """Return the argument of the control message."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Restore from `to_json`."""
        raw = json.loads(text)
        return cls(str(raw["author"])[:80], min(LONGEST, max(1.0, float(raw["seconds"]))))


@dataclass(frozen=True, slots=True)
class Submission:
    """A program from outside, as a control message carries it.

    Attributes
    ----------
    source
        Text of the program.
    idea
        What it changes and why, in one line.
    author
        Who submits it.
    ticket
        The ticket that it answers; empty: a free submission, which is an attempt of its own.
    tokens, cost_usd
        What its author says it took; None: unknown.
    parent
        Number of the attempt that it was made from; None: the one that its ticket shows.
    """

    source: str
    idea: str = ""
    author: str = ""
    ticket: str = ""
    tokens: int | None = None
    cost_usd: float | None = None
    parent: int | None = None

    def to_json(self) -> str:
        """Return the argument of the control message."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Restore from `to_json`; plain text is a source, and other fields are ignored."""
        try:
            raw = json.loads(text)
            known = {name: raw[name] for name in cls.__dataclass_fields__ if name in raw}
            return cls(**known)
        except (ValueError, TypeError):
            return cls(text)


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
        )
        return message, asdict(shown)

    def take(self, name: str, submission: Submission) -> tuple[Flight, Call]:
        """Return the attempt of a ticket that is answered now, and the answer as a call.

        Raises
        ------
        UsageError
            The ticket is unknown, has expired or was answered.
        """
        ticket = self._valid(name)
        del self._out[name]
        text = fence(submission.source, "python")  # as a model answers, so that it can be read again
        counted = submission.tokens is not None
        call = Call(
            submission.author or ticket.author,
            ticket.prompt,
            text,
            tokens_in=0 if counted else (len(ticket.prompt.system) + len(ticket.prompt.user)) // _CHARS_PER_TOKEN,
            tokens_out=submission.tokens if submission.tokens is not None else len(text) // _CHARS_PER_TOKEN,
            cost_usd=submission.cost_usd or 0.0,
            seconds=time.monotonic() - ticket.issued,
            finish="stop",
            estimated=not counted,
        )
        return ticket.flight, call

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


@dataclass(frozen=True)  # without slots, which the protocol's SDK takes for defaults
class Parent:
    """A program that a ticket shows: the first is the one to improve."""

    candidate: int
    gap: float
    families: dict[str, float]
    source: str


@dataclass(frozen=True)  # without slots, which the protocol's SDK takes for defaults
class Ticket:
    """A request to propose one program.

    Attributes
    ----------
    ticket
        Its name; whoever has it can answer it.
    number
        Number of the attempt.
    kind
        What is asked for: improve, a new principle, ...
    prompt
        The whole request, with contract, table of earlier attempts and limits.
    parents
        Programs that it shows.
    expires
        Unix time until which it is valid; then the attempt goes to someone else.
    """

    ticket: str
    number: int
    kind: str
    prompt: str
    parents: list[Parent]
    expires: float

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Restore from the answer to a request."""
        parents = [Parent(**parent) for parent in raw["parents"]]
        return cls(**{name: raw[name] for name in cls.__dataclass_fields__} | {"parents": parents})


@dataclass(frozen=True)  # without slots, which the protocol's SDK takes for defaults
class Submitted:
    """What became of a submission.

    Attributes
    ----------
    candidate
        Number of the attempt.
    gap, families
        Mean gap on train, and by instance class; empty unless the status is `ok`.
    difference, error
        Mean difference to the gap of the program to improve, below 0 is better, and its standard error.
    within_noise
        Whether the difference is smaller than twice its standard error.
    cpu_seconds
        The program's own time on a train instance: the longest.
    novelty
        Share of its lines that the program to improve does not have.
    duplicate_of
        Number of the attempt with the same program.
    best
        Smallest gap on train in the run so far.
    left
        Number of attempts that nobody has taken yet.
    message
        Why it failed; empty if it did not.
    """

    candidate: int
    status: str
    gap: float | None
    families: dict[str, float]
    difference: float | None
    error: float | None
    within_noise: bool | None
    cpu_seconds: float | None
    novelty: float | None
    duplicate_of: int | None
    best: float | None
    left: int
    message: str

    def to_json(self) -> str:
        """Return the answer to a submission."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Restore from `to_json`."""
        return cls(**{name: raw[name] for name in cls.__dataclass_fields__})


def submitted(
    candidate: Candidate, parent: Candidate | None, best: Candidate | None, duplicate_of: int | None, left: int
) -> Submitted:
    """Say what became of a submission."""
    ok, effect = candidate.status is Status.OK, candidate.effect
    gaps = [c.gap for c in (candidate, best) if c is not None and c.status is Status.OK]
    return Submitted(
        candidate.number,
        candidate.status.value,
        candidate.gap if ok else None,
        dict(candidate.families),
        effect.mean if effect else None,
        effect.error if effect and math.isfinite(effect.error) else None,
        effect.within_noise if effect else None,
        candidate.seconds.longest if candidate.seconds else None,
        _novelty(candidate.program, parent.program if parent else None),
        duplicate_of,
        min(gaps, default=None),
        left,
        candidate.message,
    )


def _novelty(program: Program | None, parent: Program | None) -> float | None:
    if program is None or parent is None:
        return None
    lines, theirs = (Counter(filter(None, map(str.strip, p.source.split("\n")))) for p in (program, parent))
    return 1 - (lines & theirs).total() / max(1, lines.total())


def refusal(why: str) -> str:
    """Return the answer to a request that cannot be met."""
    return json.dumps({"error": why})
