"""The command tune."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.api.loading import load
from workbench.api.tuning import tune
from workbench.cli.common import Isolation, Json, ProblemBeside, ProblemOrFile, Unsafe, emit, problem_and_file, table
from workbench.cli.console import console
from workbench.errors import UsageError
from workbench.formatting import labelled, measure_of
from workbench.loop.display import Steps
from workbench.program.tunables import declared


def tune_(
    of: ProblemOrFile,
    program: Annotated[str | None, typer.Argument(metavar="FILE", help="A Python file that declares TUNABLE.")] = None,
    problem: ProblemBeside = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the tuned program here (default: only show it).")] = None,
    trials: Annotated[int, typer.Option("--trials", "-n", help="Sets of constants to evaluate.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Random seed.")] = 0,
    allow_unsafe: Unsafe = False,
    isolation: Isolation = None,
    as_json: Json = False,
) -> None:
    """Tune the constants that a program declares, on train; says which of them matter.

    A program declares constants at its top level: ALPHA = 1.0 and TUNABLE = {"ALPHA": (0.0, 2.0)}.

    [bold]Examples[/bold]

      evolve tune total_tardiness my_rule.py -o tuned.py
      evolve tune total_tardiness my_rule.py -o my_rule.py --trials 300
    """
    words = console(as_json)
    named, given = problem_and_file("evolve tune", of, program, problem)
    loaded, file = load(named), Path(given)
    if not file.is_file():
        raise UsageError(f"{file} is no file; the program to tune is a Python file")
    steps = Steps(words)
    found = tune(
        loaded, file, trials=trials, seed=seed, allow_unsafe=allow_unsafe, isolation=isolation,
        on_trial=lambda made, gap: steps.show("tuning", made, trials),
    )  # fmt: skip
    better = found.gap < found.before
    if out is not None and better:
        try:
            out.write_text(found.program.source, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror}") from error
    if as_json:
        emit(labelled(loaded.slug, {
            "problem": loaded.slug, "split": "train", "before": found.before, "gap": found.gap, "trials": found.trials,
            "constants": {n: {"before": found.own[n], "after": v, "matters": n not in found.idle} for n, v in found.values.items()},
            "out": str(out) if out is not None and better else None, "source": found.program.source,
        }))  # fmt: skip
        return
    measure = measure_of(loaded.slug)
    results = f"train {measure.word} {measure.value(found.before)} -> {measure.value(found.gap)}"
    words.print(f"{results} in {found.trials} trials{f' ({measure.note})' if measure.note else ''}", style="bold")
    shown = table("constant", "before", "after", "bounds", "", right="before after")
    bounds = declared(found.program)
    for name, value in found.values.items():
        low, high = bounds[name]
        note = "no effect" if name in found.idle else ""
        shown.add_row(name, f"{found.own[name]:g}", f"{value:g}", f"{low:g} to {high:g}", note)
    words.print(shown)
    if not better:
        words.print("no better constants were found" + ("; nothing was written" if out else ""))
    elif out is not None:
        words.print(f"wrote {out}; its gap on other instances: evolve eval {loaded.slug} {out}")
