"""Several proposers in one run: shares follow what pays, each attempt has its maker, and nothing of it is lost by a kill."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import workbench as wb
from tests.conftest import TOY
from tests.integration import model_server
from tests.integration.silent import Silent, run, trace
from tests.integration.test_cli import evolve  # noqa: F401  a fixture
from tests.sandbox.test_lifecycle import eventually
from workbench.analysis.finders import finder_of_attempt
from workbench.analysis.makers import divisions
from workbench.api import agents
from workbench.certificate import FinderKind
from workbench.errors import UsageError
from workbench.loop import breaker, start
from workbench.loop.start import begin, resume
from workbench.loop.team import Team
from workbench.model import Brief, Call, Prompt, Reply, Status, Task
from workbench.options import RunOptions, mixture
from workbench.problem import catalog
from workbench.proposers import make
from workbench.proposers.agents import Agents
from workbench.proposers.builtin import Builtin
from workbench.proposers.mixed import Mixed, Part
from workbench.report.page import gather, render
from workbench.store import Origin, Outcome, Reader, Store

Evolve = Callable[..., tuple[int, str, str]]


class Script:
    """Steps towards the best program or away from it; a call each, with its cost."""

    repairs, ordered, uses_model = False, False, True

    def __init__(self, label: str, *, pays: bool, cost_usd: float = 0.01, fails: bool = False) -> None:
        self.label, self.concurrency, self._pays, self._cost, self._fails = label, 2, pays, cost_usd, fails

    def begin(self, brief: Brief, known: object) -> None:
        """Nothing to prepare."""

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """A program whose error falls with the number of the attempt, or does not."""
        text = f"def f(x, a):\n    return a * x * x + x + {9 / task.number if self._pays else 90 + task.number}\n"
        error = "connection refused" if self._fails else ""
        call = Call(self.label, Prompt("", ""), "" if error else f"```python\n{text}```", 9, 9, self._cost, 1.0, error=error)
        return Reply("rewrite", call.text, call=call, parents=(task.selection.parent.number,))

    def close(self) -> None:
        """Nothing to close."""


def mixed(runs: Path, *parts: Part, candidates: int = 60, **options: object) -> Outcome:
    name = " + ".join(f"{part.name}*{part.weight:g}" for part in parts)
    made = RunOptions(proposer=name, candidates=candidates, workers=1, tune_trials=0, **options)  # type: ignore[arg-type]
    return begin(catalog.load(TOY), made, runs, Silent(), proposer=Mixed(parts))


def makers(runs: Path, name: str) -> list[str]:
    with Reader(runs) as store:
        return [a.proposer for a in sorted(store.attempts(store.run(name).id), key=lambda a: a.number) if a.operator != "seed"]


@pytest.mark.parametrize("paying", ["one", "two", "three"])
def test_shares_follow_what_pays(tmp_path: Path, paying: str) -> None:
    parts = [Part(name, 1.0, Script(name, pays=name == paying)) for name in ("one", "two", "three")]
    found = mixed(tmp_path, *parts, candidates=90)
    made = makers(tmp_path, found.run)
    assert len(made) == 90 and set(made) == {"one", "two", "three"}
    later = Counter(made[45:])
    assert later[paying] > 0.5 * 45, "a third of them at first"
    with Reader(tmp_path) as store:
        ((kind, rows),) = divisions(store, store.run(found.run))
    whole = [row for row in rows if (row.first, row.last) == (min(r.first for r in rows), max(r.last for r in rows))]
    assert kind == "proposer" and {row.name: row.attempts for row in whole} == Counter(made)
    assert {row.name for row in whole if row.improved} == {paying}
    assert sum(row.attempts for row in rows) == 2 * 90 and all(row.cost_usd == pytest.approx(0.01 * row.attempts) for row in rows)
    quarters = [row.share for row in rows if row.name == paying and row not in whole]
    assert len(quarters) == 4 and quarters[-1] > 0.45


def test_proposers_in_order_give_the_same_run_with_any_number_of_workers(tmp_path: Path) -> None:
    spec = "builtin*0.7 + tests.integration.test_mixed:Bold*0.3"
    one, three = (run(tmp_path, proposer=spec, workers=workers, candidates=40) for workers in (1, 3))
    assert trace(tmp_path, one.run) == trace(tmp_path, three.run) and makers(tmp_path, one.run) == makers(tmp_path, three.run)
    assert set(makers(tmp_path, one.run)) == {"builtin", "tests.integration.test_mixed:Bold"}


class Bold(Builtin):
    """Larger changes."""

    def __init__(self) -> None:
        super().__init__(bold=2.0)


def test_a_mixed_run_that_was_interrupted_goes_on_as_it_would_have(tmp_path: Path) -> None:
    spec = "builtin*0.7 + tests.integration.test_mixed:Bold*0.3"
    whole = run(tmp_path, proposer=spec, candidates=40)
    part = run(tmp_path, proposer=spec, candidates=17)
    resume(part.run, tmp_path, Silent(), candidates=40)
    assert trace(tmp_path, part.run) == trace(tmp_path, whole.run)
    assert makers(tmp_path, part.run) == makers(tmp_path, whole.run)
    again = run(tmp_path, proposer=f"replay:{whole.run}", candidates=40)
    assert makers(tmp_path, again.run) == makers(tmp_path, whole.run), "a replay tells whose attempts it repeats"


def test_shares_are_learned_anew_when_a_run_is_resumed(tmp_path: Path) -> None:
    parts = [Part("pays", 1.0, Script("pays", pays=True)), Part("not", 1.0, Script("not", pays=False))]
    found = mixed(tmp_path, *parts, candidates=40)
    with Store(tmp_path) as store:
        attempts, calls = store.attempts(found.run), store.calls(found.run)
        costs = start.costs_of(attempts, calls)
    assert {round(dollars, 4) for n, (dollars, _) in costs.items() if n > 1} == {0.01} and all(
        s >= 1 for n, (_, s) in costs.items() if n > 1
    )
    resume(found.run, tmp_path, Silent(), proposer=Mixed(parts), candidates=70)
    assert Counter(makers(tmp_path, found.run)[40:])["pays"] > 18


def test_one_that_fails_is_left_out_while_the_other_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "WAITS", (0.01, 0.01))
    parts = [Part("down", 1.0, Script("down", pays=False, fails=True)), Part("up", 1.0, Script("up", pays=True))]
    found = mixed(tmp_path, *parts)
    made = Counter(makers(tmp_path, found.run))
    assert found.status == "done" and found.attempts == 60 and made["down"] < 20 < made["up"]
    with Reader(tmp_path) as store:
        notes = [e.message for e in store.events(found.run) if e.kind == "note"]
    assert any(note.startswith("down: paused") for note in notes) and any("down is not asked any more" in n for n in notes)


def test_attempts_of_agents_wait_for_them_and_the_others_go_on(tmp_path: Path) -> None:
    run_id = agents.open_session(str(TOY), attempts=30, runs=tmp_path, options=["--proposer=builtin*0.8 + agents*0.2"])
    number = 0
    while True:
        try:
            ticket = agents.take_ticket(run_id, author="me", runs=tmp_path)
        except UsageError as error:
            assert "used up" in str(error) or "has ended" in str(error)
            break
        number += 1
        agents.submit(run_id, f"def f(x, a):\n    return a * x + {number}\n", ticket=ticket.ticket, runs=tmp_path)
    with Reader(tmp_path) as store:
        assert eventually(lambda: store.run(run_id).status == "done")
    made = Counter(makers(tmp_path, run_id))
    assert made["agents"] == number > 0 and made["agents"] + made["builtin"] == 30 and made["builtin"] > 10


def test_models_of_two_kinds_and_operators_by_name(tmp_path: Path) -> None:
    with model_server.serve() as base:
        made = RunOptions(
            proposer="litellm:good*0.5 + builtin*0.5", api_base=base, candidates=16, workers=1, tune_trials=0, style="full"
        )
        found = begin(catalog.load(TOY), made, tmp_path, Silent())
    names = Counter(makers(tmp_path, found.run))
    assert set(names) == {"litellm:good", "builtin"}
    with Reader(tmp_path) as store:
        run_row = store.run(found.run)
        assert run_row.uses_model and {c.call.model for c in store.calls(found.run)} == {"good"}
        ok = next(a for a in store.attempts(found.run) if a.proposer == "builtin" and a.status is Status.OK and a.parent in (0, 1))
        assert finder_of_attempt(store, run_row, ok.number, None).kind is FinderKind.OPERATORS


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("builtin*0.5 + builtin*0.5", "twice"),
        ("builtin*0 + agents*1", "a share must be above 0"),
        ("litellm*0.5 + builtin", "litellm cannot be one of several; use litellm:MODEL"),
        ("replay:x + builtin", "replay:x cannot be one of several"),
        ("builtln + agents", "did you mean 'builtin'"),
    ],
)
def test_a_mixture_that_cannot_be_is_told_in_one_line(spec: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make(RunOptions(proposer=spec))


def test_names_and_shares_are_read_from_one_text() -> None:
    text = "litellm:openai/gpt-5-mini*0.5 + local * 0.3 + agent:my-agent --a*b + x.py:C*.2"
    assert mixture(text) == (("litellm:openai/gpt-5-mini", 0.5), ("local", 0.3), ("agent:my-agent --a*b", 1.0), ("x.py:C", 0.2))
    assert mixture("agent:a+b*2") == () == mixture("builtin")


def test_command_and_report_tell_what_each_did_over_time(evolve: Evolve, tmp_path: Path) -> None:  # noqa: F811
    spec = "builtin*0.7 + tests.integration.test_mixed:Bold*0.3"
    found = run(tmp_path, proposer=spec, candidates=24)
    code, out, _ = evolve("show", found.run, "--runs", tmp_path)
    head = next(line for line in out.splitlines() if line.startswith("attempts"))
    assert code == 0 and all(word in head for word in ("proposer", "share", "duplicates", "improved", "spent"))
    told = json.loads(evolve("show", found.run, "--attempts", 24, "--json", "--runs", tmp_path)[1])
    whole = {one["proposer"]: one["attempts"] for one in told["proposers"] if one["last"] - one["first"] > 20}
    assert whole == Counter(one["proposer"] for one in told["attempts"]) and sum(whole.values()) == 24
    with Reader(tmp_path) as store:
        page = render(store, gather(store, found.run))
    assert "Proposers over time" in page and page.count("tests.integration.test_mixed:Bold") > 2
    single = run(tmp_path, candidates=4)
    assert "proposers" not in json.loads(evolve("show", single.run, "--json", "--runs", tmp_path)[1])


def test_attempts_that_wait_for_a_model_do_not_fall_to_agents() -> None:
    team = Team(Mixed([Part("down", 0.5, Script("down", pays=False)), Part("agents", 0.5, Agents())]), "", {})
    assert {team.turn([], partial(random.Random, k)) for k in range(40)} == {"down", "agents"}
    for number in range(breaker.SAME):
        team.failed("down", number, "connection refused")
    assert {team.turn([], partial(random.Random, k)) for k in range(40)} == {None}


def test_a_paid_answer_that_was_not_scored_keeps_its_maker(tmp_path: Path) -> None:
    parts = [Part("one", 1.0, Script("one", pays=True)), Part("two", 1.0, Script("two", pays=False))]
    found = mixed(tmp_path, *parts, candidates=10)
    with Store(tmp_path) as store:
        number = 1 + max(a.number for a in store.attempts(found.run))
        call = Call("two", Prompt("", ""), "```python\ndef f(x, a):\n    return 7\n```", 9, 9, 0.01, 1.0)
        store.add_call(found.run, number, Origin((0,), None, None, "two"), "rewrite", call)
    resume(found.run, tmp_path, Silent(), proposer=Mixed(parts), candidates=11)
    assert len(made := makers(tmp_path, found.run)) == 11 and made[-1] == "two"


def test_from_python_it_is_recorded_by_its_names(tmp_path: Path) -> None:
    parts = [Part("builtin", 0.7, Builtin()), Part("tests.integration.test_mixed:Bold", 0.3, Bold())]
    made = wb.run(TOY, proposer=Mixed(parts), attempts=6, runs=tmp_path, display=False)
    wb.resume(made.name, attempts=9, runs=tmp_path, display=False)
    assert len(makers(tmp_path, made.name)) == 9
