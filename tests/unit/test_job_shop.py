"""Job shop: schedules against a simulation in unit steps, solvers against enumeration, rules against their definitions."""

from __future__ import annotations

import itertools
import json
import math
import random
import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.job_shop.exact import branch_and_bound, solve_job_shop
from evaluators.job_shop.search import most_work_first, tabu_search
from evaluators.job_shop.verifier import JobShopVerifier, check_schedule, semi_active, trivial_bound
from evaluators.own_process import call_ortools
from workbench.errors import Infeasible
from workbench.model import Instance, Split
from workbench.problem import catalog
from workbench.testing.inprocess import InProcess

SLUG = "scheduling/job_shop"
Shop = tuple[list[list[int]], list[list[int]]]


@st.composite
def shops(draw: st.DrawFn, most: int = 3, least: int = 0) -> Shop:
    """Jobs of unequal length that may come back to a machine; durations may be `least`."""
    machines = draw(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=3), min_size=1, max_size=most))
    durations = [draw(st.lists(st.integers(least, 9), min_size=len(route), max_size=len(route))) for route in machines]
    if not any(map(sum, durations)):
        durations[0][0] = 1
    return durations, machines


@st.composite
def ordered(draw: st.DrawFn) -> tuple[Shop, list[int]]:
    shop = draw(shops())
    return shop, draw(st.permutations([j for j, row in enumerate(shop[0]) for _ in row]))


@cache
def program(name: str) -> InProcess:
    return InProcess(catalog.load(SLUG).program(name))


def makespan(order: list[int], shop: Shop) -> int:
    return check_schedule(semi_active(order, *shop), *shop)


# --------------------------------------------------------------------------- schedules


def by_unit_steps(order: list[int], shop: Shop) -> int:
    """The contract in other words: mark every time unit a job and a machine are at work, first free stretch after the last."""
    durations, machines = shop
    job_end, machine_end, done, last = dict[int, int](), dict[int, int](), dict[int, int](), 0
    for job in order:
        k = done.get(job, 0)
        done[job] = k + 1
        t = 0
        while t < job_end.get(job, 0) or t < machine_end.get(machines[job][k], 0):
            t += 1
        for _ in range(durations[job][k]):
            t += 1
        job_end[job] = machine_end[machines[job][k]] = t
        last = max(last, t)
    return last


@settings(max_examples=60)
@given(ordered())
def test_makespan_agrees_with_a_simulation_and_stays_above_the_bound(given: tuple[Shop, list[int]]) -> None:
    shop, order = given
    assert makespan(order, shop) == by_unit_steps(order, shop) >= trivial_bound(*shop)


EXAMPLE: Shop = [[3, 2], [2, 4]], [[0, 1], [1, 0]]


def test_the_example_of_the_statement() -> None:
    assert semi_active([1, 0, 0, 1], *EXAMPLE) == [[0, 3], [0, 3]]
    assert makespan([1, 0, 0, 1], EXAMPLE) == 7 == trivial_bound(*EXAMPLE)
    found = JobShopVerifier().run(instance(EXAMPLE), lambda d, m: [1, 0, 0, 1])
    assert found.objective == 7 and found.metrics == {"machine_idle": pytest.approx(1 - 11 / 14), "over_bound": 1.0}


@pytest.mark.parametrize(
    ("starts", "reason"),
    [
        ([[0, 3], [0]], "must have a start for each operation"),
        ([[0, 3], [0, 3], []], "must have a start for each operation"),
        ([[0, 2], [0, 3]], "operation 1 of job 0 starts at 2; it must not start before 3"),
        ([[-1, 3], [0, 3]], "operation 0 of job 0 starts at -1; it must not start before 0"),
        ([[0, 3], [0, 2]], "machine 0 has two operations at time 2"),
        ([[3, 6], [0, 2]], "machine 0 has two operations at time 3"),
    ],
)
def test_a_schedule_that_breaks_a_rule_is_refused(starts: list[list[int]], reason: str) -> None:
    with pytest.raises(Infeasible, match=reason):
        check_schedule(starts, *EXAMPLE)


