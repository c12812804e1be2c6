"""Evaluates programs on many instances, in worker processes or in this one, with the same result."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace

from workbench.evaluation.jobs import Executor, Job, VerifierError, instances_of
from workbench.evaluation.places import Place, Places, Roomier
from workbench.evaluation.recording import recorded
from workbench.evaluation.worker import answer
from workbench.model import InstanceResult, Program, Report, Split, Status, Surroundings
from workbench.problem.catalog import LoadedProblem
from workbench.problem.gap import family_gaps, mean_gap
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox

PARTS = 8
"""Parts into which the instances of a program are divided, so that several workers have something to do until the end."""
SHARING = 4
"""Fewest instances that share a process where they need no process each: starting one takes time too."""


class Bench:
    """Evaluates jobs in parts, every instance in a fresh process unless the job is for one process.

    Parameters
    ----------
    sandbox
        Runs the parts one after the other if there is no pool.
    pool
        Runs them in parallel.
    """

    def __init__(self, loaded: LoadedProblem, sandbox: Sandbox, pool: Executor | None = None) -> None:
        self.loaded, self._pool = loaded, pool
        self.isolation = sandbox.isolation
        self._places = Places(sandbox, self._opened)

    def alone(self, program: Program, split: Split, id: str, place: Place) -> InstanceResult:
        """Evaluate a program on one instance in a place that nothing has run in before, and keep its decisions."""
        instances = [instance for instance in self.loaded.instances(split) if instance.id == id]
        with contextlib.closing(Roomier(self._opened(place.surroundings), place.memory)) as sandbox:
            return recorded(self.loaded, program, split, sandbox, instances=instances, fresh=True).results[0]

    def close(self) -> None:
        """Close what was opened for jobs in other surroundings."""
        self._places.close()

    def reports(self, jobs: Sequence[Job], on_progress: Callable[[int, int], None]) -> list[Report]:
        """Evaluate jobs and return their reports in order.

        Parameters
        ----------
        on_progress
            Called with the number of instances evaluated so far, and in all.

        Raises
        ------
        VerifierError
            An evaluation failed for another reason than the program.
        """
        parts = [list(self._divided(job)) for job in jobs]
        total = sum(len(part.ids or ()) for job in parts for part in job)
        done, found = 0, dict[tuple[int, int], Report]()
        for key, report in self._run({(k, n): part for k, job in enumerate(parts) for n, part in enumerate(job)}):
            found[key] = report
            done += len(report.results)
            on_progress(done, total)
        return [joined([found[k, n] for n in range(len(job))]) for k, job in enumerate(parts)]

    def until_failure(self, program: Program, split: Split, ids: Sequence[str]) -> Report:
        """Evaluate a program on some instances in turn; the first that it fails on is the last of the report.

        Several instances share a process. Which of them do depends on their number alone, so that a pool changes no result.

        Raises
        ------
        VerifierError
            An evaluation failed for another reason than the program.
        """
        size = max(SHARING, -(-len(ids) // PARTS))
        jobs = [Job(program, split, tuple(ids[first : first + size]), stop_on_failure=True) for first in range(0, len(ids), size)]
        found = list[Report]()
        with contextlib.closing(self._in_order(jobs)) as reports:
            for report in reports:
                found.append(report)
                if report.status is not Status.OK:
                    break
        results = found[-1].results
        ran = next((k for k, result in enumerate(results, 1) if result.status is not Status.OK), len(results))
        found[-1] = replace(found[-1], results=results[:ran])
        return joined(found)

    def _in_order(self, jobs: Sequence[Job]) -> Generator[Report]:
        if self._pool is None:
            yield from map(self._here, jobs)
            return
        waiting = [self._pool.submit(job) for job in jobs]
        try:
            for future in waiting:
                yield future.result()
        finally:
            for future in waiting:
                future.cancel()

    def _opened(self, around: Surroundings) -> Sandbox:
        return open_sandbox(self.loaded.problem.modules, isolation=self.isolation, surroundings=around)

    def _divided(self, job: Job) -> Iterator[Job]:
        ids = tuple(i.id for i in instances_of(job, self.loaded))
        size = -(-len(ids) // PARTS) if job.fresh else len(ids)
        for first in range(0, len(ids), size or 1):
            yield job._replace(ids=ids[first : first + size])

    def _run(self, parts: dict[tuple[int, int], Job]) -> Iterator[tuple[tuple[int, int], Report]]:
        if self._pool is None:
            yield from ((key, self._here(part)) for key, part in parts.items())
            return
        waiting: dict[Future[Report], tuple[int, int]] = {self._pool.submit(part): key for key, part in parts.items()}
        try:
            while waiting:
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(future), future.result()
        finally:
            for future in waiting:
                future.cancel()

    def _here(self, job: Job) -> Report:
        report = answer(job, self.loaded, self._places)
        if not isinstance(report, Report):
            raise VerifierError(report.message)
        return report


def joined(parts: Sequence[Report]) -> Report:
    """Return the report that one evaluation of all parts has."""
    results = tuple(result for part in parts for result in part.results)
    failed = next((part for part in parts if part.status is not Status.OK), None)
    families = family_gaps(results)
    return Report(
        parts[0].split,
        failed.status if failed else Status.OK,
        mean_gap(families),
        families,
        results,
        failed.message if failed else "",
        sum(part.seconds for part in parts),
    )
