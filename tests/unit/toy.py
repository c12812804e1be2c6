"""Two small problems with all that a folder holds: a one-shot function and an online class."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from workbench.errors import Infeasible
from workbench.model import Baseline, Instance, Limits, Measurement, Problem, Program, Reference, Split
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import package
from workbench.protocols import Policy

FUNCTION_SEED = '''"""Order jobs on one machine."""


# EVOLVE-BLOCK-START: only this changes
def key(p: int, w: int) -> float:
    """Smaller goes first."""
    return 0.0  # in the order of arrival
# EVOLVE-BLOCK-END


def order(processing: list[int], weight: list[int]) -> list[int]:
    """Order jobs so that their weighted completion times are small in sum.

    Parameters
    ----------
    processing
        Hours of each job.
    weight
        Weight of each job.

    Returns
    -------
    list of int
        A permutation of the jobs' indices.
    """
    return sorted(range(len(processing)), key=lambda j: key(processing[j], weight[j]))
'''

CLASS_SEED = '''class Dispatcher:
    """Sends each arriving job to a server at once."""

    def __init__(self, servers: int) -> None:
        self.loads = [0.0] * servers

    def assign(self, hours: float) -> int:
        """Choose the server of a job of so many hours."""
        best = self.loads.index(min(self.loads))
        self.loads[best] += hours
        return best
'''


EXTRAS = {
    "fresh.py": '''"""Instances as those of the test split."""

import random

from workbench.model import Instance


def instances(seed):
    rng = random.Random(seed)
    return [
        Instance(
            f"fresh-{seed}-{k}", "short" if size < 10 else "long",
            {"processing": [rng.randint(1, 99) for _ in range(size)], "weight": [rng.randint(1, 9) for _ in range(size)]},
        )
        for k, size in enumerate([7, 13] * 15)
    ]
''',
    "transfer.py": '''"""Exponential times, and two weights."""

import random

from workbench.model import Instance

SOURCE = "exponential times"


def instances():
    rng = random.Random(1)
    return [
        Instance(
            f"transfer-{k}", "exponential",
            {"processing": [1 + round(rng.expovariate(0.02)) for _ in range(15)], "weight": rng.choices([1, 20], k=15)},
        )
        for k in range(20)
    ]
''',
    "metamorphic.py": '''"""Jobs in another order, and another unit."""

from workbench.protocols import Relation


def _shuffled(data, rng):
    turn = rng.sample(range(len(data["weight"])), len(data["weight"]))
    return {key: [data[key][j] for j in turn] for key in data}


def _doubled(data, rng):
    return {**data, "processing": [2 * p for p in data["processing"]]}


RELATIONS = (Relation("jobs in another order", _shuffled), Relation("times doubled", _doubled, 2.0, decides=False))
''',
}
"""Optional files of the problem below."""


def with_key(expression: str, extra: str = "") -> str:
    """The function seed with another key, and statements above it."""
    return extra + FUNCTION_SEED.replace("0.0  # in the order of arrival", expression)


WSPT = with_key("p / w")  # Smith's rule: the optimum
SPT = with_key("p")
_UNUSUAL = (("single", 1, 2), ("large", 80, 3), ("huge", 120, 3))


class Sequencing:
    """Sum of weighted completion times."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        p, w = instance.data["processing"], instance.data["weight"]
        answer = policy(p, w)
        if not isinstance(answer, list) or sorted(answer) != list(range(len(p))):
            raise Infeasible(f"{answer!r:.80} is no permutation of 0..{len(p) - 1}")
        return Measurement(cost(p, w, answer))


