"""Transaction orders: replayed by hand and slot by slot, the search by brute force, exploits refused."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.transactions.chains import chains
from evaluators.transactions.search import lower_bound, search, separations, solve
from evaluators.transactions.verifier import TransactionOrder, makespan, starts, transactions_from
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Program, Split
from workbench.problem import catalog
from workbench.testing.inprocess import InProcess

PROBLEM = catalog.load("scheduling/transactions")
VERIFIER = TransactionOrder()
EXAMPLE = ["w-1 *", "r-1", "r-2 w-1"]


def batch(*lines: str) -> Instance:
    """An instance in the published notation."""
    words = [[word.split("-") for word in line.split()] for line in lines]
    return Instance("x", "f", {"transactions": [[None if w == ["*"] else [w[0], int(w[1])] for w in line] for line in words]})


def random_batch(rng: random.Random, n: int, keys: int = 4, longest: int = 5) -> Instance:
    def slot() -> list[Any] | None:
        return None if rng.random() < 0.3 else [rng.choice("rw"), rng.randrange(keys)]

    return Instance("x", "f", {"transactions": [[slot() for _ in range(rng.randint(1, longest))] for _ in range(n)]})


class Answer:
    """A policy in this process that gives one answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __call__(self, *args: Any) -> Any:
        return self.answer

    def begin(self, *args: Any) -> None:
        raise AssertionError("one call, one answer")

    def call(self, method: str, *args: Any) -> Any:
        raise AssertionError("one call, one answer")


def slow_makespan(data: dict[str, Any], order: Sequence[int]) -> int:
    """Try one start after the other against a table of every access made so far."""
    table: list[tuple[int, str, int]] = []  # key, kind, slot
    last = 0
    for number in order:
        slots = data["transactions"][number]
        own = [(entry[1], entry[0], slot) for slot, entry in enumerate(slots) if entry]
        start = 0
        while not all(
            start + slot > then
            for key, kind, slot in own
            for other, other_kind, then in table
            if key == other and "w" in (kind, other_kind)
        ):
            start += 1
        table += [(key, kind, start + slot) for key, kind, slot in own]
        last = max(last, start + len(slots))
    return last


# --------------------------------------------------------------------------- the rules


def test_the_example_of_the_statement() -> None:
    transactions = transactions_from(batch(*EXAMPLE).data)
    assert starts(transactions, [0, 1, 2]) == [0, 1, 1]
    assert VERIFIER.run(batch(*EXAMPLE), Answer([0, 1, 2])).objective == 3
    assert VERIFIER.run(batch(*EXAMPLE), Answer([0, 1, 2])).metrics == {"parallelism": 5 / 3}


@pytest.mark.parametrize(
    ("lines", "begun"),
    [
        (["w-1", "w-1", "w-1"], [0, 1, 2]),  # writes one after the other
        (["r-1", "r-1", "r-1"], [0, 0, 0]),  # reads together
        (["r-1", "w-1", "r-1"], [0, 1, 2]),  # a read after a write, whatever was read before
        (["w-1", "* * w-1"], [0, 0]),  # the later slot is late enough
        (["* * w-1", "w-1"], [0, 3]),  # no slipping in before an earlier transaction's access
        (["* * r-1", "r-1", "* w-1"], [0, 0, 2]),  # but a read may, and a write waits for the last read
        (["* * w-1", "w-2", "* * w-1"], [0, 0, 1]),  # another key is no hindrance
        (["r-1 w-1", "r-1 w-1"], [0, 2]),  # a transaction does not wait for itself
    ],
)
def test_starts_by_hand(lines: list[str], begun: list[int]) -> None:
    transactions = transactions_from(batch(*lines).data)
    assert starts(transactions, range(len(lines))) == begun


@settings(max_examples=80)
@given(st.integers(0, 10**6))
def test_makespan_is_that_of_a_slot_by_slot_judge_and_a_longest_path(seed: int) -> None:
    rng = random.Random(seed)
    case = random_batch(rng, rng.randint(1, 9))
    transactions = transactions_from(case.data)
    order = rng.sample(range(len(transactions)), len(transactions))
    span = makespan(transactions, order)
    assert span == slow_makespan(dict(case.data), order) == VERIFIER.run(case, Answer(order)).objective
    apart, begun = separations(transactions), []
    for position, number in enumerate(order):
        begun.append(max([0, *(begun[i] + int(apart[order[i], number]) for i in range(position))]))
    assert begun == starts(transactions, order)


def test_published_greedy_figure_is_of_the_right_size() -> None:
    # Random orders of the first published batch last 434 slots on average, shortest makespan first 220 to 270.
    case = next(i for i in PROBLEM.instances(Split.TEST) if i.id == "published-1")
    transactions = transactions_from(case.data)
    rng = random.Random(1)
    spans = [makespan(transactions, rng.sample(range(100), 100)) for _ in range(60)]
    assert 420 < sum(spans) / 60 < 447
    assert 200 < VERIFIER.run(case, InProcess(PROBLEM.program("greedy_sampled"))).objective < 290


