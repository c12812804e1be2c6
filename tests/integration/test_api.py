"""The Python API: five lines, objects where names go, problems without a folder, and the same results as the command line."""

from __future__ import annotations

import ast
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import workbench as wb
from tests.conftest import TOY
from workbench.errors import Infeasible, ProblemError, UsageError
from workbench.model import Candidate, Policy, Selection
from workbench.problem import catalog

FAST = {"workers": 1, "display": False}
SEED = 'def f(x):\n    """An even number near x."""\n    return 0.0\n'
NEAR = SEED.replace("0.0", "2.0 * (x // 2)")


class Nearest:
    """Distance to x, where odd answers are against the rules."""

    def run(self, instance: wb.Instance, policy: Policy) -> wb.Measurement:
        answer = policy(instance.data["x"])
        if type(answer) not in (int, float) or answer % 2:
            raise Infeasible(f"{answer!r:.40} is no even number")
        return wb.Measurement(abs(answer - instance.data["x"]))


def guessing(**changes: object) -> wb.Problem:
    """A problem that has no folder."""
    fields: dict[str, object] = {
        "slug": "notebook/guess", "title": "Guess", "question": "Which even number is near x?", "entry": "f",
        "verifier": Nearest(), "unit": "distance", "bound": "proven optimum", "features": {"x": "the number"},
        "instances": lambda split: [wb.Instance(f"{split}-{k}", "all", {"x": 2 * k + len(split)}) for k in range(6)],
        "solve": lambda instance: wb.Reference(instance.data["x"] % 2, "optimal", "parity"),
        "seeds": ("seed",), "baselines": (wb.Baseline("zero", "Zero", "folklore"),),
        "programs": {"seed": SEED, "zero": SEED}, "limits": wb.Limits(seconds=0.5, memory_mb=256),
    }  # fmt: skip
    return wb.Problem(**{**fields, **changes})  # type: ignore[arg-type]


class Patient:
    """Always improves the newest valid program."""

    def __init__(self) -> None:
        self.newest: Candidate | None = None

    def tell(self, candidate: Candidate) -> None:
        if candidate.status == "ok":
            self.newest = candidate

    def ask(self, rng: random.Random) -> Selection:
        assert self.newest
        return Selection(self.newest)


def test_five_lines(tmp_path: Path) -> None:
    problem = wb.load(TOY)
    result = wb.run(problem, proposer=wb.Builtin(), strategy=wb.Islands(islands=2), attempts=40, seed=0, runs=tmp_path, **FAST)
    best = result.best
    assert "def f(" in best.source and best.gap <= wb.evaluate(problem, "seed").gap
    assert wb.evaluate(problem, best.source, split="validation").gap == pytest.approx(best.gap)
    history = result.history
    assert len(history) == 42 and list(history.index[:2]) == [0, 1] and history["best"].is_monotonic_decreasing
    assert history["best"].iloc[-1] == pytest.approx(min(a.gap for a in result.attempts if a.gap is not None))
    module = result.export(tmp_path / "rule.py")
    assert subprocess.run([sys.executable, str(module)], capture_output=True, text=True).stdout.startswith("ok")
    certificate = result.certify()
    assert certificate.verdict in ("certified", "not confirmed", "not better", "overfit", "fragile") and certificate.opening
    assert result.name in repr(result) and "<table>" in result._repr_html_()
    assert "vega" in result.plot().to_dict()["$schema"]


