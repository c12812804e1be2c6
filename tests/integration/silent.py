"""A display that remembers its lines, and runs as the tests make them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import TOY
from workbench.loop.snapshot import Snapshot
from workbench.loop.start import begin
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.store import Outcome, Store


class Silent:
    """Shows nothing; `then` may act on what is shown of the run."""

    def __init__(self, then: Callable[[Snapshot], None] | None = None) -> None:
        self.lines: list[str] = []
        self._then = then

    def show(self, snapshot: Snapshot) -> None:
        """Let the test act."""
        if self._then:
            self._then(snapshot)

    def line(self, text: str) -> None:
        """Remember."""
        self.lines.append(text)


def run(runs: Path, then: Callable[[Snapshot], None] | None = None, *, problem: Path = TOY, **options: Any) -> Outcome:
    """A run on the toy problem with the built-in operators unless told otherwise."""
    values = {"proposer": "builtin", "candidates": 30, "workers": 2, "tune_trials": 8 if "proposer" not in options else 0} | options
    return begin(catalog.load(problem), RunOptions(**values), runs, Silent(then))


def trace(runs: Path, name: str) -> list[tuple[Any, ...]]:
    """All that must be equal when a run is made again."""
    with Store(runs, write=False) as store:
        run_id = store.run(name).id
        found = [
            (c.number, c.status, c.program and c.program.source, c.gap, c.parents, c.operator, c.island, c.message)
            for c in store.candidates(run_id)
        ]
    return sorted(found, key=lambda row: row[0])
