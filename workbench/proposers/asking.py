"""Asks models: with retries, in the way each endpoint wants, once more with more room, and others while one is down."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.proposers.exchange import ModelAnswer, ModelRequest
from workbench.proposers.gateway import Gateway
from workbench.proposers.lessons import MOST_LESSONS, Dialect, learn
from workbench.proposers.targets import Target

TRIES = 4
"""Maximum number of calls for one attempt that fail for a passing reason."""
LONGEST_WAIT = 60.0
"""Maximum wait between two tries, in seconds; if a provider requests more, the attempt fails."""
DOWN_SECONDS = 60.0
"""Time for which a model that is down is not asked while another can be."""

_RETRIED = {"busy", "server", "timeout", "unreachable", "lost"}
_RETRIED_IN_CHECK = {"server", "lost", "busy"}
_NOT_DOWN = {"", "refused", "long"}
"""Outcomes that say something of the request, not of the model."""
_VAIN = 2
"""So many longer answers that were cut too end the asking for longer ones."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Timeout of one try and wait before the second, in seconds; `closed` ends all waits."""

    timeout: float
    backoff: float
    closed: threading.Event


class Asking:
    """Asks models and remembers for the run how they want to be asked. Thread-safe."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._dialects: dict[Target, Dialect] = {}
        self._room: dict[Target, int] = {}  # tokens, where longer answers than asked for proved to be needed
        self._vain: Counter[Target] = Counter()
        self._longest: Counter[Target] = Counter()  # tokens of the longest prompt that was answered
        self._down_until: dict[Target, float] = {}
        self._unproven: dict[Target, list[str]] = {}
        self._news: list[str] = []
        self._jitter = random.Random()  # independent of the run's seed: waiting does not affect results

    def ask(
        self, gateway: Gateway, one: Target, request: ModelRequest, *, checking: bool = False
    ) -> tuple[ModelAnswer, int, float]:
        """Ask one model until it answers, fails for good, or takes too long.

        An answer that is cut is asked for once more with twice the room that the request has, if there is more.

        Returns
        -------
        tuple
            The answer with the tokens and cost of all calls, their number, and seconds.
        """
        began = time.monotonic()
        wanted = request.max_tokens or 0
        request = request._replace(max_tokens=max(wanted, self._room.get(one, 0)))
        answer, calls = self._until_it_answers(gateway, one, request, checking)
        if answer.kind or answer.finish != "length" or checking or not (more := self._more_room(one, request, answer, 2 * wanted)):
            return answer, calls, time.monotonic() - began
        longer, further = self._until_it_answers(gateway, one, request._replace(max_tokens=more), checking, answer.asked or 0)
        self._note_room(one, answer, longer, more)
        return _together(answer, longer), calls + further, time.monotonic() - began

    def up(self, targets: Sequence[Target]) -> list[Target]:
        """Leave out the models that were down a moment ago, unless all were."""
        now = time.monotonic()
        return [one for one in targets if self._down_until.get(one, 0.0) <= now] or list(targets)

    def is_down(self, one: Target, answer: ModelAnswer, *, alone: bool) -> bool:
        """Note whether a model answered, or is down so that another should be asked; tell it unless there is no other."""
        down = answer.kind not in _NOT_DOWN
        with self._lock:
            before = self._down_until.pop(one, None)
            if down:
                self._down_until[one] = time.monotonic() + DOWN_SECONDS
                if before is None and not alone:
                    self._news.append(f"{one.model} is down ({answer.kind}: {answer.error[:120]})")
            elif before is not None and not alone:
                self._news.append(f"{one.model} answers again")
        return down

    def news(self) -> tuple[str, ...]:
        """Hand out what was learned since the last time."""
        with self._lock:
            told, self._news = tuple(self._news), []
        return told

    def _until_it_answers(
        self, gateway: Gateway, one: Target, request: ModelRequest, checking: bool, beyond: int = 0
    ) -> tuple[ModelAnswer, int]:
        """Ask until there is an answer or no hope; not for one that turns out to be no longer than `beyond` tokens."""
        began, calls, tries, lessons = time.monotonic(), 0, 0, 0
        while True:
            dialect = self._dialects.get(one, Dialect())
            sent = dialect.applied(request)
            answer = gateway.call(sent)
            calls += answer.kind != "long"  # that was found without a call
            if "higher max_tokens" in answer.error:
                answer = answer._replace(kind="", error="", finish="length")
            if not answer.kind:
                answer = _cut_at_limit(answer)
                self._prove(one, answer)
                return answer, calls
            if lessons < MOST_LESSONS and self._learn(one, dialect, sent, answer):
                lessons += 1
                learned = self._dialects[one]
                if beyond and (learned.context != dialect.context or (learned.most_tokens or beyond + 1) <= beyond):
                    return answer, calls
                continue
            tries += 1
            if answer.kind not in (_RETRIED_IN_CHECK if checking else _RETRIED) or tries == TRIES:
                return answer, calls
            wait = self._patience.backoff * 2 ** (tries - 1) * self._jitter.uniform(0.5, 1.5)
            if answer.retry_after is not None:
                wait = answer.retry_after + self._jitter.uniform(0.0, 0.25) * self._patience.backoff
            late = time.monotonic() - began + wait > 2 * self._patience.timeout
            if wait > LONGEST_WAIT or late or self._patience.closed.wait(wait):
                return answer, calls

    def _learn(self, one: Target, dialect: Dialect, sent: ModelRequest, answer: ModelAnswer) -> bool:
        """Take over what a refusal teaches; whether it is worth asking again."""
        with self._lock:
            if self._dialects.get(one, Dialect()) != dialect:
                return True  # another call has learned meanwhile
            lesson = learn(dialect, sent, answer)
            if lesson is None or (lesson[0].context or self._longest[one]) < self._longest[one]:
                return False  # whoever has answered longer prompts has more room than that
            self._dialects[one], words = lesson
            if words:
                self._unproven.setdefault(one, []).append(words)
            return True

    def _prove(self, one: Target, answer: ModelAnswer) -> None:
        """Tell what was learned, now that it has helped."""
        with self._lock:
            self._longest[one] = max(self._longest[one], answer.tokens_in)
            for words in self._unproven.pop(one, ()):
                self._news.append(f"{one.model} {words}")

    def _more_room(self, one: Target, request: ModelRequest, answer: ModelAnswer, longest: int) -> int | None:
        """Tokens to ask for after an answer that was cut, at most `longest`; None if there are no more, or more did not help."""
        if answer.asked is None or request.max_tokens is None or self._vain[one] >= _VAIN:
            return None
        most = self._dialects.get(one, Dialect()).most_tokens
        more = longest if most is None else min(longest, most)
        fits = answer.asked == min(request.max_tokens, most or request.max_tokens)  # else the context is the limit
        return more if more > answer.asked and fits else None

    def _note_room(self, one: Target, first: ModelAnswer, longer: ModelAnswer, more: int) -> None:
        """Remember whether longer answers help."""
        with self._lock:
            if not longer.kind and longer.finish != "length":
                if self._room.get(one, 0) < more:
                    self._news.append(
                        f"answers of {one.model} were cut at {first.asked:,} tokens: {more:,} are allowed from now on"
                    )
                self._room[one], self._vain[one] = max(more, self._room.get(one, 0)), 0
                return
            self._vain[one] += 1
            if self._vain[one] == _VAIN:
                said = f"{one.model}: answers that are cut get longer with more room, not whole; they are no longer asked for again"
                self._news.append(said)


def _cut_at_limit(answer: ModelAnswer) -> ModelAnswer:
    """Take an answer that has exactly the length asked for as cut: some servers call every end a stop."""
    full = answer.asked is not None and not answer.estimated and answer.tokens_out >= answer.asked > 0
    return answer._replace(finish="length") if full else answer


def _together(first: ModelAnswer, second: ModelAnswer) -> ModelAnswer:
    """The better of two answers, with what both have spent."""
    kept = first if second.kind else second
    costs = [answer.cost_usd for answer in (first, second) if not answer.kind]
    return kept._replace(
        tokens_in=first.tokens_in + second.tokens_in,
        tokens_out=first.tokens_out + second.tokens_out,
        estimated=first.estimated or second.estimated,
        cost_usd=None if None in costs else sum(cost or 0.0 for cost in costs),
    )
