"""A meter of the certificate: cheats planted for this program and problem, and the checks that reject them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from workbench.certificate import Check
from workbench.certification.cheats import key_of, keys_of, lucky_number, measure_of, memoriser, order_of_a_set, slow_twin, switch
from workbench.certification.constants import constants
from workbench.certification.determinism import differs, in_one_place, places
from workbench.certification.evidence import in_other_forms, on_fresh, seed_of
from workbench.certification.growth import extremes, growth, permitted
from workbench.certification.leads import against_baselines, consistency
from workbench.certification.recognition import Group, group_of, recognition
from workbench.certification.verdict import Progress, silent
from workbench.evaluation.bench import Bench
from workbench.evaluation.jobs import Job
from workbench.model import Program, Report, Split
from workbench.problem.extras import FRESH, METAMORPHIC, Draw, extra
from workbench.protocols import Sandbox

_TRIED = 2
"""Instances on which a cheat has to do as the certified program before it is judged."""
_WATCHED = 4
"""Instances on which a cheat is watched in other surroundings."""
_STEPS = 5e7
"""Steps of useless work in a second, about."""
_TIMES, _LEAST = 30.0, 1.0
"""The useless work on the largest instance takes so many times what anything else takes there, and so many seconds at least."""

_KNOWN_SPLITS = (Split.TRAIN, Split.VALIDATION, Split.TEST)


@dataclass(frozen=True, slots=True)
class Certified:
    """A program that has passed, and what is known of it.

    Attributes
    ----------
    reports
        What it did on each split, with its decisions.
    fresh
        Objectives on fresh instances, if there are any.
    confidence
        Level of each comparison.
    checks
        Results of its own checks.
    """

    program: Program
    reports: Mapping[Split, Report]
    fresh: Group | None
    confidence: float
    checks: Sequence[Check]


class _Planted(NamedTuple):
    """A cheat.

    Attributes
    ----------
    program
        None if the problem has no place for such a cheat.
    home
        Split on which it does as the certified program.
    checks
        Those that judge it, the cheapest first.
    """

    name: str
    program: Program | None
    home: Split = Split.VALIDATION
    checks: tuple[Callable[[], Check], ...] = ()


def meter(bench: Bench, sandbox: Sandbox, certified: Certified, on_progress: Progress) -> Check:
    """Judge cheats made of a certified program and of the best baseline by the checks that it has passed.

    Each cheat decides as the certified program on the instances, and in the place, that it is made to look good in: what
    rejects it is the check and nothing else. This is tried first, and a cheat that does not is reported as not judged. The
    checks of a cheat end with the first that it fails.
    """
    name = "meter"
    made = _Meter(bench, sandbox, certified)
    planted = list(made.planted())
    found: list[dict[str, Any]] = []
    for done, cheat in enumerate(planted):
        on_progress("planted cheats", done, len(planted))
        found.append({"cheat": cheat.name, **made.judged(cheat)})
    on_progress("planted cheats", len(planted), len(planted))

    def named(outcome: str) -> list[str]:
        return [one["cheat"] + (f" by {one['by']}" if one["by"] else "") for one in found if one["outcome"] == outcome]

    rejected, missed, unmade = named("rejected"), named("not rejected"), named("not judged")
    line = f"meter: {len(rejected)} of {len(found) - len(absent := named('not possible'))} planted cheats rejected"
    line += f" ({', '.join(rejected)})" if rejected else ""
    for words, cheats in (("not rejected", missed), ("not judged", unmade), ("not possible here", absent)):
        line += f"; {words}: {', '.join(cheats)}" if cheats else ""
    return Check(name, name, False if missed else None if unmade else True, line, {"cheats": found})


class _Meter:
    """Makes the cheats of one program, and the checks that judge each."""

    def __init__(self, bench: Bench, sandbox: Sandbox, certified: Certified) -> None:
        self._bench, self._loaded, self._sandbox, self._certified = bench, bench.loaded, sandbox, certified
        self._good = certified.program
        self._rival = self._loaded.references.ranking[0][0]
        self._weak = self._loaded.program(self._rival)

    def planted(self) -> Iterator[_Planted]:
        """All cheats, in the order in which they are told."""
        keys = keys_of(self._loaded, {split: self._loaded.instances(split) for split in _KNOWN_SPLITS})
        train, validation, test = (keys[split] for split in _KNOWN_SPLITS)
        good, weak = self._good, self._weak
        of_train = memoriser(good, weak, known := (train | validation) - test)
        told = of_train if self._share(Split.TRAIN, known) > 0.5 else None
        yield _Planted("memoriser of train and validation", told, Split.TRAIN, (lambda: self._on_test(of_train),))
        of_test = memoriser(good, weak, known := test - train - validation)
        told = of_test if self._share(Split.TEST, known) > 0.5 else None
        yield _Planted("memoriser of test", told, Split.TEST, (lambda: self._on_validation(of_test),))
        of_all = memoriser(good, weak, known := train | validation | test)
        told = of_all if self._share(None, known) < 0.5 else None
        yield _Planted("memoriser of every split but stress", told, Split.TEST, self._unseen(of_all))
        lucky = lucky_number(good, weak)
        yield _Planted("lucky number", lucky, checks=(lambda: self._constants(lucky),))
        home = switch(good, weak, order_of_a_set(self._sandbox, self._loaded.problem.limits))
        yield _Planted("another program at home", home, checks=(lambda: self._elsewhere(home),))
        slow = self._slow()
        yield _Planted("slow twin", slow, checks=(lambda: growth(self._loaded, slow or good, self._sandbox, silent),))

    def _share(self, split: Split | None, known: set[int]) -> float:
        """Share of a split (None: of fresh instances, or of stress) that looks like known instances to a memoriser."""
        if split is None and self._certified.fresh is not None:
            instances = self._loaded.drawn(Draw(FRESH, seed_of(self._loaded, self._good)))
        else:
            instances = self._loaded.instances(split or Split.STRESS)
        return sum(key_of(self._loaded, instance) in known for instance in instances) / max(1, len(instances))

    def judged(self, cheat: _Planted) -> dict[str, Any]:
        """What becomes of a cheat, by which check, and in words."""
        if cheat.program is None:
            return {"outcome": "not possible", "by": None, "line": ""}
        if unlike := self._unlike(cheat.program, cheat.home):
            return {"outcome": "not judged", "by": None, "line": unlike}
        lines = []
        for check in cheat.checks:
            result = check()
            if result.passed is False:
                return {"outcome": "rejected", "by": result.name, "line": result.line}
            lines.append(result.line)
        return {"outcome": "not rejected", "by": None, "line": "; ".join(lines)}

    def _unlike(self, cheat: Program, split: Split) -> str:
        """Where a cheat does not do as the certified program though it should, in words."""
        usual = {r.id: r for r in self._certified.reports[split].results}
        tried = self._apart(split)[:_TRIED]
        for after in self._bench.reports([Job(cheat, split, tuple(tried), fresh=True, record=True)], _quiet)[0].results:
            if words := differs(usual[after.id], after):
                return f"on {after.id} it does not do as the certified program: {words}"
        return ""

    def _apart(self, split: Split) -> list[str]:
        """Instances of a split on which the certified program and the best baseline differ."""
        theirs = self._loaded.references.baseline(self._rival, split)
        own = self._certified.reports[split].results
        return [r.id for r in own if r.objective is not None and theirs.get(r.id) != r.objective]

    # ----------------------------------------------------------------------- checks

    def _report(self, cheat: Program, split: Split) -> Report:
        return self._bench.reports([Job(cheat, split, fresh=True)], _quiet)[0]

    def _on_test(self, cheat: Program) -> Check:
        reports = {Split.TEST: self._report(cheat, Split.TEST)}
        found = against_baselines(self._loaded, Split.TEST, reports, self._certified.confidence)
        closest = max(found, key=lambda c: c.difference.mean)
        return Check("test", "comparison", all(c.better for c in found), f"test: {closest}")

    def _on_validation(self, cheat: Program) -> Check:
        reports = {Split.VALIDATION: self._report(cheat, Split.VALIDATION)}
        return consistency({Split.VALIDATION: against_baselines(self._loaded, Split.VALIDATION, reports)})

    def _unseen(self, cheat: Program) -> tuple[Callable[[], Check], ...]:
        """Checks on what a program that knows every instance cannot know."""
        checks: list[Callable[[], Check]] = []
        if self._certified.fresh is not None:
            checks.append(lambda: self._fresh(cheat))
        if module := extra(self._loaded.folder, METAMORPHIC):
            checks.append(lambda: self._other_forms(cheat, module.RELATIONS))
        checks.append(lambda: self._recognised(cheat))
        return tuple(checks)

    def _fresh(self, cheat: Program) -> Check:
        seed = seed_of(self._loaded, self._good)
        return on_fresh(self._bench, cheat, seed, self._certified.confidence, silent, self._certified.fresh)[0]

    def _other_forms(self, cheat: Program, relations: Any) -> Check:
        tested = self._certified.reports[Split.TEST]
        comparisons = against_baselines(self._loaded, Split.TEST, self._certified.reports, self._certified.confidence)
        seed = seed_of(self._loaded, self._good)
        found = in_other_forms(self._bench, cheat, relations, seed, tested, comparisons, self._certified.confidence, silent)
        decisive = [check for check in found if check.kind == "metamorphic"]
        return next((check for check in decisive if check.passed is False), decisive[0] if decisive else found[0])

    def _recognised(self, cheat: Program) -> Check:
        reports = [self._certified.reports[split] for split in _KNOWN_SPLITS] + [self._report(cheat, Split.STRESS)]
        groups = [group_of(self._loaded, report) for report in reports if report.results]
        return recognition(groups, self._rival, self._loaded.problem.sense)

    def _constants(self, cheat: Program) -> Check:
        return constants(self._bench, cheat, self._certified.reports[Split.VALIDATION], silent)

    def _elsewhere(self, cheat: Program) -> Check:
        usual = {r.id: r for r in self._certified.reports[Split.VALIDATION].results}
        ids = self._apart(Split.VALIDATION)[:_WATCHED]
        return in_one_place(self._bench, cheat, Split.VALIDATION, ids, places(self._loaded, cheat)[1], usual)

    def _slow(self) -> Program | None:
        own = next((check for check in self._certified.checks if check.kind == "growth"), None)
        if own is None or "program" not in own.data:
            return None
        if (others := permitted(self._loaded, self._sandbox)) is None:
            return None
        slope, longest = (max(pair) for pair in zip(others, _exponent_and_seconds(own), strict=True))
        seconds = min(max(_LEAST, _TIMES * longest), self._loaded.problem.limits.seconds / 2)
        smallest, largest = extremes(self._loaded)
        usual = {r.id: r.decisions for report in self._certified.reports.values() for r in report.results}
        calls = decisions.count if (decisions := usual[largest.id]) else 1
        measure = measure_of(self._loaded, smallest, largest, max(1, calls))
        return slow_twin(self._good, measure, seconds * _STEPS, max(slope, 0.0) + 1)


def _exponent_and_seconds(growth: Check) -> tuple[float, float]:
    return growth.data["time"]["exponent"], max(growth.data["program"]["cpu_seconds"])


def _quiet(done: int, total: int) -> None:
    """Progress within a cheat is not shown."""
