"""Aggregates of a runs folder: the same as counting everything anew, while runs go on."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.big_store import TOY, fill
from workbench.model import Call, Candidate, Program, Prompt, Status
from workbench.problem import catalog
from workbench.store import ChampionGaps, Mark, Origin, Reader, RunSummary, Store, outcome


def rounded(row: RunSummary) -> RunSummary:
    """With dollars to a billionth: sums of floats depend on their order."""
    return replace(row, spending=replace(row.spending, dollars=round(row.spending.dollars, 9)))


def test_counting_what_is_new_gives_what_counting_everything_gives(tmp_path: Path) -> None:
    loaded, rng = catalog.load(TOY), random.Random(1)
    fill(tmp_path, loaded, 15, run="first")
    fill(tmp_path, loaded, 0, run="second", state="running", models=False)
    with Store(tmp_path) as store, Reader(tmp_path) as reader:
        for number in range(2, 40):
            run = rng.choice(("first", "second"))
            status = rng.choice(list(Status))
            call = Call("m", Prompt("", ""), "", 5, 7, rng.choice((None, 0.25)), error=rng.choice(("", "down")))
            store.add_call(run, 100 + number, Origin(), "edit", call)
            store.add_candidate(run, Candidate(100 + number, status, Program("x", "f"), "edit", (0,), 0, rng.random()))
            if rng.random() < 0.5:
                assert [rounded(row) for row in reader.runs()] == [rounded(row) for row in store.runs()]
        for run in ("first", "second"):
            attempts = store.attempts(run)
            assert reader.mark(run).attempts == len(attempts)
            assert sum(reader.counts(run).values()) == sum(a.operator != "seed" for a in attempts)
            fresh = Reader(tmp_path)
            assert (fresh.mark(run), fresh.counts(run)) == (reader.mark(run), reader.counts(run))
            fresh.close()


def test_an_unknown_run_has_no_attempts(tmp_path: Path) -> None:
    fill(tmp_path, catalog.load(TOY), 3)
    with Reader(tmp_path) as reader:
        assert reader.mark("nope") == Mark(0, 0) and reader.best("nope") is None and reader.points("nope", Mark(9, 9)) == []


def test_an_outcome_names_the_champion_with_both_gaps(tmp_path: Path) -> None:
    run = fill(tmp_path, catalog.load(TOY), 30)
    with Reader(tmp_path) as reader:
        found = outcome(reader, run)
        row = reader.runs()[0]
        assert row.champion is not None
        assert found.best == ChampionGaps(row.champion, reader.candidate(run, row.champion).gap, row.validation_gap)
        assert found.attempts == 30 and found.cost_usd == row.spending.dollars and found.status == "done"


def test_what_was_spent_adds_up_to_the_runs_and_keeps_unknown_prices_apart(tmp_path: Path) -> None:
    fill(tmp_path, catalog.load(TOY), 30, run="one")
    with Store(tmp_path) as store, Reader(tmp_path) as reader:
        store.add_call("one", 99, Origin(), "edit", Call("odd", Prompt("", ""), "", 5, 7, None))
        store.add_call("one", 99, Origin(), "edit", Call("odd", Prompt("", ""), "", 5, 0, None, error="down"))
        groups, row = reader.spent(), reader.runs()[0]
        assert abs(sum(g.usd for g in groups) - row.spending.dollars) < 1e-9
        assert sum(g.calls for g in groups) == row.spending.calls and row.spending.cost_usd is None
        odd = next(g for g in groups if g.model == "odd")
        assert (odd.calls, odd.usd, odd.unpriced, odd.failed, odd.tokens_out) == (2, 0.0, 1, 1, 7)
