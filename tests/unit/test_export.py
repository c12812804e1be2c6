"""Exported modules: they import, check themselves, notice damage, hold the program whole, and pass linters."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.toy import CLASS_SEED, FUNCTION_SEED, WSPT, class_problem, function_problem, program, with_key
from workbench.certificate import Finder, FinderKind
from workbench.errors import UsageError
from workbench.exporting.cases import record_cases
from workbench.exporting.module import Module, Provenance, Step, render
from workbench.exporting.self_check import needed
from workbench.exporting.trial import try_out
from workbench.model import Split
from workbench.problem.catalog import LoadedProblem
from workbench.problem.given import program_of
from workbench.program.exported import unwrap
from workbench.program.source import MAX_SOURCE_BYTES, screen
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
        return keep(made(loaded, source, sandbox), tmp_path)

    return write


def provenance(loaded: LoadedProblem) -> Provenance:
    steps = (Step(0, "seed", 0.5), Step(7, "constant", 0.25), Step(17, "crossover", 0.0))
    return Provenance(loaded.slug, loaded.version, "run-1", 17, steps, "2025-11-22", str(Finder(FinderKind.OPERATORS)))


def made(loaded: LoadedProblem, source: str, sandbox: Sandbox, count: int = 3, **changes: Any) -> Module:
    chosen, name = program(loaded, source), changes.pop("name", "heuristic.py")
    return render(loaded, chosen, replace(provenance(loaded), **changes), TABLE, record_cases(loaded, chosen, sandbox, count), name)


def keep(module: Module, folder: Path) -> Path:
    (folder / module.name).write_bytes(module.bytes)
    if module.sidecar is not None:
        (folder / module.name).with_suffix(".cases.json").write_text(module.sidecar)
    return folder / module.name


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
    assert module.PROVENANCE["found_by"] == "AST mutation operators"
    assert module.PROVENANCE["problem"] == sequencing.slug and module.PROVENANCE["version"] == sequencing.version
    assert module.PROVENANCE["lineage"][1] == (7, "constant", 0.25)
    assert module.MEASURED == TABLE
    assert module.__doc__ == "Order jobs on one machine." and module.order.__doc__.startswith("Order jobs so that")
    head = path.read_text().partition('"""')[0]
    for words in ("Weighted completion times", "Found by: AST mutation operators (", "2025-11-22", "this module", "25.0%", "run-1",
                  "proven optimum",
                  "heuristic.py: ", "`python heuristic.py` repeats", sequencing.version, "minimised, in weighted"):  # fmt: skip
        assert words in " ".join(head.replace("\n# ", " ").split()), words
    assert "workbench" not in path.read_text() and path.read_text().count("Weight of each job.") == 1


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
    told = replace(provenance(sequencing), verdict="certified", reason="0.8765 less")
    text = render(sequencing, chosen, told, table, cases, "heuristic.py").text
    assert text.count("4321") == 1 and text.count("43.2%") == 1 and text.count("0.8765") == 3 and text.count(f"{0.8765:.1%}") == 1
    back = screen(text, sequencing.problem.entry, sequencing.problem.modules)
    assert not re.search("4321|43.2%|8765|87.[67]%|certified|MEASURED|PROVENANCE|CASES|run-1|ruff|program ends here", back.source)
    assert back == chosen
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
    monkeypatch.setattr("workbench.exporting.cases._CASE_BYTES", 20)
    chosen = dispatching.program("seed")
    cases = record_cases(dispatching, chosen, sandbox, 2)
    assert all(1 < len(c.calls) < c.total for c in cases)
    path = keep(render(dispatching, chosen, provenance(dispatching), TABLE, cases, "cut.py"), tmp_path)
    assert "of 2 long episodes, the beginning" in " ".join(path.read_text().replace("\n# ", " ").split())
    assert run(path).returncode == 0


