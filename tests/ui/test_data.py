"""What the pages read: counted by hand on stores made by the generator."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.big_store import fill, problem
from tests.ui.conftest import NASTY, Open
from tests.ui.test_pages import words
from tests.unit.certified import certificate, record
from workbench.analysis.attempts import spending, thinned
from workbench.model import Program, Split
from workbench.prices import Price, parse_models
from workbench.problem import catalog
from workbench.store import Judged, Ledger, Mark, Reader

pytest.importorskip("streamlit")
from ui import actions, data, models
from ui.data import Certification


@pytest.fixture
def store(folder: Path) -> Reader:
    """The folder's store."""
    return Reader(folder)


def test_improvements_are_those_of_the_run_itself(store: Reader) -> None:
    frame = data.attempts(store, "done", store.mark("done"))
    best, improved = float("inf"), []
    for row in store.attempts("done"):
        if row.gap is not None and row.gap < best:
            best = row.gap
            improved.append(row.number)
    assert frame.loc[frame["improved"], "number"].tolist() == improved
    assert frame["best"].iloc[-1] == best == store.best("done").gap


def test_points_stop_at_the_mark_they_are_asked_for(store: Reader) -> None:
    mark = store.mark("done")
    ids = [point.id for point in store.points("done", mark)]
    assert len(ids) == mark.attempts == 82 and max(ids) == mark.last
    half = Mark(41, sorted(ids)[40])
    assert len(store.points("done", half)) == 41


def test_dollars_and_gains_add_up_to_the_run_whole(store: Reader) -> None:
    mark = store.mark("done")
    frame, made = data.attempts(store, "done", mark), data.calls(store, "done", mark)
    groups = spending(frame, made)
    spent = store.spending("done")
    assert groups["usd"].sum() == pytest.approx(spent.dollars) == pytest.approx(frame["usd"].iloc[-1])
    assert groups["calls"].sum() == spent.calls == 80
    after_seeds = frame.loc[frame["number"] == 1, "best"].item()
    assert groups["gained"].sum() == pytest.approx(after_seeds - frame["best"].iloc[-1])


def test_thinning_keeps_every_attempt_that_was_ever_best(store: Reader) -> None:
    frame = data.attempts(store, "done", store.mark("done"))
    thin = thinned(frame, frame["gap"], 20)
    assert len(thin) < len(frame)
    assert set(frame.loc[frame["improved"], "number"]) <= set(thin["number"])
    validation = frame["gap"].where(frame["number"] % 3 == 0).sample(frac=1, random_state=1).set_axis(frame.index)
    thin = thinned(frame, validation, 20)
    assert len(thin) < len(frame)
    best = validation.cummin().ffill()
    assert validation[thin.index].cummin().ffill().dropna().to_dict().items() <= best.to_dict().items()


def test_failures_are_grouped_with_what_they_cost(store: Reader) -> None:
    groups = store.failures("done")
    counts = store.counts("done")
    assert sum(g.attempts for g in groups) == sum(n for status, n in counts.items() if status not in ("ok", "duplicate"))
    assert all(g.message for g in groups)
    rows = {a.number: a for a in store.attempts("done")}
    wasted = sum(c.call.cost_usd or 0 for c in store.calls("done") if rows[c.number].status not in ("ok", "duplicate"))
    assert sum(g.cost_usd or 0 for g in groups) == pytest.approx(wasted)


def test_ancestors_lead_from_a_seed_by_main_parents(store: Reader) -> None:
    number = store.best("done").number
    chain = store.ancestors("done", number)
    assert chain[0].operator == "seed" and chain[-1].number == number
    assert all(b.parent == a.number for a, b in pairwise(chain))
    assert store.ancestors("done", 99999) == []


def test_a_sparkline_never_rises_and_ends_at_the_best(store: Reader) -> None:
    curve = store.curve("done", 10)
    assert len(curve) == 10 and curve == sorted(curve, reverse=True)
    assert curve[-1] == store.best("done").gap
    assert store.curve("no such run") == []


def test_the_verdict_is_the_paired_difference_to_the_best_baseline(store: Reader, wide: catalog.LoadedProblem) -> None:
    row = next(r for r in store.runs() if r.id == "done")
    found = data.verdict(store, row)
    ranking = data.baselines(wide, Split.VALIDATION)
    assert found is not None and (found.verdict, found.against) == ("better", ranking[0][0])
    assert found.difference.high < 0
    assert found.difference.mean == pytest.approx(row.validation_gap - ranking[0][2])


def test_instances_carry_reference_baseline_and_difference(store: Reader, wide: catalog.LoadedProblem) -> None:
    number = next(r for r in store.runs() if r.id == "done").champion
    report = store.report("done", number, Split.VALIDATION)
    frame = data.instances(wide, report)
    assert len(frame) == 12 and set(frame["kind"]) == {"optimal", "bound"}
    assert (frame["gap"] - frame["baseline"]).tolist() == pytest.approx(frame["difference"].tolist())
    assert "baseline" in data.instances(None, report)


def test_the_strongest_family_is_where_an_attempt_is_furthest_ahead(store: Reader) -> None:
    frame = data.sizes(str(store.folder), "done", store.mark("done"), store)
    assert set(frame["strongest"]) == {"flat", f"steep {NASTY}"}
    assert (frame["size"] == [len(store.candidate("done", n).program.source) for n in frame["number"]]).all()


