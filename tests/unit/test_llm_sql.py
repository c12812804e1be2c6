"""Orders of rows and fields: prompts written out by hand, bound and search by brute force, published exploits refused."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from evaluators.llm_sql.bound import heaviest_tree, lower_bound
from evaluators.llm_sql.search import agglomerate, improve, most_saved, solve
from evaluators.llm_sql.verifier import Reordering, Table, characters_read, table_from
from problems.caching.llm_sql import instances as made
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Program, Split
from workbench.problem import catalog
from workbench.testing.inprocess import InProcess

PROBLEM = catalog.load("caching/llm_sql")
VERIFIER = Reordering()
CITIES = Instance(
    "x", "f", {"columns": ["city", "year"], "rows": [["Rome", "1960"], ["Oslo", "1952"], ["Rome", "2024"], ["Nice", "1952"]]}
)
"""The example of the statement."""
GOOD: dict[str, Any] = {"rows": [0, 2, 1, 3], "fields": [[0, 1], [1, 0], [0, 1], [1, 0]]}


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


def random_table(rng: random.Random, rows: int, columns: int, words: int = 3) -> Instance:
    names = [chr(ord("a") + c) * rng.randint(1, 4) for c in range(columns)]
    some = ["x" * k for k in range(words)]
    return Instance("x", "f", {"columns": names, "rows": [[rng.choice(some) for _ in names] for _ in range(rows)]})


def slow_share(data: dict[str, Any], rows: Sequence[int], fields: Sequence[Sequence[int]]) -> float:
    """Write all prompts field by field and compare each with the one before."""
    prompts = [[f"{data['columns'][c]}: {data['rows'][row][c]}\n" for c in fields[row]] for row in rows]
    read = 0
    for number, prompt in enumerate(prompts):
        before = prompts[number - 1] if number else []
        same = len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], zip(prompt, before, strict=False))))
        read += sum(map(len, prompt[same:]))
    return read / sum(len(field) for prompt in prompts for field in prompt)


# --------------------------------------------------------------------------- the rules


def test_the_example_of_the_statement() -> None:
    table = table_from(CITIES.data)
    assert table.characters == 88
    assert characters_read(table, **GOOD) == 66
    assert VERIFIER.run(CITIES, Answer(GOOD)).objective == 0.75
    assert VERIFIER.run(CITIES, Answer(GOOD)).metrics == {"hit_rate": 0.25}
    assert characters_read(table, GOOD["rows"], [[0, 1]] * 4) == 77


@pytest.mark.parametrize(
    ("rows", "order", "fields", "read"),
    [
        ([["a", "b"]], [0], [[0, 1]], 12),  # a field of column p has 5 characters, one of qqq 7
        ([["a", "b"], ["a", "b"]], [0, 1], [[0, 1], [0, 1]], 12),  # all of it again
        ([["a", "b"], ["a", "b"]], [0, 1], [[0, 1], [1, 0]], 24),  # another field first: nothing is found
        ([["a", "b"], ["a", "c"]], [1, 0], [[0, 1], [0, 1]], 19),  # the first alone
        ([["a", "b"], ["c", "b"]], [0, 1], [[0, 1], [0, 1]], 24),  # what follows a field that is read is read
        ([["a", "a"], ["a", "a"]], [0, 1], [[0, 1], [1, 0]], 24),  # the same text under another name is another field
        ([["a", "b"], ["c", "d"], ["a", "b"]], [0, 1, 2], [[0, 1]] * 3, 36),  # only the prompt before counts
    ],
)
def test_characters_by_hand(rows: list[list[str]], order: list[int], fields: list[list[int]], read: int) -> None:
    assert characters_read(table_from({"columns": ["p", "qqq"], "rows": rows}), order, fields) == read


@pytest.mark.parametrize("seed", range(60))
def test_the_share_is_that_of_prompts_written_out(seed: int) -> None:
    rng = random.Random(seed)
    case = random_table(rng, rng.randint(1, 8), rng.randint(1, 5))
    rows, columns = len(case.data["rows"]), len(case.data["columns"])
    order, fields = rng.sample(range(rows), rows), [rng.sample(range(columns), columns) for _ in range(rows)]
    objective = VERIFIER.run(case, Answer({"rows": order, "fields": fields})).objective
    assert objective == pytest.approx(slow_share(dict(case.data), order, fields), abs=1e-12)


# --------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        # Published exploits: cells of the candidate's own (all constant: 99.9 % hits), and one more column (97.4 %).
        ({"rows": [["", ""]] * 4, "fields": [[0, 1]] * 4}, r"rows\[0\] must be an int, got a list"),
        ([["Rome", "1960"]] * 4, 'must be a dict with "rows" and "fields"'),
        ({**GOOD, "table": [["", ""]] * 4}, "nothing else, got a dict of 3 entries"),
        ({**GOOD, "fields": [[2, 0, 1]] * 4}, r"fields\[0\] must have 2 entries, got 3"),
        ({**GOOD, "fields": [[0, 2]] * 4}, r"fields\[0\]\[1\] must be in 0..1, got 2"),
        ({**GOOD, "hit_rate": 1.0}, "nothing else"),
        # Leaving out or repeating what costs.
        ({**GOOD, "rows": [0, 2]}, "rows must have 4 entries, got 2"),
        ({**GOOD, "rows": [0, 0, 0, 0]}, "0 is at positions 0 and 1"),
        ({**GOOD, "rows": [0, 2, 1, -1]}, "must be in 0..3, got -1"),
        ({**GOOD, "fields": [[0]] * 4}, r"fields\[0\] must have 2 entries, got 1"),
        ({**GOOD, "fields": [[0, 1], [0, 1], [0, 1], [0, 0]]}, r"fields\[3\] must contain each of 0..1 exactly once"),
        ({**GOOD, "fields": [[0, 1]] * 3}, "fields must have 4 entries, got 3"),
        ({**GOOD, "fields": [0, 1]}, "fields must have 4 entries, got 2"),
        # Names and other types for numbers.
        ({**GOOD, "fields": [["city", "year"]] * 4}, r"fields\[0\]\[0\] must be an int, got the str 'city'"),
        ({**GOOD, "fields": [[False, True]] * 4}, "must be an int, got the bool False"),
        ({**GOOD, "fields": [[0.0, 1.0]] * 4}, "must be an int, got the float 0.0"),
        ({**GOOD, "fields": [(0, 1)] * 4}, r"fields\[0\] must be a list, got a tuple"),
        ({"rows": GOOD["rows"]}, "got a dict of 1 entry"),
        (None, "got None"),
    ],
)
def test_any_other_answer_is_infeasible(answer: Any, reason: str) -> None:
    with pytest.raises(Infeasible, match=reason):
        VERIFIER.run(CITIES, Answer(answer))


def test_a_policy_that_makes_all_cells_equal_changes_nothing() -> None:
    class Spoils(Answer):
        def __call__(self, *args: Any) -> Any:
            columns, rows = args
            for row in rows:
                row[:] = ["", ""]
            rows[:] = rows[:1]
            columns.append("constant")
            return self.answer

    assert VERIFIER.run(CITIES, Spoils(GOOD)) == VERIFIER.run(CITIES, Answer(GOOD))
    assert CITIES.data["columns"] == ["city", "year"] and CITIES.data["rows"][3] == ["Nice", "1952"]


def test_the_clock_is_no_part_of_the_score(monkeypatch: pytest.MonkeyPatch) -> None:
    # The published evaluator timed candidates in their own process and added the time to the score.
    honest = VERIFIER.run(CITIES, Answer(GOOD))
    for clock in ("time", "perf_counter", "process_time", "monotonic"):
        monkeypatch.setattr(time, clock, lambda: -1e9)
    assert VERIFIER.run(CITIES, Answer(GOOD)) == honest
    assert set(honest.metrics) == {"hit_rate"}


SCALARS = (None, True, False, -2, -1, 0, 1, 2, 3, 4, 2**70, 0.0, 1.0, float("nan"), "", "0", [], [0])


def slow_check(data: dict[str, Any], answer: Any) -> float | None:
    """The contract in other words: the share, or None where the answer is none."""
    rows, columns = len(data["rows"]), len(data["columns"])
    if type(answer) is not dict or sorted(map(str, answer)) != ["fields", "rows"] or type(answer["fields"]) is not list:
        return None
    lists = [(answer["rows"], rows), *((own, columns) for own in answer["fields"])]
    if len(answer["fields"]) != rows or any(type(own) is not list for own, _ in lists):
        return None
    if any(type(x) is not int for own, _ in lists for x in own) or any(sorted(own) != list(range(n)) for own, n in lists):
        return None
    return slow_share(data, answer["rows"], answer["fields"])


@pytest.mark.parametrize("seed", range(150))
def test_verifier_agrees_with_the_slow_judge_on_right_and_damaged_answers(seed: int) -> None:
    rng = random.Random(seed)
    case = random_table(rng, rng.randint(1, 4), rng.randint(1, 3))
    rows, columns = len(case.data["rows"]), len(case.data["columns"])
    answer: Any = {"rows": rng.sample(range(rows), rows), "fields": [rng.sample(range(columns), columns) for _ in range(rows)]}
    for _ in range(rng.randint(0, 2)):
        target = rng.choice((answer["rows"], answer["fields"], rng.choice(answer["fields"] or [[]])))
        if type(target) is list:
            at, damage = rng.randint(0, len(target)), rng.choice(("put", "set", "cut"))
            target[at : at + (damage != "put")] = [] if damage == "cut" else [rng.choice(SCALARS)]
    answer = rng.choice((answer, answer, answer, [answer], {**answer, "more": 0}, answer["fields"]))
    expected = slow_check(dict(case.data), answer)
    if expected is None:
        with pytest.raises(Infeasible):
            VERIFIER.run(case, Answer(answer))
    else:
        assert VERIFIER.run(case, Answer(answer)).objective == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("columns", "rows"), [([], []), (["a"], []), (["a", "a"], [["x", "y"]]), (["a"], [["x", "y"]]), (["a"], [[1]]), ([1], [["x"]])]
)
def test_contradictory_instance_is_a_problem_error(columns: Any, rows: Any) -> None:
    with pytest.raises(ProblemError, match="llm_sql"):
        table_from({"columns": columns, "rows": rows})


# --------------------------------------------------------------------------- bound and search


def least_read(case: Instance) -> int:
    """Try every answer."""
    table = table_from(case.data)
    columns = list(itertools.permutations(range(len(table.columns))))
    rows = range(len(table.texts))
    return min(
        characters_read(table, order, fields)
        for order in itertools.permutations(rows)
        for fields in itertools.product(columns, repeat=len(rows))
    )


def saved_by(table: Table, answer: tuple[list[int], list[list[int]]]) -> int:
    return table.characters - characters_read(table, *answer)


@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (2, 3), (3, 2), (3, 3), (4, 2), (5, 2)])
def test_trees_are_all_answers_and_the_bound_never_exceeds_the_optimum(rows: int, columns: int) -> None:
    case = random_table(random.Random(rows * 10 + columns), rows, columns)
    table = table_from(case.data)
    optimum = least_read(case)
    assert table.characters - most_saved(table) == optimum >= lower_bound(table)


@pytest.mark.parametrize("seed", range(12))
def test_search_finds_the_optimum_of_small_tables_and_keeps_its_books(seed: int) -> None:
    rng = random.Random(seed)
    table = table_from(random_table(rng, rng.randint(1, 7), rng.randint(1, 5)).data)
    tree = agglomerate(table)
    assert saved_by(table, tree.answer()) == tree.saved
    assert improve(tree, table.lengths, 100, 3.0, rng) == most_saved(table)
    assert saved_by(table, tree.answer()) >= tree.saved


def test_search_improves_on_agglomeration_on_a_real_table() -> None:
    case = next(i for i in PROBLEM.instances(Split.TRAIN) if "steak" in i.id)
    table = table_from(case.data)
    tree = agglomerate(table)
    before = tree.saved
    most = improve(tree, table.lengths, 400, 0.0, random.Random(1))
    assert before < tree.saved <= most <= table.characters - lower_bound(table)
    assert saved_by(table, tree.answer()) >= tree.saved


def test_the_heaviest_tree_is_that_of_kruskal() -> None:
    table = table_from(random_table(random.Random(3), 12, 4).data)
    same = np.where(table.cells[:, None] == table.cells[None], table.lengths[table.cells][:, None], 0).sum(axis=2)
    root, total = list(range(12)), 0
    for i, j in sorted(itertools.combinations(range(12), 2), key=lambda pair: -same[pair]):
        if root[i] != root[j]:
            total += int(same[i, j])
            root = [root[i] if r == root[j] else r for r in root]
    assert heaviest_tree(table) == total


def test_proven_references_are_found_again() -> None:
    found = set()
    for case in PROBLEM.instances(Split.STRESS):
        reference = PROBLEM.references.reference(Split.STRESS, case.id)
        if reference.status == "optimal" and len(case.data["rows"]) <= 200:
            again = solve(case)
            assert (again.value, again.status) == (reference.value, "optimal")
            found.add(case.family)
    assert {"single-row", "single-column", "equal-rows", "nothing-in-common"} <= found


# --------------------------------------------------------------------------- programs and instances


def test_group_recursion_takes_the_cell_with_the_greatest_square_and_what_it_determines() -> None:
    columns, rows = ["k", "v", "w"], [["1", "long", "a"], ["1", "b", "xx"], ["1", "long", "xx"], ["3", "c", "xx"]]
    answer = InProcess(PROBLEM.program("ggr"))(columns, rows)
    assert sorted(answer["rows"][:2]) == [0, 2]
    assert answer["fields"][0][:2] == [1, 0], "89 for v, which decides k; 72 for xx and 50 for k"
    assert [answer["fields"][row][0] for row in (1, 3)] == [2, 2]


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("statistics_order", [1, 2, 0]),  # 2 cells of b repeat a value, 11 characters on average; of c 2 with 8, of a 2 with 5
        ("greedy_columns", [1, 0, 2]),  # behind b, a repeats 2 cells of 5 characters; c none, as it differs where b agrees
    ],
)
def test_orders_of_columns_by_hand(name: str, order: list[int]) -> None:
    columns, rows = ["a", "b", "c"], [["1", "xxxxxxx", "1234"], ["1", "xxxxxxx", "5678"], ["2", "y", "1234"], ["2", "y", "5678"]]
    answer = InProcess(PROBLEM.program(name))(columns, rows)
    assert answer == {"rows": [0, 1, 2, 3], "fields": [order] * 4}


def test_the_fixed_part_of_the_seed_tells_gain_the_truth() -> None:
    source = PROBLEM.program("seed").source.replace("return count", "SEEN.append(locals()); return count")
    policy = InProcess(Program("SEEN = []\n" + source, "reorder"))
    policy(["a", "bb"], [["x", "yy"], ["x", "yy"], ["x", "z"]])
    seen = policy._entry.__globals__["SEEN"]
    assert seen[0] == {"length": 5, "count": 3, "shared": 5, "rows": 3, "distinct": 1, "columns": 2, "depth": 0}
    assert seen[1] == {"length": 7, "count": 2, "shared": 12, "rows": 3, "distinct": 2, "columns": 2, "depth": 0}
    assert {"length": 7, "count": 2, "shared": 7, "rows": 3, "distinct": 2, "columns": 1, "depth": 1} in seen


def test_no_table_is_in_two_splits() -> None:
    names = [set(made.tables(split)) for split in (Split.TRAIN, Split.VALIDATION, Split.TEST)]
    assert [len(some) for some in names] == [12, 11, 18]
    assert not names[0] & names[1] and not names[0] & names[2] and not names[1] & names[2]
    rows = [{row for table in made.tables(split).values() for row in table.rows if len(set(row)) > 4} for split in list(Split)[:3]]
    assert not rows[0] & rows[1] and not rows[0] & rows[2] and not rows[1] & rows[2]


def test_sizes_are_those_of_the_statement() -> None:
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        for case in PROBLEM.instances(split):
            rows, columns = len(case.data["rows"]), len(case.data["columns"])
            assert rows == made.SMALL if case.family == "small" else made.SMALL < rows <= made.LARGE
            assert 3 <= columns <= 28
