"""Programs that try to look better than they are, against a verifier, and against a scorer that trusts what it gets.

All are answers to the small problem of `tests/unit/toy.py`: order jobs on one machine. The scorer that trusts them hands out its
own lists, adds up what comes back and holds the best order in a local variable. A cheat wins where it scores below the optimum,
or knows the optimum without looking for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.unit import toy
from workbench.errors import WorkbenchError
from workbench.evaluation.evaluate import evaluate
from workbench.model import Program, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.protocols import Sandbox

_HEAD = "def order(processing, weight):\n    n = len(processing)\n    some = list(range(n))\n"


@dataclass(frozen=True)
class Cheat:
    """One attempt: the body of `order`, or a whole program; and how an evaluation must end.

    Where it may end `ok`, its score must be the true one of the answer, which is never below the optimum.
    """

    body: str
    ends: Status

    @property
    def program(self) -> Program:
        """The cheat as a candidate."""
        if "def order(" in self.body:
            return Program(self.body, "order")
        return Program(_HEAD + "\n".join("    " + line for line in self.body.splitlines()), "order")


CHEATS: Mapping[str, Cheat] = {
    "omit the expensive jobs": Cheat("return some[:1]", Status.INFEASIBLE),
    "no job at all": Cheat("return []", Status.INFEASIBLE),
    "one cheap job again and again": Cheat("return [min(some, key=processing.__getitem__)] * n", Status.INFEASIBLE),
    "a job twice and one not at all": Cheat(
        "ratio = lambda j: processing[j] / weight[j]\nlong, short = max(some, key=ratio), min(some, key=ratio)\n"
        "return sorted((short if j == long else j for j in some), key=ratio)",
        Status.INFEASIBLE,
    ),
    "count from behind": Cheat("return [-n + min(some, key=processing.__getitem__)] * n", Status.INFEASIBLE),
    "truth values for numbers": Cheat("return [processing[0] > processing[1]] * n", Status.INFEASIBLE),
    "jobs as a text": Cheat("return ''", Status.INFEASIBLE),
    "jobs as a dict": Cheat("return {}", Status.INFEASIBLE),
    "a list that iterates over nothing": Cheat(
        "class Shy(list):\n    __iter__ = lambda _: iter(())\nreturn Shy(some)", Status.INFEASIBLE
    ),
    "a number that adds nothing": Cheat(
        "class Zero(int):\n    __add__ = __radd__ = lambda self, other: other\n    __mul__ = __rmul__ = lambda *_: 0\n"
        "processing[:] = [Zero(p) for p in processing]\nreturn some",
        Status.OK,
    ),
    "make all jobs short": Cheat("processing[:] = [0] * n\nreturn some", Status.OK),
    "make all jobs light": Cheat("weight[:] = [0] * n\nreturn some", Status.OK),
    "remove the expensive jobs": Cheat("del processing[1:], weight[1:]\nreturn [0]", Status.INFEASIBLE),
    "read the best order from the scorer's frame": Cheat(
        "import random\ndef order(processing, weight):\n    frame = random._os.sys._getframe()\n"
        "    while frame and 'best' not in frame.f_locals:\n        frame = frame.f_back\n"
        "    return list(frame.f_locals['best']) if frame else list(range(len(processing)))",
        Status.OK,
    ),
    "replace the scorer's sum": Cheat(
        "import random\ndef order(processing, weight):\n    frame = random._os.sys._getframe()\n"
        "    while frame and 'cost' not in frame.f_globals:\n        frame = frame.f_back\n"
        "    if frame:\n        frame.f_globals['cost'] = lambda *_: 0.0\n    return list(range(len(processing)))",
        Status.OK,
    ),
    "not a number": Cheat("processing[:] = [float('nan')] * n\nreturn some", Status.OK),
    "minus infinity": Cheat("processing[:] = [float('-inf')] * n\nreturn some", Status.OK),
}  # fmt: skip


def cost(processing: list[Any], weight: list[Any], order: Any) -> float:
    """What a scorer that trusts a program adds up."""
    clock = total = 0
    for j in order:
        clock = clock + processing[j]
        total = total + weight[j] * clock
    return float(total)


def trusting(cheat: Cheat, data: Mapping[str, list[int]]) -> str:
    """What becomes of one instance in a scorer's own process: `wins` below the optimum or with the optimum read off, else empty."""
    global cost
    processing, weight = list(data["processing"]), list(data["weight"])
    best = sorted(range(len(processing)), key=lambda j: processing[j] / weight[j])
    optimum, honest = toy.cost(processing, weight, best), cost
    namespace: dict[str, Any] = {"__name__": "candidate"}
    try:
        exec(compile(cheat.program.source, "<candidate>", "exec"), namespace)
        answer = namespace["order"](processing, weight)
        scored = cost(processing, weight, answer)
    except Exception:
        return ""
    finally:
        cost = honest
    if not scored >= optimum:  # also what is not a number: it is never worse than anything
        return "wins"
    return "wins" if answer == best and "best" in cheat.body else ""


def judged(cheat: Cheat, loaded: LoadedProblem, sandbox: Sandbox) -> tuple[Status, float]:
    """How an evaluation ends, and the least distance to an optimum on any instance."""
    try:
        report = evaluate(loaded, cheat.program, Split.TRAIN, sandbox)
    except WorkbenchError as error:
        raise AssertionError(f"a verifier's fault: {error}") from error
    return report.status, min(r.gap for r in report.results)