def test_a_steered_run_is_measured_before_and_after(store: Reader) -> None:
    frame = data.attempts(store, "done", store.mark("done"))
    (told,) = data.steering(store, frame, store.run("done"))
    assert told.asked.text == "look at the slack" and told.asked.attempts == 20 and told.at == len(frame)
    assert told.before is None, "nothing came after it"


def test_costs_are_told_from_earlier_runs_of_the_same_models(store: Reader) -> None:
    """As paid; else by the price and the tokens of earlier calls; a model with a weight is the model."""
    spent = data.spent(store)
    paid = spent[spent["model"] == "provider/small"]
    each = data.typical_cost(spent, "provider/small", None)
    assert each == pytest.approx(paid["usd"].sum() / (paid["calls"].sum() - paid["unpriced"].sum()))
    assert data.typical_cost(spent, "another", None) is None
    per_call = spent[["tokens_in", "tokens_out"]].sum() / spent["calls"].sum()
    by_price = data.typical_cost(spent, "another", Price(2.0, 8.0))
    assert by_price == pytest.approx((per_call["tokens_in"] * 2 + per_call["tokens_out"] * 8) / 1e6, rel=0.2)
    assert (data.typical_seconds(store, "tests/wide") or 0) > 0 and data.typical_seconds(None, "tests/wide") is None

    def said(*names: str, **more: Any) -> str:
        return models.estimate(store, models.Asked(models=tuple(parse_models(names)), **more), 100)

    assert said("provider/small=3") == said("provider/small") and said("provider/small").startswith("About $")
    assert said("provider/small=3", "provider/large") != said("provider/small", "provider/large=3")
    assert "no price of another is known" in said("provider/small", "another")
    assert said("another", prices={"": Price(2.0, 8.0)}).startswith("About $")
    assert models.estimate(None, models.Asked(models=(("m", 1.0),), prices={"m": Price(1.0, 10.0)}), 10) == (
        "Cost unknown (no earlier calls); answers at most $1.64, at 16,384 tokens each, and prompts."
    )
    assert "no price of gpt-4o-mini" in said("gpt-4o-mini", base="http://127.0.0.1:1/v1"), "elsewhere it may cost something else"


def test_a_certificate_is_none_running_failed_or_ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(data, "folder", lambda: tmp_path)
    assert data.certificate("r", 1) == Certification("none")
    judged = Judged(Program("def f(x): return x", "f"), "r:1", "x/y", "v1", "r", 1)
    with Ledger(tmp_path) as store:
        assert data.certificate("r", 1) == Certification("none")
        log = actions.certificate_log(tmp_path, "r", 1)
        log.parent.mkdir()
        log.write_text("")
        assert data.certificate("r", 1).state == "running"
        record(store, judged)
        opening = store.open_test(judged)
        log.write_text("the test split\ntrain: 80 steps\n")
        os.utime(log, (0, 0))
        assert data.certificate("r", 1) == Certification("running", message="train: 80 steps"), (
            "its process is alive, however long it is silent"
        )
        log.write_text("note: x\nerror: no test instances\n")
        assert data.certificate("r", 1) == Certification("failed", message="error: no test instances")
        store.add_certificate(judged, opening, certificate(gaps={Split.TEST: 0.1}))
    assert data.certificate("r", 1).test_gap == 0.1 and data.certificate("r", 1).verdict == "certified"
    assert data.certificate("r", 2) == Certification("none")


def test_a_run_that_is_not_going_on_takes_no_messages(tmp_path: Path, wide: catalog.LoadedProblem) -> None:
    fill(tmp_path, wide, 3, run="over")
    for command in ("stop", "pause", "resume"):
        with pytest.raises(actions.UsageError, match="not running"):
            actions.tell(tmp_path, "over", command)
    with pytest.raises(actions.UsageError, match="message is empty"):
        actions.steer(tmp_path, "over", "  ", None)


def test_the_reader_sees_nothing_of_the_sources_in_its_lists(store: Reader) -> None:
    plan = "EXPLAIN QUERY PLAN "
    for query in (
        "SELECT id, number, status, operator, gap, island, json_extract(parents, '$[0]'), repairs, seconds, created "
        "FROM candidates WHERE run = ?",
        "SELECT status, count(*) FROM candidates WHERE run = ? AND operator != 'seed' GROUP BY status",
        "SELECT number, model, operator, cost_usd, tokens_in, tokens_out, seconds, error, created FROM calls WHERE run = ?",
        "SELECT number, gap FROM scores WHERE run = ? AND split = 'validation' AND status = 'ok'",
    ):
        steps = [row["detail"] for row in store._rows(plan + query, "done")]
        assert any("COVERING INDEX" in step for step in steps), steps


def test_a_champion_scored_again_with_a_changed_problem_is_told_on_its_pages(tmp_path: Path, open_page: Open) -> None:
    made = problem(tmp_path / "tests" / "again", 6)
    fill(tmp_path, made, 12, run="old", models=False)
    problem(tmp_path / "tests" / "again", 6, title="Another question")
    changed = catalog.reload(tmp_path / "tests" / "again")
    catalog.vouch(changed)
    version = changed.version
    assert "evolve recheck old" in words(open_page(tmp_path, "run", run="old")).replace("\\", "")
    with Ledger(tmp_path) as ledger:
        number = ledger.run("old").champion
        report = ledger.report("old", number, Split.VALIDATION)
        ledger.add_recheck("old", number, version, report)
    for page, query in (("run", {}), ("program", {"n": str(number)})):
        said = words(open_page(tmp_path, page, run="old", **query)).replace("\\", "")
        assert f"Candidate {number}: evaluated again with version {version}" in said and "CI" in said
        assert "evolve recheck" not in said
