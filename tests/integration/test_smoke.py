"""Instance classes that are solved, named smoke-...: in every evaluation, and in no figure of the score."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import TOY
from tests.integration.test_cli import evolve  # noqa: F401
from workbench.analysis.compare import Contender, compare, worst_difference
from workbench.analysis.stats import paired_interval, sign_flip
from workbench.api.describing import describe
from workbench.certification.examine import require
from workbench.certification.trials import in_turn
from workbench.errors import ProblemError
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.racing import Race, race_order
from workbench.learning.kinds import companion
from workbench.loop.replicates import Replicates
from workbench.model import Candidate, Instance, InstanceResult, Program, Report, Split, Status
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.problem.gap import effect_of, family_gaps, mean_gap
from workbench.sandbox import open_sandbox
from workbench.testing import ProblemContract
from workbench.values import scored

COUNTED = ["a"] * 12 + ["b"] * 8 + ["c"]
SOLVED = ["smoke-easy"] * 9 + ["smoke-one"]
RIGHT = "def f(x, a):\n    return a * x * x + x\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The curve problem, whose steep curves are solved."""
    folder = Path(shutil.copytree(TOY, tmp_path / "smoke"))
    for name in ("problem.py", "gate.py"):
        path = folder / name
        path.write_text(path.read_text().replace('"steep"', '"smoke-steep"'))
    return folder


@pytest.fixture
def loaded(folder: Path) -> LoadedProblem:
    return catalog.load(folder)


def test_what_is_solved_changes_no_figure_of_a_comparison() -> None:
    rng = random.Random(5)
    families, ours, theirs = COUNTED + SOLVED, *([rng.gauss(0, 1) for _ in COUNTED + SOLVED] for _ in range(2))
    ours[-1] = 1000.0
    few = len(COUNTED)
    for figure in (effect_of, lambda a, b, f: paired_interval(a, b, families=f), lambda a, b, f: sign_flip(a, b, families=f)):
        whole, part = figure(ours, theirs, families), figure(ours[:few], theirs[:few], COUNTED)
        assert (whole[:2] if isinstance(whole, tuple) else whole) == (part[:2] if isinstance(part, tuple) else part)

    def contender(gaps: list[float], count: int) -> Contender:
        ids = [f"{k:02}" for k in range(count)]
        return Contender("x", 0, dict(zip(ids, gaps, strict=False)), dict(zip(ids, families, strict=False)))

    long, short = ((contender(ours, n), contender(theirs, n)) for n in (len(families), few))
    whole, part = (compare(*pair, worst_seen=0.5).to_json() for pair in (long, short))
    assert whole.pop("families").keys() - part.pop("families").keys() == {"smoke-easy", "smoke-one"}
    assert whole == part and long[0].gap == short[0].gap
    assert worst_difference(*long) == worst_difference(*short) < 900


def test_a_mean_of_nothing_else_is_that_of_what_is_solved() -> None:
    assert mean_gap({"smoke-a": 1.0, "smoke-b": 3.0}) == 2.0 and mean_gap({"smoke-a": 1.0, "b": 3.0}) == 3.0
    assert scored(["smoke-a"]) == {"smoke-a"} and scored(["smoke-a", "b"]) == {"b"} and scored([]) == frozenset()


def test_races_and_screens_look_at_what_counts_first() -> None:
    families = SOLVED + COUNTED
    instances = [Instance(str(k), family, {}) for k, family in enumerate(families)]
    for order in (in_turn(instances), [instances[k] for k in race_order(instances)]):
        assert [i.family for i in order[: len(COUNTED)]].count("a") == 12 and {i.family for i in order[:3]} == {"a", "b", "c"}
    raced = [families[k] for k in race_order(instances)]
    race = Race(raced, [0.0] * len(raced), stop_equal=True)
    assert not any(race.lost(0.0 if k < 19 else 1e9 if k >= len(COUNTED) else 0.1) for k in range(len(raced)))


