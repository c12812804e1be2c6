"""Import of other projects' searches into a run."""

from __future__ import annotations

from pathlib import Path

from workbench.api.loading import AnyProblem, load, runs_folder
from workbench.api.result import Result
from workbench.api.showing import displayed
from workbench.engines.imported import Imported
from workbench.engines.records import read
from workbench.loop import start
from workbench.loop.snapshot import Display
from workbench.options import RunOptions
from workbench.store import Store
from workbench.system.process import cores


def import_run(
    path: Path | str,
    problem: AnyProblem,
    *,
    runs: Path | str | None = None,
    workers: int | None = None,
    display: Display | bool = True,
    allow_unsafe: bool = False,
) -> tuple[Result, int]:
    """Import the programs of an OpenEvolve checkpoint or a ShinkaEvolve database; each is scored again by the problem's verifier.

    The file is only read. The same programs are imported once; an import that was interrupted goes on.

    Returns
    -------
    tuple
        The run, and how many attempts were added now.

    Raises
    ------
    UsageError
        The path holds no such search, or an import of it is under way.
    """
    recorded, loaded, folder = read(Path(path)), load(problem), runs_folder(runs)
    name = f"<imported {recorded.kind} {recorded.digest}>"
    with Store(folder) as store:
        rows = store.runs()
        same = [row for row in rows if row.options.proposer == name and (row.problem, row.version) == (loaded.slug, loaded.version)]
    options = RunOptions(
        proposer=name, strategy="best_of_n", candidates=len(recorded.programs), tune_trials=0, race=False,
        workers=workers or (1 if loaded.in_memory else cores()), allow_unsafe=allow_unsafe,
    )  # fmt: skip
    proposer = Imported(recorded, len(start.starting_programs(loaded, options)))
    if same and same[0].attempts >= len(recorded.programs):
        return Result(same[0].id, folder, loaded), 0
    with displayed(display) as shown:
        if same:
            shown.line(f"run {same[0].id} has {same[0].attempts} of {len(recorded.programs)} programs")
            outcome = start.resume(same[0].id, folder, shown, loaded=loaded, proposer=proposer)
            return Result(outcome.run, folder, loaded), outcome.attempts - same[0].attempts
        outcome = start.begin(loaded, options, folder, shown, proposer=proposer)
    return Result(outcome.run, folder, loaded), outcome.attempts
