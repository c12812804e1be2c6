"""The loop: ask, propose, evaluate, record, tell; with budgets, control messages and a clean stop.

Two ways to order the work, chosen by the proposer:

- *free* (models): whatever is answered first is recorded and told first, so a slow call holds up nothing.
- *lagged* (built-in operators): attempt n is asked for exactly when all attempts up to n - LAG have been told, in
  order. However many workers there are, the same seed gives the same run, and a resumed run equals an undisturbed one.
"""

from __future__ import annotations

import json
import math
import queue
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from workbench.errors import Rejected
from workbench.evaluation.jobs import Executor, Job, VerifierError
from workbench.model import Call, Candidate, Failure, Program, Reply, Report, Selection, Split, Status, Task
from workbench.options import RunOptions
from workbench.problem.catalog import LoadedProblem
from workbench.program.reply import parse
from workbench.program.source import fingerprint, screen
from workbench.protocols import Proposer, Strategy
from workbench.run import tune
from workbench.run.attempt import Flight, Planned, Steering
from workbench.run.budget import Budget
from workbench.run.champion import Champion
from workbench.run.stress_gate import Gate
from workbench.store.store import Store

LAG = 8
"""Attempts under way at once in lagged order; a constant, so that a run does not depend on the machine's cores."""
LLM_ERRORS_IN_A_ROW = 20
"""So many failed calls without a good one between them end a run: the endpoint is down, the budget is worth keeping."""
TUNING_EVERY = 50
"""Attempts between two tunings."""
DUPLICATE = "the same program as candidate"
REPAIRABLE = {Status.REJECTED, Status.CRASH, Status.INFEASIBLE, Status.PROTOCOL, Status.TIMEOUT, Status.MEMORY, Status.FRAGILE}


class Display(Protocol):
    """Shows a run while it goes on."""

    def show(self, loop: Loop) -> None:
        """Called several times a second."""

    def line(self, text: str) -> None:
        """Something happened that is worth a line."""


