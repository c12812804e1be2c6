"""The semantic cache: verifier against a slow judge, bound against brute force, the future is not told, exploits are refused."""

from __future__ import annotations

import base64
import importlib
import itertools
import json
import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.semantic_cache.bound import most_saved, solve, stays
from evaluators.semantic_cache.verifier import SemanticCache, Stream, cosines
from tests.unit.policies import Online
from workbench.errors import Infeasible, PolicyFailure, ProblemError
from workbench.model import Instance, Split, Status
from workbench.problem import catalog
from workbench.problem.extras import package
from workbench.testing.inprocess import InProcess

PROBLEM = catalog.load("caching/semantic_cache")
VERIFIER = SemanticCache()

Lookup = Callable[[int, list[dict[str, Any]]], Any]
Learn = Callable[[int, list[list[int]]], Any]


class Told(Online):
    """A policy in this process that keeps what it was sent, as the JSON that would be sent."""

    def __init__(self, lookup: Lookup, learn: Learn) -> None:
        super().__init__(lookup=lookup, learn=learn)


def case(vectors: Sequence[Sequence[int]], queries: Sequence[Sequence[int]], **more: Any) -> Instance:
    raw = base64.b64encode(np.array(vectors, np.int8).tobytes()).decode()
    usual = {"capacity": 2, "false_cost": 4, "nearest": 2, "categories": 2, "steps": 10}
    data = {**usual, "dims": len(vectors[0]), "vectors": raw, "queries": queries, **more}
    return Instance("x", "f", json.loads(json.dumps(data)))


TEXTS = [[10, 0], [9, 3], [0, 10]]
EXAMPLE = case(TEXTS, [[0, 0, 0, 7], [3, 1, 0, 7], [3, 2, 1, 8], [3, 0, 0, 9]])
"""The example of the statement in small: a paraphrase with the same answer, another query, the first text with a new answer."""


def missing(step: int, queries: list[dict[str, Any]]) -> list[int]:
    return [-1] * len(queries)


def forgetting(step: int, answers: list[list[int]]) -> list[int]:
    return [-1] * len(answers)


def drawn(rng: random.Random, queries: int = 8) -> Instance:
    vectors = [[rng.choice((-3, 1, 2, 5)) for _ in range(2)] for _ in range(4)]
    rows = [[rng.randrange(4), rng.randrange(4), rng.randrange(2), rng.randrange(3)] for _ in range(queries)]
    return case(
        vectors,
        sorted(rows, key=lambda row: row[0]),
        capacity=rng.randint(1, 3),
        false_cost=rng.randint(1, 4),
        nearest=rng.randint(1, 3),
    )


# --------------------------------------------------------------------------- verifier


def test_the_worked_example_of_the_statement() -> None:
    policy = Told(lambda step, q: [-1] if step == 0 else [0, -1, -1], lambda step, a: [0] if step == 0 else [1, 0])
    found = VERIFIER.run(EXAMPLE, policy)
    assert found.objective == 25.0
    assert found.metrics == {"right_pct": 25.0, "false_pct": 0.0, "stored_pct": 75.0}
    _, _, first, second, answers = (json.loads(text) for text in policy.sent)
    assert first == [0, [[0, 7]]] and answers == [3, [[1, 8], [2, 9]]]
    assert second == [
        3,
        [
            {"category": 0, "near": [[0, 0.949]]},
            {"category": 1, "near": [[0, 0.0]]},
            {"category": 0, "near": [[0, 1.0]]},
        ],
    ]
    wrong = Told(lambda step, q: [-1] if step == 0 else [-1, -1, 0], lambda step, a: [0] if step == 0 else [-1, -1])
    assert VERIFIER.run(EXAMPLE, wrong).objective == 100 * (0 - 3) / 4


def slow(data: dict[str, Any], uses: Sequence[Any], places: Sequence[Any]) -> float | None:
    """The rules anew, without shared code: answers by query; None where one is broken."""
    raw = base64.b64decode(data["vectors"])
    dims = data["dims"]
    texts = [[b - 256 if b > 127 else b for b in raw[k : k + dims]] for k in range(0, len(raw), dims)]

    def cosine(a: list[int], b: list[int]) -> float:
        return round(sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b)), 3)

    slots: dict[int, tuple[int, int]] = {}
    cost, calls = 0, 0
    for _, batch in itertools.groupby(enumerate(data["queries"]), lambda pair: pair[1][0]):
        asked, before = list(batch), dict(slots)
        new: list[int] = []
        for k, (_, text, _, answer) in asked:
            near = sorted(before, key=lambda s: (-cosine(texts[text], texts[before[s][0]]), s))[: data["nearest"]]
            if type(uses[k]) is not int or uses[k] not in [-1, *near]:
                return None
            if uses[k] == -1:
                cost += 1
                place = places[calls]
                calls += 1
                if type(place) is not int or not -1 <= place < data["capacity"] or (place >= 0 and place in new):
                    return None
                new.append(place)
                slots[place] = (text, answer)
            elif before[uses[k]][1] != answer:
                cost += data["false_cost"]
        slots.pop(-1, None)
    return 100 * (1 - cost / len(data["queries"]))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.data())
