"""How incumbents do on the largest instance, on fresh robustness instances and beside better solutions; no score of it counts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

from workbench.evaluation.jobs import VerifierError
from workbench.loop.context import RunContext
from workbench.loop.evidence import Evidence
from workbench.loop.replicates import Replicates
from workbench.model import Candidate, Report, Status

_ENDED = {
    Status.TIMEOUT: "takes too long",
    Status.MEMORY: "needs too much memory",
    Status.CRASH: "crashes",
    Status.INFEASIBLE: "breaks a rule",
    Status.PROTOCOL: "gives an answer that cannot be read",
}


class _Look(NamedTuple):
    """An evaluation under way, and what makes words of its report."""

    number: int
    future: Future[Any]
    words: Callable[[Any], str]


class Probe:
    """Runs incumbents on one instance of the largest size and on fresh robustness instances, and keeps in words how they do.

    Robustness instances are only used if the run has an adviser, and by one incumbent at a time.
    """

    def __init__(self, context: RunContext, replicates: Replicates) -> None:
        self._context, self._replicates = context, replicates
        self._evidence = Evidence(context) if context.options.evidence else None
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="evidence")  # starts one only when there is work
        self._under_way: list[_Look] = []
        self._known: dict[int, tuple[str, ...]] = {}
        for number, words in context.store.remarks(context.run):
            self._known[number] = (*self.told(number), words)
        self._seen, self._compared = set(self._known), set(self._known)

    def told(self, number: int) -> tuple[str, ...]:
        """Return what is known of a candidate."""
        return self._known.get(number, ())

    def consider(self, candidate: Candidate) -> None:
        """Look at a candidate, once."""
        self.compare(candidate)
        if candidate.program is None or candidate.number in self._seen:
            return
        self._seen.add(candidate.number)
        adviser, submit = self._context.adviser, self._context.pool.submit
        if self._replicates.largest:
            self._under_way.append(_Look(candidate.number, submit(self._replicates.probe(candidate.program)), self._words))
        if adviser and not any(look.words == adviser.advice for look in self._under_way):
            job = adviser.job(candidate.program, stop_on_failure=False)
            self._under_way.append(_Look(candidate.number, submit(job), adviser.advice))

    def compare(self, candidate: Candidate) -> None:
        """Compare a candidate with a better solution, once, if the run does that."""
        if self._evidence and candidate.program and candidate.number not in self._compared:
            self._compared.add(candidate.number)
            self._under_way.append(_Look(candidate.number, self._threads.submit(self._evidence.words, candidate), str))

    def finish(self, heartbeat: Callable[[], None]) -> None:
        """Wait for what is under way; `heartbeat` is called about once a second."""
        while self._under_way:
            wait([look.future for look in self._under_way], timeout=1.0)
            self.poll()
            heartbeat()

    def poll(self) -> None:
        """Keep what finished looks show."""
        for look in [look for look in self._under_way if look.future.done()]:
            self._under_way.remove(look)
            store, run = self._context.store, self._context.run
            try:
                words = look.words(look.future.result())
            except VerifierError as error:
                store.log(run, "error", f"candidate {look.number}, beside the search: {error}")
                continue
            if words:
                self._known[look.number] = (*self.told(look.number), words)
                store.remark(run, look.number, words)

    def _words(self, report: Report) -> str:
        result, limits = report.results[0], self._context.loaded.problem.limits
        where = f"on an instance of the largest size ({result.family})"
        if result.status is Status.OK:
            return f"takes {result.seconds:.2g} s of {limits.seconds:g} s {where}"
        ended = _ENDED.get(result.status, result.status.value)
        return f"{ended} {where}; the limits are {limits.seconds:g} s and {limits.memory_mb} MB"
