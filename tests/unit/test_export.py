"""Exported modules: they import, check themselves, notice damage, hold the program whole, and pass linters."""

from __future__ import annotations

import ast
import importlib.util
import io
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.toy import CLASS_SEED, FUNCTION_SEED, WSPT, class_problem, function_problem, program, with_key
from workbench.errors import UsageError
from workbench.evaluation.evaluate import evaluate
from workbench.exporting.module import Provenance, Step, record_cases, render
from workbench.model import Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.program.source import MAX_SOURCE_BYTES, screen, without_export
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox

TABLE = {"this module": {"train": 0.0, "validation": 0.01}, "spt": {"train": 0.25}}
UGLY = """
import math, numpy as np
import heapq; from collections import deque
from typing import List as L

TUNABLE = {"ALPHA": (0.5, 2.0)}
ALPHA = 1.25  # tuned

def order(processing, weight): return Rule(ALPHA).sort(processing, weight)

class Rule:
    def __init__(self, a): self.a = a; l = None
    def sort(self, p, w):
        \'\'\'Größer first.\'\'\'
        l = 0
        smaller = lambda j: p[j] / w[j] ** self.a
        try:
            if l == None or not l in p: text = f"plain"
        except: pass
        # EVOLVE-BLOCK-START
        queue: L = [(smaller(j), j) for j in range(len(p))]   # EVOLVE-BLOCK is kept here
        # EVOLVE-BLOCK-END
        l = l + 0.5
        heapq.heapify(queue)
        return np.array([heapq.heappop(queue)[1] for _ in p])

if __name__ == "__main__":
    print(order([1], [1]))
"""
LOOSE = '''"""About.""";  import math  # sums

__all__ = ["order"]  # its own
TEXT = """


a line of its own, far below


__all__ = 3
"""
if math.pi > 3 and len(TEXT) > 9: UNUSED = 1


def order(processing, weight):
    "Old."; half = """ü


    """
    return [j for _, j in sorted((p / w, j) for j, (p, w) in enumerate(zip(processing, weight)))]  # éé
'''


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = open_sandbox(allow_unsafe=True)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def sequencing(tmp_path_factory: pytest.TempPathFactory) -> LoadedProblem:
    return function_problem(tmp_path_factory.mktemp("toy") / "weighted_completion")


@pytest.fixture(scope="module")
def dispatching(tmp_path_factory: pytest.TempPathFactory) -> LoadedProblem:
    return class_problem(tmp_path_factory.mktemp("toy") / "dispatch")


@pytest.fixture
def export(sandbox: Sandbox, tmp_path: Path) -> Callable[[LoadedProblem, str], Path]:
    def write(loaded: LoadedProblem, source: str) -> Path:
        path = tmp_path / "heuristic.py"
        chosen = program(loaded, source)
        path.write_text(render(loaded, chosen, provenance(loaded), TABLE, record_cases(loaded, chosen, sandbox, 3)))
        return path

    return write


