"""Policies in this process that keep what a verifier sends, as the JSON that would be sent to a program."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


class Online:
    """A policy with methods, for a verifier that must call no other ones; `sent` begins with the arguments of its constructor."""

    def __init__(self, **methods: Callable[..., Any]) -> None:
        self.methods = methods
        self.sent: list[str] = []

    def __call__(self, *args: Any) -> Any:
        raise AssertionError("an online verifier calls methods")

    def begin(self, *args: Any) -> None:
        self.sent = [json.dumps(args)]

    def call(self, method: str, *args: Any) -> Any:
        self.sent.append(json.dumps(args))
        return self.methods[method](*args)

    @property
    def number(self) -> int:
        """Number of the call that is being answered, from 0."""
        return len(self.sent) - 2


class Function:
    """A policy that is one function; it gets a copy of what was sent, which it may change."""

    def __init__(self, decide: Callable[..., Any]) -> None:
        self.decide = decide
        self.sent: list[str] = []

    def __call__(self, *args: Any) -> Any:
        self.sent.append(json.dumps(args))
        return self.decide(*json.loads(self.sent[-1]))

    def begin(self, *args: Any) -> None:
        raise AssertionError("this verifier calls a function")

    def call(self, method: str, *args: Any) -> Any:
        raise AssertionError("this verifier calls a function")
