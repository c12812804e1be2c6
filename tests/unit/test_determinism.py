"""A program that decides otherwise somewhere else is found out, with what makes the difference; an honest one is not accused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit.toy import WSPT, function_problem, program, with_key
from workbench.certificate import Check
from workbench.certification.determinism import determinism, places
from workbench.certification.verdict import silent
from workbench.evaluation.bench import Bench
from workbench.evaluation.jobs import Job
from workbench.evaluation.pool import Pool
from workbench.evaluation.recording import difference
from workbench.model import Decisions, Split
from workbench.problem import catalog
from workbench.sandbox import open_sandbox


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    loaded = function_problem(tmp_path_factory.mktemp("toy") / "weighted_completion")
    with contextlib.closing(open_sandbox(allow_unsafe=True)) as sandbox, contextlib.closing(Bench(loaded, sandbox)) as bench:
        yield bench


def judged(bench: Bench, source: str) -> list[Check]:
    """What the certificate says of a program's determinism."""
    given = program(bench.loaded, source)
    jobs = [Job(given, split, fresh=True, record=True) for split in Split]
    reports = bench.reports(jobs, lambda done, total: None)
    return determinism(bench, given, dict(zip(Split, reports, strict=True)), silent)


DEEP = """
def deep():
    try:
        return 1 + deep()
    except RecursionError:
        return 1
DEPTH = deep()
"""
FILE = """
try:
    HERE = not __file__
except NameError:
    HERE = True
"""
ROOM = """
try:
    bytes(1 << 30)
    HERE = False
except MemoryError:
    HERE = True
"""
JOBS = """
from dataclasses import dataclass
@dataclass
class Job:
    p: int
    w: int
    def ratio(self):
        assert self.w
        return self.p / self.w
"""
OTHERWISE = {
    "name": (with_key("p / w if __name__ == 'candidate' else p"), "the name of its module"),
    "class": (with_key("p / w if 'candidate' in repr(Key) else p", "class Key: pass\n"), "the name of its module"),
    "script": (WSPT + "\nif __name__ == '__main__':\n    key = lambda p, w: p\n", "the name of its module"),
    "file": (with_key("p / w if HERE else p", FILE), "the file"),
    "spec": (with_key("p / w if __spec__ is None else p"), "the file"),
    "hash": (with_key("p / w + hash('a') % 97 * p % 101"), "the hash seed"),
    "set": (with_key("p / w + list({str(k) for k in range(99)}).index(str(p % 99)) / 9"), "the hash seed"),
    "generator": (with_key("p / w + random.random()", "import random\n"), "the state of the shared generators"),
    "chance": (with_key("p / w + 99 * DICE.random()", "import random\nDICE = random.Random()\n"), "nothing but another process"),
    "address": (with_key("p / w + id(key) // 4096 * p % 97 / 9"), "nothing but another process"),
    "assert": (with_key("p / w if KEPT else p", "KEPT = []\nassert not KEPT.append(1)\n"), "asserts or docstrings"),
    "docstring": (with_key("p / w if __doc__ else p"), "asserts or docstrings"),
    "depth": (with_key("p / w + DEPTH * p % 101", DEEP), "how deep it stands"),
    "memory": (with_key("p / w if HERE else p", ROOM), "how much memory there is"),
    "crash": (with_key("p / w", "if __name__ != 'candidate':\n    raise ValueError('not here')\n"), "the name of its module"),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_program_that_decides_otherwise_elsewhere_is_told_why(bench: Bench, name: str) -> None:
    source, cause = OTHERWISE[name]
    again, elsewhere = judged(bench, source)
    assert elsewhere.passed is False and elsewhere.data["changed"]
    assert f"what makes the difference is {cause}" in elsewhere.line
    if name not in AS_A_SCRIPT:
        assert again.passed is False and f"what makes the difference is {cause}" in again.line


AS_A_SCRIPT = {"script", "assert", "docstring"}
"""What a module does not see."""
HONEST = {
    "plain": WSPT,
    "numbers": with_key("p / w + 1e-9 * list({p, w, p + w, 7}).index(p) + hash((p, w)) % 5 * 1e-9"),
    "own generator": with_key("p / w + 1e-9 * random.Random(p).random()", "import random\n"),
    "numpy": with_key("float(np.dot([p, 1.0], [1.0 / w, 0.0]) + np.random.default_rng(1).random())", "import numpy as np\n"),
    "script": WSPT + "\nif __name__ == '__main__':\n    print(order([3, 1], [1, 1]))\n",
    "classes": with_key("Job(p, w).ratio()", JOBS),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_program_is_not_accused(bench: Bench, name: str) -> None:
    again, elsewhere = judged(bench, HONEST[name])
    assert again.passed and elsewhere.passed, (again.line, elsewhere.line)
    assert elsewhere.data["instances"] == 3 * 12 + 8
    seeds = {place["surroundings"]["hash_seed"] for place in elsewhere.data["places"]}
    assert len(seeds) == 2 and 0 not in seeds


def test_what_a_program_remembers_is_told_apart_from_what_it_sees(bench: Bench) -> None:
    source = with_key("p / w + 5 * (next(calls) % 400 > 99)", "import itertools\ncalls = itertools.count()\n")
    again, elsewhere = judged(bench, source)
    assert elsewhere.passed and again.passed is False
    assert "what makes the difference is what it remembers of earlier instances" in again.line


def test_workers_record_what_this_process_records() -> None:
    loaded = catalog.load(str(catalog.root() / "tests" / "toy"))
    given = loaded.program("seed")
    jobs = [Job(given, Split.TRAIN, fresh=True, record=True, place=place) for place in (None, *places(loaded, given))]
    with contextlib.closing(open_sandbox(allow_unsafe=True)) as sandbox, contextlib.closing(Bench(loaded, sandbox)) as bench:
        here = bench.reports(jobs, lambda done, total: None)
        with Pool(loaded, 2, allow_unsafe=True) as pool:
            there = Bench(loaded, sandbox, pool).reports(jobs, lambda done, total: None)
    decided = [[(result.id, result.objective, result.decisions) for result in report.results] for report in here]
    assert decided == [[(result.id, result.objective, result.decisions) for result in report.results] for report in there]
    assert decided[0] == decided[1] == decided[2] and all(decisions and decisions.count for _, _, decisions in decided[0])


@pytest.mark.parametrize("failing", [(), (1, 4), (4, 5)])
def test_a_pool_evaluates_the_same_instances_up_to_the_first_failure(failing: tuple[int, ...]) -> None:
    loaded = catalog.load(str(catalog.root() / "tests" / "toy"))
    train, given = loaded.instances(Split.TRAIN), loaded.program("seed")
    bad = f"return 1 / ([x, a] not in {[[train[k].data['x'][1], train[k].data['a']] for k in failing]})"
    subject, ids = replace(given, source=given.source.replace("return 1.0", bad)), [instance.id for instance in train]
    with contextlib.closing(open_sandbox(allow_unsafe=True)) as sandbox, Pool(loaded, 2, allow_unsafe=True) as pool:
        here, there = (Bench(loaded, sandbox, some).until_failure(subject, Split.TRAIN, ids) for some in (None, pool))
    assert [r.id for r in here.results] == ids[: failing[0] + 1 if failing else None]
    assert [(r.id, r.status, r.gap) for r in here.results] == [(r.id, r.status, r.gap) for r in there.results]
    assert (here.status, here.gap, here.message) == (there.status, there.gap, there.message)


def test_floats_that_differ_by_rounding_are_one_decision() -> None:
    def decided(*texts: str) -> Decisions:
        return Decisions(len(texts), "".join(texts).encode(), texts)

    exact = decided("[1,2.5]", '{"a":0.3}')
    assert difference(exact, decided("[1,2.5]", '{"a":0.30000000000000004}')) is None
    for other in ("[1,2.5000001]", "[true,2.5]", "[1,2.5,3]", "[2,2.5]"):
        apart = difference(exact, decided(other, '{"a":0.3}'))
        assert apart and (apart.number, apart.first, apart.second) == (1, "[1,2.5]", other)
    shorter = difference(exact, decided("[1,2.5]"))
    assert shorter and shorter.number == 2