def provenance(loaded: LoadedProblem, models: tuple[str, ...] = ()) -> Provenance:
    steps = (Step(0, "seed", 0.5), Step(7, "constant", 0.25), Step(17, "crossover", 0.0))
    return Provenance(loaded.slug, loaded.version, "run-1", 17, steps, models, "2025-11-22")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("heuristic", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_function_checks_itself_and_can_be_imported(
    export: Callable[[LoadedProblem, str], Path], sequencing: LoadedProblem, capsys: pytest.CaptureFixture[str]
) -> None:
    path = export(sequencing, WSPT)
    done = run("-I", path)
    assert (done.returncode, done.stdout) == (0, "ok: 3 of 3 cases\n"), done.stderr
    module = load(path)
    assert capsys.readouterr().out == ""
    assert module.order([9, 1], [1, 1]) == [1, 0]
    assert module.PROVENANCE["models"] == "no LLM"
    assert module.PROVENANCE["problem"] == sequencing.slug and module.PROVENANCE["version"] == sequencing.version
    assert module.PROVENANCE["lineage"][1] == (7, "constant", 0.25)
    assert module.MEASURED == TABLE
    for words in ("Weighted completion times", "no model", "2025-11-22", "this module", "25.0%", "run-1", "proven optimum"):
        assert words in (module.__doc__ or "")
    contract = module.order.__doc__
    for words in ("Weight of each job.", "permutation of the jobs", sequencing.version, "minimised, in weighted hours"):
        assert words in contract
    assert contract.count("Weight of each job.") == 1
    assert "workbench" not in path.read_text()


@pytest.mark.parametrize("damage", [("p / w", "p * w"), ("p / w", "p // 0"), ("for j in range", "for j in reversed")])
def test_a_damaged_function_is_noticed(
    export: Callable[[LoadedProblem, str], Path], sequencing: LoadedProblem, damage: tuple[str, str]
) -> None:
    path = export(sequencing, WSPT.replace("range(len(processing))", "[j for j in range(len(processing))]"))
    assert run(path).returncode == 0
    path.write_text(path.read_text().replace(*damage, 1))
    done = run(path)
    assert done.returncode == 1
    assert re.search(r"^failed: [0-2] of 3 cases$", done.stdout, re.MULTILINE)
    assert "recorded was" in done.stdout or "Error" in done.stdout


def test_a_class_replays_its_recorded_episodes(export: Callable[[LoadedProblem, str], Path], dispatching: LoadedProblem) -> None:
    path = export(dispatching, CLASS_SEED)
    done = run("-I", path)
    assert (done.returncode, done.stdout) == (0, "ok: 3 of 3 cases\n"), done.stderr
    assert "Sends each arriving job" in path.read_text()
    path.write_text(path.read_text().replace("self.loads[best] += hours", "self.loads[best] -= hours", 1))
    done = run(path)
    assert done.returncode == 1
    assert re.search(r"call 3 \(assign\) answered 0, recorded was 1", done.stdout)


def test_a_module_taken_back_is_its_program_and_tells_nothing_of_the_test_split(
    sequencing: LoadedProblem, sandbox: Sandbox
) -> None:
    chosen = program(sequencing, WSPT)
    table = {"this module": {"validation": 0.01, "test": 0.4321}, "spt": {"test": 0.8765}}
    cases = record_cases(sequencing, chosen, sandbox)
    text = render(sequencing, chosen, replace(provenance(sequencing), verdict="certified", reason="0.8765 less"), table, cases)
    assert text.count("4321") == 1 and text.count("43.2%") == 1 and text.count("0.8765") == 3 and text.count(f"{0.8765:.1%}") == 1
    back = screen(text, sequencing.problem.entry, sequencing.problem.modules)
    assert not re.search("4321|43.2%|8765|87.[67]%|certified|MEASURED|PROVENANCE|CASES|run-1|ruff|program ends here", back.source)
    reports = [evaluate(sequencing, p, Split.TRAIN, sandbox) for p in (chosen, back)]
    assert reports[0].gap == reports[1].gap and reports[1].status is Status.OK
    assert screen(f"{text}\nPADDING = {'x' * MAX_SOURCE_BYTES!r}\n", sequencing.problem.entry) == back


def test_cases_are_the_smallest_one_of_each_family_first(sequencing: LoadedProblem, sandbox: Sandbox) -> None:
    cases = record_cases(sequencing, program(sequencing, WSPT), sandbox, 3)
    assert sorted({c.family for c in cases}) == ["long", "short"]
    assert [c.family for c in cases].count("short") == 2
    known = {i.id: i for split in (Split.TRAIN, Split.VALIDATION) for i in sequencing.instances(split)}
    for case in cases:
        ((method, arguments, answer),) = case.calls
        data = known[case.instance].data
        assert (method, arguments) == ("__call__", [data["processing"], data["weight"]])
        assert sorted(answer) == list(range(len(data["weight"])))
        assert case.total == 1 and case.objective > 0


def test_a_long_episode_is_cut(
    dispatching: LoadedProblem, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("workbench.exporting.module._CASE_BYTES", 20)
    chosen = dispatching.program("seed")
    cases = record_cases(dispatching, chosen, sandbox, 2)
    assert all(1 < len(c.calls) < c.total for c in cases)
    path = tmp_path / "cut.py"
    path.write_text(render(dispatching, chosen, provenance(dispatching), TABLE, cases))
    assert "of 2 long episodes, the beginning" in " ".join(path.read_text().split())
    assert run(path).returncode == 0


def test_a_program_that_fails_is_not_exported(sequencing: LoadedProblem, sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match=r"fails on .*ZeroDivisionError"):
        record_cases(sequencing, program(sequencing, with_key("p // 0")), sandbox)
    with pytest.raises(UsageError, match="at least one"):
        render(sequencing, program(sequencing, WSPT), provenance(sequencing), TABLE, [])


@pytest.mark.parametrize(
    ("binding", "name"),
    [
        ("CASES = 3\n", "CASES"),
        ("from math import pi as MEASURED\n", "MEASURED"),
        ("def f():\n    global _same\n    _same = 1\n", "_same"),
    ],
)
def test_a_name_that_the_module_needs_is_refused(sequencing: LoadedProblem, sandbox: Sandbox, binding: str, name: str) -> None:
    chosen = program(sequencing, with_key("p / w", binding))
    with pytest.raises(UsageError, match=name):
        render(sequencing, chosen, provenance(sequencing), TABLE, record_cases(sequencing, chosen, sandbox, 1))


VARIANTS = {
    "clean": FUNCTION_SEED,
    "ugly": UGLY,
    "bare": "def order(processing, weight):\n    return sorted(range(len(weight)), key=weight.__getitem__)\n",
    "names of its own": "import cmath as math\njson = Any = 3\n" + with_key("p / w + abs(math.exp(json)) * 0"),
    "luck": with_key("p / w + random.random() + np.random.rand()", "import random\nimport numpy as np\n"),
    "luck by another name": with_key("p / w + rand() + r()", "from random import random as r\nfrom numpy.random import rand\n"),
}


def test_linter_type_checker_and_self_check_pass(
    export: Callable[[LoadedProblem, str], Path], sequencing: LoadedProblem, dispatching: LoadedProblem, tmp_path: Path
) -> None:
    texts = {name: export(sequencing, source).read_text() for name, source in VARIANTS.items()}
    texts["clean class"] = export(dispatching, CLASS_SEED).read_text()
    (tmp_path / "heuristic.py").unlink()
    for name, text in texts.items():
        path = tmp_path / f"{name.replace(' ', '_')}.py"
        path.write_text(text)
        done = run(path)
        assert done.returncode == 0, name + done.stdout + done.stderr
        if name.startswith("clean"):  # what is added to clean code must be clean without any exemption
            strict = re.sub(r"(?m)^# (ruff: noqa|mypy: ignore-errors)\n", "", text)
            assert strict != text and "ignore-errors" not in strict
            (tmp_path / f"{path.stem}_strict.py").write_text(strict)
    lint = run("-m", "ruff", "check", "--isolated", "--no-cache", tmp_path)
    assert lint.returncode == 0, lint.stdout
    types = run("-m", "mypy", "--config-file=", f"--cache-dir={os.devnull}", "--follow-imports=skip", tmp_path)
    assert types.returncode == 0, types.stdout


@pytest.mark.parametrize("source", [*VARIANTS.values(), LOOSE], ids=[*VARIANTS, "loose ends"])
def test_the_program_in_a_module_is_the_program_but_for_two_docstrings(
    export: Callable[[LoadedProblem, str], Path], sequencing: LoadedProblem, source: str
) -> None:
    path = export(sequencing, source)
    back = screen(path.read_text(), sequencing.problem.entry, sequencing.problem.modules)
    trees = [ast.parse(text) for text in (source, back.source)]
    for tree in trees:
        for node in [n for n in (tree, *tree.body) if isinstance(n, ast.Module | ast.FunctionDef) and ast.get_docstring(n)]:
            if isinstance(node, ast.Module) or node.name == sequencing.problem.entry:
                del node.body[0]
    assert ast.dump(trees[0]) == ast.dump(trees[1])
    comments = [
        [token.string for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.COMMENT]
        for text in (source, back.source)
    ]
    assert comments[0] == comments[1]
    again = export(sequencing, back.source).read_text()
    assert again.count("Objective: minimised") == 1 and screen(again, sequencing.problem.entry, sequencing.problem.modules) == back


def test_a_module_of_an_earlier_version_is_taken_back(sequencing: LoadedProblem) -> None:
    folder = Path(__file__).parents[2] / "runs" / "gallery" / "certified"
    former = [path.read_text() for path in folder.glob("*.py")]
    former = [text for text in former if "\nPROVENANCE: dict[str, Any] = " in text]
    head, tail = '"""0.4321"""\n\n# ruff: noqa\n\nimport json\n\n__all__ = ["order"]\n\n\n', "\n\nPROVENANCE: dict[str, Any] = {}\n"
    for text in [*former, f"{head}{WSPT}{tail}"]:
        back = without_export(text)
        assert "PROVENANCE" not in back and "__all__" not in back and "import json" in back
        ast.parse(back)
    assert screen(f"{head}{WSPT}{tail}", "order").source.endswith(WSPT.strip("\n") + "\n")


def test_the_program_stands_in_the_module_as_it_was_found(
    export: Callable[[LoadedProblem, str], Path], sequencing: LoadedProblem
) -> None:
    path = export(sequencing, UGLY)
    text = path.read_text()
    assert UGLY[: UGLY.index("def order")].strip() in text and UGLY[UGLY.index("class Rule") :].strip() in text
    assert "Hours of each job." in text  # the contract, from the first starting program
    assert "comments enclose the part that the search was asked to change" in " ".join(text.split())
    assert "`__main__` part, which runs before that" in " ".join(text.split())
    assert run(path).stdout == "[0]\nok: 3 of 3 cases\n"


def test_models_are_named(sequencing: LoadedProblem, sandbox: Sandbox, tmp_path: Path) -> None:
    chosen = program(sequencing, WSPT)
    cases = record_cases(sequencing, chosen, sandbox, 1)
    path = tmp_path / "named.py"
    path.write_text(render(sequencing, chosen, provenance(sequencing, ("qwen", "other")), TABLE, cases))
    module = load(path)
    assert module.PROVENANCE["models"] == ["qwen", "other"]
    assert "written by: qwen, other" in (module.__doc__ or "") and "no model" not in (module.__doc__ or "")