@settings(max_examples=60)
@given(shops(least=1), st.data())
def test_the_check_agrees_with_one_that_marks_time_units(shop: Shop, choose: st.DataObject) -> None:
    durations, machines = shop
    order = choose.draw(st.permutations([j for j, row in enumerate(durations) for _ in row]))
    starts = [[t + choose.draw(st.integers(-3, 3)) for t in row] for row in semi_active(order, durations, machines)]
    marks = [(m, t) for s, p, route in zip(starts, durations, machines, strict=True)
             for a, q, m in zip(s, p, route, strict=True) for t in range(a, a + q)]  # fmt: skip
    in_turn = all(
        a + q <= b for s, p in zip(starts, durations, strict=True) for (a, b), q in zip(itertools.pairwise(s), p, strict=False)
    )
    if in_turn and len(set(marks)) == len(marks) and min(map(min, starts)) >= 0:
        assert check_schedule(starts, durations, machines) == 1 + max(t for _, t in marks)
    else:
        with pytest.raises(Infeasible):
            check_schedule(starts, durations, machines)


# --------------------------------------------------------------------------- verifier


def instance(shop: Shop) -> Instance:
    return Instance("x", "f", {"durations": shop[0], "machines": shop[1]})


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 4), st.integers(), st.floats(), st.text(max_size=3))


@settings(max_examples=60)
@given(ordered(), st.data())
def test_verifier_agrees_with_a_slow_checker_on_damaged_orders(given: tuple[Shop, list[int]], choose: st.DataObject) -> None:
    shop, right = given
    answer: Any = list(right)
    for _ in range(choose.draw(st.integers(0, 2))):
        at = choose.draw(st.integers(0, len(answer)))
        damage = choose.draw(st.sampled_from(("put", "set", "cut")))
        answer = answer[:at] + ([] if damage == "cut" else [choose.draw(SCALARS)]) + answer[at + (damage != "put") :]
    answer = choose.draw(st.sampled_from((answer, answer, answer, tuple(answer), {"order": answer}, [answer])))
    legal = type(answer) is list and all(type(x) is int for x in answer) and sorted(answer) == sorted(right)
    if legal:
        assert JobShopVerifier().run(instance(shop), lambda d, m: answer).objective == by_unit_steps(answer, shop)
    else:
        with pytest.raises(Infeasible):
            JobShopVerifier().run(instance(shop), lambda d, m: answer)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([0, 0, 1, 0], "must contain job 0 2 times, once per operation, got 3"),
        ([1, 1, 1, 1], "must contain job 0 2 times, once per operation, got 0"),
        ([1, 0, 0], "must have 4 entries, got 3"),
        ([1, 0, 0, 1, 1], "must have 4 entries, got 5"),
        ([1, 0, 0, -1], r"order\[3\] must be in 0..1, got -1"),
        ([1, 0, 0, 2], r"order\[3\] must be in 0..1, got 2"),
        ([True, 0, 0, 1], r"order\[0\] must be an int, got the bool True"),
        ([1.0, 0, 0, 1], r"order\[0\] must be an int"),
        ([[0, 0], [0, 0]], "must have 4 entries"),  # starts of one's own choice
        ({"makespan": 0, "order": [1, 0, 0, 1]}, "must be a list"),
        ([0, [1, 0, 0, 1]], "must have 4 entries"),
    ],
)
def test_own_starts_own_makespan_and_lost_or_doubled_operations_are_refused(answer: Any, reason: str) -> None:
    with pytest.raises(Infeasible, match=reason):
        JobShopVerifier().run(instance(EXAMPLE), lambda d, m: answer)


