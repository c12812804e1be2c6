"""What a program uses is counted from outside, by the kernel: CPU time and the most memory held at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import TOY
from workbench.errors import PolicyFailure
from workbench.evaluation.evaluate import evaluate
from workbench.model import Limits, Program, Split, Status
from workbench.problem import catalog
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox

LIMITS = Limits(seconds=5.0, memory_mb=256)
SOURCE = """
import time

def work(kind):
    time.process_time = lambda: 0.0  # its own clock is its own affair
    if kind == "compute":
        return sum(k * k for k in range(2_000_000)) > 0
    if kind == "sleep":
        time.sleep(0.3)
    if kind == "hold":
        return len(bytearray(b"x" * (64 << 20)))
    if kind == "die":
        raise SystemExit
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = open_sandbox(["time"], allow_unsafe=True)
    yield sandbox
    sandbox.close()


def used(sandbox: Sandbox, kind: str) -> tuple[float, float]:
    """CPU seconds and MiB of one call."""
    with sandbox.open(Program(SOURCE, "work"), LIMITS) as session:
        before = session.usage()
        session(kind)
        after = session.usage()
    assert before and after
    return after.cpu_seconds - before.cpu_seconds, (after.peak_bytes - before.peak_bytes) / (1 << 20)


def test_work_is_counted_and_waiting_is_not(sandbox: Sandbox) -> None:
    computing, memory = used(sandbox, "compute")
    waiting, _ = used(sandbox, "sleep")
    assert computing > 0.03 > waiting >= 0
    assert memory < 8


def test_memory_is_counted_at_its_height(sandbox: Sandbox) -> None:
    assert 63 < used(sandbox, "hold")[1] < 160, "the bytes, and for a moment their copy"


def test_nothing_is_told_of_a_process_that_is_gone(sandbox: Sandbox) -> None:
    with sandbox.open(Program("def work(k):\n    while True: pass", "work"), Limits(seconds=0.1)) as session:
        with pytest.raises(PolicyFailure):
            session(1)
        assert session.usage() is None


def test_an_evaluation_tells_cpu_time_not_the_time_that_passed(sandbox: Sandbox) -> None:
    waits = Program("import time\n\ndef f(x, a):\n    time.sleep(0.05)\n    return x\n", "f")
    report = evaluate(catalog.load(TOY), waits, Split.TRAIN, sandbox)
    assert report.status is Status.OK
    assert report.seconds > 0.3 and all(0 < result.seconds < 0.05 for result in report.results)