def test_verifier_agrees_with_the_slow_judge_on_right_and_damaged_answers(seed: int, data: st.DataObject) -> None:
    instance = drawn(random.Random(seed))
    rng, uses, places = random.Random(seed), [], []
    at, damage = data.draw(st.integers(0, 7)), data.draw(st.sampled_from([None, None, None, True, 0.0, "0", [0], -2, 3, 10**30]))
    where = data.draw(st.sampled_from(["use", "place"]))

    def lookup(step: int, queries: list[dict[str, Any]]) -> list[Any]:
        told: list[Any] = [rng.choice([-1, *(slot for slot, _ in query["near"])]) for query in queries]
        if damage is not None and where == "use" and len(uses) <= at < len(uses) + len(told):
            told[at - len(uses)] = damage
        uses.extend(told)
        return told

    def learn(step: int, answers: list[list[int]]) -> list[Any]:
        told: list[Any] = [rng.randint(-1, instance.data["capacity"] - 1) for _ in answers]
        if damage is not None and where == "place" and len(places) <= at < len(places) + len(told):
            told[at - len(places)] = damage
        places.extend(told)
        return told

    try:
        found: float | None = VERIFIER.run(instance, Told(lookup, learn)).objective
    except Infeasible:
        found = None
    # What comes after a refusal does not matter to the slow judge either.
    expected = slow(dict(instance.data), uses + [-1] * 9, places + [-1] * 9)
    assert found == (None if expected is None else pytest.approx(expected))


NO_CALL = "after every query was answered"

REFUSED: list[tuple[str, Any, Any, str]] = [
    ("a slot that is empty", [1, -1, -1], [0, 1], "must be -1 or one of its `near`, got 1"),
    ("a slot that does not exist", [7, -1, -1], [0, 1], "must be -1 or one of its `near`, got 7"),
    ("counted from the end", [-2, -1, -1], [0, 1], "must be at least -1, got -2"),
    ("the answer itself", [{"answer": 7}, -1, -1], [0, 1], "must be an int"),
    ("an answer of its own", ["7", -1, -1], [0, 1], "must be an int"),
    ("true for 1", [True, -1, -1], [0, 1], "must be an int, got the bool True"),
    ("a float", [0.0, -1, -1], [0, 1], "must be an int"),
    ("fewer answers than queries", [0], [0, 1], "lookup() at step 3 must have 3 entries"),
    ("more answers than queries", [0, -1, -1, -1], [0, 1], "lookup() at step 3 must have 3 entries"),
    ("figures of its own", {"saved": 100}, [0, 1], "lookup() at step 3 must be a list"),
    ("room that is not there", [0, -1, -1], [0, 2], "must be in -1..1, got 2"),
    ("two answers in one slot", [0, -1, -1], [1, 1], "must not store two answers in one slot"),
    ("more stored than was answered", [0, -1, -1], [0, 1, -1], "learn() at step 3 must have 2 entries"),
    ("a slot for what was not answered", [0, 0, 0], [0, 1], NO_CALL),
]


