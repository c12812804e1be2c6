"""Requests to a live run: stop, pause, steer, inject, and tickets of those who propose from outside."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from workbench.errors import UsageError
from workbench.loop.attempt import Flight
from workbench.loop.follow_up import FollowUps, Injection
from workbench.loop.messages import Submission, TicketRequest, refusal
from workbench.loop.order import Order
from workbench.loop.team import Team
from workbench.loop.tickets import Tickets
from workbench.model import Reply, Selection
from workbench.store import WAITING, Message, Store

POLL_SECONDS = 0.3
"""Time between two looks for messages, in seconds."""
_AT_ONCE, _ATTENTIVE = 0.02, 60.0


@dataclass(slots=True)
class Steering:
    """The user's requests to a live run."""

    paused: bool = False
    halt: str = ""  # why no new attempt starts; empty: continue
    status: str = "done"  # status of the run once it has ended
    guidance: list[tuple[str, int]] = field(default_factory=list)  # text, last attempt it applies to

    def stop(self, why: str, status: str = "stopped") -> None:
        """Start no new attempts and finish those in progress. Only the first reason is kept."""
        if not self.halt:
            self.halt, self.status = why, status


@dataclass(slots=True)
class Control:
    """Handles the control messages of a run.

    Attributes
    ----------
    entry
        Name of what a program must define.
    last
        Number after the last attempt of the run.
    answered
        Called with an attempt and the program that answers its ticket.
    """

    store: Store
    run: str
    steering: Steering
    order: Order
    follow: FollowUps
    team: Team
    tickets: Tickets
    entry: str
    last: int
    answered: Callable[[Flight, Reply], None]
    _polled: float = 0.0
    _closed: str = ""

    @property
    def attention(self) -> float:
        """Time between two looks for messages, in seconds: short while somebody outside waits for answers, or did lately."""
        return _AT_ONCE if time.monotonic() - self.tickets.used < _ATTENTIVE else POLL_SECONDS

    def close(self, why: str) -> None:
        """Take no more requests for attempts."""
        self._closed = why
        self.tickets.refuse(self.store, why)
        self.handle(at_once=True)

    def handle(self, *, at_once: bool = False) -> None:
        """Handle each new message once and store an answer for its sender."""
        now = time.monotonic()
        if not at_once and now - self._polled < self.attention:
            return
        self._polled = now
        self.tickets.expire()
        for message in self.store.messages(self.run):
            if self._closed and message.command == "inject":
                continue  # it is evaluated once the run has ended
            if answer := self._act(message):
                self.store.acknowledge(message.id, answer)
            if message.command not in ("ticket", "submit"):  # attempts tell more
                about = message.program[1] if message.command == "inject" else message.argument
                if message.command == "steer":
                    about = str(json.loads(about)["text"])
                self.store.log(self.run, "control", f"{message.command} {about[:200]}".strip())

    def _act(self, message: Message) -> str:
        """Do what a message asks for; return its answer, empty if it has been answered already."""
        match command := message.command:
            case "ticket" | "submit" | "give-up" if self._closed:
                return refusal(self._closed)
            case "steer" if self._closed:
                return f"not possible: {self._closed}"
            case "stop":
                self.steering.stop("stopped on request")
                return "stopping after the candidates in progress"
            case "pause" | "resume":
                self.steering.paused = command == "pause"
                self.team.reset()
                return "paused" if self.steering.paused else "running again"
            case "inject" if self.order.takes_more:
                self.follow.inject(Injection(Submission(*message.program), message.id))
                return WAITING
            case "inject":
                return "not possible in a replay"
            case "steer":
                return self._steer(message.argument)
            case "ticket" | "submit" | "give-up" if not self.order.takes_more:
                return refusal("this run takes no tickets: it repeats recorded attempts")
            case "ticket":
                self.tickets.ask(message.id, TicketRequest.from_json(message.argument))
                return WAITING
            case "submit":
                return self._submit(message.id, Submission.from_json(message.argument))
            case "give-up":
                try:
                    self.tickets.give_back(message.argument)
                except UsageError as error:
                    return refusal(str(error))
                return json.dumps({"given_back": message.argument})
        return f"unknown command {command!r}"

    def _steer(self, argument: str) -> str:
        wish = json.loads(argument)
        upcoming = self.order.cursor
        last = upcoming + int(wish["next"]) - 1 if wish.get("next") else self.last
        self.steering.guidance.append((str(wish["text"]), last))
        return f"added to the prompts of attempts {upcoming} to {last}"

    def _submit(self, message: int, submission: Submission) -> str:
        try:
            base = self.store.candidate(self.run, submission.parent) if submission.parent is not None else None
            selection = Selection(base, (), base.island) if base else None
            if not submission.ticket:
                self.tickets.used = time.monotonic()
                self.follow.inject(Injection(submission, message, True, selection))
                return WAITING
            flight, reply = self.tickets.take(submission.ticket, submission, self.entry)
            flight.selection = selection or flight.selection
        except UsageError as error:
            return refusal(str(error))
        self.store.acknowledge(message, WAITING)  # before the result, which may be there at once
        flight.message, flight.as_json = message, True
        self.answered(flight, reply)
        return ""
