"""What every problem below problems/ must hold: data, programs, references, texts, and a verifier that nothing can fool."""

from __future__ import annotations

import ast
import hashlib
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.contract.inprocess import InProcess, plain
from workbench.errors import Infeasible
from workbench.model import Instance, Measurement, Split
from workbench.problem import catalog
from workbench.program.source import screen, split_block

pytestmark = pytest.mark.parametrize("slug", catalog.slugs())


@cache
def load(slug: str) -> catalog.LoadedProblem:
    return catalog.load(slug)


def sample(slug: str) -> list[Instance]:
    """The first train instance of each family."""
    return list({i.family: i for i in reversed(load(slug).instances(Split.TRAIN))}.values())


def smallest(slug: str) -> Instance:
    """The train instance with the least data: enough to see a wrong answer refused."""
    return min(load(slug).instances(Split.TRAIN), key=lambda i: len(json.dumps(i.data)))


def entries(slug: str) -> dict[str, dict[str, Any]]:
    splits = json.loads((load(slug).folder / "references.json").read_text())["splits"]
    return {id: entry for split in splits.values() for id, entry in split.items()}


def not_worse(slug: str, a: float, b: float) -> bool:
    """Whether objective `a` is as good as `b`, up to rounding."""
    margin = 1e-6 * max(1.0, abs(b))
    return a <= b + margin if load(slug).problem.sense == "min" else a >= b - margin


# --------------------------------------------------------------------------- data


def test_instances_are_json_with_unique_ids_and_disjoint_splits(slug: str) -> None:
    ids: set[str] = set()
    seen: dict[str, Split] = {}
    for split in Split:
        instances = load(slug).instances(split)
        assert instances, f"{split} is empty"
        for instance in instances:
            assert plain(instance.data) == instance.data and type(instance.data) is dict, instance.id
            assert instance.id not in ids
            ids.add(instance.id)
            text = json.dumps(instance.data, sort_keys=True)
            assert seen.setdefault(text, split) is split, f"{instance.id} is in {seen[text]} as well"


def test_instances_are_the_same_in_another_process(slug: str) -> None:
    program = (
        "import hashlib, json, sys\n"
        "from workbench.problem import catalog\n"
        "from workbench.model import Split\n"
        "loaded = catalog.load(sys.argv[1])\n"
        "rows = [(s.value, i.id, i.family, i.data) for s in Split for i in loaded.instances(s)]\n"
        "print(hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest())\n"
    )
    rows = [(s.value, i.id, i.family, i.data) for s in Split for i in load(slug).problem.instances(s)]
    here = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
    ran = subprocess.run([sys.executable, "-c", program, slug], capture_output=True, text=True, check=True, cwd=catalog.root(),
                         env={"PYTHONHASHSEED": "12345"})  # fmt: skip
    assert ran.stdout.strip() == here


# --------------------------------------------------------------------------- programs


def test_seeds_and_baselines_are_programs(slug: str) -> None:
    problem = load(slug).problem
    names = [*problem.seeds, *(b.name for b in problem.baselines)]
    assert len(problem.seeds) >= 2 and len(problem.baselines) >= 2 and len(set(names)) == len(names)
    assert set(names) == set(load(slug).programs), "programs/ holds exactly the seeds and baselines"
    for name in names:
        screen(load(slug).program(name).source, problem.entry, problem.modules)
    assert all(b.title and any(c.isdigit() for c in b.citation) for b in problem.baselines), "a citation has a year"


def test_seeds_mark_what_evolves_and_state_the_contract(slug: str) -> None:
    problem = load(slug).problem
    inside = set()
    for name in problem.seeds:
        source = load(slug).program(name).source
        block = split_block(source)
        assert block and block.inside.strip(), f"{name}.py has no EVOLVE-BLOCK"
        inside |= {
            n.arg if isinstance(n, ast.arg) else n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.arg | ast.Name)
        }
        entry = next(n for n in ast.parse(source).body if getattr(n, "name", None) == problem.entry)
        assert isinstance(entry, ast.FunctionDef | ast.ClassDef)
        if name != problem.seeds[0]:
            continue
        assert ast.get_docstring(entry), "the seed's docstring is the contract"
        if isinstance(entry, ast.FunctionDef):
            assert entry.returns and all(a.annotation for a in entry.args.args), "the seed's signature is typed"
        else:
            methods = [n for n in entry.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]
            assert methods and all(ast.get_docstring(m) for m in methods)
    assert set(problem.features) <= inside, "features are names that the seeds use"


def test_every_program_is_ok_and_baselines_reach_their_recorded_objective(slug: str) -> None:
    problem = load(slug).problem
    recorded = entries(slug)
    for name in load(slug).programs:
        policy = InProcess(load(slug).program(name))
        for instance in sample(slug):
            found = problem.verifier.run(instance, policy)
            assert all(math.isfinite(x) for x in (found.objective, *found.metrics.values())), (name, instance.id)
            expected = recorded[instance.id]["baselines"].get(name, found.objective)
            assert found.objective == pytest.approx(expected, rel=1e-9), (name, instance.id)


# --------------------------------------------------------------------------- references


