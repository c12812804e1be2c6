"""The stress gate: what it refuses, what goes back, and that the sealed stress instances stay sealed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import workbench as wb
from tests.conftest import TOY
from tests.integration.silent import Silent, run, trace
from tests.integration.test_loop import scripted
from workbench.cli.main import app
from workbench.errors import ProblemError
from workbench.loop.order import LAG
from workbench.loop.start import begin, resume
from workbench.model import Split, Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.store import Store

CODE = "def f(x, a):\n    {}\n"
GOOD = "```python\ndef f(x, a):\n    return a * x * x{}\n```"
CRASHES = "```python\ndef f(x, a):\n    if x > 999:\n        raise ValueError(f'{x} is secret')\n    return a * x * x + x\n```"
WORSE = "```python\ndef f(x, a):\n    return a * x * x + x if x < 1000 else 1.0\n```"


def test_what_fails_on_fresh_stress_is_refused_in_words_and_never_crowned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proposer = scripted(monkeypatch, CRASHES, GOOD.format(""), WORSE, delay=0.3)
    found = run(tmp_path, proposer="scripted", candidates=3, gate="stress")
    with Store(tmp_path, write=False) as store:
        by_source = {c.program.source[-30:]: c for c in store.candidates(found.run) if c.program and c.operator != "seed"}
        crashed, worse, good = sorted(by_source.values(), key=lambda c: ("crashes" not in c.message, c.status))
        reports = [store.report(found.run, c.number, Split.TRAIN) for c in (crashed, worse)]
    assert crashed.status is Status.FRAGILE and crashed.message.startswith(
        "under stress, where the curve is flat: it crashes with a ValueError (line "
    )
    assert "is secret')`)" in crashed.message, "the program's own line, not what it said"
    assert worse.status is Status.FRAGILE and "behind square" in worse.message and "too far behind as well" in worse.message
    assert not any(digits in c.message for c in (crashed, worse) for digits in ("1000 is", "2001")), "no number of an instance"
    assert all(r and r.gap == pytest.approx(0) for r in reports), "what they scored on train is kept"
    assert good.status is Status.OK and found.best.number == good.number
    assert any(f"(fragile):\n\n```text\n{crashed.message}" in p.user for p in proposer.prompts)


def test_a_gated_run_is_the_same_on_any_number_of_workers_and_when_resumed(tmp_path: Path) -> None:
    one = run(tmp_path, candidates=40, seed=2, workers=1, gate="stress", tune_trials=0).run
    three = run(tmp_path, candidates=LAG + 4, seed=2, workers=3, gate="stress", tune_trials=0).run
    resume(three, tmp_path, Silent(), candidates=40)
    assert trace(tmp_path, one) == trace(tmp_path, three)
    assert Status.FRAGILE in {row[1] for row in trace(tmp_path, one)}
    again = run(tmp_path, proposer=f"replay:{one}", candidates=40).run
    assert trace(tmp_path, one) == trace(tmp_path, again), "a replay passes the same gate"


def test_advice_tells_models_of_weaknesses_and_refuses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proposer = scripted(monkeypatch, GOOD.format(""), WORSE, *[GOOD.format(f" + {k}") for k in range(2, 6)], delay=0.3)
    found = run(tmp_path, proposer="scripted", candidates=6, gate="advice", seeds=("seed",))
    with Store(tmp_path, write=False) as store:
        good, worse = (c for c in store.candidates(found.run) if c.number in (1, 2))
        told = dict(store.remarks(found.run))
    assert good.status is worse.status is Status.OK and found.best.number == worse.number
    assert told[1].startswith("passes fresh instances of all robustness classes; nearest to failing where the curve is flat: ")
    assert told[2].startswith("would fail the robustness tests: under stress, where the curve is ") and "behind square" in told[2]
    assert any(f"noticed that it `{told[2]}`." in prompt.user for prompt in proposer.prompts)


def test_starting_programs_are_no_dead_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Worse than every baseline everywhere, as its start is, but better than that on train.
    scripted(monkeypatch, "```python\ndef f(x, a):\n    return 1.5\n```")
    found = run(tmp_path, proposer="scripted", candidates=1, gate="stress", seeds=("seed",))
    with Store(tmp_path, write=False) as store:
        assert store.candidates(found.run)[-1].status is Status.OK
        notes = [e.message for e in store.events(found.run) if e.kind == "note"]
    assert any("no initial program passes the robustness tests " in note and "a certificate is not" in note for note in notes)


def test_a_broken_rule_is_told_without_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, "```python\ndef f(x, a):\n    return a * x * x + x if x < 1000 else [x, a]\n```")
    found = run(tmp_path, proposer="scripted", candidates=1, gate="stress")
    with Store(tmp_path, write=False) as store:
        message = store.candidates(found.run)[-1].message
    assert message == "under stress, where the curve is flat: it breaks a rule: f(#, #) must be a number, not [...]"


def test_a_person_sees_margins_on_fresh_instances(capfd: pytest.CaptureFixture[str]) -> None:
    found = wb.gate(catalog.load(TOY), CODE.format("return a * x * x + x"), seed=3)
    assert found.passed and [m.family for m in found.margins] == ["flat", "steep"] and found.seed == 3
    assert all(m.behind < 0 and (m.baseline, m.tolerance) == ("square", pytest.approx(0.05)) for m in found.margins)
    assert wb.gate(catalog.load(TOY), "seed", seed=3) == wb.gate(catalog.load(TOY), "seed", seed=3)
    worse = wb.gate(catalog.load(TOY), CODE.format("return a * x * x if a == 2 else 1.0"), seed=3)
    assert [(m.family, m.passed) for m in worse.margins] == [("flat", True), ("steep", False)] and worse.margins[1].behind > 0.05
    crash = wb.gate(catalog.load(TOY), CODE.format("return 1 / (a - 2) * 0 + a * x * x"), seed=4)
    assert [(m.status, m.passed) for m in crash.margins] == [(Status.CRASH, False), (Status.OK, True)]
    assert "ZeroDivisionError" in crash.margins[0].message
    app(["gate", str(TOY), "square", "--seed", "4", "--json"], standalone_mode=False)
    told = json.loads(capfd.readouterr().out)
    assert told["passed"] and [c["words"] for c in told["classes"]] == ["the curve is flat", "the curve is steep"]


def test_a_problem_without_fresh_stress_is_told_before_a_run_exists(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    for path in TOY.rglob("*"):
        if path.is_file() and path.name != "gate.py" and "__pycache__" not in path.parts:
            (folder / path.relative_to(TOY)).parent.mkdir(parents=True, exist_ok=True)
            (folder / path.relative_to(TOY)).write_bytes(path.read_bytes())
    mine = catalog.load(folder)
    with pytest.raises(ProblemError, match=r"has no gate\.py"):
        begin(mine, RunOptions(proposer="builtin", gate="stress", workers=1), tmp_path / "runs", Silent())
    assert mine.version == catalog.load(TOY).version, "the gate scores nothing, so it is no part of the version"


@pytest.mark.parametrize("folder", [TOY, *sorted({p.parent for p in (catalog.root() / "problems").glob("*/*/gate.py")})], ids=str)
def test_gates_are_made_of_fresh_instances_of_the_stress_families(folder: Path) -> None:
    loaded = catalog.load(folder)
    known = {json.dumps(dict(i.data), sort_keys=True) for split in Split for i in loaded.instances(split)}
    for seed in (0, 1, 7):
        families, made = loaded.gate(seed)
        assert {i.family for i in made} <= {i.family for i in loaded.instances(Split.STRESS)}
        assert {i.family for i in made} <= families.keys() and all(families.values())
        assert len({i.id for i in made}) == len(made)
        for instance in made:
            assert json.loads(json.dumps(dict(instance.data))) == instance.data
            assert json.dumps(dict(instance.data), sort_keys=True) not in known, f"{instance.id} is among the sealed ones"
