"""The proposer without a model: same seed same child, new children, most of them run, nothing outside the markers moves."""

import ast
import math
import random
from collections import Counter
from collections.abc import Callable

import pytest

from workbench.errors import Rejected
from workbench.model import Brief, Candidate, Limits, Program, Reply, Selection, Status, Task
from workbench.program.evolving import open_program
from workbench.program.source import fingerprint, screen, split_block
from workbench.proposers.builtin import Builtin
from workbench.proposers.operators.places import find_places

PRIORITY = '''"""Dispatch by priority."""
import math

WEIGHT = 0.5  # kept


def order(processing, due):
    waiting, t, sequence = list(range(len(due))), 0, []
    while waiting:
        job = min(waiting, key=lambda j: (priority(processing[j], due[j], t), j))
        waiting.remove(job)
        sequence.append(job)
        t += processing[job]
    return sequence


# EVOLVE-BLOCK-START
# this comment stays too
def priority(p, d, t):
    """Least first.

    Two paragraphs.
    """
    slack = d - p - t  # this one may go
    if slack < 0:
        return p / (t + 1)
    return max(d, 0.8 * p + WEIGHT * t)


# EVOLVE-BLOCK-END
TAIL =   "ünïcödé  # EVOLVE"
'''

DECISION = '''"""Spot or not."""


class Policy:
    def __init__(self, task):
        self.rate = task["rate"]
        self.seen = 0

    # EVOLVE-BLOCK-START
    def decide(self, left: float, hours: float, spot: bool) -> str:
        """Answer "spot", "on_demand" or "idle".

        Times are in hours.
        """
        self.seen += 1
        slack = hours - left / self.rate
        if slack < 2.0:
            return "on_demand"
        if spot and left > 0:
            return "spot"
        return "idle"
    # EVOLVE-BLOCK-END

    def untouched(self):
        return  self.seen
'''

OPEN = """
def order(processing, due):
    sequence = sorted(range(len(due)), key=lambda j: due[j] + 0.5 * processing[j])
    t = 0
    while t < 3:
        t += 1
    return sequence
"""


def brief(features: tuple[str, ...], entry: str) -> Brief:
    return Brief(
        slug="toy/toy",
        title="",
        question="",
        statement="",
        entry=entry,
        unit="",
        sense="min",
        features=dict.fromkeys(features, "a number"),
        hints=(),
        baselines=(),
        modules=(),
        limits=Limits(),
    )


JOBS, MARKET = brief(("p", "d", "t", "nowhere"), "order"), brief(("left", "hours", "spot"), "Policy")


def candidate(source: str, entry: str = "order", number: int = 0) -> Candidate:
    return Candidate(number, Status.OK, Program(source, entry), "seed", gap=1.0)


def ready(problem: Brief, known: Callable[[Program], bool] = lambda program: False) -> Builtin:
    proposer = Builtin()
    proposer.begin(problem, known)
    return proposer


def children(
    source: str, problem: Brief, count: int, seed: int = 1, donors: tuple[str, ...] = (), stagnation: int = 0
) -> list[Reply]:
    proposer, rng = ready(problem), random.Random(seed)
    inspirations = tuple(candidate(s, problem.entry, i + 1) for i, s in enumerate(donors))
    selection = Selection(candidate(source, problem.entry), inspirations)
    return [proposer.propose(Task(i, selection, stagnation=stagnation), rng) for i in range(count)]


def source_of(reply: Reply) -> str:
    assert reply.program is not None
    return reply.program.source


def schedules(source: str) -> None:
    scope: dict[str, Callable[[list[int], list[int]], list[int]]] = {}
    exec(source, scope)
    for processing, due in [([3, 1, 4, 1, 5], [9, 2, 6, 5, 3]), ([7], [0]), ([2, 2, 2], [-4, 0, 1000])]:
        assert sorted(scope["order"](processing, due)) == list(range(len(due)))


def decides(source: str) -> None:
    scope: dict[str, type] = {}
    exec(source, scope)
    policy = scope["Policy"]({"rate": 1.5})
    for left, hours, spot in [(10.0, 20.0, True), (10.0, 5.0, False), (0.0, 0.0, True), (3.0, 3.5, False)]:
        assert policy.decide(left, hours, spot) in ("spot", "on_demand", "idle")


