"""A task of another project, from `evolve run` on: its scores are shown as such, and labelled wherever they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.foreign import PROGRAM, task
from tests.integration.test_cli import evolve  # noqa: F401  a fixture
from workbench.certification.examine import require
from workbench.model import Selection, Task
from workbench.problem import catalog
from workbench.proposers import prompt
from workbench.sandbox.kernel import FULL, probe
from workbench.store import Reader
from workbench.values import NOT_VERIFIED

pytestmark = pytest.mark.skipif(probe() != FULL, reason="needs landlock")
Evolve = Callable[..., tuple[int, str, str]]


def test_a_run_of_a_task_is_labelled_everywhere_and_refused_a_certificate(evolve: Evolve, tmp_path: Path) -> None:  # noqa: F811
    folder, runs = task(tmp_path / "numbers"), str(tmp_path / "runs")
    code, said, error = evolve("run", str(folder), "--proposer", "builtin", "-n", "2", "--workers", "1", "--runs", runs)
    assert code == 0 and NOT_VERIFIED in said and f"evolve adopt {folder}" in said, error
    for words in (["show", "latest"], ["show", "latest", "--attempts", "3"], ["list"], ["show", "latest", "--front"]):
        code, said, error = evolve(*words, "--runs", runs)
        assert code == 0 and NOT_VERIFIED in said, (words, error)
        assert "%" not in said.replace("100%", ""), f"{words}: a gap is shown"
    code, said, _ = evolve("show", "latest", "--json", "--runs", runs)
    shown = json.loads(said.splitlines()[-1])
    assert shown["note"] == NOT_VERIFIED and shown["best"]["validation"]["score"] >= 4.0
    out = tmp_path / "best.py"
    code, said, error = evolve("export", "latest", "--out", str(out), "--runs", runs)
    assert code == 0 and NOT_VERIFIED in said and "check it" not in said, error
    assert NOT_VERIFIED in out.read_text().lower() and "def run()" in out.read_text()
    page = tmp_path / "run.html"
    assert evolve("report", "latest", "--out", str(page), "--runs", runs)[0] == 0
    assert NOT_VERIFIED in page.read_text().lower() and "Test gap" not in page.read_text()
    for words in (["certify", "latest"], ["compare", "latest"]):
        code, _, error = evolve(*words, "--runs", runs)
        assert code == 2 and len(error.strip().splitlines()) == 1 and "evolve adopt" in error, words


def test_models_are_asked_for_a_higher_score_and_read_what_the_evaluator_said(evolve: Evolve, tmp_path: Path) -> None:  # noqa: F811
    says = 'def evaluate(path):\n    return {"combined_score": 1.5, "advice": "use larger numbers"}\n'
    folder = task(tmp_path / "numbers", says, config="prompt:\n  system_message: Make the numbers large.\n")
    runs = tmp_path / "runs"
    assert evolve("run", folder, "--proposer", "builtin", "-n", "1", "--workers", "1", "--runs", runs)[0] == 0
    with Reader(runs) as store:
        first = store.candidates(store.run("latest").id)[0]
    asked = prompt.build(catalog.load(folder).told, Task(1, Selection(first)), "full").user
    assert "Make the numbers large." in asked and "raises the score" in asked and "Score 1.5." in asked
    assert " gap" not in asked.lower()


def test_a_task_whose_initial_program_fails_is_told_in_a_line(evolve: Evolve, tmp_path: Path) -> None:  # noqa: F811
    folder = task(tmp_path / "numbers", "import no_such_module\ndef evaluate(path): ...\n")
    code, _, error = evolve("run", folder, "--proposer", "builtin", "-n", "1", "--workers", "1", "--runs", tmp_path / "r")
    assert code == 1 and "no_such_module" in error and len(error.strip().splitlines()) == 1


ANSWERS = {
    "instances.py": "def instances(split):\n    first = list(Split).index(split) * 100\n"
    "    return [Instance(f'{split}-{k}', 'numbers', {'size': first + k + 1}) for k in range(30)]\n",
    "verifier.py": "class Judge:\n    def run(self, instance, policy):\n"
    "        return Measurement(float(sum(number(x, 'a number', 0, 100) for x in policy(instance.data['size']))))\n",
}
IMPORTS = {
    "instances.py": "from workbench.model import Instance, Split\n\n\n",
    "verifier.py": "from workbench.checks import number\nfrom workbench.model import Measurement\n\n\n",
}


def test_an_adopted_task_asks_for_what_is_missing_until_it_is_a_problem(evolve: Evolve, tmp_path: Path) -> None:  # noqa: F811
    program = PROGRAM.replace("def run():", "def run(size=5):").replace("range(5)", "range(min(size, 90))")
    folder = task(tmp_path / "numbers", program="import os\nimport scipy\n" + program)
    code, said, error = evolve("adopt", folder, "sequences/large", "--into", tmp_path)
    assert code == 0 and "imports os" in said and "scipy" not in said, error
    made = tmp_path / "large"
    assert evolve("adopt", folder, "sequences/large", "--into", tmp_path)[0] == 2, "it is not overwritten"
    assert 'modules=("scipy",)' in (made / "problem.py").read_text().replace("'", '"')
    (made / "programs" / "seed.py").write_text(program)
    settled = (made / "problem.py").read_text().replace("modules=('scipy',)", "modules=()")
    (made / "problem.py").write_text(settled)
    _asks(evolve, made, "instances.py")
    _answer(made, "instances.py")
    _asks(evolve, made, "solve() in problem.py")
    answered = "    return Reference(100.0 * instance.data['size'], 'bound', 'largest')\n"
    lines = settled.splitlines(keepends=True)
    (made / "problem.py").write_text("".join(answered if "raise NotImplementedError" in line else line for line in lines))
    catalog.reload(made)
    _asks(evolve, made, "verifier.py")
    _answer(made, "verifier.py")
    assert evolve("references", made, "--make")[0] == 0
    loaded = catalog.reload(made)
    assert loaded.evaluator is None and loaded.references.ranking[0][0] == "seed"
    require(loaded)  # it can be certified


def _asks(evolve: Evolve, made: Path, what: str) -> None:  # noqa: F811
    code, _, error = evolve("references", made, "--make")
    told = [line for line in error.splitlines() if line.startswith("error: ")]
    assert code != 0 and len(told) == 1 and what in told[0], error


def _answer(made: Path, file: str) -> None:
    (made / file).write_text(IMPORTS[file] + ANSWERS[file])
    catalog.reload(made)
