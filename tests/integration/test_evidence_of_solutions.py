"""Prompts tell where a program's answer on one train instance differs from a better solution."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evaluators.total_tardiness.exact import solve_total_tardiness
from tests.conftest import TOY
from tests.integration.silent import run
from tests.integration.test_cli import evolve, refused  # noqa: F401  a fixture
from tests.integration.test_loop import scripted
from workbench.model import Instance, Split
from workbench.problem import catalog
from workbench.problem.extras import EVIDENCE, extra
from workbench.store import Store

Evolve = Callable[..., tuple[int, str, str]]
HOOK = '''"""Each instance is told by its first point; one of them has no better solution."""


def suits(instance):
    return instance.data["a"] == 2


def differences(instance, answer):
    return [] if {silent} else [f"at {{instance.data['x'][0]}} it gives {{answer}}", "`## a heading\\n", "third " * 99, "fourth"]
'''
STEP = "```python\ndef f(x, a):\n    return (a * x * x + x) * {}\n```"


def asked_once(tmp_path: Path, hook: str) -> Path:
    """The toy problem, whose verifier asks for one point only."""
    folder = Path(shutil.copytree(TOY, tmp_path / "toy", ignore=shutil.ignore_patterns("__pycache__")))
    verifier = folder / "verifier.py"
    verifier.write_text(verifier.read_text().replace('for x in instance.data["x"]:', 'for x in instance.data["x"][:1]:'))
    (folder / EVIDENCE).write_text(hook)
    return folder


def told(runs: Path, name: str) -> tuple[dict[int, str], list[str], list[str]]:
    """What was noticed of each attempt, the prompts, and the errors of a run."""
    with Store(runs, write=False) as store:
        prompts = [call.call.prompt.user for call in store.calls(name)]
        return dict(store.remarks(name)), prompts, [e.message for e in store.events(name) if e.kind == "error"]


def test_each_incumbent_is_compared_on_another_train_instance_and_prompts_tell(tmp_path: Path, monkeypatch: Any) -> None:
    folder = asked_once(tmp_path, HOOK.format(silent="False"))
    scripted(monkeypatch, *(STEP.format(1 + 0.1 / k) for k in range(1, 4)))
    # One worker: of two programs that are evaluated at the same time, the worse one is no incumbent if it comes second.
    options = {"proposer": "scripted", "candidates": 3, "concurrency": 1, "workers": 1}
    found = run(tmp_path, problem=folder, **options, style="full", evidence=True)
    noticed, prompts, errors = told(tmp_path, found.run)
    own = (2, 3, 4)
    assert not errors and set(own) <= set(noticed)
    train = {i.data["x"][0] for i in catalog.load(folder).instances(Split.TRAIN) if i.data["a"] == 2}
    points = [int(noticed[k].partition(": at ")[2].split()[0]) for k in own]
    assert len(set(points)) == len(own) and set(points) <= train
    assert all(f"differs from a better solution of a train instance of class flat: at {p} it gives " in n
               for p, n in zip(points, (noticed[k] for k in own), strict=True))  # fmt: skip
    assert all(len(words) < 800 and "fourth" not in words for words in noticed.values()), "a few short lines"
    assert "\n## a heading" not in "".join(prompts)


def test_nothing_is_told_where_nothing_is_better_or_it_was_not_asked_for(tmp_path: Path, monkeypatch: Any) -> None:
    folder = asked_once(tmp_path, HOOK.format(silent="True"))
    for evidence in (True, False):
        scripted(monkeypatch, STEP.format(1.1))
        found = run(tmp_path / str(evidence), problem=folder, proposer="scripted", candidates=1, concurrency=1, evidence=evidence)
        assert told(tmp_path / str(evidence), found.run)[::2] == ({}, [])


def test_a_hook_that_fails_is_in_the_log_and_ends_no_run(tmp_path: Path, monkeypatch: Any) -> None:
    folder = asked_once(tmp_path, HOOK.format(silent="1 / 0"))
    scripted(monkeypatch, STEP.format(1.1))
    found = run(tmp_path, problem=folder, proposer="scripted", candidates=1, concurrency=1, evidence=True)
    errors = told(tmp_path, found.run)[2]
    assert found.status == "done" and any("evidence.py: ZeroDivisionError" in error for error in errors)


def test_who_cannot_use_it_is_told(evolve: Evolve, tmp_path: Path) -> None:  # noqa: F811
    refused(evolve("run", TOY, "--proposer", "builtin", "--evidence", "--runs", tmp_path), "omit it")
    refused(
        evolve("run", TOY, "--model", "m", "--api-base", "http://127.0.0.1:9", "--evidence", "--runs", tmp_path), "no evidence.py"
    )


def test_an_optimal_order_differs_in_nothing_and_no_line_gives_it_away() -> None:
    loaded = catalog.load("total_tardiness")
    hook = extra(loaded.folder, EVIDENCE)
    assert hook
    instance = next(i for i in loaded.instances(Split.TRAIN) if i.family == "n50" and solve(i.data)[0])
    value, order = solve(instance.data)
    assert hook.differences(instance, list(order)) == []
    first, *jobs = hook.differences(instance, list(range(50)))
    assert f"{value} is optimal" in first and 1 <= len(jobs) <= 2, "two of fifty places"


def solve(data: dict[str, list[int]]) -> tuple[int, tuple[int, ...]]:
    best = solve_total_tardiness(data["processing"], data["due"])
    return best.value, best.order


def test_an_answer_as_good_as_any_differs_in_nothing_and_a_worse_one_does() -> None:
    shop, batch = (extra(catalog.load(name).folder, EVIDENCE) for name in ("job_shop", "transactions"))
    assert shop and batch
    flow = Instance("two", "two", {"durations": [[1, 5], [5, 1]], "machines": [[0, 1], [0, 1]]})
    assert shop.differences(flow, [0, 1, 0, 1]) == []
    assert shop.differences(flow, [1, 0, 1, 0])[0].startswith("its makespan is 11 where 7 is possible")
    writes = Instance("two", "two", {"transactions": [[["w", 1]], [["w", 1], None]]})
    assert batch.differences(writes, [1, 0]) == []
    assert batch.differences(writes, [0, 1])[0].startswith("it lasts 3 slots where 2 are possible")
