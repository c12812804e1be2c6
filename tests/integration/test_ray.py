"""Runs on a local Ray cluster of two nodes: the same run as on this machine, also where a node is lost."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.kills import below
from tests.conftest import TOY
from tests.integration.silent import Silent, trace
from tests.integration.silent import run as plain_run
from tests.integration.test_hardship import once
from workbench.errors import SandboxError
from workbench.evaluation.jobs import Job, VerifierError
from workbench.loop.start import begin
from workbench.model import Split, Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.store import Store

pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed (pip install '.[ray]')"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with a CPU each; tests that end one add another."""
    import ray
    from ray.cluster_utils import Cluster

    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 100 << 20})
    made.add_node(num_cpus=1, object_store_memory=100 << 20)
    try:
        yield made
    finally:
        ray.shutdown()
        made.shutdown()
        patch.undo()


@pytest.fixture
def second(cluster: Any) -> Any:
    """The node that is not the head, whatever became of the one before."""
    others = [node for node in cluster.list_all_nodes() if node is not cluster.head_node]
    node = others[0] if others else cluster.add_node(num_cpus=1, object_store_memory=100 << 20)
    cluster.wait_for_nodes()
    return node


def on(cluster: Any, **options: Any) -> RunOptions:
    """Options of a run on the cluster."""
    values = {"proposer": "builtin", "candidates": 30, "workers": 0, "tune_trials": 8} | options
    return RunOptions(executor="ray", executor_options={"address": cluster.address}, **values)


def actors(node: Any) -> list[int]:
    """Processes of the actors on a node."""
    raylet = next(p.process.pid for p in node.all_processes["raylet"])
    return [pid for pid, command in below(raylet).items() if "ray::Remote" in command]


def test_a_run_is_the_same_as_on_this_machine_though_a_node_is_lost(cluster: Any, second: Any, tmp_path: Path) -> None:
    undisturbed = plain_run(tmp_path / "a", candidates=40).run
    display = Silent(once(12, lambda: end(cluster, second)))
    found = begin(catalog.load(TOY), on(cluster, candidates=40), tmp_path / "b", display)
    assert (found.status, found.attempts, found.isolation) == ("done", 40, "full")
    assert trace(tmp_path / "b", found.run) == trace(tmp_path / "a", undisturbed)
    assert any(line.startswith("Ray cluster: 2 workers on 2 nodes, isolation full") for line in display.lines)
    assert any(line.startswith("1 worker on ") and " lost" in line for line in display.lines)
    with Store(tmp_path / "b", write=False) as store, Store(tmp_path / "a", write=False) as before:
        row = store.run(found.run)
        assert row.champion == before.run(undisturbed).champion and row.options.workers == 2
        assert row.options.evaluators == "2 workers on ray"


def test_an_evaluation_that_loses_its_worker_twice_is_told_and_the_others_go_on(cluster: Any, second: Any, tmp_path: Path) -> None:
    from workbench.evaluation.ray_executor import RayExecutor

    folder = Path(shutil.copytree(TOY, tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__")))
    verifier = folder / "verifier.py"
    fatal = "        if instance.id == 'train-3': __import__('os').kill(__import__('os').getppid(), 9)\n        a, error ="
    verifier.write_text(verifier.read_text().replace("        a, error =", fatal))
    loaded = catalog.load(folder)
    program = loaded.program("line")
    with closing(RayExecutor(loaded, 2, address=cluster.address)) as made:
        made.news()
        deadly = made.submit(Job(program, Split.TRAIN))
        with pytest.raises(VerifierError, match=r"the evaluation was lost with its worker on \S+, then on \S+$"):
            deadly.result(300)
        for _ in range(4):
            assert made.submit(Job(program, Split.TRAIN, ("train-1",))).result(300).status is Status.OK
        said: list[str] = []
        until(lambda: bool(said.extend(made.news())) or sum(line == "1 evaluation repeated elsewhere" for line in said) == 1)


def test_a_worker_that_stands_still_costs_no_evaluation(cluster: Any, second: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.evaluation import ray_executor

    for name, value in (("_LATE_SECONDS", 3.0), ("_KNOWN", 2), ("_LATE", 1.0)):
        monkeypatch.setattr(ray_executor, name, value)
    loaded = catalog.load(TOY)
    job = Job(loaded.program("line"), Split.TRAIN)
    with closing(ray_executor.RayExecutor(loaded, 2, address=cluster.address)) as made:
        expected = [made.submit(job).result(300).gap for _ in range(3)]
        (still,) = actors(second)
        os.kill(still, signal.SIGSTOP)
        try:
            found = [future.result(300).gap for future in [made.submit(job) for _ in range(4)]]
        finally:
            os.kill(still, signal.SIGCONT)
        assert set(found) == set(expected)
        assert any("a second copy runs on" in line for line in made.news())


def test_a_node_that_joins_takes_the_place_of_one_that_is_lost_while_idle(cluster: Any, second: Any) -> None:
    from workbench.evaluation.ray_executor import RayExecutor

    loaded = catalog.load(TOY)
    with closing(RayExecutor(loaded, 2, address=cluster.address)) as made:
        assert actors(second) and made.workers == 2
        end(cluster, second)
        said: list[str] = []
        until(lambda: bool(said.extend(made.news())) or any(line.startswith("1 worker on ") for line in said))
        joined = cluster.add_node(num_cpus=1, object_store_memory=100 << 20)
        until(lambda: bool(actors(joined)))
        futures = [made.submit(Job(loaded.program("line"), Split.TRAIN)) for _ in range(20)]
        assert {future.result(300).status for future in futures} == {Status.OK}


def test_the_worst_isolation_is_shown_and_a_worse_node_that_comes_later_is_not_used(
    cluster: Any, second: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.evaluation import ray_executor, remote

    level, weak = tmp_path / "level", second.node_id

    class Remote(remote.Remote):
        def start(self, *arguments: Any) -> tuple[Any, ...]:
            *here, found = super().start(*arguments)
            return (*here, level.read_text() if here[0] == weak else found)

    monkeypatch.setattr(remote, "Remote", Remote)
    level.write_text("seccomp-only")
    loaded = catalog.load(TOY)
    with closing(ray_executor.RayExecutor(loaded, 2, address=cluster.address)) as made:
        assert made.isolation == "seccomp-only"
        level.write_text("none")
        (other,) = actors(second)
        os.kill(other, signal.SIGKILL)
        until(lambda: any("is not used: its isolation is none, worse than" in line for line in made.news()))
        assert made.submit(Job(loaded.program("line"), Split.TRAIN)).result(300).status is Status.OK


def test_a_node_that_cannot_isolate_is_named_before_anything_is_spent(cluster: Any, second: Any, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"node \S+: unknown isolation 'imaginary'"):
        begin(catalog.load(TOY), on(cluster, isolation="imaginary"), tmp_path, Silent())


def end(cluster: Any, node: Any) -> None:
    """Let a node fail as a machine does: with all its processes at once."""
    for pid in actors(node):
        os.kill(pid, signal.SIGKILL)
    cluster.remove_node(node, allow_graceful=False)


def until(holds: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
