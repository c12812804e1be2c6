"""Runs a trusted program in this process; what goes in and out is reduced to JSON, as in the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from workbench.model import Program


def plain(value: Any) -> Any:
    """A value after a round trip through JSON: no tuples, no arrays, no shared objects, no NaN."""
    return json.loads(json.dumps(value, allow_nan=False))


class InProcess:
    """A program as the verifier sees it (a `Policy`), without a sandbox: for programs that you trust.

    Parameters
    ----------
    change
        Applied to every answer: (number of the answer, answer) -> answer, to imitate a program that errs.

    Attributes
    ----------
    answers
        All answers so far, as the verifier got them.
    """

    def __init__(self, program: Program, change: Callable[[int, Any], Any] = lambda number, answer: answer) -> None:
        scope: dict[str, Any] = {"__name__": "candidate"}
        exec(compile(program.source, "<program>", "exec"), scope)
        self._entry = scope[program.entry]
        self._object: Any = None
        self._change = change
        self.answers: list[Any] = []

    def __call__(self, *args: Any) -> Any:
        return self._answer(self._entry(*plain(args)))

    def begin(self, *args: Any) -> None:
        """Make the program's object."""
        self._object = self._entry(*plain(args))

    def call(self, method: str, *args: Any) -> Any:
        """Call a method of the object."""
        return self._answer(getattr(self._object, method)(*plain(args)))

    def _answer(self, value: Any) -> Any:
        answer = self._change(len(self.answers), plain(value))
        self.answers.append(answer)
        return answer
