"""Contract tests for executors: the reports of this process whatever runs them, and failures told apart."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from dataclasses import replace
from typing import ClassVar

import pytest

from workbench.errors import SandboxError
from workbench.evaluation.jobs import Executor, Job
from workbench.evaluation.opening import open_for
from workbench.evaluation.places import Place, Places
from workbench.evaluation.worker import answer
from workbench.model import Program, Report, Split, Status, Surroundings
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem

WAIT_SECONDS = 300.0


def _same(report: Report) -> Report:
    """A report without what differs from one evaluation to the next."""
    return replace(report, seconds=0.0, results=tuple(replace(result, seconds=0.0) for result in report.results))


def _ids(loaded: LoadedProblem, split: Split) -> tuple[str, ...]:
    return tuple(i.id for i in loaded.instances(split))


_JOBS: dict[str, Callable[[LoadedProblem, Program], Job]] = {
    "train": lambda loaded, program: Job(program, Split.TRAIN),
    "some instances, in another order": lambda loaded, program: Job(program, Split.TRAIN, _ids(loaded, Split.TRAIN)[:3][::-1]),
    "a process for each instance": lambda loaded, program: Job(program, Split.VALIDATION, fresh=True, stop_on_failure=True),
    "decisions": lambda loaded, program: Job(program, Split.TRAIN, _ids(loaded, Split.TRAIN)[:2], record=True),
    "other surroundings": lambda loaded, program: Job(
        program, Split.TRAIN, _ids(loaded, Split.TRAIN)[:2], place=Place(Surroundings(hash_seed=5))
    ),
}


class ExecutorContract:
    """Tests that an executor must pass. Derive a class from it whose name begins with `Test`.

    Attributes
    ----------
    make
        Creates the executor from the problem, the number of workers, and `isolation` by keyword: its class, for example.
    problem
        Folder or ID of the problem that is evaluated.
    workers
        Number of workers to ask for.
    lose
        Ends one of an executor's workers from outside; by default the executor has none that could be lost.
    """

    make: ClassVar[Callable[..., Executor]]
    problem: ClassVar[str] = "scheduling/total_tardiness"
    workers: ClassVar[int] = 2
    lose: ClassVar[Callable[[Executor], None] | None] = None

    loaded: ClassVar[LoadedProblem]
    program: ClassVar[Program]
    executor: ClassVar[Executor]

    @classmethod
    def setup_class(cls) -> None:
        """Start the executor that the tests share."""
        cls.loaded = catalog.load(cls.problem)
        cls.program = cls.loaded.program(cls.loaded.problem.seeds[0])
        cls.executor = cls.make(cls.loaded, cls.workers)

    @classmethod
    def teardown_class(cls) -> None:
        """End it."""
        cls.executor.close()

    def test_what_it_is_is_told(self) -> None:
        with contextlib.closing(open_for(self.loaded)) as sandbox:
            assert self.executor.isolation == sandbox.isolation
        assert self.executor.workers == self.workers
        assert all(isinstance(line, str) for line in self.executor.news()) and self.executor.news() == []

    @pytest.mark.parametrize("kind", list(_JOBS))
    def test_reports_are_those_of_this_process(self, kind: str) -> None:
        job = _JOBS[kind](self.loaded, self.program)
        with contextlib.closing(open_for(self.loaded)) as sandbox:
            places = Places(sandbox, lambda around: open_for(self.loaded, isolation=sandbox.isolation, surroundings=around))
            with contextlib.closing(places):
                expected = answer(job, self.loaded, places)
        assert isinstance(expected, Report) and expected.status is Status.OK
        assert _same(self.executor.submit(job).result(WAIT_SECONDS)) == _same(expected)

    def test_each_future_gets_its_own_report(self) -> None:
        ids = _ids(self.loaded, Split.TRAIN)
        futures = [self.executor.submit(Job(self.program, Split.TRAIN, (id,))) for id in ids * 3]
        assert not wait(futures, WAIT_SECONDS).not_done
        assert [tuple(result.id for result in future.result().results) for future in futures] == [(id,) for id in ids * 3]

    def test_a_failing_program_is_a_report_and_costs_nothing_else(self) -> None:
        broken = [Program("raise ValueError('no')", self.program.entry), Program("import os", self.program.entry)]
        for one in broken:
            report = self.executor.submit(Job(one, Split.TRAIN, stop_on_failure=True)).result(WAIT_SECONDS)
            assert (
                report.status is not Status.OK and report.message and len(report.results) == len(self.loaded.instances(Split.TRAIN))
            )
        assert self.executor.submit(Job(self.program, Split.TRAIN)).result(WAIT_SECONDS).status is Status.OK

    def test_a_lost_worker_costs_no_evaluation(self) -> None:
        if (lose := type(self).lose) is None:
            pytest.skip("the executor has no worker that could be lost")
        expected = self.executor.submit(Job(self.program, Split.TRAIN)).result(WAIT_SECONDS)
        futures = [self.executor.submit(Job(self.program, Split.TRAIN)) for _ in range(4 * self.workers)]
        lose(self.executor)
        futures += [self.executor.submit(Job(self.program, Split.TRAIN)) for _ in range(2 * self.workers)]
        assert {_same(future.result(WAIT_SECONDS)) == _same(expected) for future in futures} == {True}

    def test_isolation_that_cannot_be_had_is_refused(self) -> None:
        with pytest.raises(SandboxError, match="unknown isolation 'imaginary'"):
            type(self).make(self.loaded, self.workers, isolation="imaginary")

    def test_closing_finishes_current_jobs_and_cancels_queued_ones(self) -> None:
        executor = type(self).make(self.loaded, self.workers)
        first = executor.submit(Job(self.program, Split.TRAIN))
        first.result(WAIT_SECONDS)
        queued = [executor.submit(Job(self.program, Split.VALIDATION, fresh=True)) for _ in range(8 * self.workers)]
        executor.close()
        ends = [_end(future) for future in queued]
        assert set(ends) <= {"report", "cancelled"} and ends[-1] == "cancelled"
        executor.close()


def _end(future: Future[Report]) -> str:
    try:
        return type(future.result(WAIT_SECONDS)).__name__.lower()
    except CancelledError:
        return "cancelled"
