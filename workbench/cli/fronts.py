"""The Pareto fronts of a run, as `evolve show --front` prints them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.markup import escape

from workbench.analysis import front
from workbench.cli.common import emit, table
from workbench.cli.console import console
from workbench.errors import WorkbenchError
from workbench.formatting import labelled, measure_of
from workbench.model import Split
from workbench.problem import catalog
from workbench.protocols import SecondObjective
from workbench.store import Reader, Run


def show(name: str, runs: Path, *, as_json: bool) -> None:
    """Print the attempts on the fronts of train gap and each second objective, and which candidate each would prefer."""
    with Reader(runs) as store:
        run = store.run(name)
        found = {second: _front(store, run, second) for second in front.objectives(_problem(run))}
        validation = store.gaps(run.id, Split.VALIDATION)
        told = {a.number: (a.operator, a.idea) for a in store.attempts(run.id)}
    if as_json:
        fronts = {second.metric: _json(second, rows, validation) for second, rows in found.items()}
        emit(labelled(run.problem, {"run": run.id, "champion": run.champion, "fronts": fronts}))
        return
    words, measure = console(), measure_of(run.problem)
    for second, (rows, chosen) in found.items():
        shown = table(
            "no.", "train", "validation", escape(second.metric), "noise", "operator", "idea", right="no. train validation"
        )
        for standing in rows:
            operator, idea = told[standing.number]
            shown.add_row(
                str(standing.number), measure.value(standing.gap), measure.value(validation.get(standing.number)),
                f"{front.shown(second, standing.second):.4g}", "~" if standing.close else "", operator, escape(idea),
            )  # fmt: skip
        better = "less" if second.sense == "min" else "more"
        words.print(f"train {measure.word} against {second.title} ({second.metric}, {better} is better):", markup=False)
        words.print(shown)
        if chosen is not None:
            words.print(f"--prefer {second.metric} chooses no. {chosen} (best candidate: no. {run.champion})", markup=False)
    words.print(measure.note or "~ within noise of the best train gap", style="dim")


def _front(store: Reader, run: Run, second: SecondObjective) -> tuple[list[front.Standing], int | None]:
    """Return the front on train, and the candidate that would be preferred, which validation decides."""
    among = front.standings(store, run.id, second, Split.VALIDATION)
    return front.front(front.standings(store, run.id, second, Split.TRAIN)), next(iter(front.preferred(among)), None)


def _json(second: SecondObjective, found: tuple[list[front.Standing], int | None], validation: dict[int, float]) -> dict[str, Any]:
    rows, chosen = found
    listed = [front.to_json(second, row) | {"validation_gap": validation.get(row.number)} for row in rows]
    return {"title": second.title, "sense": second.sense, "front": listed, "preferred": chosen}


def _problem(run: Run) -> catalog.LoadedProblem | None:
    try:
        return catalog.load_recorded(run.folder, run.problem)
    except WorkbenchError:
        return None
