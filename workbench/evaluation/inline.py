"""Evaluation in a thread of this process, for tests and for problems that no other process can load."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from functools import partial

from workbench.errors import UsageError, WorkbenchError
from workbench.evaluation.jobs import Job, VerifierError
from workbench.evaluation.opening import open_for
from workbench.evaluation.places import Places
from workbench.evaluation.worker import answer
from workbench.model import Report
from workbench.problem.catalog import LoadedProblem


class InlinePool:
    """One thread with a warm sandbox: programs run in separate processes, the verifier in this one.

    Parameters
    ----------
    workers
        At most 1.
    allow_unsafe, isolation
        Passed to `open_sandbox`.

    Raises
    ------
    UsageError
        More than one worker.
    SandboxError
        The sandbox cannot start.
    """

    workers = 1

    def __init__(
        self, loaded: LoadedProblem, workers: int = 1, *, allow_unsafe: bool = False, isolation: str | None = None
    ) -> None:
        if workers > 1:
            raise UsageError(f"the executor inline evaluates in this process alone: one worker, not {workers}")
        self._loaded, self._unsafe, self._wanted = loaded, allow_unsafe, isolation
        self._jobs: queue.SimpleQueue[tuple[Job, Future[Report]] | None] = queue.SimpleQueue()
        ready: Future[str] = Future()
        # The sandbox belongs to its thread: the kernel ends its processes with the thread.
        self._thread = threading.Thread(target=self._work, args=(ready,), name="evaluate", daemon=True)
        self._thread.start()
        self.isolation = ready.result()

    def submit(self, job: Job) -> Future[Report]:
        """Queue a job. The future raises `VerifierError` if the evaluation fails for a reason other than the candidate."""
        future: Future[Report] = Future()
        self._jobs.put((job, future))
        return future

    def news(self) -> list[str]:
        """Nothing: there is no worker that could be lost."""
        return []

    def close(self) -> None:
        """Cancel queued jobs and end the thread after its current job."""
        while not self._jobs.empty():
            item = self._jobs.get()
            if item:
                item[1].cancel()
        self._jobs.put(None)
        self._thread.join(timeout=60)

    def __enter__(self) -> InlinePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self, ready: Future[str]) -> None:
        try:
            sandbox = open_for(self._loaded, allow_unsafe=self._unsafe, isolation=self._wanted)
        except WorkbenchError as error:
            ready.set_exception(error)
            return
        ready.set_result(sandbox.isolation)
        opened = partial(open_for, self._loaded, isolation=sandbox.isolation)
        places = Places(sandbox, lambda around: opened(surroundings=around))
        try:
            while (item := self._jobs.get()) is not None:
                job, future = item
                if not future.set_running_or_notify_cancel():
                    continue
                found = answer(job, self._loaded, places)
                if isinstance(found, Report):
                    future.set_result(found)
                else:
                    future.set_exception(VerifierError(found.message))
        finally:
            places.close()
            sandbox.close()
