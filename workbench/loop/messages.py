"""Messages between a run and those who propose from outside: tickets, submissions, and what became of them."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from workbench.model import Call, Candidate, Program, Prompt, Reply, Status
from workbench.proposers.quoting import fence

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

    def reply(self, entry: str, operator: str, prompt: Prompt | None = None, author: str = "", seconds: float = 0.0) -> Reply:
        """Return it as an answer; without an author it is a program that nobody was asked for.

        Parameters
        ----------
        entry
            Name of what the program must define.
        prompt, author, seconds
            Of its ticket: what was asked for, who took it, and for how long.
        """
        program, author = Program(self.source, entry), self.author or author
        if not author:
            return Reply("inject", program=program, idea=self.idea)
        prompt = prompt or Prompt("", "")
        text = fence(self.source, "python")  # as a model answers, so that it can be read again
        counted = self.tokens is not None
        call = Call(
            author,
            prompt,
            text,
            tokens_in=0 if counted else (len(prompt.system) + len(prompt.user)) // _CHARS_PER_TOKEN,
            tokens_out=self.tokens if self.tokens is not None else len(text) // _CHARS_PER_TOKEN,
            cost_usd=self.cost_usd or 0.0,
            seconds=seconds,
            finish="stop",
            estimated=not counted,
        )
        return Reply(operator, text, program, call, idea=self.idea)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Restore from `to_json`; plain text is a source, and other fields are ignored."""
        try:
            raw = json.loads(text)
            known = {name: raw[name] for name in cls.__dataclass_fields__ if name in raw}
            return cls(**known)
        except (ValueError, TypeError):
            return cls(text)


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
    held
        Other tickets that its author has and has not answered.
    """

    ticket: str
    number: int
    kind: str
    prompt: str
    parents: list[Parent]
    expires: float
    held: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Restore from the answer to a request."""
        parents = [Parent(**parent) for parent in raw["parents"]]
        return cls(**{name: raw[name] for name in cls.__dataclass_fields__} | {"parents": parents})


@dataclass(frozen=True)  # without slots, which the protocol's SDK takes for defaults
class InstanceGap:
    """Gaps on an instance of train: of a program, of the one that it was made from, and of the best baseline."""

    id: str
    family: str
    gap: float
    parent: float | None
    best_baseline: float | None


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
    instances
        Gap on each train instance; empty unless the status is `ok`.
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
    instances: list[InstanceGap] = field(default_factory=list)

    def to_json(self) -> str:
        """Return the answer to a submission."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Restore from `to_json`."""
        instances = [InstanceGap(**one) for one in raw["instances"]]
        return cls(**{name: raw[name] for name in cls.__dataclass_fields__} | {"instances": instances})


def submitted(
    candidate: Candidate,
    parent: Candidate | None,
    best: Candidate | None,
    duplicate_of: int | None,
    left: int,
    train: Mapping[str, str],
    baseline: Mapping[str, float],
) -> Submitted:
    """Say what became of a submission.

    Parameters
    ----------
    train
        Instance class of each train instance, in order.
    baseline
        Gap of the best baseline on each.
    """
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
        _by_instance(candidate, parent, train, baseline),
    )


def _by_instance(
    candidate: Candidate, parent: Candidate | None, train: Mapping[str, str], baseline: Mapping[str, float]
) -> list[InstanceGap]:
    if len(candidate.instances) != len(train):
        return []
    theirs = parent.instances if parent and len(parent.instances) == len(train) else [None] * len(train)
    rows = zip(train.items(), candidate.instances, theirs, strict=True)
    return [InstanceGap(name, family, gap, other, baseline.get(name)) for (name, family), gap, other in rows]


def _novelty(program: Program | None, parent: Program | None) -> float | None:
    if program is None or parent is None:
        return None
    lines, theirs = (Counter(filter(None, map(str.strip, p.source.split("\n")))) for p in (program, parent))
    return 1 - (lines & theirs).total() / max(1, lines.total())


def refusal(why: str) -> str:
    """Return the answer to a request that cannot be met."""
    return json.dumps({"error": why})
