"""How tasks of other projects are read, and what their evaluators' answers mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.foreign import LOAD, MEAN, PROGRAM, task
from workbench.errors import Infeasible, ProblemError, UsageError
from workbench.evaluation.evaluate import evaluate
from workbench.formatting import GAP, SCORE, labelled, measure_of
from workbench.model import Program, Report, Split, Status
from workbench.problem import catalog
from workbench.sandbox.foreign import ForeignSandbox
from workbench.sandbox.kernel import FULL, probe

needs_landlock = pytest.mark.skipif(probe() != FULL, reason="needs landlock")

RESULT = """class EvaluationResult:
    def __init__(self, metrics, artifacts):
        self.metrics, self.artifacts = metrics, artifacts


"""
STAGES = (
    LOAD
    + RESULT
    + """
def evaluate(path):
    raise AssertionError("a cascade does not call this")


def evaluate_stage1(path):
    return EvaluationResult({"combined_score": sum(load(path).run()) / 50}, {"first": "seen"})


def evaluate_stage2(path):
    return EvaluationResult({"combined_score": 7.0}, {"second": "seen too"})
"""
)
COMMAND = """import argparse, json, pathlib


def main(program_path, results_dir):
    namespace = {}
    exec(pathlib.Path(program_path).read_text(), namespace)
    found = namespace["run"]()
    metrics = {"combined_score": sum(found) / 5, "public": {"count": len(found)}, "text_feedback": "too small"}
    (pathlib.Path(results_dir) / "metrics.json").write_text(json.dumps(metrics))
    (pathlib.Path(results_dir) / "correct.json").write_text(json.dumps({"correct": max(found) < 100, "error": "too large"}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path")
    parser.add_argument("--results_dir")
    main(**vars(parser.parse_args()))
"""


def scored(folder: Path, source: str = PROGRAM) -> Report:
    """Evaluate a program of a task on train."""
    loaded = catalog.load(folder)
    assert loaded.evaluator is not None
    return evaluate(loaded, Program(source, "run"), Split.TRAIN, ForeignSandbox(loaded.evaluator), prints=True)


def returning(expression: str) -> str:
    """Return an evaluator that returns the value of an expression."""
    return f"import numpy as np\n{RESULT}\n\ndef evaluate(program_path):\n    return {expression}\n"


@needs_landlock
@pytest.mark.parametrize(
    ("expression", "score"),
    [
        ("{'combined_score': 3, 'other': 100.0}", 3.0),
        ("{'a': 1.0, 'b': np.float32(3.0), 'ok': True, 'name': 'x', 'nan': float('nan')}", 2.0),
        ("{'a': 1.0, 'b': 3.0, 'complexity': 500.0}", 2.0),
        ("{'error': 0.0, 'a': 4.0}", 2.0),
        ("EvaluationResult({'a': np.int64(-5)}, {'log': b'bytes'})", -5.0),
    ],
)
def test_the_score_is_the_combined_one_or_the_mean_of_the_numbers(expression: str, score: float, tmp_path: Path) -> None:
    report = scored(task(tmp_path / "t", returning(expression)))
    assert report.status is Status.OK, report.message
    assert report.results[0].objective == score
    assert report.gap == -score, "higher is better"


@needs_landlock
@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("{'error': 'no circle'}", "no circle"),
        ("{'combined_score': float('inf')}", "inf"),
        ("{'ok': True}", "no score"),
        ("[1]", "neither a dictionary"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_what_is_no_score_is_a_failure_that_says_why(expression: str, told: str, tmp_path: Path) -> None:
    report = scored(task(tmp_path / "t", returning(expression)))
    assert report.status is not Status.OK
    assert told in report.message


@needs_landlock
def test_artifacts_are_what_the_next_prompt_shows(tmp_path: Path) -> None:
    long = "x" * 30_000
    report = scored(task(tmp_path / "t", returning(f"EvaluationResult({{'a': 1.0}}, {{'advice': 'go left', 'log': {long!r}}})")))
    assert "a 1" in report.printed and "advice: go left" in report.printed
    assert len(report.printed) < 3_000


@needs_landlock
@pytest.mark.parametrize(
    ("config", "score", "shown"),
    [
        ("", 0.4, ["first"]),  # the first stage misses the usual threshold of 0.5
        ("evaluator:\n  cascade_thresholds: [0.3]\n", 7.0, ["first", "second"]),
    ],
)
def test_stages_follow_each_other_while_scores_pass(config: str, score: float, shown: list[str], tmp_path: Path) -> None:
    report = scored(task(tmp_path / "t", STAGES, config=config))
    assert report.results[0].objective == pytest.approx(score), report.message
    assert [name for name in ("first", "second") if f"{name}: seen" in report.printed] == shown


@needs_landlock
def test_a_script_that_writes_its_results_is_an_evaluator_too(tmp_path: Path) -> None:
    folder = task(tmp_path / "t", COMMAND, names="shinka")
    report = scored(folder)
    assert report.results[0].objective == 4.0, report.message
    assert "text_feedback: too small" in report.printed
    wrong = scored(folder, PROGRAM.replace("1.0 * x", "1000.0 * x"))
    assert wrong.status is Status.INFEASIBLE and "too large" in wrong.message


@pytest.mark.parametrize("names", ["openevolve", "shinka", "skydiscover"])
def test_a_folder_with_a_program_and_an_evaluator_is_a_task(names: str, tmp_path: Path) -> None:
    config = "prompt:\n  system_message: Make it large.\nevaluator:\n  timeout: 42\n"
    loaded = catalog.load(task(tmp_path / "My Task-1", names=names, config=config))
    assert loaded.slug == "unverified/my_task_1"
    assert loaded.problem.entry == "run", "what the evaluator calls, and not what evolves"
    assert (loaded.statement, loaded.problem.limits.seconds) == ("Make it large.", 42.0)
    before = loaded.version
    (loaded.folder / "openevolve_output").mkdir()
    (loaded.folder / "openevolve_output" / "log.txt").write_text("a run of the task leaves this")
    assert catalog.reload(loaded.folder).version == before
    (loaded.folder / "data.txt").write_text("another task")
    assert catalog.reload(loaded.folder).version != before


@pytest.mark.parametrize(
    ("evaluator", "program", "config", "told"),
    [
        ("def score(path): ...\n", PROGRAM, "", "evaluate"),
        (MEAN, "x = 1\n", "", "no function"),
        (MEAN, "def f(:\n", "", "initial_program.py"),
        (MEAN, PROGRAM, "a: [1\n", "config.yaml"),
        ("def evaluate(:\n", PROGRAM, "", "evaluator.py"),
    ],
)
def test_a_task_that_cannot_be_read_is_told_in_a_line(evaluator: str, program: str, config: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=told) as error:
        catalog.load(task(tmp_path / "t", evaluator, program, config=config))
    assert "\n" not in str(error.value)


def test_a_folder_without_either_is_neither_problem_nor_task(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"problem\.py .* initial_program\.py"):
        catalog.load(tmp_path)


def test_a_problem_cannot_take_the_domain_of_tasks(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "problem.py").write_text(
        "from tests.toy.problem import PROBLEM\nfrom dataclasses import replace\nPROBLEM = replace(PROBLEM, slug='unverified/p')\n"
    )
    with pytest.raises(ProblemError, match="domain"):
        catalog.load(tmp_path / "p")


def test_an_optional_file_of_a_problem_means_nothing_in_a_task(tmp_path: Path) -> None:
    folder = task(tmp_path / "t")
    for name in ("gate.py", "second.py", "replicates.py", "evidence.py"):
        (folder / name).write_text("raise SystemExit('the host must not run this')\n")
    loaded = catalog.load(folder)
    assert loaded.second is None and not loaded.robustness


def test_results_of_tasks_are_shown_as_scores() -> None:
    assert measure_of("unverified/x") is SCORE and measure_of("scheduling/x") is GAP
    assert (SCORE.value(-2.5), SCORE.value(None), SCORE.difference(-0.5), SCORE.value(0.0)) == ("2.5", "–", "+0.5", "0")
    data = labelled("unverified/x", {"best": {"gap": -2.0}, "validation_gap": None})
    assert data == {
        "best": {"gap": -2.0, "score": 2.0}, "validation_gap": None, "validation_score": None,
        "note": "scores not independently verified",
    }  # fmt: skip
    assert labelled("scheduling/x", {"gap": 1.0}) == {"gap": 1.0}


def test_an_answer_of_another_form_is_refused() -> None:
    from workbench.problem.foreign import _Reported

    with pytest.raises(Infeasible):
        _Reported().run(None, lambda: {"score": "7"})  # type: ignore[arg-type]