def test_a_program_that_fails_is_not_exported(sequencing: LoadedProblem, sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match=r"fails on .*ZeroDivisionError"):
        record_cases(sequencing, program(sequencing, with_key("p // 0")), sandbox)
    with pytest.raises(UsageError, match="at least one"):
        render(sequencing, program(sequencing, WSPT), provenance(sequencing), TABLE, [], "heuristic.py")


@pytest.mark.parametrize(
    ("binding", "name"),
    [
        ("CASES = 3\n", "CASES"),
        ("from math import pi as MEASURED\n", "MEASURED"),
        ("def f():\n    global _same\n    _same = 1\n", "_same"),
        ("map = {}\n", "map"),
    ],
)
def test_a_name_that_the_module_needs_is_refused(sequencing: LoadedProblem, sandbox: Sandbox, binding: str, name: str) -> None:
    assert {"CASES", "_replay", "map", "print"} <= needed() and not needed() & {"order", "sum", "json"}
    with pytest.raises(UsageError, match=name):
        made(sequencing, with_key("p / w", binding), sandbox, 1)


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


@pytest.mark.parametrize("source", [*VARIANTS.values(), LOOSE, *(text.replace("\n", "\r\n") for text in (WSPT, LOOSE))])
def test_the_program_in_a_module_is_the_program(
    export: Callable[[LoadedProblem, str], Path], sequencing: LoadedProblem, source: str
) -> None:
    path = export(sequencing, source)
    assert source.encode() in path.read_bytes()
    assert program_of(sequencing, path).source == source, "not a line end is another"


def test_a_module_of_an_earlier_version_is_taken_back(sequencing: LoadedProblem) -> None:
    folder = Path(__file__).parents[2] / "runs" / "gallery" / "certified"
    former = [path.read_text() for path in folder.glob("*.py")]
    former = [text for text in former if "\nPROVENANCE: dict[str, Any] = " in text]
    head, tail = '"""0.4321"""\n\n# ruff: noqa\n\nimport json\n\n__all__ = ["order"]\n\n\n', "\n\nPROVENANCE: dict[str, Any] = {}\n"
    for text in [*former, f"{head}{WSPT}{tail}"]:
        back = unwrap(text)
        assert "PROVENANCE" not in back and "__all__" not in back and "import json" in back
        ast.parse(back)
    assert screen(f"{head}{WSPT}{tail}", "order").source.endswith(WSPT.strip("\n") + "\n")


def test_the_program_stands_in_the_module_as_it_was_found(
    export: Callable[[LoadedProblem, str], Path], sequencing: LoadedProblem
) -> None:
    path = export(sequencing, UGLY)
    text = " ".join(path.read_text().replace("\n# ", " ").split())
    assert UGLY in path.read_text() and "Hours of each job." in text  # the contract, from the first starting program
    assert "comments enclose the part that the search was asked to change" in text
    assert run(path).stdout == "[0]\nok: 3 of 3 cases\n"
    assert "`__main__` part, which runs before that" in text
    command = text.partition("without it: `python -c ")[2].partition("`")[0].strip('"')
    done = subprocess.run([sys.executable, "-c", command], cwd=path.parent, capture_output=True, text=True, check=False)
    assert done.stdout == "ok: 3 of 3 cases\n", "its self-check without its own `__main__` part"


def test_the_finder_is_named_as_everywhere(sequencing: LoadedProblem, sandbox: Sandbox, tmp_path: Path) -> None:
    finder = str(Finder(FinderKind.MODEL, "qwen, other"))
    path = keep(made(sequencing, WSPT, sandbox, 1, name="named.py", found_by=finder), tmp_path)
    assert load(path).PROVENANCE["found_by"] == "language model qwen, other"
    assert "# Found by: language model qwen, other (candidate 17 of run run-1;" in path.read_text()