def share_running(replies: list[Reply], run: Callable[[str], None]) -> float:
    fine = 0
    for reply in replies:
        try:
            run(source_of(reply))
            fine += 1
        except Exception:
            continue
    return fine / len(replies)


@pytest.mark.parametrize(("source", "problem"), [(PRIORITY, JOBS), (DECISION, MARKET), (OPEN, JOBS)])
def test_the_same_generator_gives_the_same_children(source, problem):
    first, second = (children(source, problem, 20, seed=7, donors=(source.replace("0.5", "0.7"),)) for _ in range(2))
    assert first == second
    assert first != children(source, problem, 20, seed=8, donors=(source.replace("0.5", "0.7"),))


@pytest.mark.parametrize(("source", "problem"), [(PRIORITY, JOBS), (DECISION, MARKET), (OPEN, JOBS)])
def test_every_child_is_another_program(source, problem):
    same = fingerprint(Program(source, problem.entry))
    found = {fingerprint(Program(source_of(r), problem.entry)) for r in children(source, problem, 120)}
    assert same not in found
    assert len(found) > 60


@pytest.mark.parametrize(
    ("source", "problem", "run", "least"),
    [(PRIORITY, JOBS, schedules, 0.95), (DECISION, MARKET, decides, 0.9), (OPEN, JOBS, schedules, 0.8)],
)
def test_most_children_run(source, problem, run, least):
    run(source)
    donor = source.replace("0.5", "0.7").replace("2.0", "3.0 * left")
    replies = children(source, problem, 300, donors=(donor,), stagnation=400)
    assert share_running(replies, run) >= least


@pytest.mark.parametrize(("source", "problem"), [(PRIORITY, JOBS), (DECISION, MARKET)])
def test_text_outside_the_markers_stays_byte_for_byte(source, problem):
    block = split_block(source)
    assert block is not None
    for reply in children(source, problem, 100):
        child = split_block(source_of(reply))
        assert child is not None
        assert (child.before, child.after) == (block.before, block.after)


def test_docstrings_keep_their_shape_over_generations():
    parent, rng, proposer = candidate(DECISION, "Policy"), random.Random(0), ready(MARKET)
    for number in range(30):
        reply = proposer.propose(Task(number, Selection(parent)), rng)
        parent = candidate(source_of(reply), "Policy")
    assert '''        """Answer "spot", "on_demand" or "idle".

        Times are in hours.
        """
''' in source_of(reply)


def test_children_read_only_names_that_are_bound():
    for source, problem in ((PRIORITY, JOBS), (DECISION, MARKET), (OPEN, JOBS)):
        for reply in children(source, problem, 60, stagnation=1000):
            assert find_places(open_program(source_of(reply)), problem.features).loose == set()
            assert "nowhere" not in source_of(reply)


def test_a_constant_of_the_module_is_made_of_what_stands_above_it():
    source = (
        "# EVOLVE-BLOCK-START\nlead = 0.5\ndelay = 2.0\ndef order(p, d):\n    return p * delay + d * lead\n# EVOLVE-BLOCK-END\n"
    )
    found = [source_of(r) for r in children(source, JOBS, 150)]
    for text in found:
        exec(text, {})  # a name that is bound further down, or by this very line, would be an error
    assert any("\nlead = 0.5\ndelay = 2.0\n" not in text for text in found), "the constants do change"


def test_features_come_in():
    seed = (
        PRIORITY[: PRIORITY.index("# EVOLVE-BLOCK")]
        + "# EVOLVE-BLOCK-START\ndef priority(p, d, t):\n    return d\n# EVOLVE-BLOCK-END\n"
    )
    read: Counter[str] = Counter()
    for reply in children(seed, JOBS, 100):
        tree = ast.parse(source_of(reply))
        read.update({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)})
    assert read["p"] > 10
    assert read["t"] > 10


def test_answers_are_drawn_from_those_that_the_docstring_names():
    seed = DECISION.replace('return "spot"', 'return "on_demand"').replace('return "idle"', 'return "on_demand"')
    answers = {
        n.value for r in children(seed, MARKET, 150) for n in ast.walk(ast.parse(source_of(r))) if isinstance(n, ast.Constant)
    }
    assert {"spot", "idle"} <= answers


