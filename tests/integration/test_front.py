"""A second objective beside the gap: the Pareto front, and the best candidate that is chosen by it."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from tests.conftest import TOY
from tests.integration.silent import Silent
from tests.integration.test_cli import evolve, refused  # noqa: F401  a fixture
from workbench.analysis import front
from workbench.analysis.front import Standing
from workbench.errors import ProblemError, UsageError
from workbench.loop.start import begin
from workbench.model import Program, Reply, Split, Task
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.store import Reader

Evolve = Callable[..., tuple[int, str, str]]
few = st.integers(0, 4).map(float)


@given(st.lists(st.tuples(few, few), max_size=25))
def test_the_front_is_that_of_comparing_each_with_each(made: list[tuple[float, float]]) -> None:
    among = [Standing(k, gap, second, close=True) for k, (gap, second) in enumerate(made)]
    expected = [
        k
        for k, (g, s) in enumerate(made)
        if not any(a <= g and b <= s and ((a, b) != (g, s) or i < k) for i, (a, b) in enumerate(made) if i != k)
    ]
    found = front.front(among)
    assert sorted(s.number for s in found) == expected and [s.gap for s in found] == sorted(s.gap for s in found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy problem with a metric, the number of points that are missed, of which less is better, and another one."""
    made = tmp_path_factory.mktemp("second") / "tests" / "curve"
    shutil.copytree(TOY, made, ignore=shutil.ignore_patterns("__pycache__"))
    verifier = made / "verifier.py"
    text = (
        verifier.read_text()
        .replace("a, error = instance", "a, spread, error = instance")
        .replace('instance.data["a"], 0.0', 'instance.data["a"], 0.0, 0.0')
    )
    text = text.replace("            truth =", "            spread = max(spread, y % 1)\n            truth =")
    verifier.write_text(text.replace('len(instance.data["x"]))', 'len(instance.data["x"]), {"spread": spread})'))
    (made / "second.py").write_text(
        "from workbench.protocols import SecondObjective\n\nSECOND = SecondObjective('spread', 'largest rest [of points]')\n"
    )
    return made


class Steps:
    """Programs that miss other points alike: the even ones a little less, but from below, where the rest is large."""

    label, concurrency, repairs, uses_model, ordered = "steps", 1, False, False, True

    def begin(self, brief: object, known: object) -> None:
        """Nothing to prepare."""

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """The next one."""
        k = task.number
        miss = f"{0.0105 if k % 2 else -0.01} * ((7 * x + {k}) % 3)"
        body = f"    return a * x * x + x + {miss}\n"
        return Reply("edit", program=Program(f"def f(x, a):\n{body}", "f"), parents=(task.selection.parent.number,))

    def close(self) -> None:
        """Nothing to close."""


def made(folder: Path, runs: Path, prefer: str) -> str:
    options = RunOptions(proposer="steps", candidates=4, workers=1, tune_trials=0, race=False, prefer=prefer)
    return begin(catalog.load(folder), options, runs, Silent(), proposer=Steps()).run


def test_a_run_prefers_what_it_is_told_within_noise_and_says_what_else_could_be(
    evolve: Evolve,  # noqa: F811
    folder: Path,
    tmp_path: Path,
) -> None:
    loaded = catalog.load(folder)
    run = made(folder, tmp_path, "gap")
    with Reader(tmp_path) as store:
        second = front.preference(loaded, "spread")
        assert second
        among = front.standings(store, run, second, Split.VALIDATION)
        close = [s for s in among if s.close]
        assert len(close) > 1, "a choice is only one if there are several"
        least = min(close, key=lambda s: (s.second, s.gap, s.number)).number
        fastest = front.preferred(front.standings(store, run, front.CPU, Split.VALIDATION))
    told = json.loads(evolve("show", run, "--front", "--json", "--runs", tmp_path)[1])
    assert set(told["fronts"]) == {"spread", "cpu"} and told["fronts"]["spread"]["preferred"] == least
    assert [told["fronts"]["cpu"]["preferred"]] == fastest
    gaps = [row["gap"] for row in told["fronts"]["spread"]["front"]]
    assert gaps == sorted(gaps) and all(row["spread"] >= 0 for row in told["fronts"]["spread"]["front"])
    words = evolve("show", run, "--front", "--runs", tmp_path)[1]
    assert "largest rest [of points]" in words and f"--prefer spread chooses no. {least}" in words
    again = made(folder, tmp_path, "spread")
    with Reader(tmp_path) as store:
        assert store.run(again).champion == least != store.run(run).champion
    out = tmp_path / "mine.py"
    assert evolve("export", run, "--prefer", "spread", "--out", out, "--json", "--runs", tmp_path)[0] == 0
    assert f"candidate {least}" in out.read_text() or f":{least}" in out.read_text()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("run", "{folder}", "--proposer", "builtin", "--prefer", "speed"), "--prefer takes gap, spread, cpu"),
        (("run", TOY, "--proposer", "builtin", "--prefer", "spread"), "--prefer takes gap, cpu"),
        (("certify", "latest", "--prefer", "cpu", "--candidate", "1"), "no --candidate"),
    ],
)
def test_a_wrong_preference_is_one_line(
    evolve: Evolve,  # noqa: F811
    folder: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    named: str,
) -> None:
    refused(evolve(*(str(word).format(folder=folder) for word in words), "--runs", tmp_path), named)


def test_a_wrong_file_is_one_line_and_a_right_one_changes_no_version(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "tests" / "curve"
    shutil.copytree(folder, other, ignore=shutil.ignore_patterns("__pycache__"))
    (other / "second.py").write_text("SECOND = 'spread'\n")
    assert catalog.load(other).version == catalog.load(folder).version
    with pytest.raises(ProblemError, match="must define SECOND"):
        _ = catalog.load(other).second
    with pytest.raises(UsageError, match="--prefer takes gap, cpu"):
        wb.run(TOY, proposer="builtin", attempts=1, prefer="spread", runs=tmp_path)
