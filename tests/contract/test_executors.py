"""Every executor passes the contract for executors; how one is chosen, and what it says of a verifier that fails."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.benchmarks.kills import below
from tests.conftest import TOY
from workbench.errors import UsageError
from workbench.evaluation.executors import names, open_executor
from workbench.evaluation.inline import InlinePool
from workbench.evaluation.jobs import Executor, Job, VerifierError
from workbench.evaluation.pool import Pool
from workbench.model import Split, Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.testing import ExecutorContract

MISSING = None if importlib.util.find_spec("ray") else "ray is not installed (pip install '.[ray]')"
needs_ray = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


def kill_a_worker(executor: Executor) -> None:
    """Kill a worker process of this process."""
    workers = [pid for pid, command in below(os.getpid()).items() if "workbench.evaluation.worker" in command]
    os.kill(workers[0], signal.SIGKILL)


def kill_an_actor(executor: Executor) -> None:
    """Kill a process in which an actor of a local cluster runs."""
    actors = [pid for pid, command in below(os.getpid()).items() if "ray::Remote" in command]
    os.kill(actors[0], signal.SIGKILL)


class TestProcesses(ExecutorContract):
    make = Pool
    problem = str(TOY)
    lose = staticmethod(kill_a_worker)


class TestInline(ExecutorContract):
    make = InlinePool
    problem = str(TOY)
    workers = 1


@needs_ray
@pytest.mark.ray
class TestRay(ExecutorContract):
    problem = str(TOY)
    lose = staticmethod(kill_an_actor)

    @classmethod
    def setup_class(cls) -> None:
        """Use one local cluster for all, because it takes seconds to start."""
        from workbench.evaluation.cluster import connect
        from workbench.evaluation.ray_executor import RayExecutor

        cls.make = RayExecutor
        assert connect("local", 2 * cls.workers)  # some tests make a second executor
        super().setup_class()

    @classmethod
    def teardown_class(cls) -> None:
        """End it."""
        import ray

        super().teardown_class()
        ray.shutdown()


@pytest.fixture(params=["processes", "inline", pytest.param("ray", marks=[needs_ray, pytest.mark.ray])])
def faulty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Executor]:
    """Executors of a problem whose verifier fails on one instance."""
    folder = Path(shutil.copytree(TOY, tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__")))
    verifier = folder / "verifier.py"
    verifier.write_text(
        verifier.read_text().replace("        a, error =", "        if instance.id == 'train-3': 1 / 0\n        a, error =")
    )
    options = RunOptions(executor=request.param, workers=1)
    with closing(open_executor(catalog.load(folder), options)) as made:
        yield made


def test_a_verifier_that_fails_is_told_apart_from_a_program_that_does(faulty: Executor, toy: catalog.LoadedProblem) -> None:
    program = toy.program("line")
    with pytest.raises(VerifierError, match="ZeroDivisionError"):
        faulty.submit(Job(program, Split.TRAIN)).result(300)
    assert faulty.submit(Job(program, Split.TRAIN, ("train-1",))).result(300).status is Status.OK


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"executor": "proceses"}, "did you mean 'processes'"),
        ({"executor": "inline", "workers": 3}, "one worker, not 3"),
        ({"executor": "processes", "executor_options": {"address": "auto"}}, "executor 'processes' has no option 'address'"),
        ({"executor": "tests.conftest:TOY"}, "must be a class with the methods submit"),
        pytest.param(
            {"executor": "ray"},
            r"--executor ray needs the package ray: pip install 'evolve-workbench\[ray\]'",
            marks=pytest.mark.skipif(MISSING is None, reason="ray is installed"),
        ),
        pytest.param(
            {"executor": "ray", "executor_options": {"address": "127.0.0.1:9"}}, "no Ray cluster at 127.0.0.1:9", marks=needs_ray
        ),
        pytest.param(
            {"executor": "ray", "executor_options": {"address": "ray://head:10001"}}, "give HOST:PORT, and start", marks=needs_ray
        ),
    ],
)
def test_what_cannot_be_opened_is_refused_in_one_line(toy: catalog.LoadedProblem, options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words) as error:
        open_executor(toy, RunOptions(**options))  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


def test_an_executor_of_ones_own_is_named_as_a_class(toy: catalog.LoadedProblem) -> None:
    assert {"inline", "processes", "ray"} <= set(names())
    options = RunOptions(executor="workbench.evaluation.inline:InlinePool", workers=0)
    with closing(open_executor(toy, options)) as made:
        assert made.submit(Job(toy.program("line"), Split.TRAIN)).result(300).status is Status.OK
