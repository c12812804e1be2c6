"""The heuristics that ship on the published tasks, as those tasks score: python -m tests.benchmarks.field [NAME ...] [--write]

Cloudcast, PRISM and transactions are scored on the published instances. These belong to the test split, so this is for programs
that have been certified, never for a choice. Spot machines and expert placement are scored on the whole test split, since no
published figure is of the same instances. `--write` keeps the figures for docs/against-the-field.md, where
`python -m tests.docs.tables --write` puts them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import statistics
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Self

from tests.docs.blocks import ROOT
from workbench.errors import PolicyFailure
from workbench.evaluation.evaluate import evaluate
from workbench.model import Instance, InstanceResult, Program, Reference, Report, Split, Status
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import TRANSFER, Draw
from workbench.problem.references import bare
from workbench.problem.shipped import exhibit, names
from workbench.program.source import text_hash
from workbench.sandbox import open_sandbox

FILE = ROOT / "docs" / "against-the-field.json"
_PROVEN = re.compile(r"([\d.]+) at least|lower bound ([\d.]+)|bound ([\d.]+)")


@dataclass(frozen=True, slots=True)
class Figure:
    """A score of the heuristic that ships.

    Attributes
    ----------
    task
        The published task, and how it scores.
    ours, start, bound
        Scores of the heuristic, of the task's initial program here, and the best that is possible, as far as that is proven.
    seconds
        The heuristic's own time on the slowest of the instances, in seconds.
    """

    task: str
    ours: float
    start: float | None
    bound: float | None
    instances: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Scored:
    """Figures of one problem, for a version of it and of the program."""

    name: str
    version: str
    program: str
    figures: tuple[Figure, ...]

    @classmethod
    def from_json(cls, raw: dict) -> Self:
        """Restore from the JSON of `dataclasses.asdict`."""
        return cls(**{**raw, "figures": tuple(Figure(**one) for one in raw["figures"])})


def kept() -> dict[str, Scored]:
    """What was kept, by name."""
    return {one["name"]: Scored.from_json(one) for one in json.loads(FILE.read_text())} if FILE.is_file() else {}


def named(loaded: LoadedProblem, start: str) -> list[Instance]:
    """The test instances whose IDs begin so."""
    found = [instance for instance in loaded.instances(Split.TEST) if instance.id.startswith(start)]
    assert found, f"{loaded.slug} has no test instance {start}..."
    return found


def results(loaded: LoadedProblem, instances: list[Instance]) -> dict[str, InstanceResult]:
    """What the heuristic that ships reaches; every instance has to be solved."""
    found = exhibit(loaded.slug)
    assert found is not None
    program = Program(found.source, loaded.problem.entry)
    with contextlib.closing(open_sandbox(loaded.problem.modules)) as sandbox:
        report: Report = evaluate(loaded, program, Split.TEST, sandbox, instances=instances, fresh=True, scale=bare(instances))
    if report.status is not Status.OK:
        raise PolicyFailure(report.status, f"the heuristic that ships fails: {report.message}")
    return {one.id: one for one in report.results}


def lowest(reference: Reference) -> float:
    """The objective that is proven to be the least possible at most."""
    if reference.status == "optimal":
        return reference.value
    found = _PROVEN.search(reference.solver)
    assert found, f"no bound in {reference.solver!r}"
    return float(next(group for group in found.groups() if group))


def score(
    loaded: LoadedProblem, task: str, instances: list[Instance], start: str, total: Callable[[Iterable[float]], float]
) -> Figure:
    """Score a set of test instances: `total` makes one figure of their objectives."""
    ours = results(loaded, instances)
    baseline = loaded.references.baseline(start, Split.TEST)
    bounds = [lowest(loaded.references.reference(Split.TEST, one.id)) for one in instances]
    reached = total(ours[one.id].objective or 0.0 for one in instances)
    seconds = max(one.seconds for one in ours.values())
    return Figure(task, reached, total(baseline[one.id] for one in instances), total(bounds), len(instances), seconds)


def cloudcast(loaded: LoadedProblem) -> tuple[Figure, ...]:
    """Sum of the bills in dollars, by both readings of time."""
    return (
        score(
            loaded,
            "sum of five bills in $, time by the first public evaluator",
            named(loaded, "published-"),
            "dijkstra_union",
            sum,
        ),
        score(loaded, "the same, time by the second", named(loaded, "published_full_time-"), "dijkstra_union", sum),
    )


def prism(loaded: LoadedProblem) -> tuple[Figure, ...]:
    """1 / mean of the largest pressures + share of cases solved."""
    task = "1 / mean of the largest pressure over 50 cases, + 1"
    return (score(loaded, task, named(loaded, "published-"), "kvpr_greedy", lambda values: 1 / statistics.fmean(values) + 1),)


def transactions(loaded: LoadedProblem) -> tuple[Figure, ...]:
    """Makespans of the published batches; the third is one of the transfer instances."""
    found = [score(loaded, f"makespan of batch {k}", named(loaded, f"published-{k}"), "greedy_sampled", sum) for k in (1, 2)]
    third = next(one for one in loaded.drawn(Draw(TRANSFER, 0)) if one.id == "transfer-published-3")
    ours = results(loaded, [third])[third.id]
    found.append(Figure("makespan of batch 3", ours.objective or 0.0, None, None, 1, ours.seconds))
    total, slowest = sum(figure.ours for figure in found), max(figure.seconds for figure in found)
    found.append(Figure("makespan of all three", total, None, None, 3, slowest))
    return (*found, Figure("10^6 / (1 + makespan of all three)", 1e6 / (1 + total), None, None, 3, slowest))


def spot_deadline(loaded: LoadedProblem) -> tuple[Figure, ...]:
    """Saving against Uniform Progress, mean over the test instances, in per cent."""
    instances = list(loaded.instances(Split.TEST))
    ours, theirs = results(loaded, instances), loaded.references.baseline("uniform_progress", Split.TEST)

    def saving(cost: dict[str, float]) -> float:
        return 100 * statistics.fmean(1 - cost[one.id] / theirs[one.id] for one in instances)

    costs = {id: one.objective or 0.0 for id, one in ours.items()}
    best = {one.id: lowest(loaded.references.reference(Split.TEST, one.id)) for one in instances}
    task = "mean saving against Uniform Progress on the test split here, %"
    return (Figure(task, saving(costs), 0.0, saving(best), len(instances), max(one.seconds for one in ours.values())),)


def eplb(loaded: LoadedProblem) -> tuple[Figure, ...]:
    """Mean share of the busiest GPU's time that the mean GPU works, on the test split here."""
    instances = list(loaded.instances(Split.TEST))

    def balance(values: Iterable[float]) -> float:
        return statistics.fmean(1 / value for value in values)

    ours, theirs = results(loaded, instances), loaded.references.baseline("eplb_global", Split.TEST)
    task = "mean of even time / time of the busiest GPU, on the test split here"
    found = balance(ours[one.id].objective or 0.0 for one in instances)
    start = balance(theirs[one.id] for one in instances)
    best = balance(loaded.references.reference(Split.TEST, one.id).value for one in instances)
    return (Figure(task, found, start, best, len(instances), max(one.seconds for one in ours.values())),)


