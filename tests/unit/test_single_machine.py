"""Single-machine total tardiness: solvers against brute force and each other, verifier against a slow checker, rules by hand."""

from __future__ import annotations

import itertools
import random
from functools import cache
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.single_machine import SequencingVerifier, total_tardiness
from evaluators.total_tardiness.exact import Decomposition, solve_total_tardiness, subset_dp
from evaluators.total_tardiness.search import improve, modified_due_date
from tests.unit.tardiness_mip import positional_mip
from workbench import checks
from workbench.errors import Infeasible
from workbench.model import Instance
from workbench.problem import catalog
from workbench.testing.inprocess import InProcess

SLUG = "scheduling/total_tardiness"


@st.composite
def jobs(draw: st.DrawFn, most: int = 8) -> tuple[list[int], list[int]]:
    n = draw(st.integers(1, most))
    top = draw(st.sampled_from((2, 9, 100)))  # many ties, some, hardly any
    processing = draw(st.lists(st.integers(1, top), min_size=n, max_size=n))
    return processing, draw(st.lists(st.integers(-5, sum(processing) + 3), min_size=n, max_size=n))


def brute_force(processing: list[int], due: list[int]) -> int:
    return min(total_tardiness(order, processing, due) for order in itertools.permutations(range(len(due))))


@cache
def program(name: str) -> InProcess:
    return InProcess(catalog.load(SLUG).program(name))


def heuristic(name: str, processing: list[int], due: list[int]) -> list[int]:
    return program(name)(processing, due)


# --------------------------------------------------------------------------- solvers


@settings(max_examples=60)
@given(jobs(most=6))
def test_decomposition_and_subset_dp_are_optimal(data: tuple[list[int], list[int]]) -> None:
    processing, due = data
    result = solve_total_tardiness(processing, due)
    assert result.value == result.bound == subset_dp(processing, due) == brute_force(processing, due)
    assert result.status == "optimal"
    assert sorted(result.order) == list(range(len(due))) and total_tardiness(result.order, processing, due) == result.value


@pytest.mark.parametrize("seed", range(12))
def test_decomposition_agrees_with_subset_dp_where_it_branches(seed: int) -> None:
    rng = random.Random(seed)
    n = 11
    processing = [rng.randint(1, 100) for _ in range(n)]
    work = sum(processing)
    due = [rng.randint(work // 10, work * 6 // 10) for _ in range(n)]
    assert solve_total_tardiness(processing, due).value == subset_dp(processing, due)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PuLP 3, which announces the names of PuLP 4
@pytest.mark.parametrize("seed", range(2))
def test_positional_mip_agrees(seed: int) -> None:
    rng = random.Random(seed)
    processing = [rng.randint(1, 20) for _ in range(6)]
    due = [rng.randint(0, 40) for _ in range(6)]
    assert positional_mip(processing, due) == solve_total_tardiness(processing, due).value


def test_closed_forms() -> None:
    assert solve_total_tardiness([7], [3]).value == 4
    assert solve_total_tardiness([7], [9]).value == 0
    due = [31, 4, 12, 25, 4]  # equal processing times: by due date
    assert solve_total_tardiness([6] * 5, due).value == total_tardiness([1, 4, 2, 3, 0], [6] * 5, due)
    processing = [5, 1, 4, 2, 3]  # all late from the start: shortest first
    assert solve_total_tardiness(processing, [0] * 5).value == 1 + 3 + 6 + 10 + 15


def hard(n: int, seed: int = 3) -> tuple[list[int], list[int]]:
    rng = random.Random(seed)  # RDD 0.2, TF 0.6: the hardest cell of the grid
    processing = [rng.randint(1, 100) for _ in range(n)]
    work = sum(processing)
    return processing, [rng.randint(round(work * 0.3), round(work * 0.5)) for _ in range(n)]


def test_running_out_of_time_leaves_a_bound_and_an_incumbent() -> None:
    processing, due = hard(45)
    optimum = solve_total_tardiness(processing, due).value
    cut = Decomposition(processing, due, process_time() - 1.0)
    assert 0 < cut.solve() <= optimum and cut.expired
    result = solve_total_tardiness(processing, due, time_limit=-1.0, search_limit=2.0)
    assert result.bound <= optimum <= result.value == total_tardiness(result.order, processing, due)
    assert result.value <= 1.01 * optimum < total_tardiness(modified_due_date(processing, due), processing, due)


def test_improve_keeps_a_permutation_and_never_loses() -> None:
    processing, due = hard(30)
    start = list(range(30))
    found = improve(start, processing, due, process_time() + 1.0, lambda *_: None)
    assert sorted(found) == start and total_tardiness(found, processing, due) < total_tardiness(start, processing, due)


@given(jobs())
@settings(max_examples=40)
def test_insertions_end_where_no_single_move_helps(data: tuple[list[int], list[int]]) -> None:
    processing, due = data
    found = improve(range(len(due)), processing, due, process_time() + 5.0, lambda *_: None)
    value = total_tardiness(found, processing, due)
    for i, k in itertools.product(range(len(due)), repeat=2):
        moved = found[:i] + found[i + 1 :]
        moved.insert(k, found[i])
        assert total_tardiness(moved, processing, due) >= value


# --------------------------------------------------------------------------- verifier and checks


def slow_check(answer: Any, processing: list[int], due: list[int]) -> int | None:
    """The contract in other words: total tardiness, or None where the answer is none."""
    if type(answer) is not list or any(type(x) is not int for x in answer) or sorted(answer) != list(range(len(due))):
        return None
    return sum(max(sum(processing[j] for j in answer[: k + 1]) - due[answer[k]], 0) for k in range(len(due)))


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 9), st.integers(), st.floats(), st.text(max_size=3))


