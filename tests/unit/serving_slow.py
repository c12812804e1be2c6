"""The serving cluster once more, in SimPy and without any of its short cuts: each token and each request on its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import simpy

from evaluators.llm_serving.workload import Served


@dataclass
class Job:
    """A request on its way; `todo` is None while it decodes."""

    id: int
    prompt: int
    output: int
    done: int = 0
    computed: int = 0
    todo: int | None = 0
    first_s: float = -1.0
    last_s: float = -1.0

    @property
    def memory(self) -> int:
        return self.prompt + self.done if self.todo is None else self.todo + 1

    def running(self) -> list[int]:
        return [self.id, self.done, 0 if self.todo is None else self.todo - self.computed]


class Replica:
    """Asks in every iteration with tokens to spare, not only where something has changed."""

    def __init__(self, env: simpy.Environment, number: int, data: Mapping[str, Any], world: World) -> None:
        self.env, self.number, self.machine, self.world = env, number, data["machine"], world
        self.waiting: list[Job] = []
        self.active: list[Job] = []
        self.wake = env.event()
        env.process(self.work())

    def view(self) -> dict[str, int]:
        backlog = sum(j.todo - j.computed for j in self.active if j.todo is not None) + sum(j.todo or 0 for j in self.waiting)
        held = sum(j.memory for j in self.active)
        return {"running": len(self.active), "waiting": len(self.waiting), "held": held, "backlog": backlog}

    def add(self, job: Job) -> None:
        job.todo, job.computed = job.prompt + job.done, 0
        self.waiting.append(job)
        if not self.wake.triggered:
            self.wake.succeed()

    def room(self) -> int:
        return self.machine["capacity"] - sum(j.memory + (j.todo is None) for j in self.active)

    def news(self) -> dict[str, Any]:
        return {"now": self.env.now, "finished": [], "replica": self.number}

    def work(self) -> Iterator[simpy.Event]:
        while True:
            if not self.waiting and not self.active:
                self.wake = self.env.event()
                yield self.wake
            full = self.room() < 0
            while self.room() < 0:
                id = self.world.policy.call("preempt", self.news(), [j.running() for j in self.active])
                victim = next(j for j in self.active if j.id == id)
                self.active.remove(victim)
                self.add(victim)
                self.world.preemptions += 1
            if not full and self.waiting and self.spare() > 0:
                self.admit()
            seconds, plan = self.plan()
            yield self.env.timeout(seconds)
            for job, tokens in plan:
                self.advance(job, tokens)

    def spare(self) -> int:
        decoding = sum(j.todo is None for j in self.active)
        return self.machine["chunk"] - decoding - sum(j.todo - j.computed for j in self.active if j.todo is not None)

    def admit(self) -> None:
        for id in self.world.policy.call("order", self.news(), [[j.id, j.todo] for j in self.waiting], [], self.room()):
            job = next(j for j in self.waiting if j.id == id)
            assert job.todo is not None
            if self.spare() <= 0 or job.todo + 1 > self.room() or len(self.active) >= self.machine["batch"]:
                return
            self.waiting.remove(job)
            self.active.append(job)

    def plan(self) -> tuple[float, list[tuple[Job, int]]]:
        plan = [(job, 1) for job in self.active if job.todo is None]
        seconds = sum(self.machine["context_s"] * job.memory for job, _ in plan)
        budget = self.machine["chunk"] - len(plan)
        tokens = len(plan)
        for job in self.active:
            if job.todo is not None and budget:
                part = min(budget, job.todo - job.computed)
                plan.append((job, part))
                budget -= part
                tokens += part
                seconds += self.machine["context_s"] * job.computed
                seconds += sum(self.machine["pair_s"] * (job.computed + i + 0.5) for i in range(part))
        seconds += max(self.machine["token_s"] * tokens, self.machine["weights_s"]) + self.machine["overhead_s"]
        return seconds, plan

    def advance(self, job: Job, tokens: int) -> None:
        if job.todo is not None:
            job.computed += tokens
            if job.computed < job.todo:
                return
            job.todo = None
        job.done += 1
        if job.first_s < 0:
            job.first_s = self.env.now
        if job.done == job.output:
            job.last_s = self.env.now
            self.active.remove(job)


class World:
    """All replicas, and the arrivals."""

    def __init__(self, data: Mapping[str, Any], policy: Any) -> None:
        self.policy, self.preemptions = policy, 0
        self.jobs = [Job(id, row[1], row[2]) for id, row in enumerate(data["requests"])]
        self.arrivals = [row[0] for row in data["requests"]]
        env = simpy.Environment()
        self.replicas = [Replica(env, k, data, self) for k in range(data["replicas"])]
        env.process(self.arrive(env))
        env.run()

    def arrive(self, env: simpy.Environment) -> Iterator[simpy.Event]:
        for job, at in zip(self.jobs, self.arrivals, strict=True):
            yield env.timeout(at - env.now)
            request = {"id": job.id, "prompt": job.prompt}
            views = [replica.view() for replica in self.replicas]
            self.replicas[self.policy.call("route", {"now": env.now, "finished": []}, request, views)].add(job)


def simulate(data: Mapping[str, Any], policy: Any) -> Served:
    """Serve a workload; the policy must need nothing of `finished` or of who runs when it orders, and leave nobody out."""
    world = World(data, policy)
    return Served([j.first_s for j in world.jobs], [j.last_s for j in world.jobs], world.preemptions)
