"""Expert placement: verifier against a slow checker and against exploits, bounds and greedy against brute force and a MIP."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.eplb.bounds import clairvoyant, least_maximum, pack, replicate, solve
from evaluators.eplb.verifier import ExpertPlacementVerifier, gpu_loads, slot_map
from tests.unit.expert_mip import placement_mip
from workbench.errors import Infeasible
from workbench.model import Instance, Measurement, Split
from workbench.problem import catalog
from workbench.testing.inprocess import InProcess

SLUG = "moe_placement/eplb"
VERIFIER = ExpertPlacementVerifier()


@st.composite
def layers(draw: st.DrawFn) -> tuple[list[int], int, int]:
    """Tokens by expert, GPUs and slots of one layer that has a legal placement."""
    gpus = draw(st.integers(1, 5))
    experts = draw(st.integers(1, 12))
    size = draw(st.integers(-(-experts // gpus), experts))
    top = draw(st.sampled_from((0, 3, 1000)))  # nothing, ties, hardly any
    return draw(st.lists(st.integers(0, top), min_size=experts, max_size=experts)), gpus, size * gpus


def instance(next: list[list[int]], gpus: int, slots: int, *more: list[list[int]], groups: int = 1, nodes: int = 1) -> Instance:
    """An instance whose next window is `next`, or with equal chances one of `more`."""
    start = [[s % len(next[0]) for s in range(slots)] for _ in next]
    data = {
        "history": [[list(load) for load in next]],
        "prev": start,
        "n_gpus": gpus,
        "slots": slots,
        "groups": groups,
        "nodes": nodes,
        "next": [next, *more],
    }
    return Instance("x", "x", data)


def judge(case: Instance, answer: Any) -> Measurement:
    class Answer:
        def __call__(self, *args: Any) -> Any:
            return answer

        begin = call = None

    return VERIFIER.run(case, Answer())  # type: ignore[arg-type]


@cache
def program(name: str) -> InProcess:
    return InProcess(catalog.load(SLUG).program(name))


def slow_check(answer: Any, loads: list[list[int]], gpus: int, slots: int) -> Fraction | None:
    """Sum over layers of the busiest GPU's tokens, token by token in exact numbers; None where the placement is illegal."""
    if not isinstance(answer, list) or len(answer) != len(loads):
        return None
    total = Fraction(0)
    for entry, load in zip(answer, loads, strict=True):
        if not isinstance(entry, list) or len(entry) != slots or any(type(e) is not int for e in entry):
            return None
        where = {e: [s * gpus // slots for s, other in enumerate(entry) if other == e] for e in range(len(load))}
        if set(entry) != set(where) or any(not w or len(w) != len(set(w)) for w in where.values()):
            return None
        total += max(sum(Fraction(load[e], len(w)) for e, w in where.items() if g in w) for g in range(gpus))
    return total


def brute_force(load: list[int], gpus: int, slots: int) -> Fraction:
    """Least maximum over all ways to choose a set of experts for each GPU."""
    best = None
    sets = list(itertools.combinations(range(len(load)), slots // gpus))
    for held in itertools.combinations_with_replacement(sets, gpus):
        copies = [sum(e in one for one in held) for e in range(len(load))]
        if all(copies):
            top = max(sum(Fraction(load[e], copies[e]) for e in one) for one in held)
            best = top if best is None else min(best, top)
    assert best is not None
    return best


# --------------------------------------------------------------------------- bound, greedy, MIP


@settings(max_examples=60)
@given(layers())
def test_greedy_is_legal_and_never_below_the_bound(layer: tuple[list[int], int, int]) -> None:
    load, gpus, slots = layer
    found = clairvoyant(load, gpus, slots)
    assert slot_map(found, len(load), gpus, slots, "greedy") == found
    unimproved = [e for held in pack(load, replicate(load, gpus, slots), gpus, slots // gpus) for e in held]
    top = max(gpu_loads(found, load, gpus))
    assert float(least_maximum(load, gpus, slots)) * (1 - 1e-12) <= top <= max(gpu_loads(unimproved, load, gpus)) * (1 + 1e-12)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 20), min_size=4, max_size=4), st.sampled_from([(2, 4), (2, 6), (3, 6), (3, 9), (4, 8)]))
def test_bound_holds_against_brute_force(load: list[int], shape: tuple[int, int]) -> None:
    best = brute_force(load, *shape)
    assert least_maximum(load, *shape) <= best
    assert max(gpu_loads(clairvoyant(load, *shape), load, shape[0])) >= float(best) * (1 - 1e-12)


@pytest.mark.parametrize("load, gpus, slots, bound", [
    ([90, 5, 5], 2, 4, 50),  # two copies of the first: an even spread
    ([90, 5, 5], 4, 4, 45),  # four slots: the heavy one is split once
    ([90, 5, 5], 3, 3, 90),  # no spare slot: it stays whole
    ([70, 20, 10, 0], 2, 4, 70),
    ([90, 0], 3, 6, 30),  # no more than one copy a GPU
])  # fmt: skip
def test_bound_by_hand(load: list[int], gpus: int, slots: int, bound: int) -> None:
    assert least_maximum(load, gpus, slots) == bound


def test_mip_agrees_with_brute_force_and_proves_it() -> None:
    rng = random.Random(4)
    for gpus, slots in ((2, 6), (3, 6), (3, 9)):
        load = [rng.randint(0, 30) for _ in range(5)]
        exact = placement_mip(load, gpus, slots)
        assert exact.proven and slot_map(exact.slots, 5, gpus, slots, "MIP") == exact.slots
        assert exact.value == pytest.approx(float(brute_force(load, gpus, slots)), abs=1e-6)


def test_clairvoyant_reference_is_within_a_thousandth_of_the_bound_on_recorded_instances() -> None:
    loaded = catalog.load(SLUG)
    for split in (Split.TRAIN, Split.TEST):
        case = loaded.instances(split)[3]
        again, stored = solve(case), loaded.references.reference(split, case.id)
        assert (again.value, again.status, again.solver) == (stored.value, stored.status, stored.solver)
        for window in case.data["next"]:
            alone = Instance("x", "x", {**case.data, "next": [window]})
            reached = judge(alone, [clairvoyant(load, 32, 288) for load in window]).objective
            bound = solve(alone).value
            assert bound <= reached < bound * 1.001


# --------------------------------------------------------------------------- verifier


@settings(max_examples=50)
@given(st.data(), layers(), st.integers(1, 2))
def test_verifier_agrees_with_a_slow_checker_on_damaged_answers(
    data: st.DataObject, layer: tuple[list[int], int, int], n: int
) -> None:
    load, gpus, slots = layer
    loads = [load, load[::-1]][:n]
    answer: Any = [clairvoyant(each, gpus, slots) for each in loads]
    for _ in range(data.draw(st.integers(0, 2), label="damages")):
        entry = data.draw(st.sampled_from(answer))
        i, j = (data.draw(st.integers(0, slots - 1)) for _ in range(2))
        what = data.draw(st.sampled_from(("swap", "copy", "any", "drop", "add", "layer")))
        if what == "layer" or i >= len(entry) or j >= len(entry):
            answer = answer[:-1] if len(answer) > 1 else [*answer, answer[0]]
        elif what == "swap":
            entry[i], entry[j] = entry[j], entry[i]
        elif what == "copy":
            entry[i] = entry[j]
        elif what == "any":
            entry[i] = data.draw(st.sampled_from((-1, 0, len(load), True, 0.0, None, 10**30, "0", [0])))
        elif what == "drop":
            del entry[i]
        else:
            entry.insert(i, entry[j])
    expected = slow_check(answer, loads, gpus, slots)
    case = instance(loads, gpus, slots)
    if expected is None:
        with pytest.raises(Infeasible):
            judge(case, answer)
    else:
        even = Fraction(sum(sum(each) for each in loads), gpus)
        assert judge(case, answer).objective == pytest.approx(float(expected / even) if even else 1.0, rel=1e-12)


def test_a_second_copy_on_the_same_gpu_is_refused() -> None:
    # Published evaluators write loads by (GPU, expert): the second copy's tokens vanish.
    case = instance([[60, 20, 20]], 2, 4)
    assert judge(case, [[0, 1, 0, 2]]).objective == 1.0
    with pytest.raises(Infeasible, match="GPU 0 holds expert 0 twice"):
        judge(case, [[0, 0, 1, 2]])


def test_more_slots_than_there_are_is_refused() -> None:
    case = instance([[60, 20, 20]], 2, 4)
    with pytest.raises(Infeasible, match="must have 4 entries, got 6"):
        judge(case, [[0, 1, 2, 0, 1, 2]])


def test_an_expert_without_slot_is_refused_however_idle() -> None:
    # Its tokens would be nobody's.
    with pytest.raises(Infeasible, match="expert 2 has no slot"):
        judge(instance([[60, 20, 0]], 2, 4), [[0, 1, 0, 1]])


def test_the_gpu_of_a_copy_counts() -> None:
    # Published evaluators look at the copies alone and ignore which GPU they are on.
    case = instance([[40, 40, 10, 10]], 2, 4)
    assert judge(case, [[0, 2, 1, 3]]).objective == 1.0
    assert judge(case, [[0, 1, 2, 3]]).objective == pytest.approx(80 / 50)


def test_claims_beside_the_placement_are_refused() -> None:
    for answer in ({"placement": [[0, 1, 0, 2]], "balance": 1.0}, [[[0, 1, 0, 2]], [1.0]], [[0, 1, 0, 2], 1.0]):
        with pytest.raises(Infeasible):
            judge(instance([[60, 20, 20]], 2, 4), answer)


def test_a_policy_cannot_change_the_instance_or_see_the_next_window() -> None:
    case = instance([[60, 20, 20]], 2, 4)
    seen: list[Any] = []

    def spoil(*args: Any) -> Any:
        seen.extend(args)
        args[0][0][0][:] = [0, 0, 0]
        args[1][0][:] = []
        return [[0, 1, 0, 2]]

    case.data["history"][0][0] = [1, 2, 3]
    found = VERIFIER.run(case, spoil)  # type: ignore[arg-type]
    assert case.data["history"] == [[[1, 2, 3]]] and case.data["prev"] == [[0, 1, 2, 0]] and case.data["next"] == [[[60, 20, 20]]]
    assert (
        found.objective == 1.0
        and len(seen) == 6
        and all([60, 20, 20] not in (entry, *entry) for entry in seen if isinstance(entry, list))
    )


def test_a_placement_is_scored_by_its_mean_over_the_windows_that_may_come() -> None:
    windows = [[[60, 20, 20]], [[20, 60, 20]], [[0, 0, 0]]]
    case = instance(windows[0], 2, 4, *windows[1:])
    # Expert 0 has two copies: 50 of 100 tokens on either GPU, then 70 on the first, then nothing.
    assert judge(case, [[0, 1, 0, 2]]).objective == pytest.approx((1 + 70 / 50 + 1) / 3)
    assert solve(case).value == 1.0


def test_metrics() -> None:
    case = instance([[60, 20, 20, 0], [10, 10, 10, 70]], 2, 4, groups=2, nodes=2)
    found = judge(case, [[0, 1, 2, 3], [0, 2, 1, 3]])
    assert found.objective == pytest.approx((80 + 80) / 100)
    assert found.metrics == pytest.approx({"balance": 50 / 80, "moved": 2 / 8, "spread": 1.5})


# --------------------------------------------------------------------------- programs


def test_greedy_rules_give_the_loads_that_a_hand_calculation_gives() -> None:
    # One window, so that all forecasts are that window: 90 is copied (45 + 45), then from heavy to light.
    args = ([[[90, 40, 30, 20, 10]]], [[0, 1, 2, 3, 4, 0]], 2, 6, 1, 1)
    for name in ("eplb_global", "eplb_hierarchical", "persistence", "ewma_greedy", "seed_decent", "seed_open"):
        (slots,) = program(name)(*args)
        assert sorted(gpu_loads(slots, [90, 40, 30, 20, 10], 2)) == [95, 95], name
    (slots,) = program("zigzag")(*args)  # 45 45 | 40 30 back | 20 10: GPU 0 gets 45 + 30 + 20
    assert gpu_loads(slots, [90, 40, 30, 20, 10], 2) == [95, 95]
    (slots,) = program("contiguous")(*args)
    assert slots == [0, 1, 2, 3, 4, 0]


def test_hierarchical_keeps_groups_on_one_node() -> None:
    case = catalog.load(SLUG).instances(Split.TRAIN)[0]
    assert VERIFIER.run(case, program("eplb_hierarchical")).metrics["spread"] == 1.0
    assert VERIFIER.run(case, program("eplb_global")).metrics["spread"] > 3


@settings(max_examples=12)
@given(layers(), st.randoms(use_true_random=False))
def test_programs_answer_any_shape_legally(layer: tuple[list[int], int, int], rng: random.Random) -> None:
    load, gpus, slots = layer
    history = [[rng.sample(load, len(load))] for _ in range(rng.randint(1, 3))]
    for name in catalog.load(SLUG).programs:
        (found,) = program(name)(history, [[0] * slots], gpus, slots, 1, 1)
        slot_map(found, len(load), gpus, slots, name)
