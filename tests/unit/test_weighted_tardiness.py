"""Single-machine weighted tardiness: solvers against brute force and published optima, rules against their definitions."""

from __future__ import annotations

import itertools
import math
import random
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.single_machine import total_tardiness
from evaluators.weighted_tardiness.exact import Dynasearch, dispatch, iterated_dynasearch, weighted_subset_dp
from workbench.errors import Infeasible
from workbench.model import Instance, Split
from workbench.problem import catalog
from workbench.testing.inprocess import InProcess

SLUG = "scheduling/weighted_tardiness"
Jobs = tuple[list[int], list[int], list[int]]


@st.composite
def jobs(draw: st.DrawFn, most: int = 8) -> Jobs:
    n = draw(st.integers(1, most))
    top = draw(st.sampled_from((2, 9, 100)))  # many ties, some, hardly any
    processing = draw(st.lists(st.integers(1, top), min_size=n, max_size=n))
    weight = draw(st.lists(st.integers(1, draw(st.sampled_from((1, 10)))), min_size=n, max_size=n))
    return processing, weight, draw(st.lists(st.integers(0, sum(processing) + 3), min_size=n, max_size=n))


def cost(order: Any, data: Jobs) -> int:
    processing, weight, due = data
    return total_tardiness(order, processing, due, weight)


@cache
def program(name: str) -> InProcess:
    return InProcess(catalog.load(SLUG).program(name))


# --------------------------------------------------------------------------- solvers


@settings(max_examples=40)
@given(jobs(most=6))
def test_subset_dp_is_optimal(data: Jobs) -> None:
    value, order = weighted_subset_dp(*data)
    assert value == cost(order, data) == min(cost(o, data) for o in itertools.permutations(range(len(order))))


def test_subset_dp_takes_no_more_than_twenty_jobs() -> None:
    with pytest.raises(ValueError, match="at most 20"):
        weighted_subset_dp([1] * 21, [1] * 21, [1] * 21)


@settings(max_examples=30)
@given(jobs(most=9), st.randoms(use_true_random=False))
def test_dynasearch_knows_the_gain_of_every_move_and_ends_where_none_helps(data: Jobs, rng: random.Random) -> None:
    order = list(range(len(data[0])))
    rng.shuffle(order)
    search = Dynasearch(*data)
    gain, _ = search._gains(np.array(order))
    for i, j in itertools.combinations(range(len(order)), 2):
        assert gain[i, j] == cost(order, data) - min(cost(o, data) for o in moved(order, i, j))
    value, ended = search.descend(np.array(order))
    assert value == cost(ended.tolist(), data) <= cost(order, data)
    for i, j in itertools.combinations(range(len(order)), 2):
        assert min(cost(o, data) for o in moved(ended.tolist(), i, j)) >= value


def moved(order: list[int], i: int, j: int) -> list[list[int]]:
    exchanged = list(order)
    exchanged[i], exchanged[j] = order[j], order[i]
    later, earlier = [*order[i + 1 : j + 1], order[i]], [order[j], *order[i:j]]
    return [order[:i] + part + order[j + 1 :] for part in (later, earlier)] + [exchanged]


@pytest.mark.parametrize("seed", range(3))
def test_iterated_dynasearch_finds_optima_and_keeps_a_permutation(seed: int) -> None:
    rng = random.Random(seed)
    processing, weight = [rng.randint(1, 100) for _ in range(14)], [rng.randint(1, 10) for _ in range(14)]
    data = processing, weight, [rng.randint(100, 500) for _ in range(14)]
    value, order = iterated_dynasearch(*data, rng)
    assert sorted(order) == list(range(14)) and value == cost(order, data) == weighted_subset_dp(*data)[0]


def test_running_out_of_time_leaves_a_sequence() -> None:
    data = [5, 3, 8, 2], [1, 4, 2, 3], [4, 4, 4, 4]
    value, order = iterated_dynasearch(*data, random.Random(1), time_limit=-1.0)
    assert sorted(order) == [0, 1, 2, 3] and value == cost(order, data) <= cost(dispatch(*data), data)


# --------------------------------------------------------------------------- instances and references


def test_or_library_optima_are_met() -> None:
    # The published values tell whether the files are read as they are meant: one index off and nothing would agree.
    instances = {i.id: i for i in catalog.load(SLUG).instances(Split.TEST)}
    for id, value in (("wt40-001", 913), ("wt40-013", None), ("wt50-001", 2134)):
        reference = catalog.load(SLUG).references.reference(Split.TEST, id)
        data = tuple(instances[id].data[key] for key in ("processing", "weight", "due"))
        assert iterated_dynasearch(*data, random.Random(id))[0] == reference.value == (value or reference.value)
        assert reference.status == "optimal" and reference.solver == "OR-Library"
    assert sum(i.id.startswith("wt") for i in instances.values()) == 250


def test_references_are_solved_again() -> None:
    problem, references = catalog.load(SLUG).problem, catalog.load(SLUG).references
    instances = {i.family: i for i in catalog.load(SLUG).instances(Split.TRAIN)}
    for family in ("smoke-n20", "n40"):
        again, kept = problem.solve(instances[family]), references.reference(Split.TRAIN, instances[family].id)
        assert (again.value, again.status, again.solver) == (kept.value, kept.status, kept.solver)