TASKS: dict[str, Callable[[LoadedProblem], tuple[Figure, ...]]] = {
    "cloudcast": cloudcast, "prism": prism, "transactions": transactions, "spot_deadline": spot_deadline, "eplb": eplb,
}  # fmt: skip


def table() -> str:
    """The kept figures, for the page."""
    rows = ["| task | score | initial program | ours | proven bound | instances |", "|---|---|--:|--:|--:|--:|"]
    notes = []
    for name, found in kept().items():
        shipped, loaded = exhibit(names()[name]), catalog.load(names()[name])
        assert shipped is not None
        for figure in found.figures:
            shown = (number(value) for value in (figure.start, figure.ours, figure.bound))
            rows.append(f"| `{name}` | {figure.task} | {' | '.join(shown)} | {figure.instances} |")
        if (found.version, found.program) != (loaded.version, text_hash(shipped.source)):
            notes.append(f"`{name}`")
    rows += ["", f"Scored before the problem or the program changed: {', '.join(notes)}."] if notes else []
    return "\n".join(rows)


def number(value: float | None) -> str:
    """A score with enough digits."""
    return (
        "" if value is None else f"{value:,.0f}" if value == round(value) else f"{value:,.2f}" if value >= 100 else f"{value:,.3f}"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(TASKS)}")
    parser.add_argument("--write", action="store_true", help="keep the figures for the page")
    options = parser.parse_args()
    found = kept()
    for name in options.names or TASKS:
        loaded = catalog.load(names()[name])
        shipped = exhibit(loaded.slug)
        assert shipped is not None
        try:
            found[name] = Scored(name, loaded.version, text_hash(shipped.source), TASKS[name](loaded))
        except PolicyFailure as failure:
            print(f"{name}: {failure}", flush=True)  # what was kept stays, and the page says that it is old
            continue
        for figure in found[name].figures:
            print(f"{name}: {figure}", flush=True)
    if options.write:
        ordered = [asdict(replace(found[name])) for name in TASKS if name in found]
        FILE.write_text(json.dumps(ordered, indent=1) + "\n")


if __name__ == "__main__":
    main()
