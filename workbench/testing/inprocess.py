"""Execution of trusted programs in this process; arguments and answers pass through JSON, as in the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from workbench.model import Program


def plain(value: Any) -> Any:
    """Return a value after a round trip through JSON: without tuples, arrays, shared objects and NaN."""
    return json.loads(json.dumps(value, allow_nan=False))


class InProcess:
    """A `Policy` that runs a trusted program without a sandbox.

    Parameters
    ----------
    change
        Applied to every answer, to imitate a faulty program: (number of the answer, answer) -> answer.

    Attributes
    ----------
    answers
        All answers so far, as received by the verifier.
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
        """Construct an object of the entry class."""
        self._object = self._entry(*plain(args))

    def call(self, method: str, *args: Any) -> Any:
        """Call a method of the object constructed by `begin`."""
        return self._answer(getattr(self._object, method)(*plain(args)))

    def _answer(self, value: Any) -> Any:
        answer = self._change(len(self.answers), plain(value))
        self.answers.append(answer)
        return answer
