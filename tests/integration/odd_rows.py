"""Rows of the table of odd answers: who reported it (public projects, or thought of here), what is answered, what must happen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.integration.odd_server import PROGRAM, Answer, Asked, Reply, ok

Body = Mapping[str, Any]
CODE = "def f(x, a):\n    return a * x\n"


@dataclass(frozen=True)
class Row:
    """One oddity.

    Attributes
    ----------
    name
        Also the model that is asked for.
    source
        The public project whose users reported it, and of which endpoint.
    text, error
        What the attempt's answer must be, and what must stand in its error.
    tells
        What is told once for the run.
    requests
        How many requests it takes.
    sent
        What must hold for the last request.
    estimated, tokens, finish
        Whether the tokens are estimated; tokens in and out; why the answer ended.
    options
        Of the proposer.
    """

    name: str
    source: str
    reply: Reply
    text: str = PROGRAM
    error: str = ""
    tells: str = ""
    requests: int = 1
    sent: Callable[[Body], bool] = lambda body: True
    estimated: bool = False
    tokens: tuple[int, int] | None = (11, 7)
    finish: str = "stop"
    options: Mapping[str, Any] = field(default_factory=dict)


def failing(name: str, source: str, reply: Reply, error: str, **more: Any) -> Row:
    """A row whose attempt fails with one clear line."""
    return Row(name, source, reply, **({"text": "", "error": error, "tokens": None, "finish": ""} | more))


def at_most(number: int) -> Callable[[Body], bool]:
    """The limit of an answer is there and no longer than this."""
    return lambda body: 16 <= body.get("max_tokens", 0) <= number


def fits(context: int, told: str, status: int = 400) -> Reply:
    """A context that holds prompt and answer, by four characters a token."""

    def reply(asked: Asked) -> Answer:
        prompt, limit = sum(len(m["content"]) for m in asked.body["messages"]) // 4, asked.body.get("max_tokens", 0)
        words = told.format(limit=limit, context=context, prompt=prompt, total=prompt + limit)
        return Answer(ok()) if prompt + limit <= context else Answer({"error": {"message": words}}, status)

    return reply


def without(parameter: str) -> Callable[[Body], bool]:
    """A parameter is not sent."""
    return lambda body: parameter not in body


def no_system(body: Body) -> bool:
    """All is in one user's message."""
    return [m["role"] for m in body["messages"]] == ["user"] and "expert" in body["messages"][0]["content"]


def streamed(body: Body) -> bool:
    """A stream is asked for."""
    return body.get("stream") is True


def whole_when(limit: int) -> Reply:
    """An answer that needs so many tokens."""
    return lambda asked: Answer(
        ok(usage={"prompt_tokens": 10, "completion_tokens": limit})
        if asked.body["max_tokens"] >= limit
        else ok(PROGRAM[:20], "length", {"prompt_tokens": 10, "completion_tokens": asked.body["max_tokens"]})
    )