def test_crossover_mixes_both_parents_and_names_them():
    mine = PRIORITY.replace("0.8 * p", "(p + 111) * 0.8")
    theirs = PRIORITY.replace("0.8 * p", "math.sqrt(abs(t - 222))")
    crossed = [r for r in children(mine, JOBS, 150, donors=(theirs,)) if r.operator == "crossover"]
    assert crossed
    assert all(r.parents == (0, 1) for r in crossed)
    assert any("111" in source_of(r) and "222" in source_of(r) for r in crossed)


def test_constants_of_programs_of_one_shape_are_blended():
    mine, theirs = (
        PRIORITY.replace("0.8", "10").replace("(t + 1)", "(t + 10)"),
        PRIORITY.replace("0.8", "20").replace("(t + 1)", "(t + 20)"),
    )
    crossed = [source_of(r) for r in children(mine, JOBS, 300, donors=(theirs,)) if r.operator == "crossover"]
    assert any("20 * p" in s and "t + 10)" in s for s in crossed)
    assert any("15 * p" in s or "t + 15)" in s for s in crossed)


def test_a_donor_whose_names_are_not_bound_here_gives_nothing():
    theirs = PRIORITY.replace("def priority", "OTHER = 3\n\n\ndef helper(x):\n    return x * OTHER\n\n\ndef priority")
    theirs = theirs.replace("0.8 * p", "helper(p) + OTHER")
    for reply in children(PRIORITY, JOBS, 100, donors=(theirs,)):
        assert "OTHER" not in source_of(reply)
        assert "helper" not in source_of(reply)


def test_divisions_are_safe_when_a_feature_is_zero():
    seed = "# EVOLVE-BLOCK-START\ndef priority(p, d, t):\n    return d / (abs(p - t) + 1)\n# EVOLVE-BLOCK-END\n"
    proposer, rng = ready(brief(("p", "d", "t"), "priority")), random.Random(3)
    for number in range(150):
        reply = proposer.propose(Task(number, Selection(candidate(seed, "priority")), stagnation=1000), rng)
        scope: dict[str, Callable[[float, float, float], float]] = {}
        exec(source_of(reply), scope)
        for point in [(0, 0, 0), (1, 1, 1), (-1, 0, 1), (5, -3, 0)]:
            assert not isinstance(scope["priority"](*point), complex)


def test_known_programs_are_passed_over():
    met = {fingerprint(r.program) for r in children(PRIORITY, JOBS, 100) if r.program}
    proposer, rng = ready(JOBS, lambda p: fingerprint(p) in met), random.Random(1)
    for number in range(50):
        reply = proposer.propose(Task(number, Selection(candidate(PRIORITY))), rng)
        assert reply.program is not None
        assert fingerprint(reply.program) not in met


def test_when_all_is_known_the_last_try_is_handed_over():
    reply = ready(JOBS, lambda p: True).propose(Task(0, Selection(candidate(PRIORITY))), random.Random(0))
    assert source_of(reply) != PRIORITY


def test_a_program_without_anything_to_change_comes_back_as_it_is():
    source = "def order(processing, due):\n    pass\n"
    reply = ready(JOBS).propose(Task(0, Selection(candidate(source))), random.Random(0))
    assert source_of(reply) == source


def test_a_program_does_not_grow_without_bound():
    proposer, rng, parent, sizes = ready(JOBS), random.Random(1), candidate(PRIORITY), []
    for number in range(500):  # every child replaces its parent: nothing but the operators holds growth back
        parent = candidate(source_of(proposer.propose(Task(number, Selection(parent, (candidate(PRIORITY),))), rng)))
        assert parent.program is not None
        sizes.append(find_places(open_program(parent.program.source), JOBS.features).size)
    assert max(sizes) < 400
    assert sum(sizes[-100:]) / 100 < 200


def test_stagnation_makes_bolder_changes():
    def lines_changed(stagnation: int) -> float:
        before = set(ast.unparse(ast.parse(PRIORITY)).splitlines())
        replies = children(PRIORITY, JOBS, 80, stagnation=stagnation)
        return sum(len(set(ast.unparse(ast.parse(source_of(r))).splitlines()) - before) for r in replies) / len(replies)

    assert lines_changed(1000) > lines_changed(0)


