"""Who found a program is recorded by whoever knows it, and named the same wherever it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import TOY
from tests.integration.silent import run
from tests.integration.test_cli import evolve, refused  # noqa: F401 (a fixture)
from tests.integration.test_loop import scripted
from workbench.analysis.finders import finder_of_attempt, starts_of_run
from workbench.certificate import Finder, FinderKind
from workbench.loop.snapshot import Snapshot
from workbench.problem import catalog
from workbench.store import Reader, Store

BETTER = "```python\ndef f(x, a):\n    return a * x * x + x\n```"


def finders(runs: Path, name: str) -> dict[str, Finder]:
    """Finders of the attempts of a run, by operator."""
    loaded = catalog.load(TOY)
    with Reader(runs) as store:
        row = store.run(name)
        return {a.operator: finder_of_attempt(store, row, a.number, loaded) for a in store.attempts(row.id)}


def test_finders_of_attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = finders(tmp_path, run(tmp_path, candidates=10).run)
    person, operators = Finder(FinderKind.PERSON), Finder(FinderKind.OPERATORS)
    assert own.pop("seed") == person and own and set(own.values()) == {operators}
    with Reader(tmp_path) as store:
        assert [name for name, _ in starts_of_run(store, store.run("latest"))] == ["seed", "seed_line"]

    scripted(monkeypatch, BETTER)
    found = run(tmp_path, proposer="scripted", candidates=1)
    assert finders(tmp_path, found.run)["rewrite"] == Finder(FinderKind.MODEL, "scripted")


def test_what_a_user_gave_to_a_run_was_not_found_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text("def f(x, a):\n    return a * x * x + 0.5 * x\n")
    found = run(tmp_path, candidates=1, seeds=(str(tmp_path / "mine.py"),))
    assert finders(tmp_path, found.run)["seed"] == Finder(FinderKind.UNKNOWN)
    with Reader(tmp_path) as store:
        assert [name for name, _ in starts_of_run(store, store.run(found.run))] == ["mine.py"], "and no folder of this machine"

    def inject(shown: Snapshot) -> None:
        with Store(tmp_path) as store:
            name = store.run("latest").id
            if not store.messages(name, pending=False):
                store.send(name, "inject", "def f(x, a):\n    return a * x ** 2 + x\n")

    scripted(monkeypatch, "no program", delay=0.2)
    told = finders(tmp_path, run(tmp_path, inject, proposer="scripted", candidates=4).run)
    assert told["inject"].kind is FinderKind.UNKNOWN and "injected" in str(told["inject"])


def test_the_finder_is_in_the_certificate_the_module_and_on_the_command_line(evolve, tmp_path: Path) -> None:  # noqa: F811
    name = run(tmp_path, seeds=("seed",)).run
    told = json.loads(evolve("certify", name, "--runs", tmp_path, "--json")[1].splitlines()[-1])
    finder = str(Finder.from_json(told["finder"]))
    assert finder == "AST mutation operators" and [start["baseline"] for start in told["starts"]] == ["seed"]
    module = tmp_path / "rule.py"
    assert evolve("export", name, "--out", module, "--runs", tmp_path)[0] == 0 and f"# Found by: {finder} (" in module.read_text()
    refused(
        evolve("certify", name, "--runs", tmp_path, "--found-by", "model x"), f"it is recorded who found this program: {finder}"
    )


def test_a_user_can_say_who_wrote_a_file(evolve, tmp_path: Path) -> None:  # noqa: F811
    file, words = tmp_path / "mine.py", ("--problem", TOY, "--runs", tmp_path)
    file.write_text("def f(x, a):\n    return a * x * x + 0.9 * x\n")
    refused(evolve("certify", file, *words, "--found-by", "me"), "'me' does not say who found a program")
    out = evolve("certify", file, *words, "--found-by", "agent of mine")[1]
    assert "found by: coding agent of mine; " in out and "against seed_line" in out
    module = tmp_path / "rule.py"
    evolve("export", file, *words, "--out", module)
    assert "# Found by: coding agent of mine (" in module.read_text()
