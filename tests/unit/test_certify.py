"""Verdicts: each program that should fail a certain way does, and a sound one passes."""

from __future__ import annotations

import json
import math
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.toy import FUNCTION_SEED, SPT, WSPT, class_problem, function_problem, program, with_key
from workbench.analysis.compare import Contender, compare
from workbench.certificate import Finder
from workbench.certification import Certificate, Check, Start, Verdict, certify
from workbench.certification.growth import LEAST_SECONDS, fit, growth
from workbench.certification.leads import level_of
from workbench.certification.simplify import removals, simplification
from workbench.certification.verdict import decide, silent
from workbench.errors import ProblemError, UsageError
from workbench.evaluation.bench import Bench
from workbench.evaluation.evaluate import evaluate
from workbench.model import Instance, Measurement, Split
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.protocols import Policy, Sandbox
from workbench.sandbox import open_sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = open_sandbox(allow_unsafe=True)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedProblem:
    return function_problem(tmp_path_factory.mktemp("toy") / "weighted_completion")


def verdict(loaded: LoadedProblem, sandbox: Sandbox, source: str) -> tuple[str, str]:
    certificate = certify(loaded, program(loaded, source), sandbox)
    return certificate.verdict, certificate.reason


def check(loaded: LoadedProblem, sandbox: Sandbox, source: str, name: str) -> Check:
    """One line of the evidence."""
    return next(c for c in certify(loaded, program(loaded, source), sandbox).checks if c.name == name)