@pytest.mark.parametrize(("uses", "places", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_exploits_are_refused(uses: Any, places: Any, message: str) -> None:
    def learn(step: int, answers: list[list[int]]) -> Any:
        if step and uses == [0, 0, 0]:
            raise AssertionError(NO_CALL)
        return places if step else [0]

    policy = Told(lambda step, queries: uses if step else [-1], learn)
    if message is NO_CALL:
        assert VERIFIER.run(EXAMPLE, policy).objective == 100 * (1 - 3 * 2) / 4
        return
    with pytest.raises(Infeasible) as refusal:
        VERIFIER.run(EXAMPLE, policy)
    assert message in str(refusal.value)


def test_a_policy_that_changes_what_it_is_given_changes_nothing_else() -> None:
    def lookup(step: int, queries: list[dict[str, Any]]) -> list[int]:
        for query in queries:
            query["near"].append([1, 1.0])
        return [1] if step == 0 else [-1] * len(queries)

    before = json.dumps(EXAMPLE.data)
    with pytest.raises(Infeasible, match="one of its `near`"):
        VERIFIER.run(EXAMPLE, Told(lookup, forgetting))

    def learn(step: int, answers: list[list[int]]) -> list[int]:
        for entry in answers:
            entry[1] = 7
        answers.clear()
        return [0] if step == 0 else [-1, -1]

    used = Told(lambda step, q: [-1] if step == 0 else [-1, 0, -1], learn)
    assert VERIFIER.run(EXAMPLE, used).metrics["false_pct"] == 25.0
    assert json.dumps(EXAMPLE.data) == before


def test_failure_of_the_candidates_process_passes_through() -> None:
    def crash(step: int, queries: list[dict[str, Any]]) -> Any:
        raise PolicyFailure(Status.TIMEOUT, "too slow")

    with pytest.raises(PolicyFailure, match="too slow"):
        VERIFIER.run(EXAMPLE, Told(crash, forgetting))


@pytest.mark.parametrize(
    "change",
    [{"capacity": 0}, {"false_cost": 0}, {"nearest": 0}, {"queries": []}, {"queries": [[0, 3, 0, 1]]}, {"queries": [[0, 0, 2, 1]]},
     {"queries": [[10, 0, 0, 1]]}, {"queries": [[1, 0, 0, 1], [0, 0, 0, 1]]}, {"queries": [[0, 0, 0, -1]]}, {"vectors": ""},
     {"vectors": "AAAA"}, {"vectors": "AAA="}],
)  # fmt: skip
def test_contradictory_instance_is_a_problem_error(change: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match="semantic cache"):
        Stream.from_data({**EXAMPLE.data, **change})


def test_cosines_are_those_of_exact_arithmetic() -> None:
    rng = random.Random(2)
    rows = [[rng.randint(-127, 127) for _ in range(48)] for _ in range(30)]
    found = cosines(np.array(rows, np.int8))
    for (i, a), (j, b) in itertools.product(enumerate(rows), repeat=2):
        exact = sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
        assert abs(found[i, j] - exact) <= 0.0005 + 1e-9
    assert (np.diag(found) == 1).all()


# --------------------------------------------------------------------------- the future stays here


def test_nothing_sent_depends_on_the_queries_to_come() -> None:
    rng = random.Random(4)
    for _ in range(20):
        first, other = drawn(rng), drawn(rng)
        early = [row for row in first.data["queries"] if row[0] <= 1] or [[0, 0, 0, 0]]
        late = [[2, *row[1:3], row[3] + 50] for row in other.data["queries"]]

        def lookup(step: int, queries: list[dict[str, Any]]) -> list[int]:
            return [query["near"][0][0] if query["near"] else -1 for query in queries]

        told = []
        for rows in (early, early + late):
            policy = Told(lookup, lambda step, answers: [0] + [-1] * (len(answers) - 1))
            VERIFIER.run(Instance("x", "f", {**first.data, "queries": rows}), policy)
            told.append([text for text in policy.sent if not text.startswith("[2,")])
        assert told[0] == told[1]
        assert set(json.loads(told[0][0])[0]) == {"capacity", "categories", "steps", "false_cost", "nearest"}


def test_answers_tell_nothing_by_their_numbers() -> None:
    numbers = [[row[3] for row in i.data["queries"]] for i in PROBLEM.instances(Split.TRAIN)]
    for own in numbers:
        fresh = list(dict.fromkeys(own))
        rising = sum(a < b for a, b in itertools.pairwise(fresh)) / (len(fresh) - 1)
        assert 0.4 < rising < 0.6, "later answers must not have greater numbers"


# --------------------------------------------------------------------------- the bound


def most_by_trying(stream: Stream) -> int:
    """Most queries served by kept answers, over all sets that can be kept after each batch."""
    batches = [[query.answer for query in batch] for _, batch in stream.batches()]
    states: dict[frozenset[int], int] = {frozenset(): 0}
    for batch in batches:
        grown: dict[frozenset[int], int] = {}
        for kept, value in states.items():
            gained = value + sum(answer in kept for answer in batch)
            can = kept | set(batch)
            for size in range(min(stream.capacity, len(can)) + 1):
                for subset in itertools.combinations(can, size):
                    key = frozenset(subset)
                    grown[key] = max(grown.get(key, 0), gained)
        states = grown
    return max(states.values())


def test_bound_is_the_optimum_of_whoever_recognises_all_answers() -> None:
    rng = random.Random(6)
    for _ in range(30):
        stream = Stream.from_data(drawn(rng, rng.randint(2, 12)).data)
        assert most_saved(stays(stream), stream.capacity)[0] == most_by_trying(stream)


def test_no_way_to_answer_beats_the_bound() -> None:
    rng = random.Random(7)
    for _ in range(150):
        instance = drawn(rng)

        def lookup(step: int, queries: list[dict[str, Any]]) -> list[int]:
            return [rng.choice([-1, *(slot for slot, _ in query["near"])]) for query in queries]

        def learn(step: int, answers: list[list[int]], capacity: int = instance.data["capacity"]) -> list[int]:
            order = [*range(capacity), *[-1] * len(answers)]
            return order[: len(answers)]

        assert VERIFIER.run(instance, Told(lookup, learn)).objective <= solve(instance).value + 1e-9


def test_some_references_are_solved_again() -> None:
    for instance in PROBLEM.instances(Split.VALIDATION)[::15]:
        reference = PROBLEM.references.reference(Split.VALIDATION, instance.id)
        assert solve(instance).value == pytest.approx(reference.value, rel=1e-9) and reference.status == "bound"


# --------------------------------------------------------------------------- programs and instances


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), -1.0, 10**6])
def test_the_fixed_part_of_the_seed_copes_with_any_number(value: float) -> None:
    instance = PROBLEM.instances(Split.TRAIN)[0]
    policy = InProcess(PROBLEM.program("seed"))
    scope = policy._entry.learn.__globals__
    scope["trust"] = scope["worth"] = lambda *_: value
    assert VERIFIER.run(instance, policy).objective <= 100


