"""Contract tests for problems: instances, programs, references, texts, and a verifier that accepts no wrong answer."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import inspect
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

import workbench
from workbench.errors import Infeasible, Rejected
from workbench.model import Instance, Measurement, Problem, Split
from workbench.problem import catalog, extras
from workbench.problem.catalog import LoadedProblem, content
from workbench.problem.extras import Draw
from workbench.problem.in_memory import InMemoryProblem
from workbench.program.source import screen, split_block
from workbench.sandbox import open_sandbox
from workbench.testing.inprocess import InProcess, plain
from workbench.values import SMOKE

NEVER = [None, {}, "", "0", "x" * 100_000, "\ud800", True, 10**400, -(10**5000), [None], ["0"], [[0]], {"order": [0]},
         [True] * 20, list(range(100_000))]  # fmt: skip
"""Answers that every verifier must refuse."""

PERHAPS = [[], 0, 1, -1, 0.5, -1e308, 1e308, 2**63, [0], [0.0], [1e308], [10**400]]
"""Answers that a verifier may accept; they are then scored like any other answer."""

_INSTANCES = """
import hashlib, json, sys
from workbench.problem import catalog
from workbench.testing.problems import rows_of
rows = rows_of(catalog.load(sys.argv[1]))
print(hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest())
"""


DRAWS = (
    Draw(extras.GATE, 1),
    Draw(extras.FRESH, 1),
    Draw(extras.TRANSFER),
    Draw(extras.METAMORPHIC, 1),
    Draw(extras.REPLICATES, 1),
)
"""What the optional files of a folder make."""


def rows_of(loaded: LoadedProblem) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Return all instances of a problem, drawn ones included, as plain values."""
    splits = [(s.value, i.id, i.family, dict(i.data)) for s in Split for i in loaded.problem.instances(s)]
    return splits + [(d.file, i.id, i.family, dict(i.data)) for d in DRAWS for i in loaded.drawn(d)]


