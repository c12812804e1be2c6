"""The loop: ask, propose, evaluate, record, tell; with budgets, heartbeats, control messages and a clean stop.

`order` decides which attempt comes next and when finished attempts are reported to the strategy.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from workbench.engines.imported import Imported
from workbench.errors import Rejected
from workbench.evaluation.jobs import Job, VerifierError
from workbench.formatting import measure_of
from workbench.loop.attempt import Flight, Upcoming, told_idea
from workbench.loop.budget import Budget, spent_before
from workbench.loop.champion import Champion
from workbench.loop.context import History, RunContext
from workbench.loop.control import Control, Steering
from workbench.loop.endings import Endings
from workbench.loop.follow_up import FollowUps, Injection, Repair, Tuning, told_of, tuned_reply, tunes
from workbench.loop.inbox import Inbox
from workbench.loop.known import Known
from workbench.loop.messages import Submitted, submitted
from workbench.loop.order import order_of
from workbench.loop.proofs import Proofs
from workbench.loop.requests import Requests
from workbench.loop.snapshot import Display, Scored, Snapshot
from workbench.loop.team import OUTSIDE, Team
from workbench.loop.tickets import Tickets
from workbench.model import Candidate, Failure, Program, Reply, Report, Selection, Split, Status, Task
from workbench.program.reply import parse
from workbench.program.source import fingerprint, screen
from workbench.proposers.prompt import build
from workbench.protocols import Proposer, Strategy
from workbench.store import ModelCall, Origin
from workbench.values import IMPORT

_HEARTBEAT_SECONDS, _WAIT_SECONDS = 2.0, 0.1
CHOOSING = "choosing the best candidate on validation"
"""What a run does after its last attempt."""
IDLE_SECONDS = 1800.0
"""Time without a message after which a run that only takes tickets ends; it is resumed when the next one comes."""


class Loop:
    """Drives a run until a budget is used up or the user stops it.

    Parameters
    ----------
    proposer
        Proposer whose `begin` has been called.
    known
        Programs that the run has seen; shared with the proposer, filled here.
    history
        What the run has recorded.
    plan
        Attempts to replay, in the order in which their answers were processed.
    ends_early
        Whether the run ends where further attempts promise nothing.
    """

    def __init__(
        self,
        context: RunContext,
        proposer: Proposer,
        strategy: Strategy,
        display: Display,
        *,
        known: Known,
        history: History,
        plan: Sequence[Upcoming] | None = None,
        ends_early: bool = True,
    ) -> None:
        self.context, self.display = context, display
        self.budget = Budget(context.options, spent_before(context.store, context.run, context.options), history.active_seconds)
        self.champion = Champion(context, display)
        self.steering, self._ends_early = Steering(), ends_early and not isinstance(proposer, Imported)
        self._proofs = Proofs(context.store, context.run, context.loaded)
        self._run, self._store, self._options = context.run, context.store, context.options
        self._proposer, self._strategy, self._known, self._history = proposer, strategy, known, history
        self._seeds = sum(c.operator == "seed" for c in history.candidates)
        self._order = order_of(proposer, context.options, self._seeds, plan)
        self._follow = FollowUps(
            ordered=proposer.ordered,
            repairs=proposer.repairs and self._order.takes_more,
            tunes=tunes(context.options) and self._order.takes_more,
            tuned=(c.parents[0] for c in history.candidates if c.operator == "tune"),
        )
        self._families = tuple(i.family for i in context.loaded.instances(Split.TRAIN))
        self._endings = Endings(context.loaded, context.options.patience)
        self._requests = Requests(context, proposer, self.steering, self._endings, self.champion.probe, self.budget)
        self._best: Candidate | None = None
        self._counts: Counter[Status] = Counter()  # without initial programs
        self._flights: dict[int, Flight] = {}
        self._inbox = Inbox()
        self._turn, self._measure = history.turns, measure_of(context.loaded.slug)
        self._team = Team(proposer, context.options.proposer, history.costs)
        self._tickets = Tickets()
        self._control = Control(
            context.store, context.run, self.steering, self._order, self._follow, self._team, self._tickets,
            context.loaded.problem.entry,
            self._seeds + context.options.candidates, self._answered,
        )  # fmt: skip
        self._beaten, self._ending = 0.0, ""
        self._began = time.monotonic()
        self._before = frozenset(c.number for c in history.candidates)

    def drive(self) -> None:
        """Run until a budget is used up or the user stops it; every attempt that was started is recorded."""
        with ThreadPoolExecutor(self._order.concurrency + 1, thread_name_prefix="propose") as threads:
            self._threads = threads
            self._take_up_history()
            while True:
                self._control.handle()
                self._launch()
                self.champion.poll()
                if self._is_over():
                    break
                self._inbox.receive(min(_WAIT_SECONDS, self._control.attention))
                self._heartbeat()
            self._report_due(last=True)
            self._requests.finish(self._heartbeat)
            self._choose()
        self._heartbeat(force=True)
        if self.steering.status == "done" and (why := self._team.never_answered()):
            self.steering.halt, self.steering.status = why, "failed"

    def _choose(self) -> None:
        """Choose the best candidate, and tell whoever asks meanwhile that there are no more attempts."""
        self._ending = CHOOSING
        self._control.close(f"{self.steering.halt or f'all {self._options.candidates} attempts are used up'}; the run ends")

        def go_on() -> None:
            self._control.handle()
            self._heartbeat()

        self._heartbeat(force=True)
        self.champion.settle(go_on)
        self._control.handle(at_once=True)
        self._ending = ""

    def _is_over(self) -> bool:
        """Whether nothing is in progress, and nothing can be launched."""
        if self.steering.halt:
            for flight in self._tickets.withdraw():  # nobody can wait for them
                del self._flights[flight.number]
            return not self._flights
        if not self._team.takes_tickets:
            return not self._flights and not (self.steering.paused or self._team.holds)
        busy = len(self._flights) > self._tickets.held or self._follow.waits
        if not busy and time.monotonic() - max(self._tickets.used, self._tickets.began) > IDLE_SECONDS:
            self.halt(f"nobody has asked for a ticket for {IDLE_SECONDS / 60:.0f} minutes")
        return not (busy or self._tickets.held or self._order.cursor < self._seeds + self._options.candidates)

    def halt(self, why: str, status: str = "stopped") -> None:
        """Start no new attempts and finish those in progress. Only the first reason is kept."""
        self.steering.stop(why, status)

    def check_proofs(self, number: int, report: Report) -> None:
        """Say so, once a run, if a candidate is better than a proven optimum or bound."""
        if note := self._proofs.check(number, report):
            self.display.line(note)

    def snapshot(self) -> Snapshot:
        """Return the current state of the run."""
        context, done = self.context, self._counts.total()
        ranking = context.loaded.references.ranking
        return Snapshot(
            run=self._run,
            title=context.loaded.problem.title,
            problem=context.loaded.slug,
            proposer=self._proposer.label,
            uses_model=self._proposer.uses_model,
            isolation=context.pool.isolation,
            evaluators=context.options.elsewhere,
            done=done,
            total=self._options.candidates,
            valid=sum(count for status, count in self._counts.items() if status.is_valid),
            best=Scored(self._best.number, self._best.gap) if self._best else None,
            champion=self.champion.scored,
            baseline=ranking[0] if ranking else None,
            rate=(done + self._seeds - len(self._before)) / max(1e-9, time.monotonic() - self._began),
            seconds=self.budget.seconds,
            cost_usd=self.budget.cost_usd,
            tokens=self.budget.tokens,
            estimated=self.budget.estimated,
            state="choosing" if self._ending else "stopping" if self.steering.halt else "paused" if self._is_paused else "running",
        )

    def _take_up_history(self) -> None:
        for number, mark in self._history.fingerprints.items():
            self._known.add(mark, number)
        for candidate in self._history.candidates:
            self._order.record(candidate)
            if candidate.operator != "seed":
                self._count(candidate)
        self._report_due()
        for paid in self._history.answers:
            self._use(paid)

    # ------------------------------------------------------------------ launching

    def _launch(self) -> None:
        self._issue_tickets()
        while len(self._flights) - self._tickets.held < self._order.width:
            if self.steering.halt or self.steering.paused:
                return
            if why := self.budget.exhausted():
                self.halt(why, "done" if "unknown" not in why else "failed")
                return
            busy = [f.maker for f in self._flights.values() if f.proposing]
            if self._team.holds or (len(busy) >= self._order.concurrency and not (self._team.takes_tickets and self._follow.waits)):
                return
            if not self.budget.admits(len(busy)):
                return
            self._report_due()
            maker = self._whose_turn(busy)
            upcoming = None if maker is None else self._order.next()
            if upcoming is None:
                return
            self._known.horizon = self._order.horizon
            flight = self._fly(upcoming.number, upcoming.origin, maker or "")
            if upcoming.origin is None:
                self._begin(flight)
            else:
                self._propose(flight)

    def _issue_tickets(self) -> None:
        """Give attempts to those outside who wait for one."""
        while self._tickets.is_wanted and not self.steering.paused:
            self._report_due()
            flight = self._tickets.returned()
            if why := self.steering.halt or self.budget.exhausted():
                return self._tickets.refuse(self._store, why)
            if flight is None:
                upcoming = self._order.next()
                if upcoming is None:
                    return self._tickets.refuse(self._store, f"all {self._options.candidates} attempts are used up or taken")
                flight = self._fly(upcoming.number, None, OUTSIDE)
            flight.selection = self._strategy.ask(self._rng(flight, "ask"))
            task = self._task(flight)
            flight.operator = task.kind.value
            message, answer = self._tickets.issue(flight, task, build(self.context.loaded.told, task, "full", as_file=True))
            self._store.acknowledge(message, json.dumps(answer))

    def _whose_turn(self, busy: Sequence[str]) -> str | None:
        """Whose attempt comes next, empty if it needs no proposer; None if that one is busy."""
        if not self._order.takes_more:  # a replay has its plan
            return ""
        if not self._follow.waits:
            return self._team.turn(busy, lambda: random.Random(f"{self._options.seed}/{self._order.cursor}/proposer"))
        return self._follow.maker if not self._follow.maker or self._team.has_room(self._follow.maker, busy) else None

    def _fly(self, number: int, origin: Origin | None, maker: str = "") -> Flight:
        """Add an attempt to those in progress, with its recorded parents if it repeats one."""
        flight = self._flights[number] = Flight(number, maker=origin.proposer or maker if origin else maker)
        if origin and origin.parents:
            flight.selection = Selection(self._store.candidate(self._run, origin.parents[0]), (), origin.island)
        if origin and origin.repairs is not None:
            flight.failure = Failure(origin.repairs, Status.REJECTED, "", "")
        return flight

    def _begin(self, flight: Flight) -> None:
        match self._follow.next():
            case Injection() as injection:
                self._inject(flight, injection)
            case Tuning(elite):
                flight.selection = Selection(elite, (), elite.island)
                self._submit(flight, tuned_reply, elite, self.context, lambda: bool(self.steering.halt))
            case Repair(failure=failure, selection=selection):
                flight.failure, flight.selection = failure, selection
                self._propose(flight)
            case None if self._team.waits_outside(flight.maker):
                self._tickets.put_aside(flight)
            case None:
                flight.selection = self._strategy.ask(self._rng(flight, "ask"))
                self._propose(flight)

    def _propose(self, flight: Flight) -> None:
        proposer = self._proposer
        if self._order.takes_more:
            self._team.begins(flight.maker, flight.number)
            proposer = self._team.of(flight.maker)
        self._submit(flight, proposer.propose, self._task(flight), self._rng(flight, "propose"))

    def _task(self, flight: Flight) -> Task:
        return self._requests.task(flight, self._flights.values(), partial(self._rng, flight, "kind"))

    def _submit(self, flight: Flight, work: Callable[..., Reply], *arguments: Any) -> None:
        flight.proposing = True
        self._inbox.track(self._threads.submit(work, *arguments), flight, self._proposed)

    def _inject(self, flight: Flight, injection: Injection) -> None:
        flight.message, flight.as_json, flight.selection = injection.message, injection.as_json, injection.selection
        flight.maker = OUTSIDE if injection.submission.author else ""
        self._answered(flight, injection.submission.reply(self.context.loaded.problem.entry, "submit"))

    # ------------------------------------------------------------------ answers

    def _use(self, paid: ModelCall) -> None:
        """Use an answer that was paid for before the run was killed."""
        if self._order.has((paid.number,)) or not self._order.has(paid.origin.parents):
            return
        self._order.take(paid.number)
        self._read(self._fly(paid.number, paid.origin), Reply(paid.operator, paid.call.text, call=paid.call))

    def _proposed(self, flight: Flight, future: Future[Reply]) -> None:
        flight.proposing = False
        self._answered(flight, future.result())

    def _answered(self, flight: Flight, reply: Reply) -> None:
        flight.descends(reply, partial(self._store.candidate, self._run))
        if reply.call and self._order.takes_more and self._team.is_model(flight.maker):
            self._store.add_call(self._run, flight.number, flight.origin, reply.operator, reply.call)
            self.budget.add(reply.call)
        self._read(flight, reply)

    def _read(self, flight: Flight, reply: Reply) -> None:
        flight.reply, flight.turn, flight.idea = reply, self._next_turn(), told_idea(reply)
        if reply.call and reply.call.error:
            if self._order.takes_more:  # a replay repeats what failed
                self._hold_up(flight, reply.call.error)
            self._record(flight, Status.LLM_ERROR, reply.call.error)
            return
        if reply.call and self._team.succeeded(flight.maker):
            self._say("the model answers again")
        try:
            if reply.refusal or (reply.program is None and reply.operator in ("tune", "inject")):
                raise Rejected(reply.refusal or reply.text)  # not an answer of a model, but why there is no program
            program = reply.program
            if program is not None and (reply.call or reply.operator in ("inject", IMPORT)):  # a file, from outside
                program = screen(program.source, program.entry, self.context.loaded.problem.modules)
            if program is None:
                assert flight.selection and flight.selection.parent.program
                cut = reply.call.finish == "length" if reply.call and reply.call.finish else None  # None: not known
                program = parse(reply.text, flight.selection.parent.program, self.context.loaded.problem.modules, truncated=cut)
            self._evaluate(flight, program)
        except Rejected as error:
            self._record(flight, Status.REJECTED, str(error))

    def _hold_up(self, flight: Flight, error: str) -> None:
        """Wait, or end, where model calls keep failing."""
        why, fatal = self._team.failed(flight.maker, flight.number, error)
        if why:
            self._say(f"{why}, and at once after: evolve continue {self._run}")
            self._heartbeat(force=True)
        elif fatal:
            self.halt(fatal, "failed")

    # ------------------------------------------------------------------ evaluation

    def _evaluate(self, flight: Flight, program: Program) -> None:
        flight.program = program
        flight.fingerprint = fingerprint(program)
        if (same := self._known.first(flight.fingerprint)) is not None:
            flight.same = same
            self._record(flight, Status.DUPLICATE, f"the same program as candidate {same}")
            return
        self._known.add(flight.fingerprint, flight.number)
        rival = flight.rival(len(self._families)) if self._options.race else None
        job = Job(program, Split.TRAIN, stop_on_failure=True, rival=rival, stop_equal=not self._proposer.uses_model)
        self._inbox.track(self.context.pool.submit(job), flight, self._evaluated)

    def _evaluated(self, flight: Flight, future: Future[Report]) -> None:
        gate = self.context.gate
        try:
            report = future.result()
        except VerifierError as error:
            self._store.log(self._run, "error", f"candidate {flight.number}: {error}")
            self._record(flight, Status.CRASH, str(error))
        else:
            if gate and flight.program and self._is_elite(flight, report):
                self._inbox.track(self.context.pool.submit(gate.job(flight.program)), flight, partial(self._gated, report))
            else:
                self._record(flight, report.status, report.message, report)

    def _is_elite(self, flight: Flight, report: Report) -> bool:
        # Compared with its parent only: which other attempts have finished depends on the machine.
        return report.status is Status.OK and (flight.selection is None or report.gap < flight.selection.parent.gap)

    def _gated(self, report: Report, flight: Flight, future: Future[Report]) -> None:
        assert self.context.gate
        try:
            fault = self.context.gate.judge(future.result())
        except VerifierError as error:
            self._store.log(self._run, "error", f"candidate {flight.number} in the robustness filter: {error}")
            fault = str(error)
        if fault:
            report = replace(report, status=Status.FRAGILE, message=fault)
        self._record(flight, report.status, report.message, report)

    # ------------------------------------------------------------------ recording and reporting

    def _record(self, flight: Flight, status: Status, message: str, report: Report | None = None) -> None:
        candidate = flight.candidate(status, message, report, self._families)
        if report:
            self.check_proofs(flight.number, report)
        self._store.add_candidate(
            self._run,
            candidate,
            turn=flight.turn,
            report=report,
            fingerprint=flight.fingerprint,
            repairs=flight.origin.repairs,
        )
        del self._flights[flight.number]
        self._team.spent(flight.number, flight.reply.call if flight.reply else None, report.seconds if report else 0.0)
        self._count(candidate)
        if flight.message is not None:
            told = self._submitted(flight, candidate).to_json() if flight.as_json else told_of(candidate, self._measure)
            self._store.acknowledge(flight.message, told)
        if self._team.repairs(flight.maker):
            self._follow.recorded(flight, candidate)
        self._order.record(candidate)
        self._report_due()

    def _submitted(self, flight: Flight, candidate: Candidate) -> Submitted:
        left = max(0, self._seeds + self._options.candidates - self._order.cursor)
        loaded = self.context.loaded
        train = {one.id: one.family for one in loaded.instances(Split.TRAIN)}
        ranking = loaded.references.ranking
        baseline = loaded.references.gaps(ranking[0][0], Split.TRAIN) if ranking else {}
        return submitted(candidate, flight.parent, self._best, flight.same, left, train, baseline)

    def _count(self, candidate: Candidate) -> None:
        self._counts[candidate.status] += 1
        self._team.count(candidate)

    def _report_due(self, *, last: bool = False) -> None:
        for candidate in self._order.due(last=last):
            self._tell(candidate)

    def _tell(self, candidate: Candidate) -> None:
        self._strategy.tell(candidate)
        improved = candidate.status is Status.OK and (self._best is None or candidate.gap < self._best.gap)
        self._team.tell(candidate)
        self._requests.tell(candidate, improved, asked=self._team.is_model(candidate.proposer))
        if (why := self._endings.tell(candidate, improved)) and self._ends_early:
            self.halt(why, "done")
        if improved:
            self._best = candidate
        if candidate.operator == "seed":
            if candidate.status is Status.OK:
                self.champion.consider(candidate)
                if self._proposer.uses_model:
                    self.champion.probe.compare(candidate)
        elif improved:
            self.champion.consider(candidate)
            if self._proposer.uses_model:
                self.champion.probe.consider(candidate)
            doubt = candidate.effect is not None and math.isfinite(candidate.effect.error) and candidate.effect.within_noise
            noise = ", within noise of its parent" if doubt else ""
            note = f"candidate {candidate.number} ({candidate.operator}): train {self._measure.named(candidate.gap)}{noise}"
            self.display.line(note)
            if candidate.number not in self._before:
                self._store.log(self._run, "improvement", note)
        self._follow.consider_tuning(candidate.number, self._best)

    # ------------------------------------------------------------------ helpers

    def _heartbeat(self, force: bool = False) -> None:
        now = time.monotonic()
        if force or now - self._beaten > _HEARTBEAT_SECONDS:
            self._beaten = now
            status = "paused" if self._is_paused else "running"
            why = self._team.reason if self._is_paused else self._ending
            self._store.heartbeat(self._run, active_seconds=self.budget.seconds, status=status, message=why)
        for line in (*(self._proposer.news() if hasattr(self._proposer, "news") else ()), *self.context.pool.news()):
            self._say(line)
        self.display.show(self.snapshot())

    @property
    def _is_paused(self) -> bool:
        return self.steering.paused or bool(self._team.reason)

    def _say(self, line: str) -> None:
        self.display.line(line)
        self._store.log(self._run, "note", line)

    def _rng(self, flight: Flight, what: str) -> random.Random:
        return random.Random(f"{self._options.seed}/{flight.number}/{what}")

    def _next_turn(self) -> int:
        self._turn += 1
        return self._turn
