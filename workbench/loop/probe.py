"""What a program takes on the largest instance: a look at time alone, whose score counts nowhere."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait

from workbench.evaluation.jobs import VerifierError
from workbench.loop.context import RunContext
from workbench.loop.replicates import Replicates
from workbench.model import Candidate, Report, Status

_ENDED = {
    Status.TIMEOUT: "takes too long",
    Status.MEMORY: "needs too much memory",
    Status.CRASH: "crashes",
    Status.INFEASIBLE: "breaks a rule",
    Status.PROTOCOL: "gives an answer that cannot be read",
}


class Probe:
    """Runs incumbents on one instance of the largest size, beside the search, and keeps what that took in words."""

    def __init__(self, context: RunContext, replicates: Replicates) -> None:
        self._context, self._replicates = context, replicates
        self._under_way: dict[int, Future[Report]] = {}
        self._known = dict(context.store.remarks(context.run))

    def told(self, number: int) -> tuple[str, ...]:
        """Return what is known of a candidate."""
        return (self._known[number],) if number in self._known else ()

    def consider(self, candidate: Candidate) -> None:
        """Start the run of a candidate, once; without effect where no size is promised."""
        if self._replicates.largest and candidate.program and candidate.number not in {*self._known, *self._under_way}:
            self._under_way[candidate.number] = self._context.pool.submit(self._replicates.probe(candidate.program))

    def finish(self, heartbeat: Callable[[], None]) -> None:
        """Wait for the runs under way; `heartbeat` is called about once a second."""
        while self._under_way:
            wait(self._under_way.values(), timeout=1.0)
            self.poll()
            heartbeat()

    def poll(self) -> None:
        """Keep what finished runs took."""
        for number in [n for n, f in self._under_way.items() if f.done()]:
            try:
                report = self._under_way.pop(number).result()
            except VerifierError as error:
                self._context.store.log(self._context.run, "error", f"candidate {number} on the largest instance: {error}")
                continue
            self._known[number] = self._words(report)
            self._context.store.remark(self._context.run, number, self._known[number])

    def _words(self, report: Report) -> str:
        result, limits = report.results[0], self._context.loaded.problem.limits
        where = f"on an instance of the largest size ({result.family})"
        if result.status is Status.OK:
            return f"takes {result.seconds:.2g} s of {limits.seconds:g} s {where}"
        ended = _ENDED.get(result.status, result.status.value)
        return f"{ended} {where}; the limits are {limits.seconds:g} s and {limits.memory_mb} MB"