# --------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([0, [0, 1, 2]], "must have 3 entries, got 2"),  # a cost of its own beside the order: published, and believed there
        ([0, [[0], [0], [0]]], "must have 3 entries, got 2"),
        ([1, [0, 1, 2], 3], r"the order\[1\] must be an int, got a list"),
        ({"order": [0, 1, 2], "makespan": 1}, "must be a list, got a dict"),
        ([0, 1], "must have 3 entries, got 2"),  # leave the expensive one out
        ([], "must have 3 entries, got 0"),
        ([0, 1, 1], "1 is at positions 1 and 2, 2 is missing"),
        ([0, 1, 2, 2], "must have 3 entries, got 4"),
        ([0, 1, 3], "must be in 0..2, got 3"),
        ([0, 1, -1], "must be in 0..2, got -1"),
        ([0, 1, 2.0], "must be an int, got the float 2.0"),
        ([0, True, 2], "must be an int, got the bool True"),
        ([0, 1, 10**400], "must be in 0..2, got an integer of 1329 bits"),
        (None, "must be a list, got None"),
        (0, "must be a list, got the int 0"),
        ((0, 1, 2), "must be a list, got a tuple"),
    ],
)
def test_any_other_answer_is_infeasible(answer: Any, reason: str) -> None:
    with pytest.raises(Infeasible, match=reason):
        VERIFIER.run(batch(*EXAMPLE), Answer(answer))


def test_a_policy_that_empties_its_arguments_changes_nothing() -> None:
    class Spoils(Answer):
        def __call__(self, *args: Any) -> Any:
            for slots in args[0]:
                for entry in slots:
                    if entry:
                        entry[0] = "r"
                slots.clear()
            return self.answer

    case = batch(*EXAMPLE)
    assert VERIFIER.run(case, Spoils([2, 1, 0])) == VERIFIER.run(case, Answer([2, 1, 0]))
    assert case.data == batch(*EXAMPLE).data


def slow_check(data: dict[str, Any], answer: Any) -> int | None:
    """The contract in other words: slots, or None where the answer is no order."""
    n = len(data["transactions"])
    if type(answer) is not list or any(type(x) is not int for x in answer) or sorted(answer) != list(range(n)):
        return None
    return slow_makespan(data, answer)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 9), st.integers(), st.floats(), st.text(max_size=3))


@settings(max_examples=120)
@given(st.integers(0, 10**6), st.data())
def test_verifier_agrees_with_the_slow_judge_on_right_and_damaged_orders(seed: int, choose: st.DataObject) -> None:
    case = random_batch(random.Random(seed), choose.draw(st.integers(1, 6)))
    answer: Any = choose.draw(st.permutations(range(len(case.data["transactions"]))))
    for _ in range(choose.draw(st.integers(0, 2))):
        at = choose.draw(st.integers(0, len(answer)))
        damage = choose.draw(st.sampled_from(("put", "set", "cut")))
        answer = answer[:at] + ([] if damage == "cut" else [choose.draw(SCALARS)]) + answer[at + (damage != "put") :]
    answer = choose.draw(st.sampled_from((answer, answer, answer, tuple(answer), {"order": answer}, [answer])))
    expected = slow_check(dict(case.data), answer)
    if expected is None:
        with pytest.raises(Infeasible):
            VERIFIER.run(case, Answer(answer))
    else:
        assert VERIFIER.run(case, Answer(answer)).objective == expected


@pytest.mark.parametrize("slots", [[], [["x", 1]], [["r"]], ["r-1"], [["r", "1"]], [["r", 1, 2]]])
def test_contradictory_instance_is_a_problem_error(slots: Any) -> None:
    with pytest.raises(ProblemError, match="transaction"):
        transactions_from({"transactions": [slots]})


# --------------------------------------------------------------------------- references


@pytest.mark.parametrize("seed", range(20))
def test_search_finds_and_bound_never_exceeds_the_optimum(seed: int) -> None:
    rng = random.Random(seed)
    transactions = transactions_from(random_batch(rng, rng.randint(1, 6)).data)
    n = len(transactions)
    optimum = min(makespan(transactions, order) for order in itertools.permutations(range(n)))
    assert lower_bound(transactions) <= optimum
    order = search(transactions, random.Random(0), 300)
    assert sorted(order) == list(range(n))
    assert makespan(transactions, order) == optimum