def test_company_is_chosen_by_what_counts() -> None:
    def candidate(number: int, **families: float) -> Candidate:
        program = Program(f"x = {number}", "f")
        return Candidate(number, Status.OK, program, "rewrite", families={k.replace("_", "-"): v for k, v in families.items()})

    parent, easy = candidate(0, a=1.0, smoke_b=5.0), candidate(1, a=2.0, smoke_b=0.0)
    assert companion(parent, (easy,)) is None
    assert companion(parent, (easy, good := candidate(2, a=0.9, smoke_b=9.0))) is good


def test_a_program_has_to_answer_what_is_solved_but_is_not_scored_on_it(loaded: LoadedProblem) -> None:
    with contextlib.closing(open_sandbox(allow_unsafe=True)) as sandbox:
        right = evaluate(loaded, Program(RIGHT, "f"), Split.TRAIN, sandbox)
        poor = evaluate(loaded, Program(RIGHT.replace("+ x", "+ x + (a == 3)"), "f"), Split.TRAIN, sandbox)
        broken = evaluate(loaded, Program(RIGHT.replace("+ x", "+ x // (a != 3)"), "f"), Split.TRAIN, sandbox)
    assert right.gap == poor.gap == 0.0 and poor.families["smoke-steep"] > 0 and poor.status is Status.OK
    assert broken.status is Status.CRASH and broken.families["smoke-steep"] > 1


def test_descriptions_and_certificates_count_what_counts(loaded: LoadedProblem) -> None:
    sizes = describe(loaded).splits[Split.TRAIN]
    assert (sizes.instances, sizes.classes, sizes.scored) == (6, 2, 3)
    with pytest.raises(ProblemError, match="3 test instances that count"):
        require(loaded)


def test_further_instances_weigh_by_what_counts(loaded: LoadedProblem) -> None:
    def report(gaps: list[float], names: list[str]) -> Report:
        results = tuple(InstanceResult(str(k), f, Status.OK, g, g) for k, (f, g) in enumerate(zip(names, gaps, strict=True)))
        means = family_gaps(results)
        return Report(Split.VALIDATION, Status.OK, mean_gap(means), means, results)

    drawn = Replicates(loaded, 0)
    found = []
    for solved in ([], ["smoke-b"] * 50):
        names = ["a", "a", *solved]
        drawn.instances = tuple(Instance(str(k), f, {}) for k, f in enumerate(names))
        validation = {n: report([gap, gap, *[9.0] * len(solved)], names) for n, gap in ((1, 0.4), (2, 0.6))}
        further = {n: report([gap, gap, *[9.0] * len(solved)], names) for n, gap in ((1, 3.0), (2, 1.0))}
        found.append(drawn.pooled(validation, further))
    assert found[0] == pytest.approx(found[1])


def test_commands_name_what_does_not_count(evolve, folder: Path) -> None:  # noqa: F811
    told = json.loads(evolve("eval", folder, "square", "--split", "train", "--json")[1])
    assert told["smoke"] == ["smoke-steep"] and told["gap"] == told["families"]["flat"] != told["families"]["smoke-steep"]
    assert "must be answered, but not in the gap: smoke-steep" in evolve("eval", folder, "square", "--split", "train")[1]
    assert "do not count in the gap" in evolve("problems", folder)[1]
    described = json.loads(evolve("problems", folder, "--json")[1])
    train = described["baselines"][0]["gaps"]["train"]
    assert described["splits"]["train"]["scored"] == 3 and train["mean"] == train["classes"]["flat"]


@pytest.mark.parametrize(
    ("statement", "families", "message"),
    [
        ("`smoke-steep` does not count.", {"flat", "smoke-steep"}, ""),
        ("Nothing is told.", {"flat", "smoke-steep"}, "smoke-steep"),
        ("`smoke-steep` does not count.", {"smoke-steep"}, "nothing"),
    ],
)
def test_the_contract_asks_that_something_counts_and_that_the_rest_is_told(
    statement: str, families: set[str], message: str
) -> None:
    found = SimpleNamespace(statement=statement, instances=lambda split: [Instance(f, f, {}) for f in families])
    with pytest.raises(AssertionError, match=message) if message else contextlib.nullcontext():
        ProblemContract().test_something_counts_and_the_statement_tells_what_does_not(found)  # type: ignore[arg-type]
