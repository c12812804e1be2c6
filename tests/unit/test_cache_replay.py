"""The caching replayer: its count by hand and by a slower judge, its optimum by brute force, its exploits refused."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.kv_cache.optimum import clairvoyant_hits, solve
from evaluators.kv_cache.verifier import CacheReplay, Trace
from problems.caching.kv_cache.instances import as_data, recorded_requests
from tests.unit.policies import Online
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Measurement, Program, Split
from workbench.problem import catalog
from workbench.testing.inprocess import InProcess

PROBLEM = catalog.load("caching/kv_cache")
PREFIX = CacheReplay(prefix=True)


class Answers(Online):
    """A policy in this process that answers by `decide(number, served, need)` and keeps, as JSON, all it was sent."""

    def __init__(self, decide: Callable[[int, list[dict[str, Any]], int], Any]) -> None:
        super().__init__(evict=lambda *args: decide(self.number, *args))


def instance(capacity: int, requests: Sequence[Sequence[int]]) -> Instance:
    data = {"capacity": capacity, "requests": [list(r) for r in requests], "facts": {"time_s": list(range(len(requests)))}}
    return Instance("x", "f", data)


def play(capacity: int, requests: Sequence[Sequence[int]], answers: Sequence[Any], prefix: bool = True) -> Measurement:
    return CacheReplay(prefix).run(instance(capacity, requests), Answers(lambda number, served, need: answers[number]))


def prompts(rng: random.Random, count: int, blocks: int) -> list[list[int]]:
    """Paths of a random tree from its roots: a block is always preceded by the same ones."""
    before = [rng.randrange(-1, i) for i in range(blocks)]
    requests = []
    for _ in range(count):
        path, block = [], rng.randrange(blocks)
        while block >= 0:
            path.append(block)
            block = before[block]
        requests.append(path[::-1])
    return requests


# --------------------------------------------------------------------------- the count


def test_the_example_of_the_statement() -> None:
    requests = [[1, 2, 3], [1, 4], [1, 2, 3]]
    assert play(3, requests, [[3], [4]]).metrics["hits"] == 1 + 2
    assert play(3, requests, [[1], [4]]).metrics["hits"] == 1 + 0
    assert play(3, requests, [[1], [4]], prefix=False).metrics["hits"] == 1 + 2
    assert play(3, requests, [[3], [4]]).objective == pytest.approx(3 / 8)


def test_the_policy_is_told_of_every_request_once_and_of_none_before_its_time() -> None:
    policy = Answers(lambda number, served, need: served[-1]["blocks"][-need:])
    PREFIX.run(instance(3, [[1], [1, 2], [1, 2, 3, 4], [5], [1, 5]]), policy)
    begun, *calls = [json.loads(s) for s in policy.sent]
    assert begun == [{"capacity": 3}]
    assert calls == [
        [
            [
                {"time_s": 0, "blocks": [1], "hits": 0},
                {"time_s": 1, "blocks": [1, 2], "hits": 1},
                {"time_s": 2, "blocks": [1, 2, 3, 4], "hits": 2},
            ],
            1,
        ],
        [[{"time_s": 3, "blocks": [5], "hits": 0}], 1],
        [[{"time_s": 4, "blocks": [1, 5], "hits": 1}], 1],
    ]


def test_nothing_sent_depends_on_requests_to_come() -> None:
    rng, compared = random.Random(3), 0
    for _ in range(20):
        requests = prompts(rng, 20, 12)
        now = rng.randrange(1, 19)
        other = requests[: now + 1] + prompts(rng, 19 - now, 12)
        told = []
        for trace in (requests, other):
            policy = Answers(_drop_ends())
            PREFIX.run(instance(6, trace), policy)
            told.append([s for s in policy.sent[1:] if json.loads(s)[0][-1]["time_s"] <= now])
        assert told[0] == told[1]
        compared += len(told[0])
    assert compared > 50


def _drop_ends() -> Callable[[int, list[dict[str, Any]], int], list[int]]:
    """Answer as LRU does, the end of a prompt first."""
    cache: dict[int, None] = {}

    def decide(number: int, served: list[dict[str, Any]], need: int) -> list[int]:
        for request in served:
            for block in reversed(request["blocks"]):
                cache.pop(block, None)
                cache[block] = None
        dropped = list(cache)[:need]
        for block in dropped:
            del cache[block]
        return dropped

    return decide


def test_a_request_longer_than_the_cache_is_served_and_need_not_be_kept() -> None:
    assert play(2, [[1, 2, 3, 4], [1, 2, 5]], [[3, 4], [5]]).metrics == {"hits": 2, "dropped": 3, "evictions": 2}
    assert play(1, [[1, 2], [2]], [[1, 2]], prefix=False).metrics["hits"] == 0  # more than needed is dropped


# --------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([], "must drop at least 2 of the 5"),  # keep everything in a cache that grows
        ([3], "must drop at least 2 of the 5"),
        ([3, 3], "names block 3 twice"),  # one block's room counted twice
        ([3, 9], "names block 9, which is not in the cache"),  # room that was never taken
        ([3, -1], "names block -1, which is not in the cache"),
        ([3, 10**400], "an integer of 1329 bits, which is not in the cache"),
        ([3, 4.0], "must be an int, got the float 4.0"),
        ([3, True], "must be an int, got the bool True"),
        ([3, "4"], "must be an int, got the str '4'"),
        ([[3, 4]], "must be an int, got a list"),
        ([1, 2, 3, 4, 5, 5], "at most 5 entries, got 6"),
        ({"drop": [3, 4]}, "must be a list, got a dict"),
        (None, "must be a list, got None"),
        (2, "must be a list, got the int 2"),
    ],
)
def test_any_other_answer_is_infeasible(answer: Any, reason: str) -> None:
    with pytest.raises(Infeasible, match=reason):
        play(3, [[1, 2, 3], [1, 4, 5]], [answer])


def test_a_block_that_was_dropped_cannot_be_dropped_again() -> None:
    with pytest.raises(Infeasible, match="after request 2 names block 3, which is not in the cache"):
        play(3, [[1, 2, 3], [4], [5]], [[3], [3]])


def test_a_policy_that_spoils_its_arguments_changes_nothing() -> None:
    def spoil(number: int, served: list[dict[str, Any]], need: int) -> list[int]:
        victims = sorted({b for r in served for b in r["blocks"]})[-need:]
        for request in served:
            request["blocks"].clear()
            request["hits"] = 10**6
        return victims

    case = instance(2, [[1, 2, 3], [1, 2, 3]])
    assert PREFIX.run(case, Answers(spoil)) == PREFIX.run(case, Answers(lambda n, s, need: [3]))
    assert case.data["requests"] == [[1, 2, 3], [1, 2, 3]]


REMEMBERS = '''
import bisect
SEEN = []  # survives from one instance to the next
class Policy:
    """Knows the future of every block it met in an earlier instance."""
    def __init__(self, task):
        self.cache, self.old, self.log = set(), list(SEEN), []
        SEEN.append(self.log)
    def evict(self, served, need):
        for r in served:
            self.log.append((r["time_s"], r["blocks"], r["tokens"]))
            self.cache.update(r["blocks"])
        now, size = served[-1]["time_s"], len(served[-1]["blocks"])
        future = {}
        for log in self.old:
            known = {tuple(b): t for t, b, _ in log[::-1]}
            if all(known.get(tuple(b)) == t for t, b, _ in self.log[:20]):
                for t, blocks, _ in reversed(log):
                    if t > now:
                        for b in blocks:
                            future[b] = t
        order = sorted(self.cache, key=lambda b: (-future.get(b, 1e9), -b))
        self.cache.difference_update(order[:need])
        return order[:need]
'''


def test_remembering_other_instances_is_worthless_but_would_not_be_on_the_same_requests() -> None:
    # One process answers all instances of a split, so no two of them may hold the same requests.
    program = Program(REMEMBERS, "Policy")
    first, second, *_ = (i for i in PROBLEM.instances(Split.VALIDATION) if i.family == "mixed-large")
    twice = InProcess(program)
    blind, seen = (PREFIX.run(first, twice).objective for _ in range(2))
    assert seen > blind + 0.05  # the attack works where it can
    assert PREFIX.run(second, twice) == PREFIX.run(second, InProcess(program))


def test_no_request_is_in_two_instances() -> None:
    prints: dict[tuple[Any, ...], str] = {}
    total = 0
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        for case in PROBLEM.instances(split):
            total += len(case.data["requests"])
            facts = case.data["facts"]["tokens"]
            for low in range(len(facts) - 8):
                window = tuple(facts[low : low + 8])  # eight lengths in a row tell requests apart
                assert prints.setdefault(window, case.id) == case.id
    assert total == 12031 + 3993


@pytest.mark.parametrize(
    "change",
    [{"capacity": 0}, {"requests": [[1, 2], []]}, {"requests": [[1, 1], [2]]}, {"facts": {"time_s": [0]}}],
)
def test_contradictory_instance_is_a_problem_error(change: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match="cache trace"):
        Trace.from_data({**instance(3, [[1], [2]]).data, **change})


# --------------------------------------------------------------------------- a slower judge


def slow_judge(capacity: int, requests: Sequence[Sequence[int]], answers: Sequence[Any]) -> int | None:
    """Hits by prefix, from the answers alone; None where one of them breaks a rule. Lists only, nothing clever."""
    cache: list[int] = []
    hits, turn = 0, 0
    for request in requests:
        run = 0
        while run < len(request) and request[run] in cache:
            run += 1
        hits += run
        cache += [b for b in request if b not in cache]
        if len(cache) <= capacity:
            continue
        answer = answers[turn] if turn < len(answers) else []
        turn += 1
        if type(answer) is not list or any(type(b) is not int for b in answer):
            return None
        for block in answer:
            if block not in cache:
                return None
            cache.remove(block)
        if len(cache) > capacity:
            return None
    return hits


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(0, 7), st.data())
def test_damaged_answers_are_judged_as_a_slow_judge_does(seed: int, kind: int, data: st.DataObject) -> None:
    rng = random.Random(seed)
    requests, capacity = prompts(rng, 15, 10), rng.randint(1, 6)
    recorded: list[list[int]] = []
    ends = _drop_ends()

    def keep(number: int, served: list[dict[str, Any]], need: int) -> list[int]:
        recorded.append(ends(number, served, need))
        return list(recorded[-1])

    right = PREFIX.run(instance(capacity, requests), Answers(keep))
    assert right.metrics["hits"] == slow_judge(capacity, requests, recorded)
    if not recorded:
        return
    turn = data.draw(st.integers(0, len(recorded) - 1))
    answer: list[Any] = recorded[turn]
    at = data.draw(st.integers(0, len(answer) - 1))
    damaged: list[Any] = [
        answer[:at] + answer[at + 1 :],
        [*answer, answer[at]],
        [*answer, data.draw(st.integers(-2, 12))],
        [*answer[:at], data.draw(st.integers(-2, 12)), *answer[at + 1 :]],
        answer[::-1],
        [float(b) for b in answer],
        [bool(b) for b in answer],
        tuple(answer),
    ]
    changed = [*recorded[:turn], damaged[kind], *recorded[turn + 1 :]]  # may be asked more often now: then nothing is dropped
    expected = slow_judge(capacity, requests, changed)
    try:
        found = PREFIX.run(
            instance(capacity, requests), Answers(lambda number, served, need: [*changed, []][min(number, len(changed))])
        )
    except Infeasible:
        assert expected is None
    else:
        assert found.metrics["hits"] == expected


# --------------------------------------------------------------------------- the optimum


def best_hits(capacity: int, requests: Sequence[Sequence[int]], prefix: bool) -> int:
    """Most hits over all ways to drop blocks, by trying them all."""

    @functools.cache
    def best(number: int, cache: frozenset[int]) -> int:
        if number == len(requests):
            return 0
        request = requests[number]
        run = 0
        for block in request:
            if block in cache:
                run += 1
            elif prefix:
                break
        union = sorted(cache.union(request))
        keeps = combinations(union, min(capacity, len(union)))
        return run + max(best(number + 1, frozenset(keep)) for keep in keeps)

    return best(0, frozenset())


@pytest.mark.parametrize("seed", range(25))
def test_optimum_is_brute_force_on_prefix_traces(seed: int) -> None:
    rng = random.Random(seed)
    requests, capacity = prompts(rng, 8, 7), rng.randint(1, 4)
    trace = Trace.from_data(instance(capacity, requests).data)
    assert clairvoyant_hits(trace) == best_hits(capacity, requests, True) == best_hits(capacity, requests, False)


@pytest.mark.parametrize("seed", range(15))
def test_optimum_is_brute_force_on_any_trace_of_single_hits(seed: int) -> None:
    rng = random.Random(100 + seed)
    requests = [rng.sample(range(7), rng.randint(1, 3)) for _ in range(9)]
    capacity = rng.randint(1, 4)
    assert clairvoyant_hits(Trace.from_data(instance(capacity, requests).data)) == best_hits(capacity, requests, False)


def test_references_are_reached_again() -> None:
    for split in Split:
        cases = {i.family: i for i in PROBLEM.instances(split) if "ten-times" not in i.family}
        for case in list(cases.values())[:3]:
            assert solve(case).value == pytest.approx(PROBLEM.references.reference(split, case.id).value, rel=1e-12)


# --------------------------------------------------------------------------- programs and instances


def test_published_shares_of_the_whole_trace() -> None:
    # Known from a replay block by block at 5,000 blocks: LRU .110, Belady .341. By request, LRU gains 0.0014.
    whole = Instance("whole", "f", as_data(recorded_requests("chat"), 5000))
    assert len(whole.data["requests"]) == 12031
    assert solve(whole).value == pytest.approx(0.3412, abs=5e-5)
    assert PREFIX.run(whole, Answers(_drop_ends())).objective == pytest.approx(0.1118, abs=5e-5)


def test_a_block_is_always_preceded_by_the_same_blocks() -> None:
    # The optimum relies on it.
    for split in Split:
        for case in PROBLEM.instances(split):
            before: dict[int, int] = {}
            for request in case.data["requests"]:
                assert all(before.setdefault(b, a) == a for a, b in zip([-1, *request], request, strict=False)), case.id


def test_the_fixed_part_of_the_seed_keeps_whole_beginnings_whatever_they_are_worth() -> None:
    rng = random.Random(7)
    source = PROBLEM.program("seed").source.replace("return -resident", "return (age * 7 + uses * 3 + position * 5) % 11")
    for _ in range(15):
        requests, capacity = prompts(rng, 30, 15), rng.randint(1, 8)
        case = instance(capacity, requests)
        tokens = [512 * len(r) for r in requests]
        case = Instance("x", "f", case.data | {"facts": {"time_s": list(range(30)), "tokens": tokens}})
        policy = InProcess(Program(source, "Policy"))
        by_prefix, by_block = PREFIX.run(case, policy), CacheReplay(prefix=False).run(case, InProcess(Program(source, "Policy")))
        assert by_prefix.metrics["hits"] == by_block.metrics["hits"]


def test_lru_fifo_lfu_drop_what_they_should() -> None:
    requests = [[1], [1], [2], [1], [3], [4], [2], [2], [5]]

    def dropped(name: str) -> list[Any]:
        policy = InProcess(PROBLEM.program(name))
        case = Instance("x", "f", instance(3, requests).data | {"facts": {"time_s": [0] * 9, "tokens": [9] * 9}})
        PREFIX.run(case, policy)
        return policy.answers

    assert dropped("fifo") == [[1], [2]]
    assert dropped("lru") == [[2], [1], [3]]
    assert dropped("lfu") == [[2], [3], [4]]