class Loop:
    """One sitting of a run: fresh, resumed or replayed.

    Parameters
    ----------
    run
        Id of a run that this process owns in `store`.
    known
        First attempt of every fingerprint recorded so far.
    answers
        Model calls that were paid for but whose attempt was not recorded when the run was killed.
    plan
        Attempts to replay, in the order in which their answers were read.
    gate
        What a program that improves on its parent must pass besides train.
    """

    def __init__(
        self,
        run: str,
        loaded: LoadedProblem,
        options: RunOptions,
        store: Store,
        pool: Executor,
        proposer: Proposer,
        strategy: Strategy,
        display: Display,
        *,
        known: dict[str, int],
        active_seconds: float = 0.0,
        answers: Sequence[tuple[int, Mapping[str, Any], str, Call]] = (),
        plan: Sequence[Planned] | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.run, self.loaded, self.options, self.store, self.pool = run, loaded, options, store, pool
        self.proposer, self.strategy, self.display = proposer, strategy, display
        self.budget = Budget(options, store.spending(run), active_seconds)
        self.champion = Champion(run, store, pool, display, gate)
        self.counts: Counter[Status] = Counter()
        self.steering = Steering()
        self.best: Candidate | None = None
        self.stagnation = 0
        self._known, self._gate = known, gate
        self._answers, self._plan = answers, deque(plan) if plan is not None else None
        self._lagged = proposer.ordered and plan is None
        self._fingerprints: dict[int, str] = {}  # of attempts of earlier sittings that are not yet passed
        self._recorded: dict[int, Candidate | None] = {}  # None once told
        self._told = 0
        self._cursor = 0
        self._turn = 0
        self._seeds = 0
        self._followups: deque[Failure | Candidate | str] = deque()
        self._origin: dict[int, Selection] = {}  # of failed attempts that wait for their repair
        self._flights: dict[int, Flight] = {}
        self._inbox: queue.SimpleQueue[tuple[Callable[[Flight, Future[Any]], None], Flight, Future[Any]]] = queue.SimpleQueue()
        self._errors_in_a_row = 0
        self._beaten = self._polled = 0.0
        self._next_tuning, self._tuned = 0, set[int]()
        self._began = time.monotonic()
        self._at_start: frozenset[int] = frozenset()

    # ------------------------------------------------------------------ what the display and the outcome read

    @property
    def total(self) -> int:
        """Attempts that the candidate budget allows."""
        return self.options.candidates

    @property
    def done(self) -> int:
        """Attempts recorded so far, without the seeds."""
        return len(self._recorded) - self._seeds

    @property
    def valid(self) -> int:
        """Attempts that ended ok."""
        return self.counts[Status.OK]

    @property
    def rate(self) -> float:
        """Attempts a second in this sitting."""
        return (len(self._recorded) - len(self._at_start)) / max(1e-9, time.monotonic() - self._began)

    # ------------------------------------------------------------------ the sitting

    def history(self, candidates: Sequence[Candidate], turns: int, fingerprints: Mapping[int, str]) -> None:
        """Take up what is recorded already, in its order: seeds, and the attempts of earlier sittings."""
        self._seeds = sum(c.operator == "seed" for c in candidates)
        self._fingerprints = dict(fingerprints)
        self._cursor = self._told = self._seeds
        self._turn = turns
        self._at_start = frozenset(c.number for c in candidates)
        for candidate in candidates:
            self._recorded[candidate.number] = candidate
            if candidate.operator == "seed" or not self._lagged:
                self._know(candidate.number)
                self._tell(candidate)
            if candidate.operator != "seed":
                self.counts[candidate.status] += 1
        if not self._lagged and len(candidates) > self._seeds:
            self._followups.clear()  # the tunings of earlier sittings were made then

    def drive(self) -> None:
        """Work until a budget is used up or a person says stop; every attempt begun is recorded."""
        with ThreadPoolExecutor(self.proposer.concurrency + 1, thread_name_prefix="propose") as threads:
            self._threads = threads
            for number, task, operator, call in self._answers:
                self._take_up(number, task, operator, call)
            while True:
                self._obey()
                self._launch()
                self.champion.poll()
                if not self._flights and not (self.steering.paused and not self.steering.halt):
                    break  # nothing under way, and nothing could be launched
                self._receive(0.1)
                self._beat()
            self._tell_up_to(math.inf)
            self.champion.settle(self.loaded, self._beat)
        self._beat(force=True)

    def halt(self, why: str, status: str = "stopped") -> None:
        """Begin nothing new; what is under way is finished. The first reason given stands."""
        if not self.steering.halt:
            self.steering.halt, self.steering.status = why, status

    # ------------------------------------------------------------------ launching

    def _launch(self) -> None:
        width = LAG if self._lagged else self.proposer.concurrency + 2 * self.options.workers
        while len(self._flights) < width:
            if self.steering.halt or self.steering.paused:
                return
            if why := self.budget.exhausted():
                self.halt(why, "done" if "unknown" not in why else "failed")
                return
            proposing = sum(f.proposing for f in self._flights.values())
            if proposing >= self.proposer.concurrency or not self.budget.admits(proposing):
                return
            if self._plan is not None:
                if not self._launch_planned():
                    return
            elif not self._launch_next():
                return

    def _launch_next(self) -> bool:
        last = self._seeds + self.options.candidates
        while True:
            if self._cursor >= last:
                return False
            if self._lagged and not self._tell_up_to(self._cursor - LAG):
                return False
            if self._cursor not in self._recorded and self._cursor not in self._flights:
                break
            if self._lagged and self._cursor in self._recorded:  # made in an earlier sitting
                self._know(self._cursor)
                if self._followups:
                    self._followups.popleft()  # it was made of this
            self._cursor += 1
        flight = Flight(self._cursor)
        self._cursor += 1
        self._flights[flight.number] = flight
        follow = self._followups.popleft() if self._followups else None
        if isinstance(follow, str):
            self._inject(flight, follow)
        elif isinstance(follow, Candidate):
            self._tune(flight, follow)
        else:
            flight.failure = follow
            flight.selection = self._origin.pop(follow.number) if follow else self.strategy.ask(self._rng(flight, "ask"))
            self._propose(flight)
        return True

    def _launch_planned(self) -> bool:
        assert self._plan is not None
        if not self._plan:
            return False
        item = self._plan[0]
        if any(p not in self._recorded for p in item.parents) or (item.repairs is not None and item.repairs not in self._recorded):
            return False
        self._plan.popleft()
        flight = Flight(item.number)
        if item.parents:
            flight.selection = Selection(self.store.candidate(self.run, item.parents[0]), (), item.island)
        if item.repairs is not None:
            flight.failure = Failure(item.repairs, Status.REJECTED, "", "")
        self._flights[item.number] = flight
        self._propose(flight)
        return True

    def _propose(self, flight: Flight) -> None:
        # A replayed injection or tuning has no selection: nothing of the task but its number is read then.
        selection = flight.selection or Selection(Candidate(-1, Status.OK, None, "seed"))
        guidance = tuple(text for text, last in self.steering.guidance if flight.number <= last)
        task = Task(flight.number, selection, flight.failure, guidance, self.stagnation)
        flight.proposing = True
        self._track(self._threads.submit(self.proposer.propose, task, self._rng(flight, "propose")), flight, self._proposed)

    def _tune(self, flight: Flight, elite: Candidate) -> None:
        assert elite.program
        flight.selection = Selection(elite, (), elite.island)

        def gap(program: Program) -> float:
            report: Report = self.pool.submit(Job(program, Split.TRAIN, stop_on_failure=True)).result()
            return report.gap if report.status is Status.OK else math.inf

        def work(program: Program = elite.program) -> Reply:
            tuned = tune.tune(
                program, gap, trials=self.options.tune_trials, seed=self.options.seed, stop=lambda: bool(self.steering.halt)
            )
            if not tuned.gap < elite.gap:
                return Reply("tune", text=f"{tuned.trials} tuning trials found nothing better than {elite.gap:.4%}")
            return Reply("tune", program=tuned.program, parents=(elite.number,))

        flight.proposing = True
        self._track(self._threads.submit(work), flight, self._proposed)

    def _inject(self, flight: Flight, source: str) -> None:
        flight.turn = self._next_turn()
        flight.reply = Reply("inject")
        try:
            program = screen(source, self.loaded.problem.entry, self.loaded.problem.modules)
            self._evaluate(flight, program)
        except Rejected as error:
            self._record(flight, Status.REJECTED, str(error))

    # ------------------------------------------------------------------ answers

    def _take_up(self, number: int, task: Mapping[str, Any], operator: str, call: Call) -> None:
        """Use an answer that was paid for before the run was killed."""
        parents = task["parents"]
        if number in self._recorded or any(p not in self._recorded for p in parents):
            return
        flight = Flight(number, Selection(self.store.candidate(self.run, parents[0]), (), task["island"]) if parents else None)
        if task["repairs"] is not None:
            flight.failure = Failure(task["repairs"], Status.REJECTED, "", "")
        self._flights[number] = flight
        self._read(flight, Reply(operator, call.text, call=call))

    def _proposed(self, flight: Flight, future: Future[Reply]) -> None:
        flight.proposing = False
        reply = future.result()
        if reply.call and self._plan is None:
            self.store.add_call(self.run, flight.number, flight.task(), reply.operator, reply.call)
            self.budget.add(reply.call)
        self._read(flight, reply)

    def _read(self, flight: Flight, reply: Reply) -> None:
        flight.reply, flight.turn = reply, self._next_turn()
        if reply.call and reply.call.error:
            self._record(flight, Status.LLM_ERROR, reply.call.error)
            self._errors_in_a_row += 1
            if self._errors_in_a_row == LLM_ERRORS_IN_A_ROW:
                self.halt(f"{LLM_ERRORS_IN_A_ROW} model calls in a row failed, the last with: {reply.call.error}", "failed")
            return
        self._errors_in_a_row = 0
        try:
            if reply.program is None and reply.operator in ("tune", "inject"):
                raise Rejected(reply.text)  # no model's text: the reason why there is no program
            program = reply.program
            if program is None:
                assert flight.selection and flight.selection.parent.program
                program = parse(reply.text, flight.selection.parent.program, self.loaded.problem.modules)
            self._evaluate(flight, program)
        except Rejected as error:
            self._record(flight, Status.REJECTED, str(error))

    def _evaluate(self, flight: Flight, program: Program) -> None:
        flight.program = program
        flight.fingerprint = fingerprint(program)
        if flight.fingerprint in self._known:
            raise Rejected(f"{DUPLICATE} {self._known[flight.fingerprint]}")
        self._known[flight.fingerprint] = flight.number
        self._track(self.pool.submit(Job(program, Split.TRAIN, stop_on_failure=True)), flight, self._evaluated)

    def _evaluated(self, flight: Flight, future: Future[Report]) -> None:
        try:
            report = future.result()
        except VerifierError as error:
            self.store.log(self.run, "error", f"candidate {flight.number}: {error}")
            self._record(flight, Status.CRASH, str(error))
        else:
            if self._gate and flight.program and self._is_elite(flight, report):
                self._track(self.pool.submit(self._gate.job(flight.program)), flight, partial(self._gated, report))
            else:
                self._record(flight, report.status, report.message, report)

    def _is_elite(self, flight: Flight, report: Report) -> bool:
        # Compared with its parent alone: which other attempts are known by now depends on the machine.
        return report.status is Status.OK and (flight.selection is None or report.gap < flight.selection.parent.gap)

    def _gated(self, report: Report, flight: Flight, future: Future[Report]) -> None:
        assert self._gate
        try:
            fault = self._gate.judge(future.result())
        except VerifierError as error:
            self.store.log(self.run, "error", f"candidate {flight.number} at the gate: {error}")
            fault = str(error)
        if fault:
            report = replace(report, status=Status.FRAGILE, message=fault)
        self._record(flight, report.status, report.message, report)

    def _record(self, flight: Flight, status: Status, message: str, report: Report | None = None) -> None:
        reply = flight.reply or Reply("inject")
        parents = reply.parents or ((flight.selection.parent.number,) if flight.selection else ())
        ok = report is not None and status is Status.OK
        candidate = Candidate(
            flight.number,
            status,
            flight.program,
            "repair" if flight.failure else reply.operator,
            parents,
            flight.selection.island if flight.selection else None,
            report.gap if report and ok else math.inf,
            report.families if report and ok else {},
            tuple(r.gap for r in report.results) if report and ok else (),
            message,
        )
        repairs = flight.failure.number if flight.failure else None
        self.store.add_candidate(
            self.run, candidate, turn=flight.turn, report=report, fingerprint=flight.fingerprint, repairs=repairs
        )
        del self._flights[flight.number]
        self._recorded[candidate.number] = candidate
        self.counts[status] += 1
        if self._repairable(flight, candidate, message):
            assert flight.selection
            self._origin[flight.number] = flight.selection
            self._followups.append(Failure(flight.number, status, message, reply.text))
        if not self._lagged:
            self._tell(candidate)

    def _repairable(self, flight: Flight, candidate: Candidate, message: str) -> bool:
        return (
            self.proposer.repairs
            and self._plan is None
            and candidate.status in REPAIRABLE
            and flight.failure is None
            and flight.reply is not None
            and flight.reply.call is not None
            and not message.startswith(DUPLICATE)
        )

    # ------------------------------------------------------------------ telling

    def _tell_up_to(self, number: float) -> bool:
        """Lagged order: tell all attempts up to `number`; False when one of them is still under way."""
        while self._told <= number:
            candidate = self._recorded.get(self._told)
            if candidate is None:
                return False
            self._tell(candidate)
            self._told += 1
        return True

    def _tell(self, candidate: Candidate) -> None:
        self.strategy.tell(candidate)
        self._recorded[candidate.number] = None  # told: the strategy keeps what it needs, and memory stays flat
        improved = candidate.status is Status.OK and (self.best is None or candidate.gap < self.best.gap)
        if improved:
            self.best = candidate
        if candidate.operator == "seed":
            self.champion.consider(candidate)
        elif improved:
            self.stagnation = 0
            self.champion.consider(candidate)
            note = f"candidate {candidate.number} ({candidate.operator}): train gap {candidate.gap:.3%}"
            self.display.line(note)
            if candidate.number not in self._at_start:
                self.store.log(self.run, "improvement", note)
        else:
            self.stagnation += 1
        self._consider_tuning(candidate.number)

    def _consider_tuning(self, number: int) -> None:
        """Every now and then, have the constants of the best program tuned that declares any."""
        best = self.best
        if not self.options.tune_trials or self._plan is not None or best is None or number < self._next_tuning:
            return
        if best.program and best.operator != "tune" and best.number not in self._tuned and tune.declared(best.program):
            self._tuned.add(best.number)
            self._next_tuning = number + TUNING_EVERY
            self._followups.append(best)

    def _track(self, future: Future[Any], flight: Flight, then: Callable[[Flight, Future[Any]], None]) -> None:
        future.add_done_callback(lambda done: self._inbox.put((then, flight, done)))

    def _receive(self, timeout: float) -> None:
        """Handle what has come in; wait for the first at most `timeout` seconds."""
        try:
            then, flight, future = self._inbox.get(timeout=timeout)
            while True:
                then(flight, future)
                then, flight, future = self._inbox.get_nowait()
        except queue.Empty:
            pass

    def _rng(self, flight: Flight, what: str) -> random.Random:
        return random.Random(f"{self.options.seed}/{flight.number}/{what}")

    def _know(self, number: int) -> None:
        if number in self._fingerprints:
            self._known.setdefault(self._fingerprints.pop(number), number)

    def _next_turn(self) -> int:
        self._turn += 1
        return self._turn

    def _beat(self, force: bool = False) -> None:
        now = time.monotonic()
        if force or now - self._beaten > 2.0:
            self._beaten = now
            status = "paused" if self.steering.paused else "running"
            self.store.beat(self.run, active_seconds=self.budget.seconds, status=status)
        self.display.show(self)

    def _obey(self) -> None:
        """Act on control messages, each once; an answer is left for whoever sent it."""
        now = time.monotonic()
        if now - self._polled < 0.3:
            return
        self._polled = now
        for message in self.store.messages(self.run):
            self.store.acknowledge(message["id"], self._act(message["command"], message["argument"]))
            self.store.log(self.run, "control", f"{message['command']} {message['argument'][:200]}".strip())

    def _act(self, command: str, argument: str) -> str:
        if command == "stop":
            self.halt("stopped on request")
            return "stopping: what is under way is finished"
        if command in ("pause", "resume"):
            self.steering.paused = command == "pause"
            return "paused" if self.steering.paused else "going on"
        if command == "inject":
            self._followups.append(argument)
            return "will be evaluated next"
        if command == "steer":
            wish = json.loads(argument)
            last = self._cursor + int(wish["next"]) - 1 if wish.get("next") else self._seeds + self.options.candidates
            self.steering.guidance.append((str(wish["text"]), last))
            return f"goes into the prompts of attempts {self._cursor} to {last}"
        return f"unknown command {command!r}"
