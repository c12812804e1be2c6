"""Comparisons: signs, pairing, who may be compared, and the command that tells them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.benchmarks.big_store import fill, problem
from workbench.analysis.compare import Contender, address, compare, differing, of_baseline, of_baselines, of_run, within
from workbench.cli.main import app
from workbench.errors import UsageError
from workbench.model import Split
from workbench.problem import catalog
from workbench.store import Store


def contender(name: str, gaps: dict[str, float]) -> Contender:
    return Contender(name, None, gaps, {i: i[0] for i in gaps})


def test_the_mean_weighs_families_alike_and_below_zero_is_better() -> None:
    a = contender("a", {"x1": 0.1, "x2": 0.2, "x3": 0.3, "y1": 0.5})
    b = contender("b", {"x1": 0.2, "x2": 0.3, "x3": 0.4, "y1": 0.4})
    found = compare(a, b)
    assert found.gap == pytest.approx((0.2 + 0.5) / 2) and found.other == pytest.approx((0.3 + 0.4) / 2)
    assert found.difference.mean == pytest.approx(0.0, abs=1e-12) == pytest.approx(found.gap - found.other, abs=1e-12)
    assert found.families == pytest.approx({"x": -0.1, "y": 0.1})
    assert found.record == (3, 0, 1)
    assert found.worst.instance == "y1" and found.worst.difference == pytest.approx(0.1)


@pytest.mark.parametrize(("shift", "verdict"), [(-0.1, "better"), (0.1, "worse"), (0.0, "the same"), (None, "no clear difference")])
def test_the_verdict_follows_the_interval(shift: float | None, verdict: str) -> None:
    base = {f"x{k}": 0.3 + 0.01 * k for k in range(12)}
    moved = {i: g + ((0.1 if k % 2 else -0.1) if shift is None else shift) for k, (i, g) in enumerate(base.items())}
    assert compare(contender("a", moved), contender("b", base)).verdict == verdict


def test_a_comparison_the_other_way_round_has_the_opposite_signs() -> None:
    a, b = contender("a", {"x1": 0.1, "x2": 0.4, "x3": 0.3}), contender("b", {"x1": 0.2, "x2": 0.3, "x3": 0.9})
    there, back = compare(a, b), compare(b, a)
    assert there.difference.mean == pytest.approx(-back.difference.mean)
    assert there.difference.low == pytest.approx(-back.difference.high)
    assert tuple(there.record) == tuple(back.record)[::-1]


def test_only_the_same_instances_can_be_paired() -> None:
    with pytest.raises(UsageError, match="not evaluated on the same instances"):
        compare(contender("a", {"x1": 0.1}), contender("b", {"x2": 0.1}))


@pytest.mark.parametrize(("text", "run", "number"), [("abc", "abc", None), ("abc:0", "abc", 0), ("a:b:12", "a:b", 12)])
def test_addresses(text: str, run: str, number: int | None) -> None:
    assert address(text) == (run, number)


@pytest.mark.parametrize("text", ["abc:", ":3", "abc:x", "abc:-1", "abc:9999999999"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="names no program"):
        address(text)


def test_the_distribution_ends_with_all_instances() -> None:
    assert within(contender("a", {"x1": 0.3, "x2": 0.1})) == ([0.1, 0.3], [0.5, 1.0])


def test_only_settings_that_differ_are_kept() -> None:
    assert differing([{"a": 1, "b": [1]}, {"a": 1, "b": [2], "c": 0}]) == {"b": [[1], [2]], "c": [None, 0]}
    assert differing([]) == {}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> catalog.LoadedProblem:
    return problem(tmp_path_factory.mktemp("problem") / "tests" / "wide", 6)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, loaded: catalog.LoadedProblem) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    fill(folder, loaded, 20, run="one")
    fill(folder, loaded, 5, run="two", models=False)
    return folder


def test_baselines_have_the_gaps_of_the_references(loaded: catalog.LoadedProblem) -> None:
    ranked = of_baselines(loaded, Split.VALIDATION)
    assert [c.gap for c in ranked] == sorted(c.gap for c in ranked)
    for c in ranked:
        families = loaded.references.families(c.name, Split.VALIDATION)
        assert c.gap == pytest.approx(sum(families.values()) / len(families))
    with pytest.raises(UsageError, match="has no baseline 'nobody'"):
        of_baseline(loaded, "nobody", Split.TRAIN)


def test_programs_come_with_their_recorded_gap_or_with_the_reason_why_not(runs: Path) -> None:
    with Store(runs, write=False) as store:
        row = store.run("one")
        champion = of_run(store, row, None, Split.VALIDATION)
        assert champion.name == f"one:{row.champion}"
        report = store.report("one", row.champion, Split.VALIDATION)
        assert report is not None and champion.gap == pytest.approx(report.gap)
        failed = next(a.number for a in store.attempts("one") if a.status != "ok")
        with pytest.raises(UsageError, match="not a valid program"):
            of_run(store, row, failed, Split.TRAIN)
        unscored = next(
            a.number for a in store.attempts("one")
            if a.status == "ok" and store.report("one", a.number, Split.VALIDATION) is None
        )  # fmt: skip
        with pytest.raises(UsageError, match="not evaluated on validation"):
            of_run(store, row, unscored, Split.VALIDATION)
        with pytest.raises(UsageError, match="evolve certify one"):
            of_run(store, row, None, Split.TEST)


def test_the_command_compares_with_all_baselines_or_with_those_named(runs: Path, loaded: catalog.LoadedProblem) -> None:
    def told(*words: str) -> dict:
        done = CliRunner().invoke(app, ["compare", *words, "--runs", str(runs), "--json"], catch_exceptions=False)
        assert done.exit_code == 0
        return json.loads(done.stdout.splitlines()[-1])

    every = told("one")
    assert {c["against"] for c in every["comparisons"]} == {b.name for b in loaded.problem.baselines}
    assert every["split"] == "validation" and every["confidence"] == 0.95 and every["instances"] == 6
    named = told("one", "line", "two:1", "--split", "train", "--together")
    assert [c["against"] for c in named["comparisons"]] == ["line", "two:1"] and named["confidence"] == pytest.approx(0.975)
    back = told("two:1", "one", "--split", "train")["comparisons"][0]
    assert back["difference"]["mean"] == pytest.approx(-named["comparisons"][1]["difference"]["mean"])
    shown = CliRunner().invoke(app, ["compare", "one", "--runs", str(runs)])
    assert "won/equal/lost" in shown.stdout and "its gap there is optimistic" in shown.stdout


def test_the_command_refuses_what_cannot_be_compared(runs: Path, loaded: catalog.LoadedProblem, tmp_path: Path) -> None:
    def refused(*words: str) -> str:
        done = CliRunner().invoke(app, ["compare", *words])
        assert isinstance(done.exception, UsageError)
        return str(done.exception)

    assert "neither a baseline" in refused("one", "nobody", "--runs", str(runs))
    changed = problem(tmp_path / "tests" / "wide", 5)
    fill(tmp_path / "runs", changed, 3, run="one")
    fill(tmp_path / "runs", loaded, 3, run="two")
    assert "different versions" in refused("one", "two", "--runs", str(tmp_path / "runs"))
    moved = shutil.move(tmp_path / "tests", tmp_path / "elsewhere" / "tests")
    catalog.reload(Path(moved) / "wide")
    assert "not in the folder" in refused("one", "--runs", str(tmp_path / "runs"))
