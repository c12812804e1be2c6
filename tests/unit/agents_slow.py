"""Replicas that serve agents once more, in SimPy and without any short cut: each token of each call on its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import simpy


@dataclass
class Job:
    """A call on its way; `done` is 0 until its prompt has been computed."""

    id: int
    workflow: int
    step: str
    prompt: int
    output: int
    done: int = 0


class Replica:
    """Computes prompts first, one at a time, then adds a token to every answer."""

    def __init__(self, world: World, machine: Mapping[str, Any]) -> None:
        self.world, self.machine = world, machine
        self.jobs: list[Job] = []  # in the order of their starts
        self.wake = world.env.event()
        world.env.process(self.work())

    def start(self, job: Job) -> None:
        self.jobs.append(job)
        if not self.wake.triggered:
            self.wake.succeed()

    def view(self) -> dict[str, Any]:
        fresh = [job for job in self.jobs if not job.done]
        return {"running": [[job.id, job.done] for job in self.jobs], "prompts": sum(job.prompt for job in fresh)}

    def work(self) -> Iterator[simpy.Event]:
        m = self.machine
        while True:
            if not self.jobs:
                self.wake = self.world.env.event()
                yield self.wake
            fresh = [job for job in self.jobs if not job.done][:1]
            if fresh:
                linear = m["token_s"] * fresh[0].prompt
                seconds = sum(m["pair_s"] * (i + 0.5) for i in range(fresh[0].prompt))
            else:
                linear = m["token_s"] * len(self.jobs)
                seconds = sum(m["context_s"] * (job.prompt + job.done) for job in self.jobs)
            served = fresh or list(self.jobs)  # not those that start meanwhile
            yield self.world.env.timeout(m["overhead_s"] + max(linear, m["weights_s"]) + seconds)
            for job in served:
                job.done += 1
            over = [job for job in served if job.done == job.output]
            self.jobs = [job for job in self.jobs if job not in over]
            if over:
                self.world.end(over)


class World:
    """All replicas, the arrivals, and the news for the policy."""

    def __init__(self, data: Mapping[str, Any], policy: Any) -> None:
        self.env, self.policy, self.rows = simpy.Environment(), policy, data["workflows"]
        self.waiting: dict[int, Job] = {}
        self.stage = [0] * len(self.rows)
        self.open = [0] * len(self.rows)
        self.end_s = [-1.0] * len(self.rows)
        self.numbers = 0
        self.replicas = [Replica(self, machine) for machine in data["replicas"]]
        self.env.process(self.arrive())
        self.env.run()

    def arrive(self) -> Iterator[simpy.Event]:
        for number, (at, app, promise, _) in enumerate(self.rows):
            yield self.env.timeout(at - self.env.now)
            self.ask({"arrived": [[number, app, promise]], "ended": [], "completed": [], "ready": self.advance(number)})

    def advance(self, number: int) -> list[list[Any]]:
        stages = self.rows[number][3]
        if self.stage[number] == len(stages):
            self.end_s[number] = self.env.now
            return []
        calls = stages[self.stage[number]]
        jobs = [Job(self.numbers + k, number, *call) for k, call in enumerate(calls)]
        self.numbers += len(jobs)
        self.stage[number] += 1
        self.open[number] = len(jobs)
        self.waiting |= {job.id: job for job in jobs}
        return [[job.id, number, job.step, job.prompt] for job in jobs]

    def end(self, over: list[Job]) -> None:
        news: dict[str, list[Any]] = {"arrived": [], "ended": [], "completed": [], "ready": []}
        for job in over:
            news["ended"].append([job.id, job.output])
            self.open[job.workflow] -= 1
            if not self.open[job.workflow]:
                news["ready"] += self.advance(job.workflow)
                news["completed"] += [job.workflow] if self.end_s[job.workflow] >= 0 else []
        self.ask(news)

    def ask(self, news: dict[str, Any]) -> None:
        for number, call in self.policy.call("step", self.env.now, news, [replica.view() for replica in self.replicas]):
            self.replicas[number].start(self.waiting.pop(call))


def simulate(data: Mapping[str, Any], policy: Any) -> list[float]:
    """Serve a workload in which no two things happen at once, and return the end of each workflow."""
    return World(data, policy).end_s