def test_a_better_program_is_certified_with_all_its_evidence(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    stages: dict[str, int] = {}
    certificate = certify(
        loaded, program(loaded, WSPT), sandbox, on_progress=lambda stage, done, total: stages.update({f"{stage} {total}": done})
    )
    assert certificate.verdict is Verdict.CERTIFIED, certificate.reason
    assert certificate.gaps[Split.TEST] == 0
    assert all(check.passed for check in certificate.checks)
    assert {c.name for c in certificate.checks} >= {"test: spt", "test: arrival", "stress: single", "stress: large", "determinism"}
    whole = {"train 12": 12, "validation 12": 12, "test 30": 30, "stress 8": 8, "surroundings 74": 74, "growth 10": 10}
    assert whole.items() <= stages.items() and all(done == int(stage.split()[-1]) for stage, done in stages.items())
    closest = next(c for c in certificate.comparisons if c.split is Split.TEST and c.baseline == "spt")
    gaps = loaded.references.families("spt", Split.TEST)
    assert -closest.difference.mean == pytest.approx(sum(gaps.values()) / 2)
    assert closest.confidence == pytest.approx(1 - 0.05 * 6 / math.pi**2) and closest.better and closest.p_value is not None
    assert closest.record.losses == 0
    again = json.loads(json.dumps(certificate.to_json(), allow_nan=False))
    assert Certificate.from_json(again) == certificate, "nothing is lost in JSON"
    assert next(iter(again)) == "verdict" and again["verdict"] == "certified" and again["isolation"] == sandbox.isolation
    assert len(again["comparisons"]) == 6 and again["gaps"]["test"] == 0
    kinds = {c["kind"] for c in again["checks"]}
    assert kinds == {
        "comparison", "instances", "answers", "bounds", "stress", "consistency", "determinism", "reach", "fresh", "metamorphic",
        "dependence", "transfer", "recognition", "growth", "constants", "drop", "simplification",
    }  # fmt: skip


def starts(loaded: LoadedProblem, **sources: str) -> list[Start]:
    return [Start(name, program(loaded, source)) for name, source in sources.items()]


def test_a_certificate_tells_what_was_added_to_the_start(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    found = certify(loaded, program(loaded, WSPT), sandbox, starts=starts(loaded, seed=FUNCTION_SEED, seed_decent=SPT))
    told = next(c for c in found.checks if c.name == "start")
    assert found.start is not None and found.start.baseline == "seed_decent" and found.start.better and told.passed
    against = next(c for c in found.comparisons if c.split is Split.TEST and c.baseline == "spt")
    assert found.start.difference == against.difference, "the same statistics as against a baseline"
    assert found.origin.startswith("found by: not recorded; over its start: ") and "against seed_decent" in found.origin
    assert Certificate.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_no_improvement_over_the_start_is_a_finding_of_its_own(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    # Better than every baseline, and so was its start: a certificate, but of nothing that a search found.
    for source, words in ((WSPT, "it is the initial program seed_decent"), (f"{WSPT}\n# again", "+0.000 pp against seed_decent")):
        found = certify(loaded, program(loaded, source), sandbox, starts=starts(loaded, seed=FUNCTION_SEED, seed_decent=WSPT))
        told = next(c for c in found.checks if c.name == "start")
        assert found.verdict is Verdict.CERTIFIED and not told.passed and words in told.line
        assert "no significant improvement over its start: +0.000 pp against seed_decent" in found.origin


def test_a_start_that_fails_on_test_is_beaten(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    found = certify(
        loaded, program(loaded, WSPT), sandbox, starts=starts(loaded, seed="def order(processing, weight):\n    1 / 0\n")
    )
    assert found.start is not None and found.start.better and found.start.record.wins == 30


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("person", "a person"), ("agent", "coding agent"), ("agent claude code", "coding agent claude code"),
        ("model gpt-5-mini", "language model gpt-5-mini"), ("operators", "AST mutation operators"), ("unknown", "unknown"),
        ("model", None), ("person me", None), ("somebody", None), ("", None),
    ],
)  # fmt: skip
def test_finders_have_one_name_each(said: str, shown: str | None) -> None:
    if shown is None:
        with pytest.raises(UsageError, match="write person, agent NAME, model NAME, operators or unknown"):
            Finder.parse(said)
    else:
        assert str(Finder.parse(said)) == shown and Finder.from_json(Finder.parse(said).to_json()) == Finder.parse(said)


def test_a_baseline_is_not_better_than_itself(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    assert verdict(loaded, sandbox, SPT)[0] == "not better"
    assert verdict(loaded, sandbox, FUNCTION_SEED)[0] == "not better"


def test_what_works_on_the_seen_sizes_alone_is_overfit(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    source = WSPT.replace(
        "    return sorted", "    if len(processing) % 2:\n        return list(range(len(processing)))\n    return sorted"
    )
    found, reason = verdict(loaded, sandbox, source)
    assert found == "overfit"
    assert "validation" in reason and "against spt" in reason


def test_what_knows_the_instances_it_was_made_on_is_overfit(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    seen = [instance.data["processing"] for instance in loaded.instances(Split.TRAIN)]
    source = f"SEEN = {seen}\n" + WSPT.replace(
        "    return sorted", "    if processing not in SEEN:\n        weight = [1] * len(weight)\n    return sorted"
    )
    certificate = certify(loaded, program(loaded, source), sandbox)
    assert certificate.verdict is Verdict.OVERFIT
    assert certificate.reason.startswith("better than every baseline on train, but test")
    drop = next(c for c in certificate.checks if c.name == "drop")
    assert not drop.passed and "not on test" in drop.line
    assert drop.data["splits"]["train"]["lead"] > 0 == pytest.approx(drop.data["splits"]["validation"]["lead"], abs=1e-9)


def test_a_slip_that_grows_with_the_cube_is_fragile(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    slip = "    n = len(processing)\n    _ = sum(1 for _ in range(3 * n) for _ in range(n) for _ in range(n))\n"
    found, reason = verdict(loaded, sandbox, WSPT.replace("    return sorted", f"{slip}    return sorted"))
    assert found == "fragile"
    assert reason.startswith("growth") and "time grows significantly faster" in reason


def test_what_hoards_memory_is_fragile(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    hoard = "    n = len(processing)\n    _ = bytearray(n * n * 16_000)\n"
    found, reason = verdict(loaded, sandbox, WSPT.replace("    return sorted", f"{hoard}    return sorted"))
    assert found == "fragile"
    assert "memory grows significantly faster" in reason


HOARD = WSPT.replace("    return sorted", "    n = len(processing)\n    _ = bytearray(n * n * 16_000)\n    return sorted")
FREED, HELD = "LARGE = b'x' * (200 << 20)\ndel LARGE\n", "LARGE = [b'x' * (200 << 20)]\n"
REUSED = HELD + HOARD.replace("    n = len", "    LARGE.clear()\n    n = len")


@pytest.mark.parametrize(
    ("source", "restarts", "passed"),
    [(FREED + HOARD, True, False), (FREED + HOARD, False, None), (REUSED, True, None), (REUSED, False, None), (WSPT, False, True)],
    ids=["freed", "freed, peak kept", "held", "held, peak kept", "honest, peak kept"],
)
def test_memory_taken_at_import_hides_no_growth(
    loaded: LoadedProblem, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, source: str, restarts: bool, passed: bool | None
) -> None:
    if not restarts:  # as for anybody but root
        monkeypatch.setattr("workbench.sandbox.session._restart_peak", lambda pid: None)
    elif os.geteuid() != 0:
        pytest.skip("only root can let the peak of a process start again")
    monkeypatch.setattr("workbench.certification.growth.LEAST_SECONDS", math.inf)  # filling memory takes time too
    found = growth(loaded, program(loaded, source), sandbox, silent)
    assert found.passed is passed
    assert ("memory grows significantly" in found.line) == (passed is False)
    assert ("memory not judged: 2" in found.line) == (passed is None)


def test_needless_parts_are_named_and_left_out(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    source = with_key("max(p / w, -5.0) + 0 * p").replace(
        "    return max", "    q = w + 3\n    if q < 0:\n        return p\n    return max"
    )
    found = check(loaded, sandbox, source, "simplification")
    assert found.passed and found.data["complete"]
    assert (
        "return p / w" in found.data["source"] and "q" not in found.data["source"].partition("def key")[2].partition("def order")[0]
    )
    assert {"if q < 0:", "q = w + 3", "+ 0 * p", "max(..., -5.0)"} == set(found.data["left_out"])


def test_removals_are_programs_with_one_part_less() -> None:
    source = FUNCTION_SEED.replace(
        "    return 0.0  # in the order of arrival", "    if p > w and w:\n        p = p + 1\n    return abs(p - w)"
    )
    left = dict(removals(source))
    assert set(left) == {"if p > w and w:", "+ 1", "p +", "and p > w", "and w", "- w", "abs(...)"}
    assert "    if w:\n" in left["and p > w"] and "def order" in left["- w"]


def test_a_long_program_is_tried_in_part_within_the_budget(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    long = with_key("p / w").replace(
        "    return p / w", "    q = 0\n" + "    q = q + p * 2 - 1\n" * 1500 + "    return p / w + 0 * q"
    )
    subject = program(loaded, long)
    reports = {split: evaluate(loaded, subject, split, sandbox) for split in (Split.TRAIN, Split.VALIDATION)}
    found = simplification(Bench(loaded, sandbox), subject, reports, silent, budget=20)
    assert not found.data["complete"] and found.data["instances"] <= 20 and "not all parts were tried" in found.line


@pytest.mark.parametrize(("power", "clear"), [(1.0, False), (1.3, False), (2.0, True)])
def test_growth_is_flagged_where_it_is_beyond_doubt(power: float, clear: bool) -> None:
    rng = random.Random(1)
    sizes = [10, 20, 40, 80, 160, 320]
    own = [1e-3 * n**power * rng.uniform(0.8, 1.25) for n in sizes]
    trend = fit(sizes, own, [2e-4 * n * rng.uniform(0.8, 1.25) for n in sizes], 1e-4)
    assert trend.excess == pytest.approx(power - 1, abs=0.15)
    assert trend.clear(LEAST_SECONDS) is clear


def test_a_lead_on_test_alone_is_no_discovery(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    known = [instance.data["processing"] for instance in loaded.instances(Split.TEST)]
    source = f"KNOWN = {known}\n" + WSPT.replace(
        "    return sorted", "    if processing not in KNOWN:\n        weight = [1] * len(weight)\n    return sorted"
    )
    found, reason = verdict(loaded, sandbox, source)
    assert found == "fragile" and reason.startswith("consistency: on ")


def test_each_access_to_the_test_set_asks_for_more() -> None:
    errors = [1 - level_of(k) for k in range(1, 10_000)]
    assert errors == sorted(errors, reverse=True) and sum(errors) == pytest.approx(0.05, rel=1e-3)


def test_a_lead_within_chance_is_not_confirmed() -> None:
    rng = random.Random(5)
    ids = [str(k) for k in range(12)]
    theirs = Contender("theirs", None, dict.fromkeys(ids, 1.0), dict.fromkeys(ids, "a"))
    ours = Contender("ours", 0, {i: 1.0 + rng.gauss(-0.05, 0.3) for i in ids}, dict.fromkeys(ids, "a"))
    found = compare(ours, theirs)
    assert found.difference.mean < 0 < found.difference.high
    assert decide({Split.TRAIN: [], Split.VALIDATION: [], Split.TEST: [found]}, [])[0] is Verdict.NOT_CONFIRMED


@pytest.mark.parametrize(
    ("passed", "verdict"), [(True, Verdict.CERTIFIED), (False, Verdict.FRAGILE), (None, Verdict.NOT_CONFIRMED)]
)
def test_a_certificate_needs_every_check_to_have_passed(passed: bool | None, verdict: Verdict) -> None:
    ids = [str(k) for k in range(30)]
    theirs = Contender("theirs", None, dict.fromkeys(ids, 1.0), dict.fromkeys(ids, "a"))
    ours = Contender("ours", 0, {i: 0.5 - int(i) / 100 for i in ids}, dict.fromkeys(ids, "a"))
    tested = {Split.TRAIN: [], Split.VALIDATION: [], Split.TEST: [compare(ours, theirs)]}
    assert decide(tested, [Check("growth", "growth", passed, "")])[0] is verdict


def test_a_disaster_on_train_forbids_a_clean_lead_on_test() -> None:
    ids = [str(k) for k in range(30)]
    theirs = Contender("theirs", None, dict.fromkeys(ids, 1.0), dict.fromkeys(ids, "a"))
    ours = Contender("ours", 0, {i: 0.9 - 0.001 * k for k, i in enumerate(ids)}, dict.fromkeys(ids, "a"))
    assert compare(ours, theirs).better and compare(ours, theirs, worst_seen=0.5).better
    doubted = compare(ours, theirs, worst_seen=40.0)
    assert not doubted.better and "one more instance as bad" in str(doubted)


def test_a_failure_on_test_counts_as_its_penalty(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    source = WSPT.replace("    return sorted", "    assert len(processing) != 13\n    return sorted")
    assert verdict(loaded, sandbox, source)[0] == "overfit"  # half of the test instances fail


def test_one_failure_makes_a_better_program_fragile(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    unlucky = loaded.instances(Split.TEST)[3].data["processing"]
    source = with_key("p / w").replace("    return sorted", f"    assert processing != {unlucky}\n    return sorted")
    lenient = LoadedProblem(loaded.folder, loaded.problem)
    scale = lenient.references.scale(Split.TEST)
    scale.penalty.update(dict.fromkeys(scale.penalty, 0.0))  # so that the mean alone would not tell
    found, reason = verdict(lenient, sandbox, source)
    assert found == "fragile"
    assert "1 of 30 failed" in reason and "AssertionError" in reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("    if len(processing) > 50:\n        return list(range(len(processing)))\n", "stress large"),
        ("    processing[1]\n", "IndexError"),
    ],
)
def test_what_breaks_under_stress_is_fragile(loaded: LoadedProblem, sandbox: Sandbox, change: str, words: str) -> None:
    found, reason = verdict(loaded, sandbox, WSPT.replace("    return sorted", f"{change}    return sorted"))
    assert found == "fragile"
    assert words in reason and reason.startswith("stress")


def test_stress_within_the_stated_tolerance_passes(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    source = WSPT.replace(
        "    return sorted", "    if 50 < len(processing) < 90:\n        return list(range(len(processing)))\n    return sorted"
    )
    tolerant = LoadedProblem(loaded.folder, replace(loaded.problem, stress_tolerance={"large": 1.0}))
    assert verdict(tolerant, sandbox, source)[0] == "certified"


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        # Remembers across instances: every third sort is in another order.
        (with_key("p / w + 5 * (next(calls) % 40 == 39)", "import itertools\ncalls = itertools.count()\n"), "what it remembers"),
        (with_key("p / w + random.random()", "import random\n"), "the state of the shared generators"),
        (with_key("p / w if 'candidate' in repr(Key) else p", "class Key: pass\n"), "the name of its module"),
    ],
    ids=["state", "random", "name"],
)
def test_what_answers_otherwise_the_second_time_is_fragile(
    loaded: LoadedProblem, sandbox: Sandbox, source: str, cause: str
) -> None:
    found, reason = verdict(loaded, sandbox, source)
    assert found == "fragile"
    assert reason.startswith("determinism") and "then" in reason and f"what makes the difference is {cause}" in reason


def test_a_program_that_can_tell_where_it_runs_is_fragile(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    source = with_key("p / w if random._os.sys.flags.dont_write_bytecode else p", "import random\n")
    found, reason = verdict(loaded, sandbox, source)
    assert found == "fragile" and reason.startswith("reach") and "random._os" in reason


def test_better_than_what_is_proven_is_a_fault_of_the_verifier_and_no_discovery(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    class Generous:
        def run(self, instance: Instance, policy: Policy) -> Measurement:
            found = loaded.problem.verifier.run(instance, policy)
            return Measurement(found.objective * 0.99)

    wrong = LoadedProblem(loaded.folder, replace(loaded.problem, verifier=Generous()))
    found, reason = verdict(wrong, sandbox, WSPT)
    assert found == "fragile" and reason.startswith("bounds") and "at fault" in reason


def test_a_program_that_cannot_load_is_not_better(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    assert verdict(loaded, sandbox, "order = 1 / 0\n")[0] == "not better"


def test_without_baselines_there_is_nothing_to_certify(tmp_path: Path, sandbox: Sandbox) -> None:
    loaded = class_problem(tmp_path / "dispatch")
    with pytest.raises(ProblemError, match="no baselines"):
        certify(loaded, loaded.program("seed"), sandbox)


def test_too_few_test_instances_are_refused(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    few = LoadedProblem(loaded.folder, replace(loaded.problem, instances=lambda split: loaded.instances(split)[:4]))
    with pytest.raises(ProblemError, match="has 4 test instances that count: a comparison needs at least 5, a certificate 30"):
        certify(few, program(few, WSPT), sandbox)


def test_a_better_program_on_few_test_instances_is_not_confirmed(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    short = LoadedProblem(loaded.folder, replace(loaded.problem, instances=lambda split: loaded.instances(split)[:29]))
    found = certify(short, program(loaded, WSPT), sandbox)
    assert all(c.better for c in found.comparisons if c.split is Split.TEST)
    assert (found.verdict, found.reason) == ("not confirmed", "instances: 29 on test; a certificate needs at least 30")


# --------------------------------------------------------------------------- a problem that ships


@pytest.fixture(scope="module")
def prism() -> LoadedProblem:
    return catalog.load("moe_placement/prism")


def test_the_best_baseline_of_a_real_problem_is_not_better_than_itself(prism: LoadedProblem, sandbox: Sandbox) -> None:
    found = certify(prism, prism.program("local_search"), sandbox, budget=0)
    assert found.verdict is Verdict.NOT_BETTER
    itself = next(c for c in found.comparisons if c.split is Split.TEST and c.baseline == "local_search")
    assert itself.difference == (0, 0, 0) and itself.record.wins == itself.record.losses == 0
    assert all(c.passed for c in found.checks if c.kind in ("answers", "bounds", "determinism", "reach", "growth"))


SLIP = """

def place(gpus, memory, models):
    for _ in range(len(models)):
        for _ in range(len(models)):
            for _ in range(2 * len(models)):
                pass
    return _place(gpus, memory, models)
"""


def test_a_slip_in_it_shows_in_its_growth(prism: LoadedProblem, sandbox: Sandbox) -> None:
    slow = program(prism, prism.program("kvpr_greedy").source.replace("def place(", "def _place(") + SLIP)
    found = growth(prism, slow, sandbox, silent)
    assert not found.passed and "time grows significantly faster" in found.line
    assert growth(prism, prism.program("kvpr_greedy"), sandbox, silent).passed
