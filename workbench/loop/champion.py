"""Choice of the best candidate: validation of the train incumbents, then a re-evaluation of the best in fresh processes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait

from workbench.evaluation.jobs import Job, VerifierError
from workbench.loop.context import RunContext
from workbench.loop.snapshot import Display, Scored
from workbench.model import Candidate, Report, Split, Status

FINALISTS = 5
"""Number of the best candidates on train evaluated on validation at the end, besides all former incumbents."""


class Champion:
    """The best candidate of a run, selected on validation. Validation scores never reach the search."""

    def __init__(self, context: RunContext, display: Display) -> None:
        self._run, self._store, self._pool, self._gate = context.run, context.store, context.pool, context.gate
        self._loaded, self._display = context.loaded, display
        self._under_way: dict[int, Future[Report]] = {}
        self._gaps = self._store.gaps(self._run, Split.VALIDATION)
        self._refused: set[int] = set()

    @property
    def number(self) -> int | None:
        """Number of the best candidate on validation so far, the earliest of equals."""
        gaps = {n: g for n, g in self._gaps.items() if n not in self._refused}
        return min(gaps, key=lambda n: (gaps[n], n), default=None)

    @property
    def scored(self) -> Scored | None:
        """The champion so far, with its validation gap."""
        return None if (number := self.number) is None else Scored(number, self._gaps[number])

    def consider(self, candidate: Candidate) -> None:
        """Start the evaluation of a candidate on validation, in parallel to the search."""
        if candidate.program and candidate.number not in self._gaps and candidate.number not in self._under_way:
            self._under_way[candidate.number] = self._pool.submit(Job(candidate.program, Split.VALIDATION, stop_on_failure=True))

    def poll(self) -> None:
        """Process finished evaluations."""
        for number in [n for n, f in self._under_way.items() if f.done()]:
            try:
                report = self._under_way.pop(number).result()
            except VerifierError as error:
                self._store.log(self._run, "error", f"candidate {number} on validation: {error}")
                continue
            self._store.add_score(self._run, number, report)
            if report.status is not Status.OK:
                self._store.log(self._run, "note", f"candidate {number} fails on validation: {report.message}")
                continue
            before = self.number
            self._gaps[number] = report.gap
            if self.number != before:
                self._store.set_champion(self._run, number)

    def settle(self, heartbeat: Callable[[], None]) -> None:
        """Evaluate the finalists and choose the best one whose score is the same with a fresh process for each instance.

        Programs that remember earlier instances or answer at random are passed over. `heartbeat` is called about once a second.
        """
        best = sorted(self._store.gaps(self._run, Split.TRAIN).items(), key=lambda pair: (pair[1], pair[0]))
        for finalist, _ in best[:FINALISTS]:
            self.consider(self._store.candidate(self._run, finalist))
        while self._under_way:
            wait(self._under_way.values(), timeout=1.0)
            self.poll()
            heartbeat()
        while (number := self.number) is not None:
            fault = self._fault(self._store.candidate(self._run, number), self._gaps[number], heartbeat)
            if not fault:
                self._store.set_champion(self._run, number)
                return
            self._refused.add(number)
            note = f"candidate {number} was rejected as best candidate: {fault}"
            self._store.log(self._run, "note", note)
            self._display.line(note)

    def _fault(self, candidate: Candidate, gap: float, heartbeat: Callable[[], None]) -> str:
        """Re-evaluate a program and return why it cannot be champion; an empty string if it can."""
        program = candidate.program
        assert program
        ids = tuple(i.id for i in reversed(self._loaded.instances(Split.VALIDATION)))
        report = self._report(Job(program, Split.VALIDATION, ids, fresh=True, stop_on_failure=True), heartbeat)
        if report is None or report.status is not Status.OK or abs(report.gap - gap) > 1e-9 * max(1.0, abs(gap)):
            return "its score changes with a fresh process for each instance"
        if self._gate is None or candidate.operator == "seed":  # so that a run always has a champion
            return ""
        stressed = self._report(self._gate.job(program), heartbeat)  # not filtered yet if no better than its parent
        return "the robustness filter could not evaluate it" if stressed is None else self._gate.judge(stressed)

    def _report(self, job: Job, heartbeat: Callable[[], None]) -> Report | None:
        future = self._pool.submit(job)
        while not wait([future], timeout=1.0).done:
            heartbeat()
        try:
            return future.result()
        except VerifierError:
            return None