def test_changing_the_shop_changes_nothing() -> None:
    def policy(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
        for row, route in zip(durations, machines, strict=True):
            row[:], route[:] = [0] * len(row), range(len(route))
        del durations[1:], machines[1:]
        return [1, 0, 0, 1]

    shop: Shop = [[3, 2], [2, 4]], [[0, 1], [1, 0]]
    assert JobShopVerifier().run(instance(shop), policy).objective == 7 and shop == EXAMPLE


# --------------------------------------------------------------------------- solvers


def brute_force(shop: Shop) -> int:
    return min(
        makespan(list(order), shop) for order in set(itertools.permutations([j for j, row in enumerate(shop[0]) for _ in row]))
    )


@settings(max_examples=25)
@given(shops(most=3).filter(lambda shop: sum(map(len, shop[0])) <= 7))
def test_branch_and_bound_is_optimal_and_the_search_stays_above(shop: Shop) -> None:
    optimum = brute_force(shop)
    assert branch_and_bound(*shop) == optimum >= trivial_bound(*shop)
    value, starts = tabu_search(*shop, random.Random(1), 50)
    assert value == check_schedule(starts, *shop) >= optimum


def drawn(seed: int, jobs: int = 4, machines: int = 3) -> Shop:
    rng = random.Random(seed)
    routes = [rng.sample(range(machines), machines) for _ in range(jobs)]
    return [[rng.randint(1, 20) for _ in route] for route in routes], routes


@pytest.mark.parametrize("seed", range(3))
def test_cp_sat_and_tabu_search_find_optima(seed: int) -> None:
    shop = drawn(seed)
    optimum = branch_and_bound(*shop)
    result = call_ortools(solve_job_shop, *shop, 5.0, hint=semi_active(most_work_first(shop[0]), *shop))
    assert (result.makespan, result.bound, result.status) == (optimum, optimum, "optimal")
    assert check_schedule(result.starts, *shop) == tabu_search(*shop, random.Random(seed), 500)[0] == optimum


def test_out_of_time() -> None:
    shop = drawn(1, 8, 8)
    with pytest.raises(TimeoutError, match="no schedule"):
        call_ortools(solve_job_shop, *shop, 0.0)
    cut = call_ortools(solve_job_shop, *drawn(1, 15, 15), 0.3, repeatable=False)
    assert cut.bound < cut.makespan == check_schedule(cut.starts, *drawn(1, 15, 15)) and cut.status == "best_known"
    value, starts = tabu_search(*shop, random.Random(1), 1000, time_limit=-1.0)
    assert value == check_schedule(starts, *shop) == makespan(most_work_first(shop[0]), shop)


def classic(name: str) -> Shop:
    data = next(i for split in (Split.VALIDATION, Split.TEST) for i in catalog.load(SLUG).instances(split) if i.id == name).data
    return data["durations"], data["machines"]


def test_known_optima_are_found() -> None:
    # Bounds from the literature, schedules from here: both fit only if the data are read as they are meant.
    for name, optimum, rounds in (("ft06", 55, 3000), ("la01", 666, 3000), ("la12", 1039, 500)):
        shop = classic(name)
        value, starts = tabu_search(*shop, random.Random(1), rounds)
        assert value == check_schedule(starts, *shop) == optimum


def test_what_meets_its_bound_is_called_optimal() -> None:
    references = catalog.load(SLUG).references
    seen = 0
    for split in Split:
        for instance in catalog.load(SLUG).instances(split):
            reference = references.reference(split, instance.id)
            if found := re.search(r"lower bound (\d+)$", reference.solver):
                assert reference.status == "best_known" and reference.value > int(found[1])
                seen += 1
    assert seen == 45 + 31 + 14  # of train, test (abz8 has its own words) and stress


def test_a_reference_is_solved_again() -> None:
    loaded = catalog.load(SLUG)
    for instance in (i for i in loaded.instances(Split.TRAIN) if i.id in ("train-n20m5-5", "train-n10m10-0")):
        again, kept = loaded.problem.solve(instance), loaded.references.reference(Split.TRAIN, instance.id)
        assert (again.value, again.status, again.solver) == (kept.value, kept.status, kept.solver)


# --------------------------------------------------------------------------- programs


def test_train_holds_each_size_often_enough_to_take_a_while() -> None:
    families: dict[str, list[tuple[int, int]]] = {}
    for instance in catalog.load(SLUG).instances(Split.TRAIN):
        shop = instance.data["durations"]
        families.setdefault(instance.family, []).append((len(shop), len(shop[0])))
    assert all(set(sizes) == {(int(n), int(m))} for name, sizes in families.items() for n, m in [name[1:].split("m")])
    assert len(families) == 7 and min(map(len, families.values())) == 12
    assert sum(n * m for sizes in families.values() for n, m in sizes) > 30_000  # operations


def test_splits_hold_the_sets_they_should() -> None:
    named = {split: [i.id for i in catalog.load(SLUG).instances(split)] for split in (Split.VALIDATION, Split.TEST)}
    assert len(named[Split.VALIDATION]) == 50 and all(id.startswith(("la", "orb")) for id in named[Split.VALIDATION])
    assert len(named[Split.TEST]) == 112 and "ta80" in named[Split.TEST] and "ft10" in named[Split.TEST]


def dispatched(shop: Shop, value: Any, active: bool) -> int:
    """Rules by definition: at each step, the operation that could end first names the machine, and the least value wins."""
    durations, machines = shop
    order: list[int] = []
    done = [0] * len(durations)
    while len(order) < sum(map(len, durations)):
        starts = semi_active(order, durations, machines)
        could = {}
        for j, row in enumerate(durations):
            if done[j] < len(row):
                busy = [starts[i][k] + durations[i][k] for i in range(len(durations)) for k in range(done[i])
                        if machines[i][k] == machines[j][done[j]]]  # fmt: skip
                could[j] = max([0, *busy, *(starts[j][k] + row[k] for k in range(done[j]))])
        first = min(could, key=lambda j: (could[j] + durations[j][done[j]], j))
        end, machine = could[first] + durations[first][done[first]], machines[first][done[first]]
        rivals = [j for j in could if machines[j][done[j]] == machine]
        least = min(could[j] for j in rivals)
        rivals = [j for j in rivals if could[j] == least or (active and could[j] < end)]
        job = min(rivals, key=lambda j: (value(durations[j], done[j], could[j]), j))
        order.append(job)
        done[job] += 1
    return makespan(order, shop)


def tardiness_cost(shop: Shop) -> Any:
    """Highest exp(-slack / (2 * mean)) / p first, where work left must end by the longest job's or busiest machine's work."""
    operations = [(p, m) for row, route in zip(*shop, strict=True) for p, m in zip(row, route, strict=True)]
    due = max(*(sum(q for q, m in operations if m == machine) for _, machine in operations), *map(sum, shop[0]))
    mean = sum(p for p, _ in operations) / len(operations)
    return lambda row, k, t: -math.exp(-max(due - sum(row[k:]) - t, 0) / (2 * mean)) / max(row[k], 0.5)


RULES: dict[str, tuple[Any, bool]] = {
    "spt": (lambda row, k, t: row[k], False),
    "seed": (lambda row, k, t: row[k], False),
    "lpt": (lambda row, k, t: -row[k], False),
    "mopnr": (lambda row, k, t: k - len(row), False),
    "mwkr": (lambda row, k, t: -sum(row[k:]), False),
    "mwkr_active": (lambda row, k, t: -sum(row[k:]), True),
    "fdd_mwkr": (lambda row, k, t: sum(row[: k + 1]) / max(sum(row[k:]), 1), False),
    "seed_decent": (lambda row, k, t: sum(row[: k + 1]) / max(sum(row[k:]), 1), False),
    "fdd_mwkr_active": (lambda row, k, t: sum(row[: k + 1]) / max(sum(row[k:]), 1), True),
}


@pytest.mark.parametrize("seed", range(3))
def test_rules_are_their_definitions(seed: int) -> None:
    shop = drawn(seed, 6, 4)
    shop[0][0][-1] = 0
    for name, (value, active) in {**RULES, "atc": (tardiness_cost(shop), False)}.items():
        assert makespan(program(name)(*shop), shop) == dispatched(shop, value, active), name


def test_tabu_search_begins_with_its_rule_and_only_gains() -> None:
    rule, better = 0, 0
    for seed in range(8):
        shop = drawn(seed, 8, 5)
        before, after = (makespan(program(name)(*shop), shop) for name in ("fdd_mwkr", "tabu"))
        assert after <= before
        rule, better = rule + before, better + after
    assert better < 0.95 * rule


@settings(max_examples=25)
@given(shops(most=4))
def test_every_program_takes_any_shop_and_none_beats_the_optimum(shop: Shop) -> None:
    optimum = branch_and_bound(*shop)
    for name in catalog.load(SLUG).programs:
        assert JobShopVerifier().run(instance(shop), program(name)).objective >= optimum, name


def with_block(change: tuple[str, str]) -> InProcess:
    seed = catalog.load(SLUG).program("seed")
    source = seed.source.replace(*change)
    assert source != seed.source
    return InProcess(type(seed)(source, "schedule"))


@pytest.mark.parametrize("delay", ["-1.0", "0.5", "7.0", "float('nan')"])
def test_the_builder_of_the_seeds_stands_any_delay(delay: str) -> None:
    shop = drawn(5, 5, 4)
    changed = with_block(("delay = 0.0", f"delay = {delay}"))
    assert JobShopVerifier().run(instance(shop), changed).objective >= trivial_bound(*shop)


@pytest.mark.parametrize("value", ["float('nan')", "float('nan') if p % 2 else p", "float('inf')", "-1e308 * work", "True"])
def test_priorities_that_rank_nothing_still_make_a_schedule_that_is_judged_like_any_other(value: str) -> None:
    shop = drawn(6, 5, 4)
    changed = with_block(("    return p\n", f"    return {value}\n"))
    answer = changed(*shop)
    assert JobShopVerifier().run(instance(shop), lambda d, m: answer).objective == by_unit_steps(answer, shop)
    assert makespan(answer, shop) >= trivial_bound(*shop)


# --------------------------------------------------------------------------- data


def test_published_bounds_are_the_references_but_for_one_that_is_refuted() -> None:
    loaded = catalog.load(SLUG)
    data = json.loads((loaded.folder / "data" / "benchmark_instances.json").read_text())
    assert len(data) == 162 and sum(e["metadata"]["optimum"] is not None for e in data.values()) == 130
    for split in (Split.VALIDATION, Split.TEST):
        for i in loaded.instances(split):
            low, high = (data[i.id]["metadata"][key] for key in ("lower_bound", "upper_bound"))
            kept = loaded.references.reference(split, i.id)
            assert kept.value == (667 if i.id == "abz8" else high) >= trivial_bound(i.data["durations"], i.data["machines"])
            assert kept.status == ("optimal" if low == high else "best_known"), i.id


# --------------------------------------------------------------------------- published figures


def best_known(prefixes: tuple[str, ...], numbers: range) -> dict[str, tuple[Shop, float]]:
    """Classic instances by name: the shop, and the reference."""
    loaded = catalog.load(SLUG)
    return {
        i.id: ((i.data["durations"], i.data["machines"]), loaded.references.reference(split, i.id).value)
        for split in (Split.VALIDATION, Split.TEST)
        for i in loaded.instances(split)
        if i.id.rstrip("0123456789") in prefixes and int(i.id.lstrip("abflnortvwyz")) in numbers
    }


@pytest.mark.parametrize(
    ("prefixes", "numbers", "count", "known"),
    [(("ft", "la", "abz", "orb"), range(100), 58, 13.8), (("ta",), range(1, 51), 50, 20.9), (("ta",), range(51, 81), 30, 13.1)],
)
def test_flow_due_date_over_work_remaining_comes_to_the_figures_known(
    prefixes: tuple[str, ...], numbers: range, count: int, known: float
) -> None:
    gaps = [makespan(program("fdd_mwkr")(*shop), shop) / best - 1 for shop, best in best_known(prefixes, numbers).values()]
    assert len(gaps) == count and 100 * sum(gaps) / count == pytest.approx(known, abs=0.05)


def among_all_jobs(shop: Shop, value: Any, left_shift: bool) -> int:
    """Another builder: the rule chooses among all jobs, whenever they could start; with left shift into the first gap there is."""
    durations, machines = shop
    done, ready = [0] * len(durations), [0] * len(durations)
    spans: dict[int, list[tuple[int, int]]] = {}
    for _ in range(sum(map(len, durations))):
        j = min(
            (j for j in range(len(durations)) if done[j] < len(durations[j])), key=lambda j: (value(durations[j], done[j], 0), j)
        )
        p, busy, start = durations[j][done[j]], spans.setdefault(machines[j][done[j]], []), ready[j]
        for begin, end in busy:
            if left_shift and start + p <= begin:
                break
            start = max(start, end)
        busy.append((start, start + p))
        busy.sort()
        ready[j] = start + p
        done[j] += 1
    return max(ready)


@pytest.mark.parametrize(
    ("left_shift", "figures"),
    [
        (True, {"spt": 56.9, "mwkr": 27.0, "fdd_mwkr": 24.9, "mopnr": 26.2}),
        (False, {"mwkr": 54.3, "fdd_mwkr": 41.2, "mopnr": 41.4}),
    ],
)
def test_rules_are_far_worse_where_they_choose_among_all_jobs(left_shift: bool, figures: dict[str, float]) -> None:
    shops = best_known(("ta",), range(1, 11)).values()
    for name, figure in figures.items():
        gaps = [among_all_jobs(shop, RULES[name][0], left_shift) / best - 1 for shop, best in shops]
        assert 100 * sum(gaps) / 10 == pytest.approx(figure, abs=0.06), name
