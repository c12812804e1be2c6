"""Recorded calls of a program and its answers, for the self-check of an exported module."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import Infeasible, PolicyFailure, UsageError
from workbench.model import Instance, Program, Split
from workbench.problem.catalog import LoadedProblem
from workbench.protocols import Policy, Sandbox

CALL = "__call__"
BEGIN = "__init__"
_CASE_BYTES = 4_000
"""Size in bytes at which the recording of an episode ends, after the call that exceeds it."""
_CASES_BYTES = 20_000
"""Total size in bytes from which no further case is recorded."""


@dataclass(frozen=True, slots=True)
class Case:
    """The calls that a program got for one instance, and its answers.

    Attributes
    ----------
    calls
        Method (`__call__` for a function, `__init__` for a new object), arguments, answer.
    total
        Number of calls of the whole episode, of which `calls` may be only the first.
    objective
        Of the whole episode, as the verifier computed it.
    """

    instance: str
    family: str
    calls: tuple[tuple[str, Sequence[Any], Any], ...]
    total: int
    objective: float

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object, as the self-check reads it."""
        return {
            "instance": self.instance, "family": self.family, "total": self.total, "objective": self.objective,
            "calls": [list(call) for call in self.calls],
        }  # fmt: skip


def record_cases(loaded: LoadedProblem, program: Program, sandbox: Sandbox, count: int = 3) -> list[Case]:
    """Run a program on the smallest instances of train and validation, families in turn, and record its decisions.

    At most `count` instances; fewer, but at least one, where they are large.

    Raises
    ------
    UsageError
        When the program fails on one of them.
    """
    cases: list[Case] = []
    kept = 0
    for instance in _smallest(loaded, count):
        if kept > _CASES_BYTES:
            break
        try:
            with sandbox.open(program, loaded.problem.limits) as session:
                session.next_instance()
                recorder = _Recorder(session)
                objective = float(loaded.problem.verifier.run(instance, recorder).objective)
        except (PolicyFailure, Infeasible) as error:
            raise UsageError(f"the program cannot be exported: it fails on {instance.id}: {error}") from error
        kept += recorder.bytes
        cases.append(Case(instance.id, instance.family, tuple(recorder.calls), recorder.total, objective))
    return cases


def as_file(cases: Sequence[Case]) -> str:
    """Return the text of a file of cases: JSON with one call a line."""
    texts = []
    for case in cases:
        fields = case.to_json()
        calls = ",\n  ".join(json.dumps(call) for call in fields.pop("calls"))
        texts.append(f'{json.dumps(fields)[:-1]}, "calls": [\n  {calls}\n ]}}')
    return "[\n {}\n]\n".format(",\n ".join(texts))


class _Recorder:
    """A policy that passes every call on and records it."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.bytes = 0
        self.calls: list[tuple[str, Sequence[Any], Any]] = []
        self.total = 0

    def __call__(self, *args: Any) -> Any:
        given = json.dumps(args)
        return self._keep(CALL, given, self._policy(*args))

    def begin(self, *args: Any) -> None:
        given = json.dumps(args)
        self._policy.begin(*args)
        self._keep(BEGIN, given, None)

    def call(self, method: str, *args: Any) -> Any:
        given = json.dumps(args)
        return self._keep(method, given, self._policy.call(method, *args))

    def _keep(self, method: str, given: str, answer: Any) -> Any:
        self.total += 1
        if self.bytes <= _CASE_BYTES:
            kept = json.dumps(answer)  # copies: the verifier may go on to change its own
            self.bytes += len(given) + len(kept)
            self.calls.append((method, json.loads(given), json.loads(kept)))
        return answer


def _smallest(loaded: LoadedProblem, count: int) -> list[Instance]:
    """Return the smallest instances, one of each family before a second one of any."""
    instances = [i for split in (Split.TRAIN, Split.VALIDATION) for i in loaded.instances(split)]
    ranks: dict[str, int] = {}
    ordered = []
    for size, instance in sorted(((len(json.dumps(dict(i.data))), i) for i in instances), key=lambda pair: pair[0]):
        ranks[instance.family] = ranks.get(instance.family, 0) + 1
        ordered.append((ranks[instance.family], size, instance))
    return [instance for _, _, instance in sorted(ordered, key=lambda o: o[:2])[:count]]