@pytest.mark.parametrize("seed", range(10))
def test_chains_find_the_optimum_of_small_batches(seed: int) -> None:
    rng = random.Random(seed)
    transactions = transactions_from(random_batch(rng, rng.randint(2, 6)).data)
    n = len(transactions)
    order = chains(separations(transactions), np.array([t.length for t in transactions]), 200)
    assert sorted(order) == list(range(n))
    assert makespan(transactions, order) == min(makespan(transactions, other) for other in itertools.permutations(range(n)))


def test_chains_are_no_worse_than_iterated_greedy_on_zipf_batches() -> None:
    for case in [i for i in PROBLEM.instances(Split.TRAIN) if i.family == "zipf"][:2]:
        transactions = transactions_from(case.data)
        found = chains(separations(transactions), np.array([t.length for t in transactions]), 100)
        assert makespan(transactions, found) < makespan(transactions, search(transactions, random.Random(5), 50))


def test_the_bound_is_exact_where_one_key_rules() -> None:
    transactions = transactions_from(batch(*["r-1 w-1 *"] * 5).data)
    assert lower_bound(transactions) == makespan(transactions, range(5)) == 11


def test_proven_references_are_found_again() -> None:
    again = [
        (split, i)
        for split in (Split.TRAIN, Split.TEST, Split.STRESS)
        for i in PROBLEM.instances(split)
        if i.family in ("smoke-published", "same", "single", "reads-alone", "smoke-warehouse")
    ]
    assert len(again) == 15
    for split, case in again:
        reference = PROBLEM.references.reference(split, case.id)
        assert reference.status == "optimal"
        assert solve(case).value == reference.value


def test_best_known_references_are_within_reach_of_a_short_search() -> None:
    for case in PROBLEM.instances(Split.TRAIN):
        if case.family == "smoke-bank":
            transactions = transactions_from(case.data)
            reference = PROBLEM.references.reference(Split.TRAIN, case.id).value
            found = makespan(transactions, search(transactions, random.Random(5), 400, int(reference)))
            assert lower_bound(transactions) <= reference <= found <= 1.25 * reference


# --------------------------------------------------------------------------- programs and instances


def test_shortest_makespan_first_appends_what_ends_first() -> None:
    case = batch("w-1 * * *", "w-1", "w-2 *", "* w-1")
    assert InProcess(PROBLEM.program("smf"))(case.data["transactions"]) == [1, 2, 3, 0]


def test_most_conflicts_counts_partners() -> None:
    case = batch("r-1", "w-1", "r-1 w-2", "w-2", "r-3")
    assert InProcess(PROBLEM.program("most_conflicts"))(case.data["transactions"]) == [1, 2, 0, 3, 4]


def test_the_fixed_part_of_the_seed_tells_priority_the_truth() -> None:
    source = PROBLEM.program("seed").source.replace("return -length", "SEEN.append((start, end, growth, makespan, left)); return 0")
    case = random_batch(random.Random(4), 8)
    transactions = transactions_from(case.data)
    policy = InProcess(Program("SEEN = []\n" + source, "order"))
    order = policy(case.data["transactions"])
    assert order == list(range(8))
    seen = iter(policy._entry.__globals__["SEEN"])
    for done in range(8):
        before = order[:done]
        for number in order[done:]:
            start = starts(transactions, [*before, number])[-1]
            span = makespan(transactions, before)
            end = start + transactions[number].length
            assert next(seen) == (start, end, max(0, end - span), span, 8 - done)


def test_shifted_parameters_are_met_in_test_alone_and_usual_ones_equally_often() -> None:
    def accesses(split: Split, family: str) -> Counter[int]:
        return Counter(len(case.data["transactions"][0]) for case in PROBLEM.instances(split) if case.family == family)

    def houses(split: Split, family: str) -> set[int]:
        batches = [case.data["transactions"] for case in PROBLEM.instances(split) if case.family == family]
        return {len({slots[0][1] for slots in batch}) for batch in batches}

    usual = {12: 1, 16: 1, 8: 1, 20: 1}
    assert accesses(Split.TRAIN, "zipf") == dict.fromkeys(usual, 8) and accesses(Split.VALIDATION, "zipf") == dict.fromkeys(
        usual, 3
    )
    assert accesses(Split.TEST, "zipf-shifted") == {24: 8, 16: 8, 6: 8}
    assert houses(Split.TRAIN, "smoke-warehouse") == houses(Split.VALIDATION, "smoke-warehouse") == {2, 3, 5, 8}
    assert houses(Split.TEST, "smoke-warehouse-shifted") == {1, 4, 12}


def test_published_batches_are_as_published() -> None:
    first, second = PROBLEM.instances(Split.TEST)[:2]
    assert first.data["transactions"][0][:3] == [["w", 17], ["r", 5], ["w", 3]]
    assert {len(t) for t in first.data["transactions"]} == {16} and {len(t) for t in second.data["transactions"]} == {5, 21}
    assert len(first.data["transactions"]) == len(second.data["transactions"]) == 100
