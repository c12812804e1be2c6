"""Expert cache: verifier against a slow checker, the bound against brute force, nothing of the future told, each exploit."""

from __future__ import annotations

import importlib
import itertools
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.expert_cache.bound import bound_us, fewest_loads, solve
from evaluators.expert_cache.verifier import Decoding, ExpertCache
from tests.unit.policies import Online
from workbench.errors import Infeasible, PolicyFailure, ProblemError
from workbench.model import Instance, Split, Status
from workbench.problem import catalog
from workbench.problem.extras import package
from workbench.testing.inprocess import InProcess

PROBLEM = catalog.load("moe_placement/expert_cache")
VERIFIER = ExpertCache()
NOTHING: dict[str, list[int]] = {"drop": [], "prefetch": []}


class Told(Online):
    """A policy in this process that answers by `step` and keeps what it was sent, as the JSON that would be sent."""

    def __init__(self, step: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__(step=step)


def case(need: Sequence[Sequence[int]], layers: int = 2, experts: int = 4, **other: Any) -> Instance:
    data = {
        "layers": layers, "experts": experts, "top_k": len(need[0]), "slots": 3, "load_us": 300, "gate_us": 60, "expert_us": 140,
        "usage": [[1] * experts] * layers, "resident": [0, 6, 7], "token_ids": [5] * (len(need) // layers), "starts": [0],
        "need": need, "hint": [[] for _ in need],
    }  # fmt: skip
    return Instance("x", "f", json.loads(json.dumps(data | other)))


def judge(instance: Instance, answers: Sequence[Any]) -> float:
    left = iter(answers)
    return VERIFIER.run(instance, Told(lambda news: next(left))).objective


EXAMPLE = case([[0], [5]])
SWAP = {"drop": [6], "prefetch": [5]}


def drawn(rng: random.Random, tokens: int = 4) -> Instance:
    layers, experts = rng.randint(1, 3), rng.randint(3, 5)
    top_k = rng.randint(1, 2)
    need = [[layer * experts + e for e in rng.sample(range(experts), top_k)] for _ in range(tokens) for layer in range(layers)]
    slots = rng.randint(top_k + 1, layers * experts)
    times = {"load_us": rng.randint(1, 9), "gate_us": rng.randint(1, 4), "expert_us": rng.randint(1, 4)}
    resident = rng.sample(range(layers * experts), slots)
    return case(need, layers, experts, slots=slots, resident=resident, **times)


# --------------------------------------------------------------------------- verifier


def test_the_worked_example_of_the_statement() -> None:
    news: list[dict[str, Any]] = []

    def step(told: dict[str, Any]) -> Any:
        news.append(dict(told))
        return [SWAP, NOTHING][told["layer"]]

    assert VERIFIER.run(EXAMPLE, Told(step)).objective == 1.25
    assert {name: news[1][name] for name in ("loaded", "dropped", "loading", "left_us")} == {
        "loaded": [5], "dropped": [6], "loading": 5, "left_us": 100
    }  # fmt: skip
    assert judge(case([[0], [6]]), [SWAP, {"drop": [0], "prefetch": []}]) == 2.0


def test_what_has_not_begun_by_the_next_call_displaces_nothing() -> None:
    # Two prefetches from 60 on: the first until 360, so that the second has not begun when the next call comes at 260.
    instance = case([[0], [6], [0], [6]], load_us=300)
    answers = [{"drop": [7, 6], "prefetch": [5, 4]}, NOTHING, NOTHING, NOTHING]
    assert judge(instance, answers) == 1.0


def slow(instance: Instance, answers: Sequence[Any]) -> float | None:
    """The rules anew, without shared code: one microsecond after the other; None where one is broken."""
    d = instance.data
    total = d["layers"] * d["experts"]
    memory, plan, link = set(d["resident"]), [], None  # link: the load under way and the microseconds that are left of it
    clock = 0

    def tick(may_begin: bool) -> None:
        nonlocal clock, link
        if link is None and plan and may_begin:
            new, old = plan.pop(0)
            memory.remove(old)
            link = (new, d["load_us"])
        clock += 1
        if link is not None:
            link = (link[0], link[1] - 1)
            if link[1] == 0:
                memory.add(link[0])
                link = None

    for number, (need, answer) in enumerate(zip(d["need"], answers, strict=True)):
        for _ in range(d["gate_us"] + (d["expert_us"] if number else 0)):
            tick(True)
        plan = []
        coming = link[0] if link else None
        if type(answer) is not dict or sorted(answer) != ["drop", "prefetch"]:
            return None
        drop, ahead = answer["drop"], answer["prefetch"]
        if type(drop) is not list or type(ahead) is not list or any(type(e) is not int for e in drop + ahead):
            return None
        missing = [e for e in need if e not in memory and e != coming]
        if len(drop) != len(missing) + len(ahead) or sorted(set(drop + ahead)) != sorted(drop + ahead):
            return None
        if any(e not in memory or e in need for e in drop):
            return None
        if any(e in memory or e == coming or e in need or not 0 <= e < total for e in ahead):
            return None
        plan = list(zip(missing + ahead, drop, strict=True))
        waiting = plan[len(missing) :]
        plan = plan[: len(missing)]
        while not set(need) <= memory:
            tick(True)
        plan = waiting
    return (clock + d["expert_us"]) / (len(d["need"]) * (d["gate_us"] + d["expert_us"]))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.data())
def test_verifier_agrees_with_the_slow_checker_on_right_and_damaged_answers(seed: int, data: st.DataObject) -> None:
    rng = random.Random(seed)
    instance = drawn(rng)
    total = instance.data["layers"] * instance.data["experts"]
    held, answers = set(instance.data["resident"]), list[Any]()
    at = data.draw(st.integers(0, len(instance.data["need"]) - 1))
    damage = data.draw(st.sampled_from(["none", "none", "none", "other", "entry", "more", "twice", "cut"]))

    def step(news: dict[str, Any]) -> Any:
        held.difference_update(news["dropped"])
        held.update(news["loaded"])
        missing = [e for e in news["need"] if e not in held]
        out = sorted(held - {*news["need"], news["loading"]})
        away = sorted({*range(total)} - held - {*news["need"]})
        ahead = rng.sample(away, min(rng.randint(0, 2), len(away)))
        ahead = ahead[: max(0, len(out) - len(missing))]
        answer: Any = {"drop": rng.sample(out, len(missing) + len(ahead)), "prefetch": ahead}
        if len(answers) == at:
            match damage:
                case "other":
                    answer = data.draw(st.sampled_from([None, [], {}, {"drop": []}, answer | {"time": 1}, answer | {"drop": "x"}]))
                case "entry" if answer["drop"]:
                    wrong = [-1, total, True, 0.0, None, *news["need"], news["loading"], 10**40]
                    answer[data.draw(st.sampled_from(["drop", "prefetch"]))][:1] = [data.draw(st.sampled_from(wrong))]
                case "more" if out:
                    answer["drop"].append(out[0])
                case "twice" if answer["drop"]:
                    answer["drop"].append(answer["drop"][0])
                    answer["prefetch"] = [*ahead, *ahead[:1]] if ahead else [0]
                case "cut" if answer["drop"]:
                    answer["drop"].pop()
        answers.append(answer)
        return answer

    found: float | None
    try:
        found = VERIFIER.run(instance, Told(step)).objective
    except Infeasible:
        found = None
    answers += [NOTHING] * (len(instance.data["need"]) - len(answers))
    expected = slow(instance, answers)
    assert found == (expected if expected is None else pytest.approx(expected))
    assert expected is None or expected >= solve(instance).value - 1e-12


REFUSED = [
    ("nothing for what is missing", [{"drop": [], "prefetch": []}], "must name 1 experts, one for each of 1 that are missing"),
    ("a victim too many", [{"drop": [6, 7], "prefetch": []}], "must name 1 experts"),
    ("prefetches without room", [{"drop": [6], "prefetch": [4, 5]}], "must name 3 experts"),
    ("a victim twice", [{"drop": [6, 6], "prefetch": [4]}], "must each name an expert once"),
    ("a prefetch twice", [{"drop": [0, 6, 7], "prefetch": [4, 4]}], "must each name an expert once"),
    ("what is not there", [{"drop": [5], "prefetch": []}], "names expert 5, which is not in memory"),
    ("an expert of another model", [{"drop": [6, 7], "prefetch": [8]}], "must be in 0..7, got 8"),
    ("counted from the end", [{"drop": [-2], "prefetch": []}], "must be in 0..7, got -2"),
    ("what is there already", [{"drop": [6, 7], "prefetch": [0]}], "expert 0 is in memory or on its way"),
    ("what is loaded anyway", [{"drop": [6, 7], "prefetch": [1]}], "expert 1 is in memory or on its way"),
    ("true for 1", [{"drop": [True], "prefetch": []}], "must be an int"),
    ("a float", [{"drop": [6.0], "prefetch": []}], "must be an int"),
    ("its own clock", [{"drop": [6], "prefetch": [], "now_us": 0}], 'must return {"drop": [...], "prefetch": [...]}'),
    ("lists without names", [[[6], []]], "must return"),
    ("skipping the load", [None], "must return"),
]


@pytest.mark.parametrize(("answers", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_wrong_answers_are_refused(answers: list[Any], message: str) -> None:
    with pytest.raises(Infeasible) as refusal:
        judge(case([[1], [5]]), answers)
    assert message in str(refusal.value) and "token 0, layer 0" in str(refusal.value)


def test_what_is_needed_or_under_way_cannot_make_room() -> None:
    with pytest.raises(Infeasible, match="names expert 0, which is needed now"):
        judge(case([[0], [5]]), [{"drop": [0], "prefetch": [5]}])
    with pytest.raises(Infeasible, match="names expert 5, which is being loaded"):
        judge(case([[0], [6]]), [{"drop": [7], "prefetch": [5]}, {"drop": [5], "prefetch": [4]}])


def test_a_victim_is_gone_once_the_load_has_begun_and_a_load_is_not_interrupted() -> None:
    # 5 takes the place of 6 from 60 to 360; what turns out to be needed at 260 waits for it, then for itself.
    assert judge(case([[0], [4]]), [SWAP, {"drop": [7], "prefetch": []}]) == 2.0
    with pytest.raises(Infeasible, match="names expert 6, which is not in memory"):
        judge(case([[0], [4]]), [SWAP, {"drop": [6], "prefetch": []}])


def test_a_policy_that_changes_what_it_is_given_changes_nothing_else() -> None:
    def greedy(news: dict[str, Any]) -> Any:
        news["need"].clear()
        news["loaded"].extend(range(8))
        news["hint"].clear()
        return NOTHING

    before = json.dumps(EXAMPLE.data)
    with pytest.raises(Infeasible, match="token 0, layer 1: drop must name 1"):
        VERIFIER.run(EXAMPLE, Told(greedy))
    assert json.dumps(EXAMPLE.data) == before


def test_failure_of_the_candidates_process_passes_through() -> None:
    def crash(news: dict[str, Any]) -> Any:
        raise PolicyFailure(Status.TIMEOUT, "too slow")

    with pytest.raises(PolicyFailure, match="too slow"):
        VERIFIER.run(EXAMPLE, Told(crash))


@pytest.mark.parametrize(
    "change",
    [{"slots": 1, "resident": [0]}, {"slots": 9}, {"load_us": 0}, {"resident": [0, 0, 6]}, {"resident": [0, 6, 8]},
     {"need": [[0], [4, 5]]}, {"need": [[4], [5]]}, {"need": [[0]]}, {"token_ids": []}, {"hint": [[[0]], []]},
     {"hint": [[[8]], []]}, {"usage": [[1] * 4]}, {"usage": [[1] * 3] * 2}],
)  # fmt: skip
def test_contradictory_instance_is_a_problem_error(change: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match="expert cache"):
        Decoding.from_data({**EXAMPLE.data, **change})


# --------------------------------------------------------------------------- the future stays here


def test_nothing_sent_depends_on_what_is_used_later() -> None:
    instance = PROBLEM.instances(Split.TRAIN)[0]
    layers, cut = instance.data["layers"], 20
    other = PROBLEM.instances(Split.TRAIN)[1].data
    mixed = {name: instance.data[name][: cut * layers] + other[name][cut * layers :] for name in ("need", "hint")}
    mixed["token_ids"] = instance.data["token_ids"][:cut] + other["token_ids"][cut:]
    mixed["starts"] = [s for s in instance.data["starts"] if s < cut] + [s for s in other["starts"] if s >= cut]
    told = []
    for changed in (instance, Instance("x", "f", {**instance.data, **mixed})):
        program = InProcess(PROBLEM.program("lru_hint"))
        policy = Told(lambda news, program=program: program.call("step", news))  # type: ignore[misc]
        program.begin(json.loads(json.dumps({name: changed.data[name] for name in INFORMATION})))
        VERIFIER.run(changed, policy)
        told.append(policy.sent[: 1 + cut * layers])
    assert told[0] == told[1]
    assert set(json.loads(told[0][0])[0]) == set(INFORMATION)


INFORMATION = ("layers", "experts", "top_k", "slots", "load_us", "gate_us", "expert_us", "usage", "resident")


def test_hints_stay_within_the_token() -> None:
    for instance in (*PROBLEM.instances(Split.TRAIN)[::12], *PROBLEM.instances(Split.STRESS)[::7]):
        layers, experts = instance.data["layers"], instance.data["experts"]
        for number, rows in enumerate(instance.data["hint"]):
            assert [e // experts for row in rows for e in row[:1]] == list(range(number % layers + 1, layers))[: len(rows)]


# --------------------------------------------------------------------------- the bound


def fewest(needs: Sequence[Sequence[int]], resident: Sequence[int], slots: int) -> int:
    """Fewest loads, by trying every choice of what to keep."""
    states = {frozenset(resident): 0}
    for need in needs:
        after: dict[frozenset[int], int] = {}
        for memory, loads in states.items():
            count = loads + len({*need} - memory)
            others = sorted(memory - {*need})
            for keep in itertools.combinations(others, min(len(others), slots - len(need))):
                state = frozenset({*need, *keep})
                after[state] = min(count, after.get(state, count))
        states = after
    return min(states.values())


def test_fewest_loads_are_those_of_all_choices_for_every_prefix() -> None:
    rng = random.Random(4)
    for _ in range(60):
        data = drawn(rng, 3).data
        counts = fewest_loads(data["need"], data["resident"], data["slots"])
        assert counts == [fewest(data["need"][: n + 1], data["resident"], data["slots"]) for n in range(len(counts))]


class Prefix:
    """Gives the first answers, then lists all that are possible next, with at most one prefetch, and stops."""

    def __init__(self, instance: Instance, answers: list[Any]) -> None:
        self.answers, self.given, self.possible = answers, 0, list[Any]()
        self.held = set(instance.data["resident"])
        self.all = {*range(instance.data["layers"] * instance.data["experts"])}

    def __call__(self, news: dict[str, Any]) -> Any:
        self.held.difference_update(news["dropped"])
        self.held.update(news["loaded"])
        self.given += 1
        if self.given <= len(self.answers):
            return self.answers[self.given - 1]
        missing = [e for e in news["need"] if e not in self.held]
        out = sorted(self.held - {*news["need"], news["loading"]})
        for ahead in [(), *((e,) for e in sorted(self.all - self.held - {*news["need"]}))]:
            for drop in itertools.permutations(out, len(missing) + len(ahead)):
                self.possible.append({"drop": list(drop), "prefetch": list(ahead)})
        raise StopIteration


def best(instance: Instance) -> float:
    """Least objective, by trying every answer at every step."""
    least, open_ = float("inf"), [list[Any]()]
    while open_:
        prefix = Prefix(instance, open_.pop())
        try:
            least = min(least, VERIFIER.run(instance, Told(prefix)).objective)
        except StopIteration:
            open_ += [[*prefix.answers, answer] for answer in prefix.possible]
    return least


def test_bound_is_never_above_the_optimum_and_often_meets_it() -> None:
    rng, met = random.Random(9), 0
    for _ in range(12):
        data = {**drawn(rng, 2).data}
        instance = case(
            [[layer * 3 + rng.randrange(3)] for _ in range(2) for layer in range(2)], 2, 3, slots=2, resident=[0, 3],
            **{name: data[name] for name in ("load_us", "gate_us", "expert_us")},
        )  # fmt: skip
        bound, least = solve(instance).value, best(instance)
        assert bound <= least + 1e-12, instance.data
        met += bound >= least - 1e-12
    assert met >= 4


def test_bound_counts_loads_then_computing() -> None:
    task = Decoding.from_data(case([[1], [5], [1], [5]]).data)
    # Neither is there: the second step waits for two loads, after which it and two more steps compute.
    assert bound_us(fewest_loads([s.need for s in task.steps], task.resident, 3), task) == 60 + 600 + 140 + 2 * 200


def test_some_references_are_solved_again() -> None:
    for instance in PROBLEM.instances(Split.VALIDATION)[::11]:
        assert PROBLEM.problem.solve(instance).value == PROBLEM.references.reference(Split.VALIDATION, instance.id).value


# --------------------------------------------------------------------------- programs and instances


@pytest.mark.parametrize("worth", [float("nan"), float("inf"), float("-inf"), -1.0, 10**6, True])
def test_the_fixed_part_of_the_seed_copes_with_any_worth(worth: float) -> None:
    for instance in (PROBLEM.instances(Split.TRAIN)[0], *PROBLEM.instances(Split.STRESS)[8:14:4]):
        policy = InProcess(PROBLEM.program("seed"))
        policy._entry.step.__globals__["worth"] = lambda *_: worth
        assert VERIFIER.run(instance, policy).objective >= 1


def test_programs_answer_where_memory_has_hardly_room() -> None:
    instance = next(i for i in PROBLEM.instances(Split.STRESS) if i.family == "one-spare")
    for name in PROBLEM.programs:
        assert VERIFIER.run(instance, InProcess(PROBLEM.program(name))).objective > 1


def test_routing_resembles_what_was_measured_of_real_models() -> None:
    routing = importlib.import_module(f"{package(PROBLEM.folder)}.routing")
    model = routing.Model(3, 128, 8, routing.Law(), random.Random(1))
    decoded = routing.decoded(model, 300, 2)
    same, named = [], []
    for number, need in enumerate(decoded["need"][:-3]):
        same.append(len({*need} & {*decoded["need"][number + 3]}) / 8)
        if number % 3 < 2:
            named.append(len({*decoded["hint"][number][0][:8]} & {*decoded["need"][number + 1]}) / 8)
    assert 0.2 < sum(same) / len(same) < 0.35  # Qwen3 and GLM: a fifth to a quarter from one token to the next
    assert 0.65 < sum(named) / len(named) < 0.85


def test_no_kind_of_model_is_in_two_splits() -> None:
    shapes = importlib.import_module(f"{package(PROBLEM.folder)}.instances").SHAPES
    kinds = [{shape[:3] for shape in found.values()} for found in shapes.values()]
    assert len(kinds) == 3 and all(not a & b for a, b in itertools.combinations(kinds, 2))
