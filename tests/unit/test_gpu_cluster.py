"""The GPU cluster: its books against a slow checker, the bound against brute force, and no way around the rules."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.gpu_cluster.bound import _feasible_size, allocation_bound
from evaluators.gpu_cluster.verifier import Cluster, GpuCluster, Node, Pod, Workload
from tests.unit.policies import Online
from workbench.errors import Infeasible, PolicyFailure, ProblemError
from workbench.model import Instance, Measurement, Split, Status
from workbench.problem import catalog
from workbench.problem.extras import package
from workbench.testing.inprocess import InProcess

PROBLEM = catalog.load("load_balancing/gpu_cluster")
VERIFIER = GpuCluster()


class Told(Online):
    """A policy in this process that answers by `place` and keeps what it was sent, as the JSON that would be sent."""

    def __init__(self, place: Callable[[int, dict[str, Any]], Any]) -> None:
        super().__init__(place=lambda pod: place(self.number, pod))


def small(nodes: Sequence[Sequence[Any]], kinds: Sequence[Sequence[Any]], arrivals: Sequence[int]) -> Instance:
    shares = [1 / len(kinds)] * len(kinds)
    data = {"nodes": nodes, "kinds": kinds, "popularity": shares, "arrivals": arrivals}
    return Instance("x", "f", json.loads(json.dumps(data)))


def answer(instance: Instance, answers: Sequence[Any]) -> Measurement:
    return VERIFIER.run(instance, Told(lambda number, _: answers[number]))


ONE_NODE = [[4000, 4096, 2, "A"]]
TWO_NODES = [[4000, 4096, 2, "A"], [2000, 8192, 1, "B"]]
PART, WHOLE, BOTH, BARE = [1000, 1024, 1, 400, []], [1000, 1024, 1, 1000, []], [1000, 1024, 2, 1000, []], [1500, 512, 0, 0, []]


def random_cluster(rng: random.Random, pods: int) -> Instance:
    nodes = [[rng.choice((2000, 4000)), rng.choice((2048, 4096)), rng.choice((0, 1, 2)), rng.choice("AB")] for _ in range(2)]
    nodes.append([3000, 4096, 2, "A"])
    kinds = []
    for gpus in (0, 1, 1, 1, 2):
        milli = rng.choice((300, 510, 700)) if gpus == 1 else 1000 * (gpus > 0)
        models = rng.choice(([], [], ["A"], ["A", "B"]))
        kinds.append([rng.choice((500, 1000, 1500)), rng.choice((256, 1024)), gpus, milli, models])
    return small(nodes, [*kinds, WHOLE], [rng.randrange(6) for _ in range(pods)])


# --------------------------------------------------------------------------- the books


def test_allocation_and_lost_pods_by_hand() -> None:
    found = answer(small(TWO_NODES, [PART, BOTH, WHOLE], [0, 0, 1, 2, 0]), [[0, [0]], [0, [0]], [1, [0]], [0, [1]]])
    assert found.objective == pytest.approx(100 * (0.4 + 0.4 + 1.0 + 0.4) / 3)  # the pod with two GPUs found none
    assert found.metrics["lost_pods"] == 1 and found.metrics["lost_gpus"] == 2
    assert found.metrics["free_gpus"] == pytest.approx(0.8) and found.metrics["free_whole_gpus"] == 0
    assert found.metrics["free_cpu_pct"] == pytest.approx(100 * 2 / 6)


def test_pods_without_gpu_go_to_nodes_without_gpu_or_with_any_model() -> None:
    nodes = [[4000, 4096, 0, ""], *TWO_NODES]
    bare = [*BARE[:4], ["B"]]  # a model that it does not use
    assert answer(small(nodes, [bare], [0, 0]), [[0, []], [1, []]]).objective == 0


class Checker:
    """An independent, slow judge: replays the placements of a list of (pod, answer) and recounts every node from them."""

    def __init__(self, instance: Instance) -> None:
        self.data = instance.data

    def loads(self, placed: Sequence[tuple[list[Any], list[Any]]]) -> bool:
        """Whether these placements respect every node."""
        for index, (cpu, memory, gpus, model) in enumerate(self.data["nodes"]):
            here = [(pod, chosen) for pod, (node, chosen) in placed if node == index]
            if sum(pod[0] for pod, _ in here) > cpu or sum(pod[1] for pod, _ in here) > memory:
                return False
            if any(pod[2] and pod[4] and model not in pod[4] for pod, _ in here):
                return False
            if any(sum(pod[3] for pod, chosen in here if gpu in chosen) > 1000 for gpu in range(gpus)):
                return False
        return True

    def ways(self, pod: list[Any], placed: list[tuple[list[Any], list[Any]]]) -> list[list[Any]]:
        """All answers that respect every node."""
        return [
            [index, list(gpus)]
            for index, node in enumerate(self.data["nodes"])
            for gpus in itertools.combinations(range(node[2]), pod[2])
            if self.loads([*placed, (pod, [index, list(gpus)])])
        ]


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.data())
def test_verifier_agrees_with_a_slow_checker_on_right_and_corrupted_answers(seed: int, data: st.DataObject) -> None:
    instance = random_cluster(random.Random(seed), 7)
    checker = Checker(instance)
    placed: list[tuple[list[Any], list[Any]]] = []
    answers: list[list[Any]] = []
    bad = data.draw(st.integers(0, 9), label="corrupted answer")
    fine = True
    for number in instance.data["arrivals"]:
        pod = instance.data["kinds"][number]
        ways = checker.ways(pod, placed)
        if not ways:
            continue
        chosen = data.draw(st.sampled_from(ways))
        if len(answers) == bad:
            gpus = data.draw(st.lists(st.integers(-1, 2), max_size=3))
            chosen = [data.draw(st.integers(-1, 3)), gpus]
            fine = sorted(gpus) in [sorted(way[1]) for way in ways if way[0] == chosen[0]]
        answers.append(chosen)
        if not fine:
            break
        placed.append((pod, chosen))
    if fine:
        found = answer(instance, answers)
        used = sum(pod[2] * pod[3] for pod, _ in placed)
        assert found.objective == pytest.approx(100 * used / (1000 * sum(node[2] for node in instance.data["nodes"])))
        assert found.metrics["lost_pods"] == len(instance.data["arrivals"]) - len(placed)
    else:
        with pytest.raises(Infeasible, match="the place of pod"):
            answer(instance, answers)


# --------------------------------------------------------------------------- what is refused

REFUSED = [
    ("node that is not there", [2, [0]], "the node of the place of pod 0 must be in 0..1, got 2"),
    ("node counted from the end", [-1, [0]], "must be in 0..1, got -1"),
    ("GPU that is not there", [1, [1]], "must be in 0..0, got 1"),
    ("GPU counted from the end", [0, [-1]], "must be in 0..1, got -1"),
    ("more GPUs than asked for", [0, [0, 1]], "must have 1 entry, got 2"),
    ("no GPU for a pod that needs one", [0, []], "must have 1 entry, got 0"),
    ("refusal of a pod that fits", None, "must be a list, got None"),
    ("a node alone", 0, "must be a list"),
    ("true for 1", [True, [0]], "must be an int, got"),
    ("a float", [0.0, [0]], "must be an int, got"),
    ("huge", [10**400, [0]], "integer of 1329 bits"),
    ("a figure of its own", [0, [0], {"objective": 100}], "must have 2 entries, got 3"),
]


@pytest.mark.parametrize(("wrong", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_wrong_answers_are_refused(wrong: Any, message: str) -> None:
    with pytest.raises(Infeasible) as refusal:
        answer(small(TWO_NODES, [PART], [0]), [wrong])
    assert message in str(refusal.value)


def test_overfull_gpu_is_refused() -> None:
    with pytest.raises(Infeasible, match="GPU 0 of node 0 has 200 thousandths left, the pod needs 400"):
        answer(small(ONE_NODE, [PART], [0] * 3), [[0, [0]]] * 3)


def test_a_part_of_a_used_gpu_is_no_whole_one() -> None:
    with pytest.raises(Infeasible, match="GPU 0 of node 0 has 600 thousandths left, the pod needs 1000"):
        answer(small(ONE_NODE, [PART, WHOLE], [0, 1]), [[0, [0]], [0, [0]]])


def test_the_same_gpu_twice_is_refused() -> None:
    with pytest.raises(Infeasible, match=r"must differ, got \[1, 1\]"):
        answer(small(ONE_NODE, [BOTH], [0]), [[0, [1, 1]]])


def test_cpu_and_memory_are_held() -> None:
    with pytest.raises(Infeasible, match="node 1 has 500 milli-cores and 7680 MiB left, the pod needs 1500 and 512"):
        answer(small(TWO_NODES, [BARE], [0, 0]), [[1, []]] * 2)
    with pytest.raises(Infeasible, match="node 0 has 3500 milli-cores and 0 MiB left"):
        answer(small(TWO_NODES, [[500, 4096, 0, 0, []]], [0, 0]), [[0, []]] * 2)


def test_a_model_that_the_pod_does_not_accept_is_refused() -> None:
    with pytest.raises(Infeasible, match="accepts GPU models B; node 0 has A"):
        answer(small(TWO_NODES, [[1000, 1024, 1, 400, ["B"]]], [0]), [[0, [0]]])


def test_a_policy_that_changes_what_it_is_given_changes_nothing_else() -> None:
    def greedy(_: int, pod: dict[str, Any]) -> Any:
        pod.update(cpu=0, memory=0, milli=0)
        pod["models"].append("A")
        return [0, [0]]

    instance = small(ONE_NODE, [PART], [0, 0, 0])
    before = json.dumps(instance.data)
    with pytest.raises(Infeasible, match="GPU 0 of node 0"):
        VERIFIER.run(instance, Told(greedy))
    assert json.dumps(instance.data) == before


def test_failure_of_the_candidates_process_passes_through() -> None:
    def crash(number: int, pod: dict[str, Any]) -> Any:
        raise PolicyFailure(Status.TIMEOUT, "too slow")

    with pytest.raises(PolicyFailure, match="too slow"):
        VERIFIER.run(small(ONE_NODE, [PART], [0]), Told(crash))


@pytest.mark.parametrize(
    "change",
    [{"nodes": [[1, 1, 0, ""]]}, {"arrivals": [1]}, {"arrivals": [-1]}, {"popularity": []}, {"kinds": [[1, 1, 1, 1001, []]]},
     {"kinds": [[1, 1, 1, 0, []]]}, {"kinds": [[-1, 1, 1, 500, []]]}],
)  # fmt: skip
def test_contradictory_instance_is_a_problem_error(change: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match="gpu cluster"):
        Workload.from_data({**small(ONE_NODE, [PART], [0]).data, **change})


# --------------------------------------------------------------------------- the future stays here


def test_nothing_sent_depends_on_the_pods_to_come() -> None:
    rng = random.Random(4)
    for _ in range(10):
        first = random_cluster(rng, 12)
        now = rng.randrange(12)
        other = {**first.data, "arrivals": first.data["arrivals"][: now + 1] + [rng.randrange(6) for _ in range(20)]}
        told = []
        for data in (first.data, other):
            # A policy that knows the truth, so that both runs go on alike.
            truth = Cluster(Workload.from_data(data).nodes)
            policy = Told(lambda _, pod, truth=truth: first_place(truth, pod))
            VERIFIER.run(Instance("x", "f", data), policy)
            asked = sum(fits_at(data, at) for at in range(now + 1))
            told.append(policy.sent[: asked + 1])
        assert told[0] == told[1]


def test_the_list_of_popular_kinds_does_not_tell_what_comes_first() -> None:
    made = importlib.import_module(f"{package(PROBLEM.folder)}.instances")
    pool = [(*kind[:4], tuple(kind[4])) for kind in PROBLEM.instances(Split.TRAIN)[0].data["kinds"]]
    nodes = PROBLEM.instances(Split.TRAIN)[0].data["nodes"]
    told = []
    for pods in (pool[:20], pool[19::-1], pool[5:10]):
        policy = Told(lambda number, pod: None)
        with contextlib.suppress(Infeasible):
            VERIFIER.run(Instance("x", "f", json.loads(json.dumps(made.workload(nodes, pods, pool)))), policy)
        told.append(policy.sent[0])
    assert told[0] == told[1] == told[2]


def first_place(truth: Cluster, request: dict[str, Any]) -> list[Any]:
    pod = Pod(request["cpu"], request["memory"], request["gpus"], request["milli"], tuple(request["models"]))
    for node in range(len(truth.nodes)):
        for gpus in itertools.combinations(range(truth.nodes[node].gpus), pod.gpus):
            with contextlib.suppress(Infeasible):
                truth.bind(pod, [node, list(gpus)], "it")
                return [node, list(gpus)]
    raise AssertionError("asked for a pod that fits nowhere")


def fits_at(data: dict[str, Any], at: int) -> bool:
    """Whether the pod that comes at `at` is asked for, under `first_place`."""
    workload = Workload.from_data(data)
    truth = Cluster(workload.nodes)
    asked = False
    for kind in workload.arrivals[: at + 1]:
        pod = workload.kinds[kind]
        asked = truth.fits_somewhere(pod)
        if asked:
            request = {"cpu": pod.cpu, "memory": pod.memory, "gpus": pod.gpus, "milli": pod.milli, "models": list(pod.models)}
            first_place(truth, request)
    return asked


def test_kinds_without_a_history_are_not_announced() -> None:
    data = {**small(ONE_NODE, [PART, WHOLE], [0, 1]).data, "popularity": [1.0, 0.0]}
    policy = Told(lambda number, _: [0, [number]])
    VERIFIER.run(Instance("x", "f", data), policy)
    task = json.loads(policy.sent[0])[0]
    assert set(task) == {"nodes", "popular"} and [p["milli"] for p in task["popular"]] == [400]
    assert all(set(json.loads(s)[0]) == {"cpu", "memory", "gpus", "milli", "models"} for s in policy.sent[1:])


# --------------------------------------------------------------------------- the bound


def optimum(instance: Instance) -> int:
    """Most GPU that any subset of the pods can take, by trying every placement and every refusal."""
    workload = Workload.from_data(instance.data)
    nodes = workload.nodes

    def best(at: int, state: tuple[tuple[int, int, tuple[int, ...]], ...]) -> int:
        if at == len(workload.arrivals):
            return 0
        pod = workload.kinds[workload.arrivals[at]]
        value = best(at + 1, state)
        for index, (cpu, memory, left) in enumerate(state):
            if cpu < pod.cpu or memory < pod.memory or not pod.accepts(nodes[index].model):
                continue
            for gpus in itertools.combinations(range(len(left)), pod.gpus):
                if all(left[g] >= pod.milli for g in gpus):
                    after = tuple(amount - pod.milli * (g in gpus) for g, amount in enumerate(left))
                    rest = (*state[:index], (cpu - pod.cpu, memory - pod.memory, after), *state[index + 1 :])
                    value = max(value, pod.gpus * pod.milli + best(at + 1, rest))
        return value

    return best(0, tuple((n.cpu, n.memory, (1000,) * n.gpus) for n in nodes))


def test_bound_is_never_below_the_optimum_and_often_meets_it() -> None:
    rng = random.Random(11)
    met = 0
    for _ in range(12):
        instance = random_cluster(rng, 5)
        bound, best = allocation_bound(Workload.from_data(instance.data)), optimum(instance)
        assert bound >= best - 1e-6, instance.data
        met += bound <= best + 1
    assert met >= 4


def test_bound_knows_that_large_parts_do_not_share_a_gpu() -> None:
    nodes = (Node(100_000, 100_000, 2, "A"),)
    parts = Workload(nodes, (Pod(1, 1, 1, 810),), (1.0,), (0,) * 5)
    assert allocation_bound(parts) == pytest.approx(1620, rel=1e-5)
    assert allocation_bound(Workload(nodes, (Pod(60_000, 1, 1, 300),), (1.0,), (0,) * 5)) == pytest.approx(300, rel=1e-5)


def test_sizes_of_the_bound_are_dual_feasible() -> None:
    # What fits into a bin fits with these sizes too, whatever the threshold.
    rng = random.Random(2)
    for _ in range(400):
        size, items = rng.randint(2, 60), list[int]()
        while (item := rng.randint(1, size)) <= size - sum(items):
            items.append(item)
        for threshold in range(size // 2 + 1):
            assert sum(_feasible_size(item, size, threshold) for item in items) <= size, (size, items, threshold)


def test_some_references_are_solved_again() -> None:
    for instance in PROBLEM.instances(Split.VALIDATION)[::7]:
        reference = PROBLEM.references.reference(Split.VALIDATION, instance.id)
        assert PROBLEM.problem.solve(instance).value == pytest.approx(reference.value, rel=1e-5)


# --------------------------------------------------------------------------- programs and instances


def program(name: str, **names: Any) -> InProcess:
    policy = InProcess(PROBLEM.program(name))
    policy._entry.place.__globals__.update(names)
    return policy


@pytest.mark.parametrize("score", [lambda *a: float("nan"), lambda *a: float("inf"), lambda *a: float("-inf"), lambda *a: 0])
def test_the_fixed_part_of_the_seed_places_every_pod_whatever_the_score(score: Callable[..., float]) -> None:
    instance = PROBLEM.instances(Split.TRAIN)[8]
    assert VERIFIER.run(instance, program("seed", score=score)).objective > 50


def test_books_of_the_seed_are_those_of_a_program_without_memory() -> None:
    # A constant score is first fit, the GPU with the least left: the other program has the same rule and none of the caches.
    for instance in PROBLEM.instances(Split.TRAIN)[::12]:
        seed, plain = program("seed", score=lambda *a: 0), program("first_fit")
        assert VERIFIER.run(instance, seed) == VERIFIER.run(instance, plain)
        assert [a[0] for a in seed.answers] == [a[0] for a in plain.answers]


def test_stranded_gpu_is_what_the_mean_popular_pod_cannot_use() -> None:
    rng = random.Random(9)
    instance = PROBLEM.instances(Split.TRAIN)[8]
    policy = program("fgd")
    policy.begin({"nodes": [], "popular": []})
    stranded = policy._entry.place.__globals__["stranded_by_model"]
    popular = [
        {"share": share, "cpu": k[0], "memory": k[1], "gpus": k[2], "milli": k[3], "models": k[4]}
        for share, k in zip(instance.data["popularity"], instance.data["kinds"], strict=True)
    ]
    for model in ("T4", "G2"):
        amount = stranded(popular, {model})[model]
        for _ in range(40):
            cpu, memory = rng.randrange(40_000), rng.randrange(200_000)
            left = [rng.choice((0, 190, 530, 1000, 1000, rng.randrange(1001))) for _ in range(4)]
            expected = 0.0
            for pod in popular:
                fit = (
                    pod["gpus"] and (not pod["models"] or model in pod["models"]) and pod["cpu"] <= cpu and pod["memory"] <= memory
                )
                good = [a for a in left if a >= pod["milli"]]
                expected += pod["share"] * (sum(left) - (sum(good) if fit and len(good) >= pod["gpus"] else 0))
            total = sum(pod["share"] for pod in popular)
            assert amount(cpu, memory, left) == pytest.approx((expected + (1 - total) * sum(left)) / 1000, abs=1e-9)


def test_splits_draw_from_windows_of_the_trace_that_do_not_overlap() -> None:
    windows = PROBLEM.problem.instances.__globals__["_WINDOWS"]
    spans = sorted(windows.values())
    assert len(spans) == 3 and all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def test_the_whole_trace_is_the_published_one() -> None:
    whole = {i.id: i for i in PROBLEM.instances(Split.TEST) if i.family.startswith("smoke-whole")}
    recorded = Workload.from_data(whole["test-whole-default-recorded"].data)
    assert (len(recorded.nodes), recorded.capacity, len(recorded.arrivals)) == (1213, 6_212_000, 8152)
    asked = sum(recorded.kinds[k].gpus * recorded.kinds[k].milli for k in recorded.arrivals)
    assert asked == 6_086_800
    data = whole["test-whole-default-shuffled"].data
    same = Counter(json.dumps(data["kinds"][k]) for k in data["arrivals"])
    assert same == Counter(json.dumps(whole["test-whole-default-recorded"].data["kinds"][k]) for k in recorded.arrivals)