class ProblemContract:
    """Tests that a problem must pass. Derive a class from it whose name begins with `Test`.

    Attributes
    ----------
    problem
        A folder, relative to the file of the derived class or to the working directory; a problem ID; or a `Problem` object.
    never
        Answers that the verifier must refuse on every instance.
    """

    problem: ClassVar[str | Path | Problem] = "."
    never: ClassVar[list[Any]] = NEVER

    @pytest.fixture
    def loaded(self) -> LoadedProblem:
        """The problem under test."""
        return _load(type(self))

    # ----------------------------------------------------------------------- instances

    def test_instances_are_json_with_unique_ids_and_disjoint_splits(self, loaded: LoadedProblem) -> None:
        ids: set[str] = set()
        seen: dict[str, Split] = {}
        for split in Split:
            instances = loaded.instances(split)
            assert instances, f"the split {split} has no instances"
            for instance in instances:
                is_json = type(instance.data) is dict and plain(instance.data) == instance.data
                assert is_json, f"{instance.id}: data must be a dict of plain JSON values (lists, no tuples; numbers, no NaN)"
                assert instance.id not in ids, f"two instances have the ID {instance.id}"
                ids.add(instance.id)
                text = json.dumps(instance.data, sort_keys=True)
                assert seen.setdefault(text, split) is split, f"{instance.id} is also in the split {seen[text]}"

    def test_instances_are_the_same_in_another_process(self, loaded: LoadedProblem) -> None:
        rows = rows_of(loaded)
        if loaded.in_memory:  # no other process can create them: at least a second call must give the same
            assert rows_of(loaded) == rows, "a second call of instances(split) gives other instances"
            return
        here = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
        environment = {"PYTHONHASHSEED": "12345", "PYTHONPATH": str(Path(workbench.__file__).parent.parent)}
        command = [sys.executable, "-c", _INSTANCES, str(loaded.folder)]
        ran = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert ran.returncode == 0, f"the instances cannot be created in another process: {ran.stderr[-500:]}"
        assert ran.stdout.strip() == here, "instances differ between processes: draw them from random.Random(seed), not from hash()"

    def test_drawn_instances_are_in_no_split_and_can_be_solved(self, loaded: LoadedProblem) -> None:
        known = {hash for split in Split for hash in loaded.hashes(split)}
        for draw in DRAWS:
            instances, module = loaded.drawn(draw), extras.extra(loaded.folder, draw.file)
            if module is None:
                continue
            at_least = {extras.FRESH: 30, extras.METAMORPHIC: len(getattr(module, "RELATIONS", ()))}.get(draw.file, 1)
            assert len(instances) >= at_least, f"{draw.file} makes {len(instances)} instances, which is too few"
            assert len({i.id for i in instances}) == len(instances), f"{draw.file} gives two instances one ID"
            for instance in instances:
                is_json = type(instance.data) is dict and plain(instance.data) == instance.data
                assert is_json, f"{draw.file}, {instance.id}: data must be a dict of plain JSON values"
            made = {content(instance.data) for instance in instances}
            assert not made & known, f"{draw.file} makes an instance of train, validation, test or stress"
            if draw.file == extras.FRESH:
                assert len(made) == len(instances), f"{draw.file} makes an instance twice"
                other = {content(i.data) for i in loaded.drawn(draw._replace(seed=draw.seed + 1))}
                assert not made & other, f"{draw.file}: two seeds give the same instance"

    def test_drawn_instances_are_solved_by_a_baseline_and_judge_the_seed(self, loaded: LoadedProblem) -> None:
        problem, policies = loaded.problem, {b.name: InProcess(loaded.program(b.name)) for b in loaded.problem.baselines}
        for draw in DRAWS:
            for instance in {i.family: i for i in reversed(loaded.drawn(draw))}.values():
                before = json.dumps(instance.data)
                found = [_verdict(loaded, instance, policy) for policy in policies.values()]
                assert any(found), f"no baseline solves {instance.id} of {draw.file}"
                _verdict(loaded, instance, InProcess(loaded.program(problem.seeds[0])))
                assert json.dumps(instance.data) == before, f"the verifier modifies {instance.id}"

    def test_relations_leave_the_original_as_it_is(self, loaded: LoadedProblem) -> None:
        module = extras.extra(loaded.folder, extras.METAMORPHIC)
        names = [relation.name for relation in module.RELATIONS] if module else []
        assert len(set(names)) == len(names) and not any(": " in name for name in names)
        before = loaded.hashes(Split.TEST)
        loaded.drawn(Draw(extras.METAMORPHIC, 3))
        assert loaded.hashes(Split.TEST) == before, "a relation changes the test instances"

    def test_tiers_have_instances_of_their_own_that_their_reference_and_initial_programs_know(self, loaded: LoadedProblem) -> None:
        seen = {i.id for i in loaded.instances(Split.TRAIN)}
        for tier in loaded.problem.tiers:
            part = loaded.at(tier.name)
            for split in (Split.TRAIN, Split.VALIDATION):
                families = {i.family for i in part.instances(split)}
                assert set(tier.families) <= families, f"{split} has no instances of {sorted(set(tier.families) - families)}"
                part.references.scale(split)
            ids = {i.id for i in part.instances(Split.TRAIN)}
            assert not ids & seen, f"the tier {tier.name} repeats training instances of an easier one"
            seen |= ids
            for instance in {i.family: i for i in part.instances(Split.TRAIN)}.values():
                part.problem.verifier.run(instance, InProcess(part.program(part.problem.seeds[0])))

    def test_something_counts_and_the_statement_tells_what_does_not(self, loaded: LoadedProblem) -> None:
        for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
            solved = {family for i in loaded.instances(split) if (family := i.family).startswith(SMOKE)}
            assert any(i.family not in solved for i in loaded.instances(split)), f"nothing in {split} counts: all is {solved}"
            untold = [] if split is Split.TEST else [family for family in solved if f"`{family}`" not in loaded.statement]
            assert not untold, f"statement.md has to say that {untold} must be answered, but do not count"

    # ----------------------------------------------------------------------- programs

    def test_seeds_and_baselines_are_programs(self, loaded: LoadedProblem) -> None:
        problem = loaded.problem
        names = [*problem.seeds, *(b.name for b in problem.baselines)]
        assert len(problem.seeds) >= 2, "a problem needs at least two initial programs: a naive one and a stronger one"
        assert len(problem.baselines) >= 2, "a problem needs at least two baselines"
        assert len(set(names)) == len(names), "a program is listed twice among initial programs and baselines"
        for name in names:
            try:
                screen(loaded.program(name).source, problem.entry, problem.modules)
            except Rejected as error:
                pytest.fail(f"the program {name} is rejected: {error}")
        assert all(b.title and b.citation for b in problem.baselines), "every baseline needs a title and a citation"

    def test_seeds_mark_what_evolves_and_state_the_contract(self, loaded: LoadedProblem) -> None:
        problem = loaded.problem
        used: set[str] = set()
        for name in problem.seeds:
            source = loaded.program(name).source
            block = split_block(source)
            assert block and block.inside.strip(), f"{name} needs code between EVOLVE-BLOCK-START and EVOLVE-BLOCK-END"
            nodes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.arg | ast.Name)]
            used |= {n.arg if isinstance(n, ast.arg) else n.id for n in nodes}
            _entry(name, source, problem.entry)
        assert set(problem.features) <= used, f"features that no initial program uses: {sorted(set(problem.features) - used)}"
        seed = problem.seeds[0]
        entry = _entry(seed, loaded.program(seed).source, problem.entry)
        assert ast.get_docstring(entry), f"{seed}: {problem.entry} needs a docstring, which is the contract"
        if isinstance(entry, ast.FunctionDef):
            assert entry.returns and all(a.annotation for a in entry.args.args), f"{seed}: {problem.entry} needs type annotations"
        else:
            methods = [n for n in entry.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]
            assert methods and all(ast.get_docstring(m) for m in methods), (
                f"{seed}: each method of {problem.entry} needs a docstring"
            )

    def test_every_program_is_ok_and_baselines_reach_their_recorded_objective(self, loaded: LoadedProblem) -> None:
        recorded = _entries(loaded)
        for name in loaded.programs:
            policy = InProcess(loaded.program(name))
            for instance in _one_of_each_family(loaded):
                found = loaded.problem.verifier.run(instance, policy)
                assert all(math.isfinite(x) for x in (found.objective, *found.metrics.values())), (name, instance.id)
                second = loaded.second
                assert second is None or second.metric in found.metrics, f"second.py: the verifier has no metric {second}"
                expected = recorded[instance.id]["baselines"].get(name, found.objective)
                assert found.objective == pytest.approx(expected, rel=1e-9), (
                    f"{name} reaches {found.objective} on {instance.id}, but references.json has {expected}: create it again"
                )

    def test_evidence_is_a_few_lines(self, loaded: LoadedProblem) -> None:
        module = extras.extra(loaded.folder, extras.EVIDENCE)
        if module is None:
            pytest.skip("no evidence.py")
        suited = [i for i in loaded.instances(Split.TRAIN) if module.suits(i)]
        found: list[str] = []
        for instance in suited[:: max(1, len(suited) // 3)]:
            policy = InProcess(loaded.program(loaded.problem.seeds[0]))
            loaded.problem.verifier.run(instance, policy)
            assert len(policy.answers) == 1, "evidence.py is for problems that ask a program once"
            lines = module.differences(instance, policy.answers[0])
            assert len(lines) <= extras.LINES and all(len(line) <= extras.LENGTH for line in lines), lines
            found += lines
        assert found, "the weakest initial program is nowhere worse than a better solution"

    # ----------------------------------------------------------------------- references

    def test_references_are_complete_finite_and_not_worse_than_any_baseline(self, loaded: LoadedProblem) -> None:
        recorded = _entries(loaded)
        baselines = {b.name for b in loaded.problem.baselines}
        ids = {i.id for split in Split for i in loaded.all_tiers(split)}
        assert set(recorded) == ids, f"references.json does not match the instances: {sorted(set(recorded) ^ ids)[:5]}"
        for split in Split:
            for instance in loaded.all_tiers(split):
                reference = loaded.references.reference(split, instance.id)
                assert math.isfinite(reference.value) and reference.seconds >= 0 and reference.solver, instance.id
                assert reference.status in ("optimal", "bound", "best_known"), instance.id
                reached = recorded[instance.id]["baselines"]
                assert set(reached) == baselines, f"{instance.id}: references.json does not list exactly the problem's baselines"
                if split in (Split.TRAIN, Split.VALIDATION):
                    assert None not in reached.values(), f"{instance.id}: a baseline fails on train or validation"
                for name, objective in reached.items():
                    if objective is not None:
                        fair = math.isfinite(objective) and _not_worse(loaded, reference.value, objective)
                        assert fair, f"{instance.id}: {name} reaches {objective}, better than the reference {reference.value}"

    def test_some_baseline_is_worse_than_the_reference(self, loaded: LoadedProblem) -> None:
        gaps = [gap for _, gap in loaded.references.ranking]
        assert gaps[0] > 0, "the best baseline equals the reference: there is no room for improvement"
        assert gaps == sorted(gaps)

    # ----------------------------------------------------------------------- the verifier

    @pytest.mark.parametrize("number", [0, 1], ids=["first answer", "second answer"])
    def test_garbage_is_refused(self, loaded: LoadedProblem, number: int) -> None:
        seed, instance = loaded.program(loaded.problem.seeds[0]), _smallest(loaded)
        refused = [*self.never, _deep()]
        for n, answer in enumerate([*refused, *PERHAPS]):
            policy = InProcess(seed, lambda i, right, answer=answer: answer if i == number else right)  # type: ignore[misc]
            found = _verdict(loaded, instance, policy)
            if len(policy.answers) > number:
                assert found is None or n >= len(refused), f"the verifier accepts a {type(answer).__name__} as an answer"
                _check_honest(loaded, instance, found)

    def test_damaged_answers_are_refused_or_judged_like_any_other(self, loaded: LoadedProblem) -> None:
        seed, instance = loaded.program(loaded.problem.seeds[0]), _smallest(loaded)
        right = InProcess(seed)
        loaded.problem.verifier.run(instance, right)
        for damaged, must_refuse in _damages(right.answers[0]):
            policy = InProcess(seed, lambda i, answer, damaged=damaged: damaged if i == 0 else answer)  # type: ignore[misc]
            found = _verdict(loaded, instance, policy)
            assert found is None or not must_refuse, f"the verifier accepts {str(damaged)[:200]}"
            _check_honest(loaded, instance, found)

    def test_verifier_keeps_instances_as_they_are_and_repeats_itself(self, loaded: LoadedProblem) -> None:
        problem, instance = loaded.problem, _smallest(loaded)
        before = json.dumps(instance.data)
        seed = loaded.program(problem.seeds[0])
        first, second = (problem.verifier.run(instance, InProcess(seed)) for _ in range(2))
        assert first == second, "the verifier scores the same answers differently a second time"
        assert json.dumps(instance.data) == before, "the verifier modifies the instance"

    # ----------------------------------------------------------------------- texts

    def test_texts_are_there_and_keep_the_sealed_splits_to_themselves(self, loaded: LoadedProblem) -> None:
        problem = loaded.problem
        assert re.search(rf"\b{problem.entry}\b", loaded.statement), f"the statement does not name {problem.entry}"
        assert all(loaded.hints), "a section of the hints is empty"
        assert problem.question and problem.unit and problem.bound, "question, unit and bound must not be empty"
        shown = loaded.statement + "".join(loaded.hints) + "".join(loaded.program(s).source for s in problem.seeds)
        for split in (Split.TEST, Split.STRESS):
            for instance in loaded.instances(split):
                assert instance.id not in shown, f"the prompt names the held-out instance {instance.id}"
                for value in instance.data.values():
                    text = json.dumps(value)
                    assert len(text) < 20 or text not in shown, f"the prompt contains data of the held-out instance {instance.id}"


def _load(cls: type[ProblemContract]) -> LoadedProblem:
    given = cls.problem
    if isinstance(given, Problem):
        if id(given) not in _MADE:
            with contextlib.closing(open_sandbox(given.modules)) as sandbox:
                _MADE[id(given)] = given, InMemoryProblem(given, sandbox)
        return _MADE[id(given)][1]
    beside = Path(inspect.getfile(cls)).parent / given
    return catalog.load(beside if (beside / "problem.py").is_file() else given)


_MADE: dict[int, tuple[Problem, LoadedProblem]] = {}
"""Problems defined in Python, by object identity, with their references."""


def _entry(name: str, source: str, entry: str) -> ast.FunctionDef | ast.ClassDef:
    """Return the definition of a program's entry."""
    found = next((n for n in ast.parse(source).body if getattr(n, "name", None) == entry), None)
    assert isinstance(found, ast.FunctionDef | ast.ClassDef), f"{name}: {entry} must be a function or a class at the top level"
    return found


def _one_of_each_family(loaded: LoadedProblem) -> list[Instance]:
    """Return the first train instance of each class."""
    return list({i.family: i for i in reversed(loaded.instances(Split.TRAIN))}.values())


def _smallest(loaded: LoadedProblem) -> Instance:
    """Return the train instance with the least data, which suffices to check refusals."""
    return min(loaded.instances(Split.TRAIN), key=lambda i: len(json.dumps(i.data)))


def _entries(loaded: LoadedProblem) -> dict[str, dict[str, Any]]:
    """Return the entry of each instance in the references, by id."""
    return {id: entry for split in loaded.references.raw["splits"].values() for id, entry in split.items()}


def _not_worse(loaded: LoadedProblem, a: float, b: float) -> bool:
    """Whether objective `a` is as good as `b`, up to rounding."""
    margin = 1e-6 * max(1.0, abs(b))
    return a <= b + margin if loaded.problem.sense == "min" else a >= b - margin


def _verdict(loaded: LoadedProblem, instance: Instance, policy: InProcess) -> Measurement | None:
    """Return the verifier's measurement of a policy; None if it refuses an answer. Any other exception fails the test."""
    try:
        found = loaded.problem.verifier.run(instance, policy)
    except Infeasible as refusal:
        reason = str(refusal)
        assert reason and "\n" not in reason and len(reason) < 500, f"the message must be one short line: {reason[:200]!r}"
        reason.encode()
        return None
    assert math.isfinite(found.objective)
    return found


def _check_honest(loaded: LoadedProblem, instance: Instance, found: Measurement | None) -> None:
    """Assert that an accepted answer does not beat a proven reference."""
    reference = loaded.references.reference(Split.TRAIN, instance.id)
    if found is not None and reference.status != "best_known":
        assert _not_worse(loaded, reference.value, found.objective), "a wrong answer is scored better than the proven bound"


def _deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(500):
        value = [value]
    return value


def _damages(answer: Any) -> Iterator[tuple[Any, bool]]:
    """Yield variants of a valid answer, each with a flag: whether every verifier must refuse it."""
    wrongs: list[Any] = [None, {}, "zero", [[]], True]
    for wrong in wrongs:
        yield [answer, wrong], True
        if isinstance(answer, list) and answer:
            for at in {0, len(answer) // 2, len(answer) - 1}:
                yield [*answer[:at], wrong, *answer[at + 1 :]], True
    yield {"answer": answer}, True
    if isinstance(answer, list) and answer:
        yield answer[:-1], False
        yield [*answer, answer[-1]], False
        yield [answer[-1], *answer[1:]], False
        for number in (-1, len(answer), 10**30, 0.5):
            yield [number, *answer[1:]], False
