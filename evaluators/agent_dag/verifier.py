"""Verifier for agents: simulates replicas on which a policy starts the calls of workflows, one event at a time."""

from __future__ import annotations

import heapq
from typing import Any

from evaluators.agent_dag.machine import Machine
from evaluators.agent_dag.workload import Call, Finished, Workload, judge
from workbench.checks import describe, integer, sequence
from workbench.errors import Infeasible
from workbench.model import Instance, Measurement
from workbench.protocols import Policy


class _Replica:
    """What one machine does: a prompt, or a number of steps that add a token to all its answers, or nothing."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.prompts: list[int] = []  # calls whose prompts are still to be computed, the first of them now if one is
        self.tokens: dict[int, int] = {}  # call -> tokens of its answer at the beginning of the phase
        self.context = 0  # tokens of prompts and answers of the calls that are being answered
        self.prompting = False
        self.steps = 0  # of the phase, if it adds tokens
        self.begin_s = 0.0
        self.phase = 0  # counts phases, so that an end that was moved can be told from the true one
        self.busy = False

    @property
    def running(self) -> int:
        return len(self.prompts) + len(self.tokens)

    def done(self, now: float) -> int:
        """How many steps of the phase are over."""
        if self.prompting or not self.busy:
            return 0
        return min(self.steps, self.machine.steps_within(len(self.tokens), self.context, now - self.begin_s))


class Fleet:
    """Simulates a workload under a policy. An object can run only once."""

    def __init__(self, workload: Workload, policy: Policy) -> None:
        self.workload = workload
        self.policy = policy
        self.replicas = [_Replica(machine) for machine in workload.replicas]
        self.calls: list[tuple[int, Call]] = []  # (workflow, call) of all calls that have become ready, by number
        self.waiting: dict[int, float] = {}  # call -> since when
        self.stage = [0] * len(workload.workflows)
        self.open = [0] * len(workload.workflows)  # calls of the stage that have not ended
        self.end_s = [-1.0] * len(workload.workflows)
        self.waited_s = [0.0] * len(workload.workflows)
        self.events: list[tuple[float, int, int]] = []  # (end of a phase, replica, phase)
        self.arrived: list[list[Any]] = []
        self.ready: list[list[Any]] = []
        self.ended: list[list[int]] = []
        self.completed: list[int] = []

    def run(self) -> Finished:
        """Run all workflows.

        Raises
        ------
        Infeasible
            An answer is no list of [replica, call]; it names a replica that is not there or has no free slot, or a call that
            does not wait; or calls wait though nothing runs and nothing is to come.
        """
        arrivals = [workflow.arrival_s for workflow in self.workload.workflows]
        coming = 0
        while coming < len(arrivals) or self.events:
            now = self.events[0][0] if self.events else arrivals[coming]
            if coming < len(arrivals):
                now = min(now, arrivals[coming])
            while self.events and self.events[0][0] == now:
                _, number, phase = heapq.heappop(self.events)
                if phase == self.replicas[number].phase:
                    self._end_phase(now, self.replicas[number])
            while coming < len(arrivals) and arrivals[coming] == now:
                workflow = self.workload.workflows[coming]
                self.arrived.append([coming, workflow.app, workflow.promise_s])
                self._make_ready(now, coming)
                coming += 1
            if self.ended or self.arrived:
                self._ask(now)
            for number, replica in enumerate(self.replicas):
                self._continue(now, number, replica)
        if self.waiting:
            raise Infeasible(f"{len(self.waiting)} calls wait, nothing runs and nothing is to come: start them")
        return Finished(self.end_s, self.waited_s)

    # ----------------------------------------------------------------------- the policy

    def _ask(self, now: float) -> None:
        news = {"arrived": self.arrived, "ended": self.ended, "completed": self.completed, "ready": self.ready}
        self.arrived, self.ended, self.completed, self.ready = [], [], [], []
        shown = []
        for replica in self.replicas:
            done = replica.done(now)
            running = [[call, 0] for call in replica.prompts] + [[call, t + done] for call, t in replica.tokens.items()]
            shown.append({"running": running, "prompts": sum(self.calls[call][1].prompt for call in replica.prompts)})
        what = f"the answer at {now:.3f} s"
        for entry in sequence(self.policy.call("step", now, news, shown), what, at_most=len(self.waiting)):
            start = sequence(entry, f"a start in {what}", 2)
            number = integer(start[0], f"a replica in {what}", 0, len(self.replicas) - 1)
            call = integer(start[1], f"a call in {what}")
            if call not in self.waiting:
                raise Infeasible(f"{what} starts call {describe(call)}, which does not wait")
            replica, slots = self.replicas[number], self.replicas[number].machine.slots
            if replica.running >= slots:
                raise Infeasible(f"{what} starts call {call} on replica {number}, whose {slots} slots are taken")
            replica.prompts.append(call)
            self.waited_s[self.calls[call][0]] += now - self.waiting.pop(call)

    def _make_ready(self, now: float, number: int) -> None:
        """Let the next stage of a workflow wait, or complete it."""
        stages = self.workload.workflows[number].stages
        if self.stage[number] == len(stages):
            self.end_s[number] = now
            self.completed.append(number)
            return
        self.open[number] = len(stages[self.stage[number]])
        for call in stages[self.stage[number]]:
            self.waiting[len(self.calls)] = now
            self.ready.append([len(self.calls), number, call.step, call.prompt])
            self.calls.append((number, call))
        self.stage[number] += 1

    # ----------------------------------------------------------------------- replicas

    def _continue(self, now: float, number: int, replica: _Replica) -> None:
        """Begin the next phase; one that adds tokens ends with the current step if a prompt has come."""
        if replica.busy:
            if replica.prompts and not replica.prompting:
                done = replica.done(now)
                at_once = replica.machine.answers_s(len(replica.tokens), replica.context, done) == now - replica.begin_s
                steps = done if at_once and done else done + 1
                if steps < replica.steps:
                    replica.steps = steps
                    self._schedule(number, replica)
            return
        if not replica.running:
            return
        replica.busy, replica.begin_s, replica.prompting = True, now, bool(replica.prompts)
        if not replica.prompting:
            replica.steps = min(self.calls[call][1].output - tokens for call, tokens in replica.tokens.items())
        self._schedule(number, replica)

    def _schedule(self, number: int, replica: _Replica) -> None:
        if replica.prompting:
            seconds = replica.machine.prompt_s(self.calls[replica.prompts[0]][1].prompt)
        else:
            seconds = replica.machine.answers_s(len(replica.tokens), replica.context, replica.steps)
        replica.phase += 1
        heapq.heappush(self.events, (replica.begin_s + seconds, number, replica.phase))

    def _end_phase(self, now: float, replica: _Replica) -> None:
        replica.busy = False
        if replica.prompting:
            first = replica.prompts.pop(0)
            replica.tokens[first] = 1
            replica.context += self.calls[first][1].prompt + 1
            over = [first] if self.calls[first][1].output == 1 else []
        else:
            replica.context += replica.steps * len(replica.tokens)
            for call in replica.tokens:
                replica.tokens[call] += replica.steps
            over = [call for call, tokens in replica.tokens.items() if tokens == self.calls[call][1].output]
        for call in over:
            number, facts = self.calls[call]
            del replica.tokens[call]
            replica.context -= facts.prompt + facts.output
            self.ended.append([call, facts.output])
            self.open[number] -= 1
            if not self.open[number]:
                self._make_ready(now, number)


class Agents:
    """Verifier for agents: the policy chooses when and on which replica each call starts.

    It learns about a workflow when it comes, about calls when they are ready, and about the length of an answer when it has ended.
    """

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Return the mean credit of all workflows in percent: 1 for one in time, otherwise promised divided by actual time.

        Raises
        ------
        Infeasible
            An answer breaks a rule of `Fleet.run`.
        """
        workload = Workload.from_data(instance.data)
        policy.begin({"replicas": [machine.as_data() for machine in workload.replicas]})
        return judge(workload, Fleet(workload, policy).run())
