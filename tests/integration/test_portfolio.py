"""A run of several strategies on one budget: each attempt says which one chose its parent, wherever attempts are told."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

import workbench as wb
from tests.conftest import TOY
from tests.integration.silent import Silent, run, trace
from tests.integration.test_cli import evolve, refused  # noqa: F401  a fixture
from workbench.analysis.makers import population
from workbench.loop.start import resume
from workbench.report.page import gather, render
from workbench.store import FILE, Reader

Evolve = Callable[..., tuple[int, str, str]]
NAMES = "islands,greedy,openevolve"


def test_an_interrupted_portfolio_goes_on_as_it_would_have(tmp_path: Path) -> None:
    options = {"strategy": "portfolio", "strategy_options": {"members": NAMES}}
    whole, part = run(tmp_path, candidates=40, **options), run(tmp_path, candidates=17, **options)
    resume(part.run, tmp_path, Silent(), candidates=40)
    assert trace(tmp_path, part.run) == trace(tmp_path, whole.run)


def test_command_line_and_report_tell_which_strategy_chose(evolve: Evolve, tmp_path: Path) -> None:  # noqa: F811
    code, _, said = evolve(
        "run", TOY, "--proposer", "builtin", "--portfolio", NAMES, "-n", 30, "--tune-trials", 0, "--runs", tmp_path
    )
    assert code == 0, said
    told = json.loads(evolve("show", "latest", "--attempts", 30, "--json", "--runs", tmp_path)[1])
    chosen = [attempt["strategy"] for attempt in told["attempts"]]
    assert set(chosen) == set(NAMES.split(",")) and told["options"]["strategy_options"] == {"members": NAMES}
    whole = [row for row in told["strategies"] if row["last"] - row["first"] >= 29]
    assert {row["strategy"]: row["attempts"] for row in whole} == {name: chosen.count(name) for name in set(chosen)}
    assert "openevolve" in evolve("show", "latest", "--attempts", 30, "--runs", tmp_path)[1]
    shown = evolve("show", "latest", "--runs", tmp_path)[1]
    assert "strategy" in shown and "greedy" in shown
    with Reader(tmp_path) as store:
        page = render(store, gather(store, "latest"))
        row = store.run("latest")
        islands = {a.island for a in store.attempts(row.id) if a.island is not None}
    assert "Strategies over time" in page and {population(row)(island) for island in islands} == set(chosen)
    assert not any(f"island {island}" in page for island in islands)


def test_all_is_recorded_by_name_because_it_may_be_others_in_another_version(tmp_path: Path) -> None:
    result = wb.run(TOY, proposer=wb.Builtin(), strategy=wb.Portfolio(), attempts=2, runs=tmp_path)
    with Reader(tmp_path) as store:
        names = store.run(result.name).options.strategy_options["members"]
    assert set(names.split(",")) == {"adaptive", "best_of_n", "greedy", "islands", "openevolve"}


def test_a_record_of_unknown_origin_names_no_code_as_a_member(
    evolve: Evolve,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("raise SystemExit('this code must not run')\n")
    found = run(tmp_path, candidates=3, strategy="portfolio", strategy_options={"members": "greedy,islands"})
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("UPDATE runs SET options = replace(options, 'greedy,islands', ?)", [f"greedy,{mine}:Mine"])
    monkeypatch.setenv("EVOLVE_STATE", str(tmp_path / "another user"))
    refused(evolve("resume", found.run, "-n", 6, "--runs", tmp_path), "was not started from here", "--strategy portfolio")
