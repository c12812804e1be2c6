"""Every page in every state: empty, live, finished, failed, abandoned, without a valid attempt, and unknown."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow
import pyarrow.ipc
import pytest
from streamlit.testing.v1 import AppTest

from tests.integration.silent import run as made
from tests.ui.conftest import NASTY, Open
from workbench.model import Status
from workbench.problem.catalog import root
from workbench.state.usage import Uses
from workbench.store import WAITING, Ledger, Reader, Store, injected

RUN_TABS = ("Progress", "Programs", "Lineage", "Archive", "Failures", "Spend & models", "Messages", "Log")
PROGRAM_TABS = ("Code", "Diff", "Ancestors", "Instances", "Prompt & response", "Certificate")


def words(app: AppTest) -> str:
    """All text of a page."""
    parts = [e.value for kind in (app.markdown, app.caption, app.error, app.info, app.code) for e in kind]
    return "\n".join([*parts, *(e.proto.body for e in app.get("html"))])


def sound(app: AppTest) -> None:
    """No exception reached the page, and nothing that was put in came out as markup."""
    assert not app.exception, app.exception[0].stack_trace
    for element in app.get("html"):
        assert NASTY not in element.proto.body


@pytest.mark.parametrize("page", ["runs", "run", "program"])
def test_an_empty_folder_says_how_to_begin(tmp_path: Path, open_page: Open, page: str) -> None:
    app = open_page(tmp_path, page)
    sound(app)
    assert "Run the demo" in [b.label for b in app.button]


@pytest.mark.parametrize("page", ["runs", "run", "program"])
def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path, open_page: Open, page: str) -> None:
    (tmp_path / "evolve.db").write_text("not a database, " * 100)
    app = open_page(tmp_path, page)
    sound(app)
    assert "no readable run database" in app.error[0].value


def test_runs_lists_every_state_with_its_verdict_and_first_error(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "runs")
    sound(app)
    table = app.dataframe[0].value.set_index("run")
    assert dict(table["status"]) == {
        "done": "done", "plain": "done", "failed": "failed", "abandoned": "abandoned", "barren": "running"
    }  # fmt: skip
    assert table.loc["done", "verdict"].startswith("better than square, −")
    assert table.loc["failed", "note"] == f"the endpoint is down: {NASTY}"
    assert "ended" in table.loc["abandoned", "note"]
    assert table.loc["plain", "cost"] == "no model" and table.loc["done", "cost"].startswith("$")
    curve = list(table.loc["done", "curve"])
    assert curve == sorted(curve, reverse=True) and curve[0] > curve[-1]


@pytest.mark.parametrize("tab", RUN_TABS)
def test_run_shows_every_tab_of_a_finished_run(folder: Path, open_page: Open, tab: str) -> None:
    app = open_page(folder, "run", run="done", tab=tab)
    sound(app)
    assert "Best validation gap" in words(app)


def test_run_says_first_that_its_problem_is_at_fault(folder: Path, tmp_path: Path, open_page: Open) -> None:
    shutil.copytree(folder, tmp_path / "runs")
    with Store(tmp_path / "runs") as store:
        store.log("plain", "fault", f"candidate 3 is better than what is proven to be best {NASTY}")
    app = open_page(tmp_path / "runs", "run", run="plain")
    sound(app)
    assert "better than what is proven to be best" in app.error[0].value and NASTY not in app.error[0].value


def test_run_of_built_in_operators_has_no_dollars_but_tells_what_each_operator_brought(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "run", run="plain", tab="Spend & models")
    sound(app)
    assert "no LLM" in words(app) and "constant" in words(app)


def test_run_of_several_proposers_tells_what_each_did(tmp_path: Path, open_page: Open) -> None:
    found = made(tmp_path, proposer="builtin*0.6 + tests.integration.test_mixed:Bold*0.4", candidates=16)
    app = open_page(tmp_path, "run", run=found.run, tab="Spend & models")
    sound(app)
    assert "tests.integration.test_mixed:Bold" in words(app) and "duplicates" in words(app)


def test_run_of_several_strategies_tells_which_one_chose(tmp_path: Path, open_page: Open) -> None:
    found = made(tmp_path, strategy="portfolio", strategy_options={"members": "islands,greedy"}, candidates=16)
    app = open_page(tmp_path, "run", run=found.run, tab="Spend & models")
    sound(app)
    assert "greedy" in words(app) and "duplicates" in words(app)
    app = open_page(tmp_path, "run", run=found.run, tab="Programs")
    sound(app)
    assert {"islands", "greedy"} <= set(app.dataframe[0].value["strategy"])


def test_run_draws_the_front_of_its_problems_second_objective(tmp_path: Path, open_page: Open) -> None:
    found = made(tmp_path, problem=root() / "problems" / "scheduling" / "total_tardiness", candidates=2, workers=2)
    app = open_page(tmp_path, "run", run=found.run, x="tardiness of the latest job")
    sound(app)
    assert "Gap against tardiness of the latest job" in words(app)


def test_run_with_nothing_but_its_start_shows_every_tab(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "run", run="barren")
    for tab in RUN_TABS:
        app.session_state["tab"] = tab
        app.run()
        assert app.session_state["tab"] == tab
        sound(app)


def test_a_failed_run_says_why_and_an_abandoned_one_that_it_was_killed(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "run", run="failed")
    sound(app)
    assert "the endpoint is down" in app.error[0].value.replace("\\", "")
    assert "<script>" not in app.error[0].value
    app = open_page(folder, "run", run="abandoned")
    assert "killed" in app.error[0].value
    assert "Resume" in [b.label for b in app.button]


def test_a_live_run_can_be_paused_and_says_so_until_the_loop_has_seen_it(live: Path, open_page: Open) -> None:
    app = open_page(live, "run", run="live")
    sound(app)
    button = {b.label: b for b in app.button}
    button["Pause"].click().run()
    sound(app)
    assert "pausing" in words(app)
    with Store(live) as store:
        message = store.messages("live")[-1]
        assert message.command == "pause"
        store.acknowledge(message.id, "paused")
        store.heartbeat("live", active_seconds=2.0, status="paused")
    app.run()
    assert {b.label: b for b in app.button}["Continue"].disabled is False
    {b.label: b for b in app.button}["Stop"].click().run()
    assert "stopping" in words(app)
    assert {b.label: b for b in app.button}["Stop"].disabled
    with Store(live) as store:
        store.acknowledge(store.messages("live")[-1].id, "stopping")
        store.end_run("live", "stopped", "", 3.0)
        store.claim("live", store.run("live").options, "full", "m")
    app.run()
    assert "stopping" not in words(app) and not {b.label: b for b in app.button}["Stop"].disabled, "it was taken up again"


def test_steering_reaches_the_control_table_with_its_scope(live: Path, open_page: Open) -> None:
    app = open_page(live, "run", run="live")
    app.text_area(key="steer-text").input("avoid sorting").run()
    app.number_input(key="steer-next").set_value(7).run()
    app.button(key="steer-send").click().run()
    sound(app)
    with Store(live) as store:
        sent = [json.loads(m.argument) for m in store.messages("live") if m.command == "steer"]
    assert sent[-1] == {"text": "avoid sorting", "next": 7}


def test_charts_of_a_live_run_that_is_not_followed_stay_as_they_are_until_refreshed(live: Path, open_page: Open) -> None:
    app = open_page(live, "run", run="live", tab="Programs")
    app.toggle(key="follow").set_value(False).run()
    before = len(app.dataframe[0].value)
    with Store(live) as store:
        last = store.candidate("live", 1)
        for number in range(100, 105):
            store.add_candidate("live", type(last)(number, last.status, last.program, "edit", (1,), 0, 0.5))
    app.run()
    assert len(app.dataframe[0].value) == before
    renew = app.button(key="renew")
    assert renew.label == "5 new, refresh"
    renew.click().run()
    app.run()
    assert len(app.dataframe[0].value) == before + 5


def test_gap_against_cpu_time_shows_each_attempt_that_has_both(tmp_path: Path, open_page: Open) -> None:
    app = open_page(tmp_path, "run", run=made(tmp_path, candidates=12).run, x="CPU time")
    sound(app)
    with Store(tmp_path, write=False) as store:
        timed = sorted(a.number for a in store.attempts(store.run("latest").id) if a.per_instance is not None)
    (chart,) = app.get("vega_lite_chart")
    assert "Longest CPU time on a train instance" in chart.proto.spec and "as fast and as good" in words(app)
    found = [pyarrow.ipc.open_stream(one.data.data).read_pandas() for one in chart.proto.datasets]
    (drawn,) = {tuple(sorted(one["number"])) for one in found if "said" in one and "number" in one and len(one) == len(timed)}
    assert drawn == tuple(timed) and len(timed) > 2


def test_a_run_without_cpu_times_says_so_in_place_of_a_chart(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "run", run="plain", x="CPU time")
    sound(app)
    assert "No attempt of this run has both a train gap and CPU times" in words(app)
    assert not app.get("vega_lite_chart") and "no. " in words(app)


def test_charts_of_a_live_run_show_what_has_come_in(live: Path, open_page: Open) -> None:
    app = open_page(live, "run", run="live", tab="Programs")
    before, drawn = len(app.dataframe[0].value), app.session_state["drawn-live"]
    app.session_state["drawn-live"] = drawn = drawn - 60  # long enough ago to be drawn anew
    with Store(live) as store:
        last = store.candidate("live", 1)
        for number in range(100, 103):
            store.add_candidate("live", type(last)(number, last.status, last.program, "edit", (1,), 0, 0.5))
    app.run()
    sound(app)
    assert len(app.dataframe[0].value) == before + 3 and app.session_state["drawn-live"] > drawn
    assert app.button(key="renew").label == "charts are up to date"


@pytest.mark.parametrize(
    ("run", "tab"), [*(("done", tab) for tab in PROGRAM_TABS), ("plain", "Code"), ("plain", "Prompt & response")]
)
def test_program_shows_every_tab(folder: Path, open_page: Open, run: str, tab: str) -> None:
    app = open_page(folder, "program", run=run, tab=tab)
    sound(app)
    assert "Against its parent" in words(app)


def test_program_tells_what_was_noticed_beside_the_search(live: Path, open_page: Open) -> None:
    with Store(live) as store:
        store.remark("live", 1, f"takes 3.1 s of 4 s on an instance of the largest size ({NASTY})")
    app = open_page(live, "program", run="live", n="1")
    sound(app)
    assert "It takes 3.1 s of 4 s on an instance of the largest size" in words(app).replace("\\", "")


def test_program_of_every_failure_says_what_went_wrong(folder: Path, open_page: Open) -> None:
    with Store(folder, write=False) as store:
        failed = {a.status: a.number for a in store.attempts("done") if a.status != "ok"}
    assert "llm_error" in failed, "the generator makes attempts without a program"
    for number in failed.values():
        app = open_page(folder, "program", run="done", n=str(number))
        sound(app)
        assert app.error


@pytest.mark.parametrize(
    ("against", "said"), [("start", "no. "), ("champion", "no. "), ("baseline", "baseline line"), ("another", "no. 3")]
)
def test_diff_against_others(folder: Path, open_page: Open, against: str, said: str) -> None:
    app = open_page(folder, "program", run="done", n="5", tab="Diff", against=against, other="3")
    sound(app)
    assert said in words(app) and 'table class="diff' in words(app)


@pytest.mark.parametrize(
    ("page", "query", "said"),
    [
        ("run", {"run": NASTY}, "There is no run"),
        ("run", {"run": "don"}, "There is no run"),  # part of an id is not an id
        ("program", {"run": "nope", "n": "1"}, "There is no run"),
        ("program", {"run": "done", "n": "99999"}, "has no attempt 99999"),
        ("program", {"run": "done", "n": "-1"}, "is not the number of an attempt"),
        ("program", {"run": "done", "n": NASTY}, "is not the number of an attempt"),
        ("run", {"run": "done", "tab": "No such tab"}, ""),
    ],
)
def test_what_is_unknown_in_the_url_is_told_in_one_line(
    folder: Path, open_page: Open, page: str, query: dict[str, str], said: str
) -> None:
    app = open_page(folder, page, **query)
    sound(app)
    if said:
        told = app.error[0].value.replace("\\", "")
        assert said in told
    assert all("<script>" not in e.value for e in app.error)


def test_the_new_run_dialog_names_the_cost_or_says_that_it_is_unknown(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "runs")
    next(b for b in app.button if b.label == "New run").click().run()
    sound(app)
    assert "No cost (no model)" in words(app).replace("\\", "")
    assert app.selectbox(key="new-strategy").value == "islands"


def test_a_live_run_warns_of_many_useless_attempts_in_a_row(live: Path, open_page: Open) -> None:
    with Store(live) as store:
        last = store.candidate("live", 1)
        for number in range(100, 140):
            store.add_candidate("live", type(last)(number, Status.REJECTED, None, "write", (1,), 0))
    assert "The last 40 attempts yielded no new valid program" in open_page(live, "run", run="live").warning[0].value
    with Store(live) as store:
        store.add_candidate("live", type(last)(140, last.status, last.program, "edit", (1,), 0, 0.5))
    assert not open_page(live, "run", run="live").warning


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        ('steer {"text": "avoid sorting", "next": 7}', "steer: avoid sorting (for the next 7 attempts)"),
        ('inject {"source": "def f(x, a)", "idea": "a line"}', "inject: a line"),
        ('inject {"source": "def f(x, a):\\n    ret', "inject"),
        ("candidate 3 {fails}", "candidate 3 {fails}"),
    ],
)
def test_the_log_tells_events_in_words(live: Path, open_page: Open, recorded: str, told: str) -> None:
    with Store(live) as store:
        store.log("live", "control", recorded)
    said = words(open_page(live, "run", run="live", tab="Log"))
    assert f">{told}</td>" in said and "&quot;" not in said


def test_a_message_with_a_program_shows_it_whole_as_code_and_says_what_became_of_it(live: Path, open_page: Open) -> None:
    source = f"def f(x, a):\n{'    x = x + 1' + chr(10) * 2}" * 60 + f"    return a  # {NASTY}"
    with Store(live) as store:
        store.send("live", "inject", injected(source, "many steps"))
        for answer in (WAITING, "attempt 5: rejected, no curve"):
            store.acknowledge(store.send("live", "inject", "def f(x, a):\n    return a"), answer)
    app = open_page(live, "run", run="live", tab="Messages")
    sound(app)
    assert source in [c.value for c in app.code], "whole, with its lines"
    told = [" ".join(e.label.replace("\\", "").split()[4:]) for e in app.expander]
    assert told == ["attempt 5: rejected, no curve", "waiting for its turn", "waiting for the run to read it"]
    assert "many steps" in words(app) and "program?run=live&amp;n=5" in words(app)
    with Store(live) as store:
        store.end_run("live", "stopped", "", 3.0)
    assert "next" not in str(told) and "not evaluated: the run ended before its turn" in words(
        open_page(live, "run", run="live", tab="Messages")
    )


def test_a_session_tells_who_asked_for_what_which_tickets_are_out_and_how_often_validation_was_looked_at(
    live: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ledger, "validation_uses", lambda *_: Uses(3, 2))
    ticket = {"ticket": "ab", "number": 60, "kind": "combine", "prompt": "Improve!", "parents": [], "expires": 9e9}
    with Store(live) as store, store._transaction() as db:
        db.execute("UPDATE runs SET options = json_set(options, '$.proposer', 'agents')")
    given = {"source": "def f(x, a):\n    return 7", "idea": "seven", "author": "reader", "ticket": ""}
    with Store(live) as store:
        store.acknowledge(store.send("live", "ticket", '{"author": "holder", "seconds": 9}'), json.dumps(ticket))
        made = {"candidate": 5, "status": "ok", "gap": 0.25, "message": ""}
        store.acknowledge(store.send("live", "submit", json.dumps(given)), json.dumps(made))
    app = open_page(live, "run", run="live", tab="Messages")
    sound(app)
    said = words(app)
    assert "1 ticket out: holder has attempt 60, until" in said.replace("\\", "")
    assert ">reader</td>" in said and ">attempt 5: ok, train gap 25.0%</a>" in said
    assert "&quot;" not in said and "Improve!" not in said, "no JSON"
    assert "was looked at 3 times on this machine, for 2 programs" in said.replace("\\", "")


@pytest.mark.parametrize(("operator", "said"), [("seed", "initial program"), ("inject", "injected"), ("submit", "submitted")])
def test_a_program_without_a_parent_says_where_it_comes_from(live: Path, open_page: Open, operator: str, said: str) -> None:
    with Store(live) as store:
        last = store.candidate("live", 1)
        store.add_candidate("live", replace(last, number=100, operator=operator, parents=()))
    told = words(open_page(live, "program", run="live", n="100"))
    assert f">{said}<" in told and f"**{said.capitalize()}**" in told
    assert ("nitial program" in told) is (operator == "seed")


def test_a_duplicate_is_no_failure(live: Path, open_page: Open) -> None:
    with Store(live) as store:
        before = sum(n for status, n in Reader(live).counts("live").items() if status not in ("ok", "duplicate"))
        last = store.candidate("live", 1)
        for number in range(100, 109):
            store.add_candidate("live", type(last)(number, Status.DUPLICATE, last.program, "edit", (1,), 0))
    assert f"{before:,} failed attempts" in words(open_page(live, "run", run="live", tab="Failures"))
