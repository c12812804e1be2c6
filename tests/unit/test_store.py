"""The store keeps what it acknowledged, and answers wrong use with one line."""

import contextlib
import json
import sqlite3

import pytest

from workbench.errors import StoreError, UsageError
from workbench.model import Call, Candidate, InstanceResult, Program, Prompt, Report, Split, Status
from workbench.options import RunOptions
from workbench.store import FILE, Origin, Spending, Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as store:
        store.create_run(
            "a-1", problem="x/y", folder="/p", version="v", options=RunOptions(seed=3), proposer="no LLM", isolation="full"
        )
        yield store


def result(id="i1", gap=0.25):
    return InstanceResult(id, "f", Status.OK, gap, 5.0, 4.0, {"m": 1.0}, "", 0.001)


def report(split=Split.TRAIN, gap=0.25):
    return Report(split, Status.OK, gap, {"f": gap}, (result(gap=gap),), "", 0.5)


def test_candidate_and_report_come_back_as_they_were(store):
    candidate = Candidate(4, Status.OK, Program("def f(): pass", "f"), "constant", (1, 2), 0, 0.25, {"f": 0.25}, (0.25,), "")
    store.add_candidate("a-1", candidate, report=report(), fingerprint="abc")
    assert store.candidate("a-1", 4) == candidate
    assert store.candidates("a-1") == [candidate]
    assert store.report("a-1", 4, Split.TRAIN) == report()
    assert store.report("a-1", 4, Split.VALIDATION) is None
    assert [a.fingerprint for a in store.attempts("a-1")] == ["abc"]


def test_half_characters_lose_no_paid_call(store):
    store.add_call("a-1", 1, Origin(), "edit", Call("m", Prompt("s\ud83d", "u"), "a\udce9b \U0001f600", 1, 1, 0.5, error="\ud83d"))
    store.log("a-1", "note", "\udcff")
    store.acknowledge(store.send("a-1", "steer", "\udcff"), "\udcff")
    store.end_run("a-1", "failed", "\udcff", 1.0)
    (made,) = store.calls("a-1")
    assert (made.call.prompt.system, made.call.text, made.call.error) == ("s\ufffd", "a\ufffdb \U0001f600", "\ufffd")
    (sent,) = store.messages("a-1", pending=False)
    assert {store.run("a-1").message, store.events("a-1")[-1].message, sent.argument, sent.answer} == {"\ufffd"}


def test_an_attempt_is_kept_once(store):
    candidate = Candidate(1, Status.REJECTED, None, "rewrite", (0,), message="no code")
    store.add_candidate("a-1", candidate)
    with pytest.raises(StoreError, match="what was acknowledged before is kept"):
        store.add_candidate("a-1", candidate)
    assert len(store.candidates("a-1")) == 1


def test_failure_has_no_gap_and_no_scores_in_memory(store):
    failed = Report(Split.TRAIN, Status.CRASH, 3.0, {"f": 3.0}, (result(),), "boom")
    store.add_candidate("a-1", Candidate(2, Status.CRASH, Program("x", "f"), "rewrite", (0,), message="boom"), report=failed)
    back = store.candidate("a-1", 2)
    assert back.gap == float("inf") and back.families == {} and back.instances == ()
    assert store.report("a-1", 2, Split.TRAIN).gap == 3.0


def test_call_comes_back_whole_and_unknown_price_is_not_zero(store):
    call = Call("m", Prompt("s", "u"), "text", 10, 20, None, 0.3, 1, "")
    store.add_call("a-1", 3, Origin((0,), 2, None, "local"), "rewrite", call)
    made = store.calls("a-1")[0]
    assert (made.number, made.origin, made.operator, made.call) == (3, Origin((0,), 2, None, "local"), "rewrite", call)
    assert store.spending("a-1") == Spending(1, 10, 20, 0.0, 1) and store.spending("a-1").cost_usd is None


