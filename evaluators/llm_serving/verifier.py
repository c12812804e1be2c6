"""Verifier for LLM serving: simulates continuous batching with chunked prefill and preemption by recomputation."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

from evaluators.llm_serving.workload import Request, Served, Workload, judge
from workbench.checks import describe, integer, sequence
from workbench.errors import Infeasible
from workbench.model import Instance, Measurement
from workbench.protocols import Policy

MOST_PREEMPTIONS = 20
"""Maximum mean number of preemptions per request."""


@dataclass(slots=True)
class _Iteration:
    """Work of one iteration: tokens computed, tokens whose keys and values are read, pairs of prompt tokens."""

    tokens: int
    context: int
    pairs: float = 0.0


class _Replica:
    """Queue and memory of one machine. Decoding requests are indexed by their last step, so that a step takes O(1)."""

    def __init__(self) -> None:
        self.waiting: dict[int, int] = {}  # id -> tokens to compute after admission
        self.prefilling: dict[int, list[int]] = {}  # id -> [computed, to compute]
        self.decoding: dict[int, int] = {}  # id -> last step
        self.ending: dict[int, list[int]] = {}  # step -> ids
        self.chunks: list[tuple[int, int]] = []  # of the current iteration: (id, prompt tokens)
        self.step = 0
        self.held = 0  # tokens in memory or reserved
        self.context = 0  # tokens of decoding requests
        self.backlog = 0  # prompt tokens still to compute, including waiting requests
        self.changed = False  # since the last call of `order`
        self.busy = False


class Cluster:
    """Simulates a workload under a policy. An object can run only once."""

    def __init__(self, workload: Workload, policy: Policy) -> None:
        self.workload = workload
        self.machine = workload.machine
        self.requests = workload.requests
        self.policy = policy
        self.replicas = [_Replica() for _ in range(workload.replicas)]
        self.generated = [0] * len(self.requests)  # until the last preemption
        self.first_s = [-1.0] * len(self.requests)
        self.last_s = [-1.0] * len(self.requests)
        self.preemptions = 0
        self.finished: list[list[int]] = []  # [id, tokens] since the last call of the policy
        self.events: list[tuple[float, int]] = []  # (end of iteration, replica)

    def run(self) -> Served:
        """Serve all requests and return their token times.

        Raises
        ------
        Infeasible
            An answer is not a replica, an order of waiting requests or a running request, or there are too many preemptions.
        """
        for id, request in enumerate(self.requests):
            while self.events and self.events[0][0] < request.arrival_s:
                self._end_iteration(*heapq.heappop(self.events))
            self._arrive(id, request)
        while self.events:
            self._end_iteration(*heapq.heappop(self.events))
        return Served(self.first_s, self.last_s, self.preemptions)

    def _arrive(self, id: int, request: Request) -> None:
        facts = {"id": id, "prompt": request.prompt, "guess": request.guess, "client": request.client}
        views = [
            {"running": len(r.prefilling) + len(r.decoding), "waiting": len(r.waiting), "held": r.held, "backlog": r.backlog}
            for r in self.replicas
        ]
        answer = self.policy.call("route", self._news(request.arrival_s), facts, views)
        number = integer(answer, f"the replica of request {id}", 0, len(self.replicas) - 1)
        replica = self.replicas[number]
        self._enqueue(replica, id, request.prompt)
        if not replica.busy:
            self._begin_iteration(request.arrival_s, number)

    def _enqueue(self, replica: _Replica, id: int, tokens: int) -> None:
        replica.waiting[id] = tokens
        replica.backlog += tokens
        replica.changed = True

    def _news(self, now: float) -> dict[str, Any]:
        news = {"now": now, "finished": self.finished}
        self.finished = []
        return news

    # ----------------------------------------------------------------------- between two iterations

    def _begin_iteration(self, now: float, number: int) -> None:
        replica = self.replicas[number]
        if self._room(replica) < 0:
            while self._room(replica) < 0:
                self._preempt(now, number)
            admits = False  # memory just freed is not used for admissions
        else:
            admits = replica.changed and bool(replica.waiting)
        decoding = len(replica.decoding)
        work = _Iteration(decoding, replica.context)
        replica.chunks = []
        for id in replica.prefilling:
            self._compute(replica, id, work)
        if admits and work.tokens < self.machine.chunk and self._fits(replica, min(replica.waiting.values())):
            for id in self._ask(now, number):
                tokens = replica.waiting[id]
                if work.tokens == self.machine.chunk:
                    replica.changed = True  # the next iteration may have spare tokens
                    break
                if not self._fits(replica, tokens):
                    break
                del replica.waiting[id]
                replica.prefilling[id] = [0, tokens]
                replica.held += tokens + 1
                self._compute(replica, id, work)
        replica.busy = work.tokens > 0
        if replica.busy:
            length = self.machine.iteration_s(work.tokens, work.context, work.pairs)
            heapq.heappush(self.events, (now + length, number))
        elif replica.waiting:
            raise Infeasible(f"replica {number} is idle at {now:.3f} s while {len(replica.waiting)} requests wait; admit one")

    def _room(self, replica: _Replica) -> int:
        # Each decoding request is about to add a token.
        return self.machine.capacity - replica.held - len(replica.decoding)

    def _fits(self, replica: _Replica, tokens: int) -> bool:
        running = len(replica.prefilling) + len(replica.decoding)
        return tokens + 1 <= self._room(replica) and running < self.machine.batch

    def _compute(self, replica: _Replica, id: int, work: _Iteration) -> None:
        """Add as much of a prompt to the iteration as its budget allows."""
        computed, total = replica.prefilling[id]
        chunk = min(self.machine.chunk - work.tokens, total - computed)
        if chunk > 0:
            replica.chunks.append((id, chunk))
            work.tokens += chunk
            work.context += computed
            work.pairs += chunk * (computed + chunk / 2)

    def _ask(self, now: float, number: int) -> list[int]:
        """Ask the policy which requests to admit, in order."""
        replica = self.replicas[number]
        replica.changed = False  # without an arrival or a completion there will be no more room
        waiting = [[id, tokens] for id, tokens in replica.waiting.items()]
        news = {**self._news(now), "replica": number}
        answer = self.policy.call("order", news, waiting, self._running(replica), self._room(replica) - 1)
        what = f"the order of replica {number} at {now:.3f} s"
        chosen: dict[int, None] = {}
        for entry in sequence(answer, what, at_most=len(waiting)):
            id = integer(entry, f"an id in {what}")
            if id not in replica.waiting or id in chosen:
                wrong = "is listed twice" if id in chosen else "is not waiting there"
                raise Infeasible(f"{what} names request {describe(id)}, which {wrong}")
            chosen[id] = None
        return list(chosen)

    def _preempt(self, now: float, number: int) -> None:
        replica = self.replicas[number]
        answer = self.policy.call("preempt", {**self._news(now), "replica": number}, self._running(replica))
        what = f"the request to preempt on replica {number} at {now:.3f} s"
        id = integer(answer, what)
        if id in replica.prefilling:
            computed, total = replica.prefilling.pop(id)
            replica.held -= total + 1
            replica.backlog -= total - computed
        elif id in replica.decoding:
            self.generated[id] = self.requests[id].output - replica.decoding[id] + replica.step
            total = self.requests[id].prompt + self.generated[id]
            replica.ending[replica.decoding.pop(id)].remove(id)
            replica.held -= total
            replica.context -= total
        else:
            raise Infeasible(f"{what} must be running there, got {describe(id)}")
        self._enqueue(replica, id, total)
        self.preemptions += 1
        if self.preemptions > MOST_PREEMPTIONS * len(self.requests):
            raise Infeasible(f"more than {MOST_PREEMPTIONS} preemptions per request on average, at {now:.3f} s")

    def _running(self, replica: _Replica) -> list[list[int]]:
        """Return [id, tokens generated, tokens to compute before the next] of each running request, decoding ones first."""
        running = [[id, self.generated[id], total - computed] for id, (computed, total) in replica.prefilling.items()]
        decoding = [[id, self.requests[id].output - end + replica.step, 0] for id, end in replica.decoding.items()]
        return decoding + running

    # ----------------------------------------------------------------------- an iteration

    def _end_iteration(self, now: float, number: int) -> None:
        replica = self.replicas[number]
        replica.step += 1
        replica.held += len(replica.decoding)
        replica.context += len(replica.decoding)
        for id in replica.ending.pop(replica.step, ()):
            del replica.decoding[id]
            tokens = self.requests[id].prompt + self.requests[id].output
            replica.held -= tokens
            replica.context -= tokens
            self._finish(replica, id, now)
        for id, chunk in replica.chunks:
            entry = replica.prefilling[id]
            entry[0] += chunk
            replica.backlog -= chunk
            if entry[0] == entry[1]:
                self._end_prefill(replica, id, now)
                replica.changed = True  # requests that were held back may fit now
        self._begin_iteration(now, number)

    def _end_prefill(self, replica: _Replica, id: int, now: float) -> None:
        total = replica.prefilling.pop(id)[1] + 1  # the last chunk of a prompt yields a token
        self.generated[id] += 1
        if self.first_s[id] < 0:
            self.first_s[id] = now
        left = self.requests[id].output - self.generated[id]
        if left == 0:
            replica.held -= total
            self._finish(replica, id, now)
            return
        replica.context += total
        replica.decoding[id] = replica.step + left
        replica.ending.setdefault(replica.step + left, []).append(id)

    def _finish(self, replica: _Replica, id: int, now: float) -> None:
        self.last_s[id] = now
        self.finished.append([id, self.requests[id].output])
        replica.changed = True


class Serving:
    """Verifier for LLM serving. The policy chooses the replica of each request, the order of admission, and requests to preempt.

    It learns about requests on arrival, and the length of an answer when it is finished.
    """

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Return the mean credit of all requests in percent: 1 for a request in time, otherwise promised divided by actual time.

        Raises
        ------
        Infeasible
            An answer breaks a rule of `Cluster.run`.
        """
        workload = Workload.from_data(instance.data)
        policy.begin(task(workload))
        served = Cluster(workload, policy).run()
        return judge(workload, served)


def task(workload: Workload) -> dict[str, Any]:
    """Return the facts that a policy receives before the first request."""
    machine = workload.machine.as_data()
    return {"replicas": workload.replicas, "ttft_s": workload.ttft_s, "tpot_s": workload.tpot_s, "machine": machine}
