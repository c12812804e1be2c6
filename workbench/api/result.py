"""Result of a run: best candidate, history, chart, certificate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api import judging, modules
from workbench.errors import RunFailed
from workbench.formatting import measure_of, percent
from workbench.model import Split
from workbench.problem.catalog import LoadedProblem
from workbench.problem.gap import mean_gap
from workbench.store import AttemptSummary, Outcome, Reader, outcome

if TYPE_CHECKING:
    import altair as alt

    from workbench.certificate import Certificate


@dataclass(frozen=True, slots=True)
class Best:
    """The best candidate of a run: the one with the lowest validation gap.

    Attributes
    ----------
    number
        Number of its attempt.
    source
        Source of the program.
    gap
        Gap on validation: 0 is the reference, lower is better. Of a foreign task it is the score with its sign turned.
    train_gap
        Gap on train, which the search optimised.
    families
        Gap on validation by instance class.
    operator, parents
        How it was made, and from which attempts.
    """

    number: int
    source: str
    gap: float
    train_gap: float
    families: Mapping[str, float]
    operator: str
    parents: tuple[int, ...]


class Result:
    """A run in a runs folder, from which every attribute is read when it is accessed.

    Attributes
    ----------
    name
        ID of the run.
    runs
        The runs folder.
    problem
        Problem of the run.
    """

    def __init__(self, name: str, runs: Path, problem: LoadedProblem) -> None:
        self.name, self.runs, self.problem = name, runs, problem

    @property
    def outcome(self) -> Outcome:
        """Status, counts, time and cost."""
        with Reader(self.runs) as store:
            return outcome(store, self.name)

    @property
    def best(self) -> Best:
        """The best candidate on validation.

        Raises
        ------
        RunFailed
            The run has none yet.
        """
        with Reader(self.runs) as store:
            run = store.run(self.name)
            if run.champion is None:
                raise RunFailed(f"run {self.name} has no best candidate yet")
            attempt = store.attempt(self.name, run.champion)
            report = store.report(self.name, run.champion, Split.VALIDATION)
        assert attempt is not None and report is not None, "what leads on validation was scored there"
        assert attempt.gap is not None, "and was valid on train"
        return Best(attempt.number, attempt.source, report.gap, attempt.gap, report.families, attempt.operator, attempt.parents)

    @property
    def attempts(self) -> tuple[AttemptSummary, ...]:
        """All attempts by number, initial programs first."""
        with Reader(self.runs) as store:
            return tuple(sorted(store.attempts(self.name), key=lambda attempt: attempt.number))

    @property
    def history(self) -> Any:
        """The attempts as a pandas DataFrame, indexed by number, with the best train gap so far; without pandas, `attempts`."""
        try:
            import pandas as pd
        except ImportError:
            return self.attempts
        columns = ("number", "status", "operator", "gap", "parents", "island", "message", "seconds")
        rows = [tuple(getattr(a, name) for name in columns) for a in self.attempts]
        frame = pd.DataFrame(rows, columns=list(columns)).set_index("number")
        frame["status"] = [str(status) for status in frame["status"]]
        frame["gap"] = frame["gap"].astype(float)
        frame["best"] = frame["gap"].cummin().ffill()
        return frame

    def plot(self) -> alt.LayerChart:
        """Chart the progress as in the dashboard: train gap of every attempt, the best so far, and the baselines.

        A notebook shows it as the last expression of a cell; `result.plot().save("run.html")` saves it.
        """
        import pandas as pd

        from workbench.analysis.attempts import thinned
        from workbench.report.charts import Level, progress

        ranking = self.problem.references.ranking
        frame = pd.DataFrame(self.attempts).astype({"gap": float})
        return progress(thinned(frame, frame["gap"]), levels=[Level(name, gap) for name, gap in ranking])

    def certify(self, *, candidate: int | None = None, force: bool = False, allow_unsafe: bool = False) -> Certificate:
        """Evaluate the best candidate on the held-out test set and the robustness tests; see `certify`."""
        return judging.certify(
            self.name, candidate=candidate, problem=self.problem, force=force, runs=self.runs, allow_unsafe=allow_unsafe
        )

    def export(self, out: Path | str, *, candidate: int | None = None, force: bool = False) -> Path:
        """Write the best candidate as a standalone module with a self-test; see `export`."""
        return modules.export(self.name, out, candidate=candidate, problem=self.problem, force=force, runs=self.runs).out

    def __repr__(self) -> str:
        found = self.outcome
        shown = measure_of(found.problem)
        note = f" ({shown.note})" if shown.note else ""
        best = f", best {shown.value(found.best.validation)} on validation{note}" if found.best else ""
        return f"<run {self.name}: {found.status}, {found.attempts} attempts{best}>"

    def _repr_html_(self) -> str:
        found = self.outcome
        rows = [("status", found.status), ("attempts", f"{found.attempts:,} ({found.valid:,} valid)")]
        if found.best:
            number = found.best.number
            shown = measure_of(found.problem)
            rows.append((f"best candidate (no. {number})", f"{shown.value(found.best.validation)} {shown.word} on validation"))
            rows += [("note", shown.note)] if shown.note else []
        known = {n: mean_gap(self.problem.references.families(n, Split.VALIDATION)) for n, _ in self.problem.references.ranking}
        if known:
            name = min(known, key=known.__getitem__)
            rows.append((f"best baseline ({name})", f"{percent(known[name])} gap on validation"))
        body = "".join(f"<tr><td>{escape(name)}</td><td style='text-align: left'>{escape(value)}</td></tr>" for name, value in rows)
        return f"<table><caption>{escape(self.problem.problem.title)}: run {escape(self.name)}</caption>{body}</table>"
