"""The serving cluster against a slow one made from its statement, under any decisions, right and damaged; in exact arithmetic."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.llm_serving.verifier import MOST_PREEMPTIONS, Serving
from workbench.errors import Infeasible
from workbench.model import Instance


class Refused(Exception):
    """An answer breaks a rule of the statement."""


# --------------------------------------------------------------------------- the statement, step by step


class SlowCluster:
    """Every request, every token and every moment by itself, with fractions for seconds: so two moments are equal or they are not.

    Where the statement is silent: of what happens at one moment arrivals come first, then replicas by number; who takes memory
    that was just made free has to wait for the next iteration; who runs is listed in order of admission, who waits in order of
    coming (back); more than `MOST_PREEMPTIONS` preemptions a request are no schedule.
    """

    def __init__(self, data: Mapping[str, Any], ask: Callable[..., Any]) -> None:
        self.machine = {name: Fraction(value) for name, value in data["machine"].items()}
        self.data, self.ask = data, ask
        self.jobs = [
            {"id": id, "came": Fraction(row[0]), "prompt": row[1], "output": row[2], "done": 0, "computed": 0, "first": None}
            for id, row in enumerate(data["requests"])
        ]
        self.replicas: list[dict[str, Any]] = [
            {"number": k, "waiting": [], "running": [], "plan": None, "end": None, "ask": False} for k in range(data["replicas"])
        ]
        self.finished: list[list[int]] = []
        self.preemptions = 0

    def run(self) -> Fraction:
        """Mean credit in %."""
        coming = list(self.jobs)
        while True:
            moments = [(r["end"], r["number"]) for r in self.replicas if r["plan"]]
            if coming:
                moments.append((coming[0]["came"], -1))
            if not moments:
                break
            now, number = min(moments)
            if number < 0:
                self.arrive(now, coming.pop(0))
            else:
                self.end(now, self.replicas[number])
                self.begin(now, self.replicas[number])
        return 100 * sum(map(self.credit, self.jobs)) / len(self.jobs)

    def credit(self, job: Mapping[str, Any]) -> Fraction:
        """1, or promised over actual time of the worse promise."""
        late = max(Fraction(1), (job["first"] - job["came"]) / Fraction(self.data["ttft_s"]))
        if job["output"] > 1:
            each = (job["last"] - job["first"]) / (job["output"] - 1)
            late = max(late, each / Fraction(self.data["tpot_s"]))
        return 1 / late

    def news(self, now: Fraction, **more: int) -> dict[str, Any]:
        """What every question begins with."""
        finished, self.finished = self.finished, []
        return {"now": float(now), "finished": finished, **more}

    def arrive(self, now: Fraction, job: dict[str, Any]) -> None:
        row = self.data["requests"][job["id"]]
        views = [
            {
                "running": len(r["running"]), "waiting": len(r["waiting"]), "held": sum(map(self.memory, r["running"])),
                "backlog": sum(self.todo(j) for j in (*r["running"], *r["waiting"])),
            }
            for r in self.replicas
        ]  # fmt: skip
        answer = self.ask("route", self.news(now), {"id": job["id"], "prompt": row[1], "guess": row[3], "client": row[4]}, views)
        if type(answer) is not int or answer not in range(len(self.replicas)):
            raise Refused("no replica")
        replica = self.replicas[answer]
        replica["waiting"].append(job)
        replica["ask"] = True
        if not replica["plan"]:
            self.begin(now, replica)

    def todo(self, job: Mapping[str, Any]) -> int:
        """Tokens to compute before the next token: the prompt, and the answer so far where it was lost; 0 while it is under way."""
        return int(job["prompt"] + job.get("lost", 0) - job["computed"])

    def memory(self, job: Mapping[str, Any]) -> int:
        """What a running request holds: prompt and answer so far; a place for the token to come while it has to be computed."""
        return int(job["prompt"] + job["done"] + (self.todo(job) > 0))

    def room(self, replica: Mapping[str, Any]) -> int:
        """Tokens that fit beside those held and the next one of each answer under way."""
        under_way = sum(self.todo(j) == 0 for j in replica["running"])
        return int(self.machine["capacity"]) - sum(map(self.memory, replica["running"])) - under_way

    def fits(self, replica: Mapping[str, Any], job: Mapping[str, Any]) -> bool:
        return self.todo(job) + 1 <= self.room(replica) and len(replica["running"]) < self.machine["batch"]

    def spare(self, replica: Mapping[str, Any]) -> int:
        """Tokens of the next iteration that nobody who runs needs."""
        return max(0, int(self.machine["chunk"]) - sum(self.todo(j) or 1 for j in replica["running"]))

    def told(self, replica: Mapping[str, Any]) -> list[list[int]]:
        return [[j["id"], j["done"], self.todo(j)] for j in replica["running"]]

    def begin(self, now: Fraction, replica: dict[str, Any]) -> None:
        gave_way = False
        while self.room(replica) < 0:
            gave_way = True
            answer = self.ask("preempt", self.news(now, replica=replica["number"]), self.told(replica))
            victims = [j for j in replica["running"] if type(answer) is int and j["id"] == answer]
            if not victims:
                raise Refused("does not run")
            replica["running"].remove(victims[0])
            replica["waiting"].append(victims[0])
            victims[0].update(computed=0, lost=victims[0]["done"])
            replica["ask"] = True
            self.preemptions += 1
            if self.preemptions > MOST_PREEMPTIONS * len(self.jobs):
                raise Refused("no end of it")
        could = any(self.fits(replica, j) for j in replica["waiting"])
        if could and replica["ask"] and self.spare(replica) and not gave_way:
            self.admit(now, replica)
        if replica["waiting"] and not replica["running"]:
            raise Refused("rests while requests wait")
        replica["plan"] = self.plan(replica)
        if replica["plan"]:
            replica["end"] = now + self.seconds(replica["plan"])

    def admit(self, now: Fraction, replica: dict[str, Any]) -> None:
        waiting = [[j["id"], self.todo(j)] for j in replica["waiting"]]
        answer = self.ask("order", self.news(now, replica=replica["number"]), waiting, self.told(replica), self.room(replica) - 1)
        if type(answer) is not list or any(type(id) is not int for id in answer):
            raise Refused("no list of ids")
        if len(set(answer)) < len(answer) or not set(answer) <= {id for id, _ in waiting}:
            raise Refused("ids that do not wait, or twice")
        replica["ask"] = False
        for id in answer:
            (job,) = (j for j in replica["waiting"] if j["id"] == id)
            if not self.spare(replica):
                replica["ask"] = True  # left over for want of tokens, not of memory: the next iteration may have some
                return
            if not self.fits(replica, job):
                return
            replica["waiting"].remove(job)
            replica["running"].append(job)

    def plan(self, replica: Mapping[str, Any]) -> list[tuple[dict[str, Any], int]]:
        """Who gets how many tokens: one for each answer under way, what is left for prompts in order of admission."""
        plan = [(j, 1) for j in replica["running"] if not self.todo(j)]
        left = int(self.machine["chunk"]) - len(plan)
        for job in replica["running"]:
            part = min(left, self.todo(job))
            if part:
                plan.append((job, part))
                left -= part
        return plan

    def seconds(self, plan: Sequence[tuple[dict[str, Any], int]]) -> Fraction:
        m = self.machine
        read = sum(j["computed"] if self.todo(j) else self.memory(j) for j, _ in plan)
        # A token of a prompt meets those before it, and itself by half.
        pairs = sum(j["computed"] + i + Fraction(1, 2) for j, part in plan if self.todo(j) for i in range(part))
        tokens = sum(part for _, part in plan)
        return m["overhead_s"] + max(tokens * m["token_s"], m["weights_s"]) + m["context_s"] * read + m["pair_s"] * pairs

    def end(self, now: Fraction, replica: dict[str, Any]) -> None:
        for job, part in replica["plan"]:
            if self.todo(job):
                job["computed"] += part
                if self.todo(job):
                    continue
                replica["ask"] = True
            job["done"] += 1
            job["first"] = now if job["first"] is None else job["first"]
            if job["done"] == job["output"]:
                job["last"] = now
                replica["running"].remove(job)
                self.finished.append([job["id"], job["output"]])
                replica["ask"] = True
        replica["plan"] = None


# --------------------------------------------------------------------------- workloads and decisions


@st.composite
def workloads(draw: st.DrawFn) -> dict[str, Any]:
    """A few requests on one to three small machines; all times are sums of powers of 2, so floats err nowhere."""
    capacity, chunk = draw(st.integers(8, 24)), draw(st.integers(3, 9))
    sizes = st.integers(1, 9).flatmap(
        lambda prompt: st.tuples(st.just(prompt), st.integers(1, min(12, capacity - prompt)) if capacity > prompt else st.just(1))
    )
    requests, now = [], 0
    for prompt, output in draw(st.lists(sizes.filter(lambda s: sum(s) <= capacity), min_size=1, max_size=9)):
        now += draw(st.sampled_from((0, 0, 1, 3, 16, 100)))
        requests.append([now / 64, prompt, output, draw(st.integers(1, 9)), draw(st.integers(0, 2))])
    eighths = st.integers(0, 8)
    return {
        "replicas": draw(st.integers(1, 3)),
        "ttft_s": draw(st.sampled_from((0.125, 0.5, 2.0))),
        "tpot_s": draw(st.sampled_from((0.03125, 0.125, 0.5))),
        "machine": {
            "token_s": draw(eighths) / 256, "weights_s": draw(eighths) / 64, "context_s": draw(eighths) / 1024,
            "pair_s": draw(eighths) / 2048, "overhead_s": draw(st.integers(1, 8)) / 64,
            "capacity": capacity, "chunk": chunk, "batch": draw(st.integers(1, chunk - 1)),
        },
        "requests": requests,
    }  # fmt: skip


Damage = Mapping[tuple[str, int], Callable[[Any, list[Any]], Any]]
"""What spoils an answer, given the question too: by the method and which call of it."""


class Drawn:
    """A policy whose decisions are told by drawn numbers, one a question (0 once they are used up: the plainest); keeps all."""

    def __init__(self, numbers: Sequence[int], damage: Damage | None = None) -> None:
        self.numbers, self.damage = numbers, damage or {}
        self.asked: list[Any] = []
        self.times = {"route": 0, "order": 0, "preempt": 0}

    def __call__(self, *args: Any) -> Any:
        raise AssertionError("an online verifier calls methods")

    def begin(self, *args: Any) -> None:
        self.asked = []

    def call(self, method: str, *args: Any) -> Any:
        at = len(self.asked)
        question = json.loads(json.dumps([method, *args]))
        number = self.numbers[at] if at < len(self.numbers) else 0
        answer = getattr(self, method)(number, *question[1:])
        if (method, self.times[method]) in self.damage:
            answer = self.damage[method, self.times[method]](answer, question)
        self.times[method] += 1
        self.asked.append([question, repr(answer)])
        return answer

    def route(self, number: int, news: Any, request: Any, views: list[Any]) -> int:
        return number % len(views)

    def order(self, number: int, news: Any, waiting: list[list[int]], running: list[Any], room: int) -> list[int]:
        """Any order; now and then some are left out, or all, where the replica has something else to do."""
        ids = [id for id, _ in waiting]
        if number:
            rng = random.Random(number)
            rng.shuffle(ids)
            if number % 3 == 0:
                ids = ids[: rng.randint(0 if running else 1, len(ids))]
        return ids

    def preempt(self, number: int, news: Any, running: list[list[int]]) -> int:
        return int(running[number % len(running)][0])


NUMBERS = st.lists(st.integers(0, 999), max_size=40)


def both(data: dict[str, Any], policy: Callable[[], Drawn]) -> tuple[float | None, float | None, SlowCluster, list[Any]]:
    """Objective by the verifier and by the slow cluster, None where an answer is refused; the questions must be the same."""
    asked, found = policy(), policy()
    try:
        measured = Serving().run(Instance("x", "f", json.loads(json.dumps(data))), asked)
        objective, preemptions = measured.objective, int(measured.metrics["preemptions"])
    except Infeasible:
        objective = preemptions = None
    slow = SlowCluster(data, found.call)
    try:
        expected = float(slow.run())
    except Refused:
        expected = None
    assert asked.asked == found.asked
    assert preemptions in (None, slow.preemptions)
    return objective, expected, slow, asked.asked


# --------------------------------------------------------------------------- right decisions


@settings(max_examples=300)
@given(workloads(), NUMBERS)
def test_any_right_decisions_are_scored_as_by_the_statement(data: dict[str, Any], numbers: list[int]) -> None:
    objective, expected, *_ = both(data, lambda: Drawn(numbers))
    assert objective is not None
    assert objective == pytest.approx(expected, rel=1e-12)


def crowd(rng: random.Random) -> dict[str, Any]:
    """Nine requests for one replica with memory for two or three."""
    machine = {
        "token_s": 1 / 256, "weights_s": 1 / 64, "context_s": 1 / 1024, "pair_s": 1 / 2048, "overhead_s": 1 / 16,
        "capacity": 24, "chunk": 6, "batch": 5,
    }  # fmt: skip
    requests = [[i / 16, rng.randint(1, 9), rng.randint(1, 12), 3, 0] for i in range(9)]
    return {"replicas": 1, "ttft_s": 0.5, "tpot_s": 0.125, "machine": machine, "requests": requests}


def test_crowds_reach_what_is_hard() -> None:
    preempted = left_out = parts = 0
    for seed in range(60):
        rng = random.Random(seed)
        data, numbers = crowd(rng), [rng.randrange(1000) for _ in range(200)]
        objective, expected, slow, asked = both(data, lambda numbers=numbers: Drawn(numbers))
        assert objective == pytest.approx(expected, rel=1e-12)
        preempted += slow.preemptions
        orders = [(question, answer) for question, answer in asked if question[0] == "order"]
        left_out += sum(len(json.loads(answer)) < len(question[2]) for question, answer in orders)
        parts += sum(any(todo for *_, todo in question[3]) for question, _ in orders)
    assert min(preempted, left_out, parts) > 50, (preempted, left_out, parts)


# --------------------------------------------------------------------------- damaged decisions

WRONG = (None, True, False, -1, 0.0, 1.0, math.nan, math.inf, 10**30, -(10**400), "0", "", [], {}, [0], {"replica": 0}, [[]])


def damages() -> st.SearchStrategy[Callable[[Any, list[Any]], Any]]:
    """Ways to spoil an answer, given the question; now and then what comes out is right all the same."""

    def replaced(value: Any) -> Callable[[Any, list[Any]], Any]:
        return lambda answer, question: value

    def entry(at: int, value: Any) -> Callable[[Any, list[Any]], Any]:
        def change(answer: Any, question: list[Any]) -> Any:
            if type(answer) is not list:
                return value
            k = at % (len(answer) + 1)
            return [*answer[:k], value, *answer[k + 1 :]]

        return change

    def more(value: Any) -> Callable[[Any, list[Any]], Any]:
        return lambda answer, question: [*answer, value] if type(answer) is list else [answer, value]

    def off(by: int) -> Callable[[Any, list[Any]], Any]:
        return lambda answer, question: [id + by for id in answer] if type(answer) is list else answer + by

    def running(answer: Any, question: list[Any]) -> Any:
        """Admit who runs already; have one give way who does not; a replica beyond the last."""
        if question[0] == "order":
            return [id for id, *_ in question[3]] or [question[1]["replica"]]
        return len(question[3]) if question[0] == "route" else max(id for id, *_ in question[2]) + 1

    def as_sent(answer: Any, question: list[Any]) -> Any:
        """The pairs of the question, or the one-element list, in place of ids."""
        return question[2] if question[0] != "route" else [answer]

    def twice(answer: Any, question: list[Any]) -> Any:
        return answer + answer if type(answer) is list else [answer, answer]

    def repeated(answer: Any, question: list[Any]) -> Any:
        return [*answer[:-1], answer[0]] if type(answer) is list and answer else answer

    def nothing(answer: Any, question: list[Any]) -> Any:
        return [] if type(answer) is list else None

    def fewer(answer: Any, question: list[Any]) -> Any:
        return answer[1:] if type(answer) is list else answer

    def backwards(answer: Any, question: list[Any]) -> Any:
        return answer[::-1] if type(answer) is list else answer

    def as_float(answer: Any, question: list[Any]) -> Any:
        return [float(id) for id in answer] if type(answer) is list else float(answer)

    def as_bool(answer: Any, question: list[Any]) -> Any:
        """True for 1, False for 0."""
        if type(answer) is list:
            return [bool(id) if id in (0, 1) else id for id in answer]
        return bool(answer) if answer in (0, 1) else answer

    values = st.one_of(st.sampled_from(WRONG), st.integers(-2, 9))
    drawn = (
        st.builds(replaced, values),
        st.builds(entry, st.integers(0, 8), values),
        st.builds(more, values),
        st.builds(off, st.sampled_from((-1, 1, 10**30))),
    )
    fixed = (running, as_sent, twice, repeated, nothing, fewer, backwards, as_float, as_bool)
    return st.one_of(*drawn, *map(st.just, fixed))


DAMAGE = st.dictionaries(
    st.tuples(st.sampled_from(("route", "order", "order", "preempt")), st.integers(0, 5)), damages(), min_size=1, max_size=3
)


def agree(data: dict[str, Any], numbers: list[int], damage: Damage) -> None:
    objective, expected, *_ = both(data, lambda: Drawn(numbers, damage))
    if expected is None:
        assert objective is None
    else:
        assert objective == pytest.approx(expected, rel=1e-12)


@settings(max_examples=400)
@given(workloads(), NUMBERS, DAMAGE)
def test_damaged_decisions_are_refused_where_the_statement_refuses_them(
    data: dict[str, Any], numbers: list[int], damage: Damage
) -> None:
    agree(data, numbers, damage)


@settings(max_examples=600)
@given(st.integers(0, 10**6), st.sampled_from(("order", "preempt")), st.integers(0, 5), damages())
def test_damaged_decisions_in_a_crowd_too(seed: int, method: str, at: int, damage: Callable[[Any, list[Any]], Any]) -> None:
    rng = random.Random(seed)
    agree(crowd(rng), [rng.randrange(1000) for _ in range(200)], {(method, at): damage})