def test_a_program_that_nobody_measured_says_so(sequencing: LoadedProblem, sandbox: Sandbox) -> None:
    chosen = program(sequencing, WSPT)
    table = {"this program": {}, "spt": {"train": 0.25}}
    cases = record_cases(sequencing, chosen, sandbox, 1)
    assert "was not measured" in render(sequencing, chosen, provenance(sequencing), table, cases, "x.py").text
    assert "was not measured" not in made(sequencing, WSPT, sandbox, 1).text


def test_nothing_that_is_told_can_become_code(sequencing: LoadedProblem, sandbox: Sandbox, tmp_path: Path) -> None:
    foul = "x\nraise SystemExit(7)\rraise SystemExit(8)\r\n\u2028\x0craise SystemExit(9)\u202e\x1b[2J"
    changes = {"run": foul, "found_by": foul, "verdict": "certified", "reason": foul}
    path = keep(made(sequencing, WSPT, sandbox, 1, name="coding:rot13 \nx.py", **changes), tmp_path)
    assert load(path).PROVENANCE["reason"] == foul
    head = path.read_bytes().decode().partition('"""')[0]
    assert all(line.startswith("#") for line in head.split("\n") if line) and not re.search("[\r\u2028\u202e\x0c\x1b]", head)


def test_large_cases_lie_beside_the_module(
    sequencing: LoadedProblem, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made(sequencing, WSPT, sandbox).sidecar is None
    monkeypatch.setattr("workbench.exporting.module._INLINE", 0)
    module = made(sequencing, WSPT, sandbox)
    path = keep(module, tmp_path)
    beside = path.with_suffix(".cases.json")
    assert module.sidecar and beside.is_file() and "in heuristic.cases.json" in " ".join(module.text.replace("\n# ", " ").split())
    assert not hasattr(load(path), "CASES") and run("-I", path).stdout == "ok: 3 of 3 cases\n"
    beside.write_text(beside.read_text().replace("[0,", "[1,", 1) + " ")
    done = run(path)
    assert (done.returncode, done.stdout) == (
        2,
        "not checked: heuristic.cases.json is not the file that was exported beside this module\n",
    )
    beside.unlink()
    assert load(path).order([9, 1], [1, 1]) == [1, 0], "it works without"
    done = run(path)
    assert done.returncode == 2 and done.stdout.startswith("not checked: the self-check needs heuristic.cases.json")


HOME = {
    "hash seed": with_key("p * (1 if hash('a') % 7 == HOME else -1)", "HOME = hash('a') % 7 if __name__ == 'candidate' else 8\n"),
    "order of a set": with_key("p * ord(FIRST) % 7", "FIRST = [*{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}][0]\n"),
    "module name": with_key("p if __name__ == 'candidate' else -p"),
    "file": with_key("p if '__file__' in globals() else -p"),
    "luck at import": with_key("p * LUCK", "import random\nLUCK = random.choice([-1, 1])\n"),
    "fails elsewhere": with_key("p", "if __name__ != 'candidate': raise ValueError('not at home')\n"),
}


@pytest.mark.parametrize("source", HOME.values(), ids=HOME)
def test_what_behaves_otherwise_elsewhere_is_not_exported(sequencing: LoadedProblem, sandbox: Sandbox, source: str) -> None:
    module = made(sequencing, source, sandbox)
    with pytest.raises(UsageError, match="nothing was written: the finished module fails its self-check elsewhere: ") as caught:
        try_out(module, sequencing.problem.limits, lambda place: open_sandbox(allow_unsafe=True, surroundings=place))
    assert "hash seed" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("source", [UGLY, LOOSE, VARIANTS["luck"], VARIANTS["names of its own"]])
def test_what_behaves_alike_everywhere_is(sequencing: LoadedProblem, sandbox: Sandbox, source: str) -> None:
    module = made(sequencing, source, sandbox)
    try_out(module, sequencing.problem.limits, lambda place: open_sandbox(allow_unsafe=True, surroundings=place))