@settings(max_examples=80)
@given(jobs(most=5), st.data())
def test_verifier_agrees_with_a_slow_checker_on_damaged_orders(data: tuple[list[int], list[int]], choose: st.DataObject) -> None:
    processing, due = data
    answer: Any = choose.draw(st.permutations(range(len(due))))
    for _ in range(choose.draw(st.integers(0, 2))):
        at = choose.draw(st.integers(0, len(answer)))
        damage = choose.draw(st.sampled_from(("put", "set", "cut")))
        answer = answer[:at] + ([] if damage == "cut" else [choose.draw(SCALARS)]) + answer[at + (damage != "put") :]
    answer = choose.draw(st.sampled_from((answer, answer, answer, tuple(answer), {"order": answer}, [answer])))
    expected = slow_check(answer, processing, due)
    instance = Instance("x", "f", {"processing": processing, "due": due})
    if expected is None:
        with pytest.raises(Infeasible):
            SequencingVerifier().run(instance, lambda p, d: answer)
    else:
        assert SequencingVerifier().run(instance, lambda p, d: answer).objective == expected


def test_verifier_weighs_jobs_and_hands_out_copies() -> None:
    data = {"processing": [4, 2, 3], "weight": [10, 1, 5], "due": [5, 3, 4]}

    def policy(p: list[int], w: list[int], d: list[int]) -> list[int]:
        p[:], d[:] = [1, 1, 1], [99, 99, 99]
        return [1, 0, 2]

    found = SequencingVerifier(("processing", "weight", "due"), "weight").run(Instance("x", "f", data), policy)
    assert found.objective == 10 * 1 + 5 * 5
    assert found.metrics == {"tardy_jobs": 2.0, "max_tardiness": 5.0}
    assert data["processing"] == [4, 2, 3]


REPEATED = "x must contain each of 0..2 exactly once: 1 is at positions 1 and 2, 2 is missing"


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: checks.permutation([0, 1, 1], 3, "x"), REPEATED),
        (lambda: checks.permutation([0, 3], 2, "order"), "order[1] must be in 0..1, got 3"),
        (lambda: checks.permutation([0], 2, "order"), "order must have 2 entries, got 1"),
        (lambda: checks.permutation((0, 1), 2, "order"), "order must be a list, got a tuple of 2 entries"),
        (lambda: checks.integer(True, "x"), "x must be an int, got the bool True"),
        (lambda: checks.integer(2.0, "x"), "x must be an int, got the float 2.0"),
        (lambda: checks.integer(10**5000, "x", 0, 9), "x must be in 0..9, got an integer of 16610 bits"),
        (lambda: checks.integer("\ud800", "x"), "x must be an int, got the str '\\ud800'"),
        (lambda: checks.number(float("nan"), "x"), "x must be a finite number, got nan"),
        (lambda: checks.number(10**400, "x"), "x must be a finite number, got an integer of 1329 bits"),
        (lambda: checks.number(-0.5, "x", low=0), "x must be at least 0, got -0.5"),
        (lambda: checks.numbers([1, 2.5, None], "x", 3), "x[2] must be a number, got None"),
        (lambda: checks.integers([1, 2], "x", 2, high=1), "x[1] must be at most 1, got 2"),
        (lambda: checks.sequence([1, 2, 3], "x", at_most=2), "x may have at most 2 entries, got 3"),
        (lambda: checks.boolean(1, "x"), "x must be True or False, got the int 1"),
    ],
)  # fmt: skip
def test_checks_name_the_rule_and_the_value(call: Any, reason: str) -> None:
    with pytest.raises(Infeasible) as refusal:
        call()
    assert str(refusal.value) == reason


