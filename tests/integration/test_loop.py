"""The loop end to end, on a toy problem with real workers, sandbox and store."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import TOY
from tests.integration.silent import Silent, run, trace
from workbench import proposers
from workbench.errors import ProblemFault, RunFailed, UsageError
from workbench.formatting import dollars
from workbench.loop import breaker
from workbench.loop.endings import REPEATS_IN_A_ROW
from workbench.loop.start import begin, resume
from workbench.model import Candidate, Split, Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.proposers.scripted import Scripted
from workbench.store import WAITING, Store

GOOD = "```python\ndef f(x, a):\n    return a * x * x + x * {}\n```"


def scripted(monkeypatch, *replies, **settings):
    """Let `--proposer scripted` answer with these."""
    proposer = Scripted(replies, **settings)
    monkeypatch.setattr(proposers, "make", lambda options, lookup, *, named=(): proposer)
    return proposer


def test_run_improves_and_its_outcome_is_what_the_store_holds(tmp_path):
    found = run(tmp_path, candidates=40)
    assert found.status == "done" and found.attempts == 40 and found.isolation == "full"
    with Store(tmp_path, write=False) as store:
        candidates = store.candidates(found.run)
        seeds = [c for c in candidates if c.operator == "seed"]
        champion = found.best.number
        assert len(candidates) == 40 + len(seeds)
        assert found.best.train == store.candidate(found.run, champion).gap < min(s.gap for s in seeds)
        assert found.best.validation == min(store.gaps(found.run, Split.VALIDATION).values())
        steps = {int(e.message.split()[1]): e.message for e in store.events(found.run) if e.kind == "improvement"}
        doubtful = {c.number for c in candidates if c.number in steps and c.effect and c.effect.within_noise}
    assert doubtful == {number for number, told in steps.items() if told.endswith(", within noise of its parent")}
    assert 0 < len(doubtful) < len(steps)


def test_same_seed_gives_the_same_run_on_any_number_of_workers(tmp_path):
    one, three, other = (run(tmp_path, workers=w, seed=s).run for w, s in ((1, 0), (3, 0), (1, 1)))
    assert trace(tmp_path, one) == trace(tmp_path, three)
    assert trace(tmp_path, one) != trace(tmp_path, other)


def test_replay_makes_the_same_candidates(tmp_path):
    first = run(tmp_path).run
    again = run(tmp_path, proposer=f"replay:{first}", workers=1).run
    assert trace(tmp_path, first) == trace(tmp_path, again)


def test_replay_of_model_answers_with_repairs_and_failures(tmp_path, monkeypatch):
    replies = [GOOD.format(3), "no code at all", GOOD.format(2), "```python\ndef f(x, a):\n    return x / 0\n```",
               GOOD.format(1), GOOD.format(3), RuntimeError("503"), GOOD.format(4)]  # fmt: skip
    scripted(monkeypatch, *replies, concurrency=3)
    first = run(tmp_path, proposer="scripted", candidates=8).run
    monkeypatch.undo()
    again = run(tmp_path, proposer=f"replay:{first}", workers=1).run
    recorded = trace(tmp_path, first)
    assert recorded == trace(tmp_path, again)
    statuses = [row[1] for row in recorded if row[5] != "seed"]
    assert Counter(statuses) == {"ok": 4, "llm_error": 1, "crash": 1, "rejected": 1, "duplicate": 1}
    with Store(tmp_path, write=False) as store:
        assert len(store.calls(first)) == 8 and store.calls(again) == []


def test_a_model_that_repeats_itself_is_told_so_and_the_run_ends_early(tmp_path, monkeypatch):
    answer = "Idea: double it\n" + GOOD.format(2)
    proposer = scripted(monkeypatch, *[answer] * 50)
    found = run(tmp_path, proposer="scripted", candidates=50)
    first, second, third = (p.user for p in proposer.prompts[:3])
    number = next(row[0] for row in trace(tmp_path, found.run) if row[5] != "seed")
    assert "What was tried" not in first
    assert re.search(rf"- #{number} .*: `double it` -> ", second)
    assert re.search(rf"- #{number + 1} .*: `double it` -> not evaluated again: `the same program as candidate {number}`", third)
    assert 1 + REPEATS_IN_A_ROW <= found.attempts < 30 and found.status == "done" and "already tried" in found.message


def test_a_run_ends_once_nothing_is_left_to_gain_and_says_so(tmp_path, monkeypatch):
    proven = Path(shutil.copytree(TOY, tmp_path / "proven"))
    references = proven / "references.json"
    references.write_text(references.read_text().replace('"bound"', '"optimal"'))
    scripted(monkeypatch, *[GOOD.format(k) for k in (3, 2, 1, *range(4, 40))], delay=0.05)
    found = run(tmp_path, problem=proven, proposer="scripted", candidates=30)
    assert found.status == "done" and found.attempts < 12
    assert "reaches the proven optimum on every training instance" in found.message


def test_patience_ends_a_run_that_no_longer_improves(tmp_path, monkeypatch):
    scripted(monkeypatch, *[GOOD.format(2 + k) for k in range(40)], delay=0.05)
    found = run(tmp_path, proposer="scripted", candidates=30, patience=5)
    assert found.status == "done" and 6 <= found.attempts < 20 and found.message == "no improvement in 5 attempts (--patience)"


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [("return x // 0", Status.CRASH, "ZeroDivisionError"), ("return y", Status.REJECTED, "`y`, which nothing defines")],
)
def test_failed_answer_goes_back_once_with_its_reason(tmp_path, monkeypatch, line, status, reason):
    bad = f"```python\ndef f(x, a):\n    {line}\n```"
    proposer = scripted(monkeypatch, bad, *[GOOD.format(k) for k in range(2, 6)], delay=0.3)
    found = run(tmp_path, proposer="scripted", candidates=5)
    rows = [row for row in trace(tmp_path, found.run) if row[5] != "seed"]
    assert [row[1] for row in rows] == [status, *[Status.OK] * 4]
    assert [row[5] for row in rows].count("repair") == 1
    asked = [p.user for p in proposer.prompts if "## Your last answer" in p.user]
    assert len(asked) == 1 and line in asked[0] and reason in asked[0]


@pytest.mark.parametrize(("limit", "value", "spent"), [("max_usd", 0.5, 5), ("max_tokens", 2000, 4)])
def test_budget_is_kept_with_many_calls_under_way(tmp_path, monkeypatch, limit, value, spent):
    scripted(monkeypatch, *[GOOD.format(k) for k in range(50)], cost_usd=0.1, concurrency=8, delay=0.02)
    found = run(tmp_path, proposer="scripted", candidates=50, **{limit: value})
    with Store(tmp_path, write=False) as store:
        spending = store.spending(found.run)
    assert spending.calls == spent if limit == "max_usd" else spending.calls < 10
    assert "budget" in found.message and found.status == "done"


def test_unknown_price_ends_a_run_with_a_dollar_budget(tmp_path, monkeypatch):
    scripted(monkeypatch, *[GOOD.format(k) for k in range(5)])
    with pytest.raises(RunFailed, match="price is unknown"):
        run(tmp_path, proposer="scripted", candidates=5, max_usd=1.0)


@pytest.mark.parametrize(
    ("failures", "candidates", "attempts", "told"),
    [
        (["connection refused (request {})"] * 100, 100, 9, "9 model calls in a row failed"),
        (["alpha", "beta", "gamma"] * 40, 100, 20, "20 model calls in a row failed"),
        (["connection refused"] * 100, 3, 3, "all 3 model calls failed, the last with: RuntimeError: connection refused"),
    ],
    ids=["alike", "in different ways", "below any limit"],
)
def test_model_that_stays_away_fails_the_run_and_keeps_its_budget(tmp_path, monkeypatch, failures, candidates, attempts, told):
    """Calls that fail alike hold the run up, and after some trials end it; so do many that differ, and all of a short run."""
    monkeypatch.setattr(breaker, "WAITS", (0.05, 0.05, 0.05, 0.05))
    scripted(monkeypatch, *[RuntimeError(text.format(k)) for k, text in enumerate(failures)], cost_usd=0.25)
    with pytest.raises(RunFailed, match=f"{told}.*Spent: {re.escape(dollars(attempts / 4))}, "):
        run(tmp_path, proposer="scripted", candidates=candidates)
    with Store(tmp_path, write=False) as store:
        (row,) = store.runs()
        said = [event.message for event in store.events(row.id) if "paused" in event.message]
    assert (row.status, row.attempts) == ("failed", attempts) and told in row.message
    assert len(said) == (4 if attempts == 9 else 0)
    monkeypatch.undo()
    assert run(tmp_path, proposer=f"replay:{row.id}", workers=1).attempts == attempts, "repeated without a pause"
    assert all("connection refused" in text and f"evolve continue {row.id}" in text for text in said)


@pytest.mark.parametrize("by", ["itself", "a person"])
def test_a_run_that_is_held_up_goes_on_by_itself_or_when_told(tmp_path, monkeypatch, by):
    monkeypatch.setattr(breaker, "WAITS", (0.2 if by == "itself" else 3600.0,))
    scripted(monkeypatch, *[RuntimeError("connection refused")] * 5, *[GOOD.format(k) for k in range(11, 15)])
    seen, sent = [], []

    def then(snapshot):
        if snapshot.state == "paused":
            with Store(tmp_path) as store:
                seen.append(store.run(snapshot.run).message)
                if by == "a person" and not sent:
                    sent.append(store.send(snapshot.run, "resume"))

    found = run(tmp_path, then, proposer="scripted", candidates=9)
    assert (found.status, found.attempts, found.valid) == ("done", 9, 4) and found.message == ""
    assert any("connection refused" in text for text in seen)
    with Store(tmp_path, write=False) as store:
        assert any("answers again" in e.message for e in store.events(found.run)) == (by == "itself")


def test_a_trial_that_ends_without_a_call_is_followed_by_another(monkeypatch):
    monkeypatch.setattr(breaker, "WAITS", (0.0,))
    held = breaker.Breaker()
    for number in range(breaker.SAME):
        held.failed(number, "connection refused")
    held.begins(7)
    assert held.holds
    held.count(Candidate(7, Status.REJECTED, None, "write"))
    assert not held.holds


def test_an_answer_that_was_cut_is_never_scored(tmp_path, monkeypatch):
    proposer = scripted(monkeypatch, *[GOOD.format(k) for k in range(1, 4)], repairs=False)
    propose = proposer.propose

    def cut(task, rng):
        reply = propose(task, rng)
        return replace(reply, call=replace(reply.call, finish="length")) if task.number % 2 else reply

    monkeypatch.setattr(proposer, "propose", cut)
    found = run(tmp_path, proposer="scripted", candidates=3)
    monkeypatch.undo()
    again = run(tmp_path, proposer=f"replay:{found.run}", workers=1)
    for name in (found.run, again.run):
        rows = {row[0]: row for row in trace(tmp_path, name) if row[5] != "seed"}
        assert {number: row[1] for number, row in rows.items()} == {
            number: Status.REJECTED if number % 2 else Status.OK for number in rows
        }
        assert all("truncated" in row[7] for number, row in rows.items() if number % 2)


def test_control_messages_pause_steer_inject_and_stop(tmp_path, monkeypatch):
    texts = [GOOD.format(2 + k / 7) for k in range(400)]
    proposer = scripted(monkeypatch, *texts, delay=0.02)
    sent = []

    def act(snapshot):
        plan = ["pause", "resume", "steer", "inject", "stop"]
        due = [0.5, 1.0, 1.2, 1.4, 2.4]
        while len(sent) < len(plan) and snapshot.seconds > due[len(sent)]:
            command = plan[len(sent)]
            argument = {"steer": json.dumps({"text": "think of parabolas", "next": None}),
                        "inject": "def f(x, a):\n    return a * x ** 2 + 1.01 * x\n"}.get(command, "")  # fmt: skip
            with Store(tmp_path) as store:
                store.send(snapshot.run, command, argument)
            sent.append(snapshot.done)

    found = run(tmp_path, act, proposer="scripted", candidates=400)
    assert found.status == "stopped" and found.attempts < 400
    assert sent[1] - sent[0] <= 12  # hardly anything while paused
    assert any("think of parabolas" in p.user for p in proposer.prompts) and "parabolas" not in proposer.prompts[0].user
    with Store(tmp_path, write=False) as store:
        injected = [c for c in store.candidates(found.run) if c.operator == "inject"]
        assert len(injected) == 1 and 0 < injected[0].gap < 0.01 and found.best.number == injected[0].number
        told = store.messages(found.run, pending=False)
        assert all(m.acknowledged for m in told)
        (answer,) = [m.answer for m in told if m.command == "inject"]
        assert answer.startswith(f"attempt {injected[0].number}: ok, train gap 0.")


def test_a_program_that_a_run_did_not_get_to_is_evaluated_when_it_is_resumed(tmp_path, monkeypatch):
    scripted(monkeypatch, GOOD.format(3))
    found = run(tmp_path, proposer="scripted", candidates=1)
    with Store(tmp_path) as store:
        message = store.send(found.run, "inject", "def f(x, a):\n    return a * x ** 2 + 1.01 * x\n")
        store.acknowledge(message, WAITING)
    scripted(monkeypatch, *[GOOD.format(k) for k in range(4, 40)])
    resume(found.run, tmp_path, Silent(), candidates=8)
    with Store(tmp_path, write=False) as store:
        assert re.match(r"attempt \d: ok, ", store.message(message).answer)


def test_program_that_remembers_instances_is_not_crowned(tmp_path, monkeypatch):
    cheat = "```python\nmemory = []\n\ndef f(x, a):\n    memory.append(x)\n    return a * x * x + x if len(memory) > 3 else 0\n```"
    scripted(monkeypatch, cheat, GOOD.format(40))
    found = run(tmp_path, proposer="scripted", candidates=2)
    with Store(tmp_path, write=False) as store:
        best_on_train = min(store.candidates(found.run), key=lambda c: c.gap)
        assert "memory" in best_on_train.program.source
        assert "memory" not in store.candidate(found.run, found.best.number).program.source


def test_seed_that_crashes_is_told_before_a_run_exists(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("def f(x, a):\n    return x[0]\n")
    with pytest.raises(ProblemFault, match=r"initial program .*bad.py fails \(crash\).*TypeError"):
        begin(catalog.load(TOY), RunOptions(proposer="builtin", seeds=(str(bad),)), tmp_path / "runs", Silent())
    with Store(tmp_path / "runs", write=False) as store:
        assert store.runs() == []


HOST = """
import sys
from tests.integration.silent import run
print(run({runs!r}, candidates=80, seed=5).run)
"""


def descendants(pid: int) -> set[int]:
    """All processes below one, by /proc."""
    children: dict[int, set[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), set()).add(int(stat.parent.name))
    found, queue = set(), [pid]
    while queue:
        below = children.get(queue.pop(), set())
        found |= below
        queue.extend(below)
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")
@pytest.mark.parametrize("kill", range(3))
def test_killed_run_loses_nothing_leaves_nothing_and_resumes_to_the_same_end(tmp_path, kill):
    undisturbed = run(tmp_path / "a", candidates=80, seed=5).run
    runs = tmp_path / "b"
    host = subprocess.Popen([sys.executable, "-c", HOST.format(runs=str(runs))], cwd=TOY.parent.parent)
    deadline = time.monotonic() + 30
    wanted = random.Random(kill).randrange(1, 75)
    while time.monotonic() < deadline and acknowledged(runs) < wanted:
        time.sleep(0.005)
    below = descendants(host.pid)
    host.send_signal(signal.SIGKILL)
    host.wait()
    before = acknowledged(runs)
    assert below and before >= wanted
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in below) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]
    resumed = resume("latest", runs, Silent()).run
    assert acknowledged(runs) == 80 and trace(runs, resumed) == trace(tmp_path / "a", undisturbed)


def acknowledged(runs: Path) -> int:
    """Attempts recorded so far."""
    try:
        with Store(runs, write=False) as store:
            return store.runs()[0].attempts
    except (UsageError, IndexError):
        return 0


def test_answers_paid_for_are_used_on_resume(tmp_path, monkeypatch):
    scripted(monkeypatch, *[GOOD.format(k) for k in range(4)])
    found = run(tmp_path, proposer="scripted", candidates=4)
    with Store(tmp_path) as store:
        store._db.execute("DELETE FROM scores WHERE number = 5")
        store._db.execute("DELETE FROM trials WHERE number = 5")
        store._db.execute("DELETE FROM candidates WHERE number = 5")
    proposer = scripted(monkeypatch)
    again = resume(found.run, tmp_path, Silent())
    assert again.attempts == 4 and proposer.prompts == []
    with Store(tmp_path, write=False) as store:
        assert len(store.calls(found.run)) == 4


def test_run_that_goes_on_cannot_be_resumed(tmp_path):
    found = run(tmp_path, candidates=2)
    with Store(tmp_path) as store:
        store._db.execute("UPDATE runs SET status = 'running', pid = ?, heartbeat = ?", (os.getppid(), time.time()))
    with pytest.raises(UsageError, match="still running"):
        resume(found.run, tmp_path, Silent())


def test_edited_problem_is_not_mixed_into_a_run(tmp_path):
    found = run(tmp_path, candidates=2)
    with Store(tmp_path) as store:
        store._db.execute("UPDATE runs SET version = 'older'")
    with pytest.raises(UsageError, match="changed since run"):
        resume(found.run, tmp_path, Silent())