def test_references_are_complete_finite_and_not_worse_than_any_baseline(slug: str) -> None:
    problem, references = load(slug).problem, load(slug).references
    recorded = entries(slug)
    baselines = {b.name for b in problem.baselines}
    assert set(recorded) == {i.id for split in Split for i in load(slug).instances(split)}
    for split in Split:
        for instance in load(slug).instances(split):
            reference = references.reference(split, instance.id)
            assert math.isfinite(reference.value) and reference.seconds >= 0 and reference.solver
            assert reference.status in ("optimal", "bound", "best_known")
            reached = recorded[instance.id]["baselines"]
            assert set(reached) == baselines, instance.id
            if split in (Split.TRAIN, Split.VALIDATION):
                assert None not in reached.values(), f"{instance.id}: a baseline failed where programs are compared"
            for name, objective in reached.items():
                if objective is not None:
                    assert math.isfinite(objective) and not_worse(slug, reference.value, objective), (instance.id, name)


def test_some_baseline_is_worse_than_the_reference(slug: str) -> None:
    # Else there is nothing to find, or the reference is only the best baseline's own value.
    gaps = [gap for name, gap in load(slug).references.ranking]
    assert gaps[0] > 0 and gaps == sorted(gaps)


# --------------------------------------------------------------------------- the verifier


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(500):
        value = [value]
    return value


NEVER = [None, [], {}, "", "0", "x" * 100_000, "\ud800", True, 10**400, -(10**5000), [None], ["0"], [[0]], {"order": [0]}, deep(),
         [True] * 20, list(range(100_000))]  # fmt: skip
"""What no problem takes for an answer."""

PERHAPS = [0, 1, -1, 0.5, -1e308, 1e308, 2**63, [0], [0.0], [1e308], [10**400]]
"""What some problem may take for an answer; it must then be an answer like any other."""


def judge(slug: str, instance: Instance, policy: Any) -> Measurement | None:
    """The verdict on a policy; None when refused. Any other exception is the verifier's fault and fails the test."""
    try:
        found = load(slug).problem.verifier.run(instance, policy)
    except Infeasible as refusal:
        reason = str(refusal)
        assert reason and "\n" not in reason and len(reason) < 500, f"the reason is one readable line: {reason[:200]!r}"
        reason.encode()
        return None
    assert math.isfinite(found.objective)
    return found


@pytest.mark.parametrize("number", [0, 1], ids=["first answer", "second answer"])
def test_garbage_is_refused(slug: str, number: int) -> None:
    seed = load(slug).program(load(slug).problem.seeds[0])
    instance = smallest(slug)
    for answer in NEVER + PERHAPS:
        policy = InProcess(seed, lambda i, right, answer=answer: answer if i == number else right)
        found = judge(slug, instance, policy)
        if len(policy.answers) > number:
            assert found is None or answer in PERHAPS, f"accepted {type(answer)}"
            check_honest(slug, instance, found)


def test_damaged_answers_are_refused_or_judged_like_any_other(slug: str) -> None:
    seed = load(slug).program(load(slug).problem.seeds[0])
    instance = smallest(slug)
    right = InProcess(seed)
    load(slug).problem.verifier.run(instance, right)
    for damaged, must_refuse in damages(right.answers[0]):
        found = judge(slug, instance, InProcess(seed, lambda i, answer, damaged=damaged: damaged if i == 0 else answer))
        assert found is None or not must_refuse, f"accepted {str(damaged)[:200]}"
        check_honest(slug, instance, found)


def check_honest(slug: str, instance: Instance, found: Measurement | None) -> None:
    """An accepted answer is no better than what is proven to be best."""
    reference = load(slug).references.reference(Split.TRAIN, instance.id)
    if found is not None and reference.status != "best_known":
        assert not_worse(slug, reference.value, found.objective)


def damages(answer: Any) -> Iterator[tuple[Any, bool]]:
    """Variants of a right answer with a flag: no problem may take it."""
    for wrong in (None, {}, "zero", [[]], True):
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


def test_verifier_keeps_instances_as_they_are_and_repeats_itself(slug: str) -> None:
    problem, instance = load(slug).problem, smallest(slug)
    before = json.dumps(instance.data)
    seed = load(slug).program(problem.seeds[0])
    first, second = (problem.verifier.run(instance, InProcess(seed)) for _ in range(2))
    assert first == second and json.dumps(instance.data) == before


# --------------------------------------------------------------------------- texts


def test_texts_are_there_and_keep_the_sealed_splits_to_themselves(slug: str) -> None:
    loaded = load(slug)
    problem = loaded.problem
    assert slug == f"{loaded.folder.parent.name}/{loaded.folder.name}" == problem.slug
    assert re.search(rf"\b{problem.entry}\b", loaded.statement), "the statement names the entry"
    assert len(loaded.hints) == 2 and all(loaded.hints), "hints.md has two sections: generic, and at a plateau"
    assert (loaded.folder / "README.md").stat().st_size > 500
    assert problem.question.endswith("?") and problem.unit and problem.bound
    shown = loaded.statement + "".join(loaded.hints) + "".join(loaded.program(s).source for s in problem.seeds)
    for split in (Split.TEST, Split.STRESS):
        for instance in loaded.instances(split):
            assert instance.id not in shown
            for value in instance.data.values():
                text = json.dumps(value)
                assert len(text) < 20 or text not in shown, f"data of {instance.id} is in the prompt"
