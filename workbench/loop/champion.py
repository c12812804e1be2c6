"""Choice of the best candidate: validation, further instances where that is within noise, re-evaluation in fresh processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait

from workbench.analysis import front
from workbench.evaluation.bench import joined
from workbench.evaluation.jobs import Job, VerifierError
from workbench.loop.context import RunContext
from workbench.loop.probe import Probe
from workbench.loop.replicates import Replicates, contenders, told
from workbench.loop.snapshot import Display, Scored
from workbench.model import Candidate, Report, Split, Status
from workbench.protocols import SecondObjective

FINALISTS = 5
"""Number of the best candidates on train evaluated on validation at the end, besides all former incumbents."""


class Champion:
    """The best candidate of a run, selected on validation. Validation scores never reach the search."""

    def __init__(self, context: RunContext, display: Display) -> None:
        self._run, self._store, self._pool, self._gate = context.run, context.store, context.pool, context.gate
        self._loaded, self._display, self._workers = context.loaded, display, context.options.workers
        self._under_way: dict[int, Future[Report]] = {}
        self._gaps = self._store.gaps(self._run, Split.VALIDATION)
        self._refused: set[int] = set()
        self._replicates = Replicates(context.loaded, context.options.seed)
        self.probe = Probe(context, self._replicates)
        self._pooled: dict[int, float] = {}  # of contenders, over validation and further instances
        self._second = front.preference(context.loaded, context.options.prefer)
        self._chosen: int | None = None  # by the second objective, at the end

    @property
    def number(self) -> int | None:
        """Number of the best candidate so far: on validation, until the contenders are compared; the earliest of equals."""
        if self._chosen is not None:
            return self._chosen
        gaps, pooled = {n: g for n, g in self._gaps.items() if n not in self._refused}, self._pooled
        return min(gaps, key=lambda n: (n not in pooled, pooled.get(n, gaps[n]), n), default=None)

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
        self.probe.poll()
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

        Those that validation cannot tell from the best are compared on further instances too, where a problem has some; or, if
        the run prefers a second objective, by that.
        Programs that remember earlier instances or answer at random are passed over. `heartbeat` is called about once a second.
        """
        best = sorted(self._store.gaps(self._run, Split.TRAIN).items(), key=lambda pair: (pair[1], pair[0]))
        finalists = [number for number, _ in best[:FINALISTS]]
        if self._second:
            finalists += front.preferred(front.standings(self._store, self._run, self._second, Split.TRAIN), FINALISTS)
        for finalist in finalists:
            self.consider(self._store.candidate(self._run, finalist))
        while self._under_way:
            wait(self._under_way.values(), timeout=1.0)
            self.poll()
            heartbeat()
        if self._second:
            self._prefer(self._second)
        else:
            self._compare(heartbeat)
        while (number := self.number) is not None:
            fault = self._fault(self._store.candidate(self._run, number), self._gaps[number], heartbeat)
            if not fault:
                self._store.set_champion(self._run, number)
                break
            self._refused.add(number)
            if self._second:
                self._prefer(self._second)
            note = f"candidate {number} was rejected as best candidate: {fault}"
            self._store.log(self._run, "note", note)
            self._display.line(note)
        if number is not None:
            self.probe.consider(self._store.candidate(self._run, number))
        self.probe.finish(heartbeat)

    def _prefer(self, second: SecondObjective) -> None:
        """Choose the best by a second objective among those within noise of the best on validation."""
        among = front.standings(self._store, self._run, second, Split.VALIDATION, self._refused)
        self._chosen = next(iter(front.preferred(among)), None)

    def _compare(self, heartbeat: Callable[[], None]) -> None:
        """Compare candidates within noise of the best on further instances."""
        reports = {n: self._store.report(self._run, n, Split.VALIDATION) for n in self._gaps}
        valid = {n: report for n, report in reports.items() if report is not None}
        compared = contenders(valid) if valid and self._replicates.instances else []
        if len(compared) < 2:
            return
        programs = {n: self._store.candidate(self._run, n).program for n in compared}
        futures = {n: self._pool.submit(self._replicates.job(program)) for n, program in programs.items() if program}
        while wait(futures.values(), timeout=1.0).not_done:
            heartbeat()
        further = {n: f.result() for n, f in futures.items() if f.exception() is None}
        self._pooled = self._replicates.pooled(valid, further)
        if self._pooled:
            note = told(self._pooled, compared, len(self._replicates.instances))
            self._store.log(self._run, "note", note)
            self._display.line(note)

    def _fault(self, candidate: Candidate, gap: float, heartbeat: Callable[[], None]) -> str:
        """Re-evaluate a program and return why it cannot be champion; an empty string if it can."""
        program = candidate.program
        assert program
        if self._loaded.evaluator is not None:  # each evaluation has a process of its own, and scores may vary
            return ""
        ids = tuple(i.id for i in reversed(self._loaded.instances(Split.VALIDATION)))
        size = -(-len(ids) // self._workers)
        parts = [
            Job(program, Split.VALIDATION, ids[k : k + size], fresh=True, stop_on_failure=True) for k in range(0, len(ids), size)
        ]
        reports = self._reports(parts, heartbeat)  # where every instance has a process of its own, workers can share them
        report = joined(reports) if reports else None
        if report is None or report.status is not Status.OK or abs(report.gap - gap) > 1e-9 * max(1.0, abs(gap)):
            return "its score changes with a fresh process for each instance"
        if self._gate is None or candidate.operator == "seed":  # so that a run always has a champion
            return ""
        stressed = self._reports([self._gate.job(program)], heartbeat)  # not filtered yet if no better than its parent
        return self._gate.judge(*stressed) if stressed else "the robustness filter could not evaluate it"

    def _reports(self, jobs: Sequence[Job], heartbeat: Callable[[], None]) -> list[Report]:
        """Return the reports of jobs; none if an evaluation fails."""
        futures = [self._pool.submit(job) for job in jobs]
        while wait(futures, timeout=1.0).not_done:
            heartbeat()
        try:
            return [future.result() for future in futures]
        except VerifierError:
            return []