def test_two_connections_write_at_once_and_a_reader_sees_both(store, tmp_path):
    with Store(tmp_path) as other, Store(tmp_path, write=False) as reader:
        other.log("a-1", "note", "from the other")
        store.log("a-1", "note", "from the first")
        assert [e.message for e in reader.events("a-1")] == ["from the other", "from the first"]
        with pytest.raises(StoreError):
            reader.log("a-1", "note", "readers cannot write")


def test_run_is_found_by_part_of_its_name_and_ambiguity_is_told(store):
    assert store.run("1").id == "a-1" == store.run("latest").id
    store.create_run("a-2", problem="x/y", folder="/p", version="v", options=RunOptions(), proposer="m", isolation="full")
    with pytest.raises(UsageError, match="fits several"):
        store.run("a")
    with pytest.raises(UsageError, match="no run 'zz'"):
        store.run("zz")


def test_live_run_cannot_be_claimed_and_an_abandoned_one_can(store):
    with pytest.raises(UsageError, match="still running"):
        store.claim("a-1", RunOptions(), "full", "m")
    store._db.execute("UPDATE runs SET pid = 2147483646")
    assert store.run("a-1").status == "abandoned"
    store.claim("a-1", RunOptions(seed=4), "full", "n")
    assert store.run("a-1").options == RunOptions(seed=4)


def test_a_number_that_another_process_has_now_is_not_taken_for_the_run(store):
    store._db.execute("UPDATE runs SET heartbeat = heartbeat - 86400")
    assert store.run("a-1").status == "abandoned"


def test_a_starved_process_is_still_alive(store):
    store._db.execute("UPDATE runs SET pid = 1, heartbeat = heartbeat - 31")  # the first process is older than any heartbeat
    assert store.run("a-1").status == "running"


def test_corrupt_database_is_kept_aside_by_a_writer_and_left_by_a_reader(tmp_path):
    (tmp_path / FILE).write_bytes(b"precious but not SQLite" * 100)
    with pytest.raises(StoreError, match="left as it is"):
        Store(tmp_path, write=False)
    with pytest.raises(StoreError, match="kept aside"):
        Store(tmp_path)
    kept = list(tmp_path.glob(f"{FILE}.corrupt-*"))
    assert len(kept) == 1 and kept[0].read_bytes().startswith(b"precious")


def test_newer_layout_is_refused(tmp_path):
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer version"):
        Store(tmp_path)


def test_missing_and_unwritable_folders_are_told(tmp_path):
    with pytest.raises(StoreError, match="no runs in"):
        Store(tmp_path / "none", write=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        Store(tmp_path / "file" / "runs")


def test_control_messages_are_acknowledged_once(store):
    number = store.send("a-1", "steer", "try slack")
    assert [m.argument for m in store.messages("a-1")] == ["try slack"]
    store.acknowledge(number, "taken up")
    assert store.messages("a-1") == []
    assert store.messages("a-1", pending=False)[0].answer == "taken up"


def test_options_of_another_version_are_shown_but_not_resumed(store):
    older = {"seed": 7, "models": ["m=2"]}  # what came later has its default
    newer = {"candidates": 50, "gate": "of tomorrow", "swarm": [1, 2]}
    for raw in (older, newer):
        store._db.execute("UPDATE runs SET options = ?", (json.dumps(raw),))
        run = store.run("a-1")
        assert store.runs()[0].options == run.options
        assert raw.items() <= json.loads(json.dumps(run.settings())).items(), "nothing that was stored is hidden"
        if raw is older:
            assert run.resumable_options() == RunOptions(seed=7, models=("m=2",)) and not run.unknown_options
        else:
            assert run.options == RunOptions(candidates=50)
            with pytest.raises(UsageError, match="does not know: gate, swarm"):
                run.resumable_options()


def test_a_database_that_is_being_made_holds_no_runs_yet(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as made:
        made.execute("PRAGMA journal_mode = WAL")
    with pytest.raises(StoreError, match="no runs in"):
        Store(tmp_path, write=False)