def test_a_run_made_with_objects_is_the_one_made_on_the_command_line(tmp_path: Path) -> None:
    ours = wb.run(TOY, proposer=wb.Builtin(), strategy=wb.Greedy(inspirations=1), attempts=20, seed=4, runs=tmp_path, **FAST)
    command = [sys.executable, "-m", "workbench.cli", "run", str(TOY), "--proposer", "builtin", "--strategy", "greedy",
               "--opt", "inspirations=1", "-n", "20", "--seed", "4", "--runs", str(tmp_path), "--json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = wb.open_run(json.loads(done.stdout.splitlines()[-1])["run"], runs=tmp_path)
    made = [sorted((a.number, a.operator, a.parents, a.gap or 0.0) for a in run.attempts) for run in (ours, theirs)]
    assert made[0] == made[1]
    assert ours.best.source == theirs.best.source
    again = wb.resume(ours.name, attempts=30, runs=tmp_path, display=False)  # greedy and its options are recorded
    assert again.outcome.attempts == 30


def test_a_function_proposes(tmp_path: Path) -> None:
    seen: list[wb.Task] = []

    def half(task: wb.Task) -> str:
        seen.append(task)
        if task.number == 3:
            raise ValueError("no idea")
        return f"```python\ndef f(x):\n    return 2.0 * (x // 2) + {4 - task.number % 3 * 2}\n```"

    result = wb.run(guessing(), proposer=half, attempts=5, runs=tmp_path, display=False)
    assert [t.number for t in seen] == [1, 2, 3, 4, 5] and seen[0].selection.parent.program
    assert (
        "ValueError: no idea" in {a.number: a.message for a in result.attempts}[3]
        and result.best.gap < wb.evaluate(guessing(), SEED).gap
    )
    with pytest.raises(UsageError, match="was a Python object"):
        wb.resume(result.name, attempts=7, runs=tmp_path, problem=guessing(), display=False)


def test_a_strategy_object_of_your_own_runs_and_is_needed_again_to_resume(tmp_path: Path) -> None:
    mine = Patient()
    result = wb.run(TOY, proposer="builtin", strategy=mine, attempts=10, runs=tmp_path, **FAST)
    assert mine.newest is None, "a run works on a copy, so that the object can be used again"
    assert [a.parents for a in result.attempts[2:4]] == [(1,), (1,)] or result.outcome.attempts == 10
    with pytest.raises(UsageError, match=r"Patient> was a Python object"):
        wb.resume(result.name, attempts=12, runs=tmp_path, display=False)
    assert wb.resume(result.name, attempts=12, runs=tmp_path, strategy=Patient(), display=False).outcome.attempts == 12


PLUGINS = '''
import random

from workbench.model import Reply, Selection
from workbench.program.reply import parse


class First:
    """Always improves the first program."""

    def __init__(self, number: int = 0) -> None:
        self.number, self.found = number, None

    def tell(self, candidate) -> None:
        if candidate.number == self.number:
            self.found = candidate

    def ask(self, rng: random.Random) -> Selection:
        return Selection(self.found)


class Constant:
    """Proposes a constant each time."""

    label, concurrency, repairs, uses_model, ordered = "constant", 1, False, False, True

    def begin(self, brief, known) -> None:
        self.entry = brief.entry

    def propose(self, task, rng) -> Reply:
        return Reply("rewrite", f"```python\\ndef {self.entry}(x, a):\\n    return {task.number}\\n```")

    def close(self) -> None:
        pass
'''


def test_plugins_by_path_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGINS)
    command = [sys.executable, "-m", "workbench.cli", "run", str(TOY), "--proposer", f"{tmp_path}/mine.py:Constant", "--strategy",
               f"{tmp_path}/mine.py:First", "--opt", "number=1", "-n", "4", "--runs", str(tmp_path), "--json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    run = wb.open_run("latest", runs=tmp_path)
    assert [a.parents for a in run.attempts[2:]] == [(1,)] * 4 and run.outcome.proposer == "constant"
    assert wb.resume("latest", attempts=6, runs=tmp_path, display=False).outcome.attempts == 6


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no.such.module:X", "there is no module 'no.such.module'"), ("random:Nothing", "random has no 'Nothing'"),
        ("random:randint", "must be a class with the methods ask and tell"), ("gone.py:X", "there is no file gone.py"),
        ("island", "did you mean 'islands'"),
    ],
)  # fmt: skip
def test_a_strategy_that_cannot_be_found_is_one_clear_line(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        wb.run(TOY, proposer="builtin", strategy=name, attempts=1, runs=tmp_path, **FAST)


def test_an_unknown_option_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'tune_trials'"):
        wb.run(TOY, proposer="builtin", tune_trial=3, runs=tmp_path, **FAST)


def test_a_problem_without_a_folder_runs_certifies_and_exports(tmp_path: Path) -> None:
    problem = wb.load(guessing())
    assert problem.references.ranking == (("zero", pytest.approx(wb.evaluate(problem, "seed", "train").gap)),)
    result = wb.run(problem, proposer=lambda task: f"```python\n{NEAR}```", attempts=2, runs=tmp_path, display=False)
    assert result.best.gap == 0.0
    assert wb.evaluate(problem, result.best.source).gap == 0.0
    assert wb.certify(NEAR, problem=problem, runs=tmp_path).problem == "notebook/guess"
    module = result.export(tmp_path / "near.py")
    assert subprocess.run([sys.executable, str(module)], capture_output=True, text=True).stdout.startswith("ok")
    assert wb.evaluate(problem, SEED.replace("0.0", "1.0")).status == "infeasible"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"programs": {"seed": SEED}}, "no source for zero"),
        ({"slug": "guess"}, "must have the form domain/name"),
        ({"solve": lambda instance: 1 / 0}, "solving train-0 failed: ZeroDivisionError"),
        ({"solve": lambda instance: wb.Reference(1e9, "optimal", "wrong")}, "fix the solver or the verifier"),
    ],
)  # fmt: skip
def test_a_broken_problem_object_is_one_clear_line(changes: dict[str, Callable[..., object]], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        wb.load(guessing(**changes))


def test_worker_processes_cannot_load_a_problem_object_and_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only this process can evaluate it"):
        wb.run(guessing(), proposer="builtin", workers=2, runs=tmp_path, display=False)


def test_the_version_of_a_problem_object_follows_what_decides_a_score() -> None:
    class Other(Nearest):
        def run(self, instance: wb.Instance, policy: Policy) -> wb.Measurement:
            return wb.Measurement(super().run(instance, policy).objective * 2)

    def more(split: wb.Split) -> list[wb.Instance]:
        return [wb.Instance(f"{split}-{k}", "all", {"x": 2 * k}) for k in range(6)]

    first = wb.load(guessing()).version
    assert wb.load(guessing()).version == first == wb.load(guessing(title="Other words")).version
    free = {"solve": lambda instance: wb.Reference(0.0, "bound", "trivial")}
    others = [wb.load(guessing(**changes)).version for changes in (free, {**free, "verifier": Other()}, {"instances": more})]
    assert len({first, *others}) == 4


def test_public_names_are_importable_documented_and_lazy() -> None:
    for name in wb.__all__:
        assert (getattr(wb, name).__doc__ or "").strip(), name
    heavy = "{'numpy', 'pandas', 'litellm', 'optuna', 'altair', 'rich'}"
    code = f"import sys, workbench.model; assert not {heavy} & {{*sys.modules}}"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
    home = ast.parse(Path(wb.__file__).read_text())
    typed = {a.asname for node in ast.walk(home) if isinstance(node, ast.ImportFrom) for a in node.names if a.asname}
    assert typed == set(wb.__all__), "what a type checker sees is what there is"


@pytest.mark.parametrize("split", ["test", "stress"])
def test_what_certificates_are_made_of_stays_closed(split: str) -> None:
    with pytest.raises(UsageError, match=f"only `evolve certify` may access the {split} split"):
        wb.evaluate(catalog.load(TOY), "seed", split=split)
