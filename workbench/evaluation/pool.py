"""Pool of evaluation workers on this machine; dead or stuck workers are replaced."""

from __future__ import annotations

import os
import queue
import threading
from concurrent.futures import Future

from workbench.evaluation.handle import Source, Worker
from workbench.evaluation.jobs import Job, limit_of
from workbench.model import Report
from workbench.problem.catalog import LoadedProblem


class Pool:
    """Worker processes on this machine, each with its own warm sandbox and owned by a thread of this process.

    Parameters
    ----------
    loaded
        The problem; workers load it from its folder.
    workers
        Number of worker processes; one per CPU core is best.
    allow_unsafe, isolation
        Passed to `open_sandbox`.

    Raises
    ------
    SandboxError
        A worker cannot start; the others are ended.
    """

    def __init__(self, loaded: LoadedProblem, workers: int, *, allow_unsafe: bool = False, isolation: str | None = None) -> None:
        self._loaded, self._unsafe, self._wanted = loaded, allow_unsafe, isolation
        self._jobs: queue.SimpleQueue[tuple[Job, Future[Report]] | None] = queue.SimpleQueue()
        started: queue.SimpleQueue[str | BaseException] = queue.SimpleQueue()
        cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self.workers = workers
        self._threads = [
            # The owning thread starts the process: the kernel kills a child when the *thread* that started it ends.
            threading.Thread(target=self._own, args=(cpus[k] if workers <= len(cpus) else None, started), daemon=True)
            for k in range(workers)
        ]
        for thread in self._threads:
            thread.start()
        answers = [started.get() for _ in self._threads]
        for answer in answers:
            if isinstance(answer, BaseException):
                self.close()
                raise answer
        self.isolation = str(answers[0])

    def submit(self, job: Job) -> Future[Report]:
        """Queue a job. The future raises `VerifierError` or `SandboxError` for failures not caused by the candidate."""
        future: Future[Report] = Future()
        self._jobs.put((job, future))
        return future

    def news(self) -> list[str]:
        """Nothing: a worker that is replaced costs a second, and the job is done."""
        return []

    def close(self) -> None:
        """Cancel queued jobs and end all workers after their current job."""
        while True:
            try:
                item = self._jobs.get_nowait()
            except queue.Empty:
                break
            if item:
                item[1].cancel()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout=60)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _own(self, cpu: int | None, started: queue.SimpleQueue[str | BaseException]) -> None:
        loaded = self._loaded
        worker = Worker(Source(loaded.address, loaded.slug, loaded.version), cpu, self._unsafe, self._wanted)
        try:
            started.put(worker.start())
        except BaseException as error:
            worker.kill()
            started.put(error)
            return
        while (item := self._jobs.get()) is not None:
            job, future = item
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(worker.run(job, limit_of(job, loaded)))
                except BaseException as error:
                    future.set_exception(error)
        worker.stop()