TUNABLE = '''"""Seed."""
TUNABLE = {"alpha": (0.5, 2.0), "count": (1, 9)}
alpha = 1.0  # within bounds
count = 3


# EVOLVE-BLOCK-START
def order(processing, due):
    return sorted(range(len(due)), key=lambda j: due[j] + alpha * processing[j])
# EVOLVE-BLOCK-END
'''


def test_declared_constants_move_within_their_bounds_and_nothing_else_does():
    moved = [source_of(r) for r in children(TUNABLE, JOBS, 150) if r.operator == "tunable"]
    assert moved
    for source in moved:
        scope: dict[str, float] = {}
        exec(source, scope)
        assert 0.5 <= scope["alpha"] <= 2.0
        assert scope["count"] in range(1, 10)
    block = split_block(TUNABLE)
    assert any(split_block(s).inside == block.inside for s in moved)
    assert all("# within bounds" in s and '{"alpha": (0.5, 2.0), "count": (1, 9)}' in s for s in moved)


def test_the_table_of_bounds_inside_the_markers_is_left_alone():
    source = TUNABLE.replace("# EVOLVE-BLOCK-START\n", "").replace("TUNABLE =", "# EVOLVE-BLOCK-START\nTUNABLE =")
    for reply in children(source, JOBS, 80):
        table = next(s for s in ast.parse(source_of(reply)).body if isinstance(s, ast.Assign))
        assert ast.literal_eval(table.value) == {"alpha": (0.5, 2.0), "count": (1, 9)}


def test_what_steers_a_while_loop_is_left_alone():
    for reply in children(OPEN, JOBS, 100):
        text = ast.unparse(ast.parse(source_of(reply)))
        assert "while t < 3:" in text
        assert "\n        t += 1" in text


def test_whole_programs_evolve_where_there_are_no_markers():
    assert all(screen(source_of(r), "order") for r in children(OPEN, JOBS, 50))


def test_a_block_inside_a_function_is_written_back_at_its_depth():
    source = "def order(a, b):\n    x = 1\n    # EVOLVE-BLOCK-START\n    y = x * 2.5\n    # EVOLVE-BLOCK-END\n    return [y]\n"
    for reply in children(source, JOBS, 60):
        lines = source_of(reply).splitlines()
        assert lines[:3] == source.splitlines()[:3]
        assert lines[-2:] == source.splitlines()[-2:]
        scope: dict[str, Callable[[int, int], list[float]]] = {}
        exec(source_of(reply), scope)
        assert math.isfinite(scope["order"](1, 2)[0])


ODD = [
    "def order(a):\n    # EVOLVE-BLOCK-START\n    if a > 1:\n        return 1.0\n    # EVOLVE-BLOCK-END\n    return a * 2\n",
    "def order(a):\n    if a:\n        # EVOLVE-BLOCK-START\n        return 1.5 * a\n        # EVOLVE-BLOCK-END\n    return 2",
    "def order(a):\n\t# EVOLVE-BLOCK-START\n\tb = a * 2.0\n\t# EVOLVE-BLOCK-END\n\treturn b\n",
    "# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\ndef order(a):\n    return a * 2.0\n",
    "def order(a):\n    return f'''{a * 2.0}\n  x'''\n",
    "def order(a):\n    return a\n\n\nasync def other(a):\n    async with a as b:\n        yield b + 1\n",
    "order = lambda a: a * 2.0\n",
    "def order(a):\n    try:\n        b = 1.0\n    except ValueError as e:\n        b = 2.0\n    return {k: v + b for k, v in a}\n",
    "def order(a):\n    match a:\n        case 1:\n            return 2.0\n    return (c := 3.5) + c\n",
]
"""Markers in strange places, and statements that no operator knows."""


@pytest.mark.parametrize("source", ODD)
def test_any_python_is_taken(source):
    for reply in children(source, brief(("a",), "order"), 30):
        assert reply.program is not None
        screen(reply.program.source, "order")
        fingerprint(reply.program)


def test_a_parent_that_does_not_parse_is_no_error():
    reply = ready(JOBS).propose(Task(0, Selection(candidate("def order(:"))), random.Random(0))
    assert source_of(reply) == "def order(:"
    with pytest.raises(Rejected):
        open_program("def order(:")