class Dispatching:
    """Makespan of jobs that arrive one by one."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        loads = [0.0] * instance.data["servers"]
        policy.begin(len(loads))
        for hours in instance.data["hours"]:
            loads[policy.call("assign", hours)] += hours
        return Measurement(max(loads))


def cost(p: Sequence[int], w: Sequence[int], order: Sequence[int]) -> float:
    clock = total = 0
    for j in order:
        clock += p[j]
        total += w[j] * clock
    return float(total)


def function_problem(folder: Path) -> LoadedProblem:
    """Weighted completion times; even sizes in train and validation, odd ones in test; unusual sizes under stress."""
    parent = sys.modules[package(folder)] = ModuleType(package(folder))
    parent.__path__ = [str(folder)]

    def make(split: Split, family: str, number: int, size: int) -> Instance:
        rng = random.Random(f"{split} {family} {number}")
        data = {"processing": [rng.randint(1, 99) for _ in range(size)], "weight": [rng.randint(1, 9) for _ in range(size)]}
        return Instance(f"{split}-{family}-{number}", family, data)

    def instances(split: Split) -> list[Instance]:
        if split is Split.STRESS:
            return [make(split, family, i, size) for family, size, count in _UNUSUAL for i in range(count)]
        odd = split is Split.TEST
        copies = 15 if odd else 6
        return [make(split, family, i, size + odd) for family, size in (("short", 6), ("long", 12)) for i in range(copies)]

    def smith(instance: Instance) -> list[int]:
        p, w = instance.data["processing"], instance.data["weight"]
        return sorted(range(len(p)), key=lambda j: p[j] / w[j])

    def shortest(instance: Instance) -> list[int]:
        return sorted(range(len(instance.data["processing"])), key=instance.data["processing"].__getitem__)

    def value(instance: Instance, order: list[int]) -> float:
        return cost(instance.data["processing"], instance.data["weight"], order)

    problem = Problem(
        slug="toys/weighted_completion", title="Weighted completion times", entry="order", verifier=Sequencing(),
        question="In which order should one machine do its jobs?", instances=instances,
        solve=lambda i: Reference(value(i, smith(i)), "optimal", "Smith's rule"), seeds=("seed",),
        baselines=(Baseline("spt", "Shortest first", "folklore"), Baseline("arrival", "As they come", "folklore")),
        features={"p": "hours", "w": "weight"}, unit="weighted hours", bound="proven optimum", limits=Limits(seconds=1.0),
    )  # fmt: skip
    baselines = {"spt": shortest, "arrival": lambda i: list(range(len(i.data["processing"])))}
    references = {
        split.value: {
            i.id: {
                "value": value(i, smith(i)), "status": "optimal", "solver": "Smith's rule",
                "baselines": {name: value(i, rule(i)) for name, rule in baselines.items()},
            }
            for i in instances(split)
        }
        for split in Split
    }  # fmt: skip
    loaded = _write(folder, problem, {"seed": FUNCTION_SEED, "spt": SPT, "arrival": FUNCTION_SEED}, references)
    for name, text in EXTRAS.items():
        (folder / name).write_text(text)
    return loaded


def class_problem(folder: Path) -> LoadedProblem:
    """Online dispatching to two servers."""

    def instances(split: Split) -> list[Instance]:
        rng = random.Random(str(split))
        lists = [[rng.randint(1, 20) / 2 for _ in range(4 + i)] for i in range(6)]
        return [Instance(f"{split}-{i}", "all", {"servers": 2, "hours": hours}) for i, hours in enumerate(lists)]

    problem = Problem(
        slug="toys/dispatch", title="Dispatching", question="Which server takes the job?", entry="Dispatcher",
        verifier=Dispatching(), instances=instances, solve=lambda i: Reference(sum(i.data["hours"]) / 2, "bound", "half"),
        seeds=("seed",), baselines=(), features={}, unit="hours", bound="half of all work",
    )  # fmt: skip
    references = {
        split.value: {i.id: {"value": sum(i.data["hours"]) / 2, "status": "bound", "baselines": {}} for i in instances(split)}
        for split in Split
    }
    return _write(folder, problem, {"seed": CLASS_SEED}, references)


def _write(folder: Path, problem: Problem, programs: Mapping[str, str], references: Mapping[str, Any]) -> LoadedProblem:
    (folder / "programs").mkdir(parents=True)
    for name, source in programs.items():
        (folder / "programs" / f"{name}.py").write_text(source)
    (folder / "statement.md").write_text(f"{problem.question}\n")
    (folder / "references.json").write_text(json.dumps({"format": 1, "splits": references}))
    return LoadedProblem(folder, problem)


def program(loaded: LoadedProblem, source: str) -> Program:
    return Program(source, loaded.problem.entry)
