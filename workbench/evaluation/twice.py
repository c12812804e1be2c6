"""A second look at a problem before it is used: the same instances and the same scores, or it is refused."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from workbench.errors import ProblemFault
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.racing import race_order
from workbench.model import Instance, Program, Report, Split
from workbench.problem.catalog import LoadedProblem
from workbench.protocols import Sandbox

_MOST = 4  # instances, of different classes: what is random differs on the first, and a start must not be slow


def refuse_redrawn(loaded: LoadedProblem) -> None:
    """Draw the instances of train and validation once more.

    Raises
    ------
    ProblemFault
        They differ from those drawn first.
    """
    for split in (Split.TRAIN, Split.VALIDATION):
        before, after = loaded.instances(split), loaded.generate(split)
        for one, other in itertools.zip_longest(before, after):
            if one != other:
                name = (one or other).id
                raise ProblemFault(
                    f"{loaded.slug}: instance {name} of {split} differs when instances({split}) is called again; it must give the "
                    "same instances every time: seed its random generator, as in random.Random(7), and sort sets"
                )


def first_look(loaded: LoadedProblem) -> tuple[Program, tuple[str, ...]]:
    """Return the initial program to evaluate twice, and the few train instances to evaluate it on."""
    instances = loaded.instances(Split.TRAIN)
    classes = len({i.family for i in instances})
    few = race_order(instances)[: min(_MOST, classes)]
    return loaded.program(loaded.problem.seeds[0]), tuple(instances[k].id for k in few)


def refuse_different(loaded: LoadedProblem, reports: Sequence[Report]) -> None:
    """Compare two evaluations of the program of `first_look`.

    Raises
    ------
    ProblemFault
        They differ.
    """
    for one, other in zip(*(r.results for r in reports), strict=True):
        if (one.status, one.objective) != (other.status, other.objective):
            results = [str(r.status) if r.objective is None else f"{r.objective:.12g}" for r in (one, other)]
            raise ProblemFault(
                f"{loaded.slug}: evaluated twice, the initial program {loaded.problem.seeds[0]} gets {results[0]} and then "
                f"{results[1]} on instance {one.id} of train; a verifier must always give the same objective: seed its random "
                "generator from the instance, and change nothing in the instance"
            )


def look_twice(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    """Draw the instances and evaluate an initial program twice in this process.

    Raises
    ------
    ProblemFault
        Something differs, or the verifier fails.
    """
    refuse_redrawn(loaded)
    program, ids = first_look(loaded)
    by_id: dict[str, Instance] = {i.id: i for i in loaded.instances(Split.TRAIN)}
    chosen = [by_id[id] for id in ids]
    refuse_different(loaded, [evaluate(loaded, program, Split.TRAIN, sandbox, instances=chosen, fresh=True) for _ in range(2)])