# --------------------------------------------------------------------------- verifier


def slow_check(answer: Any, data: Jobs) -> int | None:
    """The contract in other words: weighted tardiness, or None where the answer is none."""
    processing, weight, due = data
    if type(answer) is not list or any(type(x) is not int for x in answer) or sorted(answer) != list(range(len(due))):
        return None
    ends = [sum(processing[j] for j in answer[: k + 1]) for k in range(len(due))]
    return sum(weight[j] * max(end - due[j], 0) for j, end in zip(answer, ends, strict=True))


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 9), st.integers(), st.floats(), st.text(max_size=3))


@settings(max_examples=50)
@given(jobs(most=5), st.data())
def test_verifier_agrees_with_a_slow_checker_on_damaged_orders(data: Jobs, choose: st.DataObject) -> None:
    answer: Any = choose.draw(st.permutations(range(len(data[0]))))
    for _ in range(choose.draw(st.integers(0, 2))):
        at = choose.draw(st.integers(0, len(answer)))
        damage = choose.draw(st.sampled_from(("put", "set", "cut")))
        answer = answer[:at] + ([] if damage == "cut" else [choose.draw(SCALARS)]) + answer[at + (damage != "put") :]
    answer = choose.draw(st.sampled_from((answer, answer, answer, tuple(answer), {"order": answer}, [answer])))
    expected = slow_check(answer, data)
    if expected is None:
        with pytest.raises(Infeasible):
            judge(data, lambda p, w, d: answer)
    else:
        assert judge(data, lambda p, w, d: answer) == expected


def judge(data: Jobs, policy: Any) -> float:
    instance = Instance("x", "f", dict(zip(("processing", "weight", "due"), data, strict=True)))
    return catalog.load(SLUG).problem.verifier.run(instance, policy).objective


def test_changing_the_weights_changes_nothing() -> None:
    def policy(p: list[int], w: list[int], d: list[int]) -> list[int]:
        p[:], w[:], d[:] = [1, 1], [0, 0], [99, 99]
        return [0, 1]

    data = [4, 2], [3, 5], [1, 3]
    assert judge(data, policy) == 3 * 3 + 5 * 3
    assert data == ([4, 2], [3, 5], [1, 3])


def test_a_job_named_twice_or_from_the_end_or_left_out_is_refused() -> None:
    for answer in ([1, 1], [-1, 0], [1], [0, 1, 0], [0.0, 1.0], [False, True], [[0, 1], 6]):
        with pytest.raises(Infeasible):
            judge(([4, 2], [3, 5], [1, 3]), lambda p, w, d, answer=answer: answer)


# --------------------------------------------------------------------------- rules


@settings(max_examples=15)
@given(jobs(most=7))
def test_no_program_beats_the_optimum(data: Jobs) -> None:
    optimum, _ = weighted_subset_dp(*data)
    for name in catalog.load(SLUG).programs:
        assert cost(program(name)(*data), data) >= optimum, name


@pytest.mark.parametrize("seed", range(4))
def test_rules_are_their_definitions(seed: int) -> None:
    rng = random.Random(seed)
    n = 25
    p, w = [rng.randint(1, 100) for _ in range(n)], [rng.randint(1, 10) for _ in range(n)]
    d = [rng.randint(0, sum(p)) for _ in range(n)]

    def step_by_step(value: Any) -> list[int]:
        left, t, order = set(range(n)), 0, []
        while left:
            mean = sum(p[j] for j in left) / len(left)
            job = min(left, key=lambda j: (value(j, t, mean), j))
            left.remove(job)
            order.append(job)
            t += p[job]
        return order

    assert program("wmdd")(p, w, d) == step_by_step(lambda j, t, m: max(p[j], d[j] - t) / w[j]) == dispatch(p, w, d)
    # In the paper's form, which underflows only for slacks far beyond these.
    atc = step_by_step(lambda j, t, m: -w[j] / p[j] * math.exp(-max(d[j] - p[j] - t, 0) / (2 * m)))
    assert program("atc")(p, w, d) == atc == program("seed_decent")(p, w, d)
    covert = step_by_step(lambda j, t, m: (-w[j] / p[j] * max(1 - max(d[j] - p[j] - t, 0) / (2 * p[j]), 0), d[j]))
    assert program("covert")(p, w, d) == covert
    assert cost(program("atc_best_k")(p, w, d), (p, w, d)) <= cost(atc, (p, w, d))


@settings(max_examples=25)
@given(jobs())
def test_insertions_end_where_no_single_move_helps(data: Jobs) -> None:
    found = program("atc_insertion")(*data)
    for i, k in itertools.product(range(len(found)), repeat=2):
        rest = found[:i] + found[i + 1 :]
        assert cost([*rest[:k], found[i], *rest[k:]], data) >= cost(found, data)


@settings(max_examples=25)
@given(jobs(most=6))
def test_neh_puts_each_job_at_its_best_place(data: Jobs) -> None:
    _, weight, due = data
    order: list[int] = []
    for job in sorted(range(len(due)), key=lambda j: (due[j], -weight[j])):
        tries = [[*order[:k], job, *order[k:]] for k in range(len(order), -1, -1)]
        order = min(tries, key=lambda o: cost(o, data))
    assert program("neh_edd")(*data) == order