def test_exact_reuse_is_always_of_the_same_text() -> None:
    instance = PROBLEM.instances(Split.TRAIN)[0]
    policy = InProcess(PROBLEM.program("exact"))
    found = VERIFIER.run(instance, policy)
    texts = [row[1] for row in instance.data["queries"]]
    repeated = 100 * sum(text in texts[:k] for k, text in enumerate(texts)) / len(texts)
    assert 0 < found.metrics["right_pct"] + found.metrics["false_pct"] <= repeated + 1


def test_vcache_explores_less_the_more_it_has_seen_and_the_nearer_the_query() -> None:
    model = InProcess(PROBLEM.program("vcache"))._entry.model.__globals__["Model"]()

    def share(similarity: float) -> float:
        rng = random.Random(0)
        return sum(model.explores(similarity, 0.05, rng) for _ in range(400)) / 400

    assert share(0.99) == 1.0, "too little was seen"
    for k in range(40):
        model.add(0.3 + 0.015 * k, k >= 20)
    middle, slope, deviation = model.threshold()
    assert 0.55 < middle < 0.65 and slope > 20 and 0 < deviation < 0.2
    assert share(0.95) < 0.6 < 0.9 < share(0.6)


def test_the_fit_of_vcache_is_a_maximum_of_the_likelihood() -> None:
    scope = InProcess(PROBLEM.program("vcache"))._entry.model.__globals__
    rng = random.Random(1)
    seen = [(s := rng.random(), int(rng.random() < 1 / (1 + math.exp(-8 * (s - 0.5))))) for _ in range(200)]

    def likelihood(a: float, b: float) -> float:
        return sum(-math.log1p(math.exp(-(a + b * s) if y else a + b * s)) for s, y in seen)

    a, b, _ = scope["fit"](seen, -3.0, 6.0)
    best = likelihood(a, b)
    assert all(likelihood(a + da, b + db) < best for da, db in itertools.product((-0.1, 0, 0.1), repeat=2) if da or db)


def test_splits_share_no_text() -> None:
    made = importlib.import_module(f"{package(PROBLEM.folder)}.streams")
    names = [name for domains in made.DOMAINS.values() for name in domains]
    assert len(names) == len(set(names)) == 10
    texts = {split: made.texts_of(split) for split in made.DOMAINS}
    assert sum(len(t.unknown) for t in texts.values()) == 1200
    for one, other in itertools.combinations(texts.values(), 2):
        own = [
            {text for intents in t.domains.values() for texts in intents for text in texts} | set(t.unknown) for t in (one, other)
        ]
        # Short texts such as "yes" and "yes please" can have the same embedding; across splits none do.
        assert not own[0] & own[1]


def test_queries_of_an_intent_are_more_alike_than_others() -> None:
    for instance in PROBLEM.instances(Split.TRAIN)[::12]:
        stream = Stream.from_data(instance.data)
        text, answer = np.array([q.text for q in stream.queries]), np.array([q.answer for q in stream.queries])
        close = stream.similarity[np.ix_(text, text)]
        same, other = answer[:, None] == answer[None], text[:, None] != text[None]
        assert close[same & other].mean() > close[~same].mean() + 0.2
