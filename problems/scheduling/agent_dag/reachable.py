"""What is within reach: rules that know how long answers and workflows will be, the best of several settings in hindsight."""

from __future__ import annotations

import itertools
import math
from typing import Any

from evaluators.agent_dag.machine import Machine
from evaluators.agent_dag.verifier import Agents
from evaluators.agent_dag.workload import Workload
from workbench.model import Instance

SLACK_S, POWERS, PATIENCE = (20.0, 80.0), (0.5, 1.0), (1.5, 2.0, math.inf)
"""Slack in seconds in which the loss falls by a factor of e, power of work left, how much worse than the best a place may be."""

WORDS = (
    f"the best, in hindsight, of {len(SLACK_S) * len(POWERS) * len(PATIENCE)} settings of a rule that knows the lengths of answers "
    "and the later stages of workflows that have come: credit lost by a second of delay, per second of work left"
)


def objective(instance: Instance) -> float:
    """Return what the best setting reaches on an instance."""
    settings = itertools.product(SLACK_S, POWERS, PATIENCE)
    return max(Agents().run(instance, _Knowing(Workload.from_data(instance.data), *setting)).objective for setting in settings)


class _Knowing:
    """Starts the call first that loses most credit by waiting, where it would end first, or waits for a much better place."""

    def __init__(self, workload: Workload, slack_s: float, power: float, patience: float) -> None:
        self._workload, self._slack_s, self._power, self._patience = workload, slack_s, power, patience
        self._rest = [self._work(flow) for flow in workload.workflows]
        self.begin()

    def __call__(self, *args: Any) -> Any:
        raise TypeError("an online verifier calls methods")

    def begin(self, *args: Any) -> None:
        self._stage = [-1] * len(self._workload.workflows)
        self._calls: dict[int, tuple[int, int, int]] = {}  # call -> (workflow, prompt, output)
        self._waiting: list[int] = []

    def call(self, method: str, now: float, news: dict[str, Any], replicas: list[dict[str, Any]]) -> list[list[int]]:
        seen: dict[int, int] = {}
        for call, number, _, prompt in news["ready"]:
            if number not in seen:
                self._stage[number] += 1
            seen[number] = seen.get(number, -1) + 1
            self._calls[call] = number, prompt, self._workload.workflows[number].stages[self._stage[number]][seen[number]].output
            self._waiting.append(call)
        running = [len(replica["running"]) for replica in replicas]
        prompts = [replica["prompts"] for replica in replicas]
        starts = []
        for call in sorted(self._waiting, key=lambda call: (-self._loss(now, self._calls[call][0]), call)):
            free = [k for k, machine in enumerate(self._workload.replicas) if running[k] < machine.slots]
            if not free:
                break
            seconds = [self._seconds(k, call, running[k], prompts[k]) for k in range(len(running))]
            place = min(free, key=seconds.__getitem__)
            if seconds[place] > self._patience * min(seconds):
                continue
            running[place] += 1
            prompts[place] += self._calls[call][1]
            self._waiting.remove(call)
            starts.append([place, call])
        return starts

    def _loss(self, now: float, number: int) -> float:
        flow, rest = self._workload.workflows[number], self._rest[number][self._stage[number]]
        end = now - flow.arrival_s + rest
        rate = (
            math.exp((end - flow.promise_s) / self._slack_s) / flow.promise_s if end < flow.promise_s else flow.promise_s / end**2
        )
        return rate / rest**self._power

    def _seconds(self, place: int, call: int, running: int, prompts: int) -> float:
        machine, (_, prompt, output) = self._workload.replicas[place], self._calls[call]
        ahead = (prompts + prompt) * machine.token_s
        return ahead + output * (machine.weights_s + machine.overhead_s) + running * prompt * machine.token_s

    def _work(self, flow: Any) -> list[float]:
        """Seconds of the stages from each on, alone, on average over the replicas."""
        rest, found = 0.0, []
        for stage in reversed(flow.stages):
            rest += max(_mean(self._workload.replicas, call.prompt, call.output) for call in stage)
            found.append(rest)
        return found[::-1]


def _mean(replicas: tuple[Machine, ...], prompt: int, output: int) -> float:
    return sum(machine.alone_s(prompt, output) for machine in replicas) / len(replicas)