def test_checks_return_what_is_right() -> None:
    assert checks.permutation([2, 0, 1], 3, "order") == [2, 0, 1]
    assert checks.integer(-3, "x", -3, -3) == -3
    assert checks.number(2, "x", 0, 2) == 2.0 and type(checks.number(2, "x")) is float
    assert checks.boolean(False, "x") is False


# --------------------------------------------------------------------------- published rules, by hand


def test_eddc_by_hand() -> None:
    # Shortest first: 1, 2, 0, completions 2, 5, 9. Job 2 (due 4) may not pass job 1: due 2 is not after completion 2. Job 0
    # (due 3) is due before job 2 but may not pass it: job 2's due date 4 is not after its completion 5.
    assert heuristic("eddc", [4, 2, 3], [3, 2, 4]) == [1, 2, 0]
    # With due date 6, job 2 completes in time at 5 and lets job 0 pass; job 1 (due 2) does not.
    assert heuristic("eddc", [4, 2, 3], [3, 2, 6]) == [1, 0, 2]


def test_mddc_by_hand() -> None:
    # t=0, longest 10, mean 16/3. Job 0: 1.1*10=11 > 10, rho=1, theta=1/2: 16.5 + 1.875. Job 1: max(2.2, 11)=11, rho=.2,
    # theta=.04/1.04: 11.42 + .375. Job 2: max(4.4, 12)=12, rho=.4, theta=.16/1.16: 13.66 + .75. So job 1 first, where MDD
    # takes job 0. t=2: job 0: 13.1 * (1 + .4098) + 10/9 = 19.6; job 2: 12 * (1 + .1) + 4/9 = 13.6. So job 2.
    processing, due = [10, 2, 4], [10, 11, 12]
    assert heuristic("mdd", processing, due) == [0, 1, 2]
    assert heuristic("mddc", processing, due) == [1, 2, 0]


def test_augmented_mddc_moves_to_the_end_what_it_regrets() -> None:
    rng = random.Random(1)
    better = 0
    for _ in range(20):
        processing = [rng.randint(1, 50) for _ in range(12)]
        due = [rng.randint(20, 200) for _ in range(12)]
        plain, augmented = (total_tardiness(heuristic(h, processing, due), processing, due) for h in ("mddc", "mddc_augmented"))
        better += augmented < plain
        assert augmented == total_tardiness(augmented_by_definition(processing, due), processing, due)
    assert better > 3


def augmented_by_definition(processing: list[int], due: list[int]) -> list[int]:
    sequence: list[int] = []
    waiting = list(range(len(due)))
    while waiting:
        t = sum(processing[j] for j in sequence)
        p = [processing[j] for j in waiting]

        def mu(j: int, t: int = t, p: list[int] = p) -> float:
            rho = min(processing[j] / (t + max(p)), 1)
            theta = rho**2 / (1 + rho**2)
            return max(1.1 * processing[j] + t, due[j]) * (1 + theta) + processing[j] / (t + sum(p) / len(p))

        sequence.append(waiting.pop(min(range(len(waiting)), key=lambda i: mu(waiting[i]))))
        for i in range(len(sequence) - 1):
            moved = [*sequence[:i], *sequence[i + 1 :], sequence[i]]
            if total_tardiness(moved, processing, due) < total_tardiness(sequence, processing, due):
                sequence = moved
    return sequence


@settings(max_examples=20)
@given(jobs(most=7))
def test_no_rule_beats_the_optimum(data: tuple[list[int], list[int]]) -> None:
    processing, due = data
    optimum = subset_dp(processing, due)
    for name in catalog.load(SLUG).programs:
        assert total_tardiness(heuristic(name, processing, due), processing, due) >= optimum


@settings(max_examples=40)
@given(jobs())
def test_mdd_and_psk_leave_no_two_neighbours_to_swap(data: tuple[list[int], list[int]]) -> None:
    processing, due = data
    for name in ("mdd", "psk"):
        order = heuristic(name, processing, due)
        value = total_tardiness(order, processing, due)
        for i in range(len(order) - 1):
            swapped = [*order[:i], order[i + 1], order[i], *order[i + 2 :]]
            assert total_tardiness(swapped, processing, due) >= value, name
