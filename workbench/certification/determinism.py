"""Whether a program decides the same again, and wherever it runs: as a module, as a script, with other hash seeds."""

from __future__ import annotations

import hashlib
import math
import os
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple

from workbench.certificate import Check
from workbench.certification.verdict import Progress
from workbench.evaluation.bench import Bench
from workbench.evaluation.jobs import Job
from workbench.evaluation.places import Place
from workbench.evaluation.recording import difference
from workbench.model import InstanceResult, Program, Report, Split, Status, Surroundings
from workbench.problem.catalog import LoadedProblem

_DEEPEST = 40
_MOST_MEMORY = 16
"""How many times the memory limit a program may use elsewhere, where nobody limits it; at most half of this machine's."""
_SOME = 12
"""Instances of each split that run elsewhere; two of each class where that is more."""
_TRIES = 5
"""Further processes in the usual surroundings before a difference is laid to anything but chance; and instances that may run again
because they ran out of time."""
_SHOWN = 60
_EQUAL = 1e-9


class _Change(NamedTuple):
    """An instance on which a program did something else, where, and in words what."""

    split: Split
    id: str
    place: Place
    words: str


_CAUSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("nothing but another process: chance without a seed, or addresses (`id`, a set of objects) decide", ()),
    ("the hash seed: the order of a set of strings, or `hash` of one, decides; sort it, or use a list or a dict", ("hash_seed",)),
    ("the state of the shared generators: draw from one of its own, such as `random.Random(0)`", ("generators",)),
    ("the name of its module", ("module",)),
    ("the file that it is loaded from", ("module", "file")),
    ("asserts or docstrings, which `python -OO` leaves out", ("optimize",)),
    ("how deep it stands in the stack", ("depth",)),
)
_MEMORY_CAUSE = "how much memory there is"


def determinism(bench: Bench, program: Program, reports: Mapping[Split, Report], on_progress: Progress) -> list[Check]:
    """Compare a program's decisions with those that it makes again, and in other surroundings.

    It runs on all of test (of validation, without a report on test) in reverse order, in one process and as a module, so that what
    it remembers from one instance to the next shows; and, if it can do what it was made for, on some instances of every class as
    a module and as a script. The surroundings are drawn from a hash of the program and of the problem's version, so that no
    program can know them.

    Parameters
    ----------
    reports
        Of the program in fresh processes in the usual surroundings, with its decisions; other splits are not used.
    """
    loaded = bench.loaded
    usual = {result.id: result for report in reports.values() for result in report.results}
    as_module, as_script = places(loaded, program)
    main = Split.TEST if Split.TEST in reports else Split.VALIDATION
    backwards = tuple(i.id for i in reversed(loaded.instances(main)))
    jobs = [Job(program, main, backwards, place=as_module, record=True)]
    if all(reports[split].status is Status.OK for split in (Split.TRAIN, Split.VALIDATION)):
        for place, share in zip((as_module, as_script), _shares(loaded, reports, main), strict=True):
            jobs += [Job(program, split, tuple(ids), fresh=True, place=place, record=True) for split, ids in share.items()]
    second, *others = bench.reports(jobs, lambda done, total: on_progress("surroundings", done, total))
    return [_second_run(bench, jobs[0], second, usual), *([_elsewhere(bench, jobs[1:], others, usual)] if others else [])]


def in_one_place(
    bench: Bench, program: Program, split: Split, ids: Sequence[str], place: Place, usual: Mapping[str, InstanceResult]
) -> Check:
    """Compare a program's decisions on some instances of a split with those that it makes in one other place."""
    jobs = [Job(program, split, tuple(ids), fresh=True, place=place, record=True)]
    return _elsewhere(bench, jobs, bench.reports(jobs, lambda done, total: None), usual)


def _second_run(bench: Bench, job: Job, report: Report, usual: Mapping[str, InstanceResult]) -> Check:
    changed, count = _changed(bench, [job], [report], usual), len(report.results)
    same = f"{count - len(changed)} of {count} {job.split} instances"
    line = f"determinism: {same} ended the same in reverse order, as an imported module"
    if changed:
        first = changed[0]
        alone = bench.alone(job.program, first.split, first.id, first.place)
        cause = "what it remembers of earlier instances"
        if differs(usual[first.id], alone):
            cause = _cause(bench, job.program, first, usual[first.id])
        line += f"; {first.id}: {first.words}; what makes the difference is {cause}"
    return Check("determinism", "determinism", not changed, line, {"changed": [change.id for change in changed]})


def _elsewhere(bench: Bench, jobs: Sequence[Job], reports: Sequence[Report], usual: Mapping[str, InstanceResult]) -> Check:
    changed, count = _changed(bench, jobs, reports, usual), sum(len(report.results) for report in reports)
    line = f"determinism: {count - len(changed)} of {count} ended the same as a module, as a script and with other hash seeds"
    if changed:
        first = changed[0]
        cause = _cause(bench, jobs[0].program, first, usual[first.id])
        line += f"; {first.id} ({first.split}): {first.words}; what makes the difference is {cause}"
    around = {job.place: {"surroundings": asdict(job.place.surroundings), "memory": job.place.memory} for job in jobs if job.place}
    data = {"places": list(around.values()), "instances": count, "changed": [change.id for change in changed]}
    return Check("determinism: surroundings", "determinism", not changed, line, data)


def _changed(bench: Bench, jobs: Sequence[Job], reports: Sequence[Report], usual: Mapping[str, InstanceResult]) -> list[_Change]:
    changed, late = list[_Change](), 0
    for job, report in zip(jobs, reports, strict=True):
        assert job.place
        for result in report.results:
            words = differs(usual[result.id], result)
            if words and result.status is Status.TIMEOUT and late < _TRIES:  # the machine may have been busy
                late += 1
                words = differs(usual[result.id], bench.alone(job.program, job.split, result.id, job.place))
            if words:
                changed.append(_Change(job.split, result.id, job.place, words))
    return changed


def differs(before: InstanceResult, after: InstanceResult) -> str:
    """How two runs on an instance differ, in words; empty where they do not."""
    if before.status is not after.status:
        return f"{_outcome(before)}, then {_outcome(after)}"
    if before.status in (Status.TIMEOUT, Status.MEMORY):  # how far it came is a matter of the machine
        return ""
    if before.decisions and after.decisions and (apart := difference(before.decisions, after.decisions)):
        first, second = _short(apart.first), _short(apart.second)
        return f"decision {apart.number} {first}, then {second}" if first or second else f"decision {apart.number} differs"
    if before.objective is None or after.objective is None or math.isclose(before.objective, after.objective, rel_tol=_EQUAL):
        return ""
    return f"{_outcome(before)}, then {_outcome(after)}"


def _outcome(result: InstanceResult) -> str:
    if result.objective is not None:
        return f"{result.objective:g}"
    return f"{result.status}: {result.message}" if result.message else result.status.value


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def places(loaded: LoadedProblem, program: Program) -> tuple[Place, Place]:
    """Where else a program runs: as an imported module with more memory, and as a script under `python -OO`."""
    rng = random.Random(hashlib.sha256(f"{loaded.version}\n{program.source}".encode()).digest())

    def word() -> str:
        return "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(rng.randint(2, 4)))

    module, folder = f"{word()}_{word()}", f"/home/{word()}/{word()}"
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 21
    roomy = max(1, min(_MOST_MEMORY, memory // loaded.problem.limits.memory_mb))
    as_module = Surroundings(
        rng.randint(1, 2**32 - 1), module, f"{folder}/{module}.py", rng.getrandbits(32), rng.randint(5, _DEEPEST)
    )
    as_script = Surroundings(rng.randint(1, 2**32 - 1), "__main__", f"{folder}/{word()}.py", rng.getrandbits(32), optimize=2)
    return Place(as_module, roomy), Place(as_script)


def _shares(loaded: LoadedProblem, splits: Iterable[Split], main: Split) -> tuple[dict[Split, list[str]], dict[Split, list[str]]]:
    """Instances to run as a module and as a script; those of a class take turns, those of the main split run as a script alone."""
    shares: tuple[dict[Split, list[str]], dict[Split, list[str]]] = ({}, {})
    for split in splits:
        classes: dict[str, list[str]] = defaultdict(list)
        for instance in loaded.instances(split):
            classes[instance.family].append(instance.id)
        for members in classes.values():
            for turn, id in enumerate(members[: max(2, math.ceil(_SOME / len(classes)))]):
                shares[1 if split is main else turn % 2].setdefault(split, []).append(id)
    return shares


def _cause(bench: Bench, program: Program, change: _Change, usual: InstanceResult) -> str:
    """What of the surroundings makes a difference when it alone is changed."""
    around = change.place.surroundings
    tried = [(words, Place(Surroundings(**{name: getattr(around, name) for name in names}))) for words, names in _CAUSES]
    for words, alone in [tried[0]] * _TRIES + [*tried[1:], (_MEMORY_CAUSE, Place(Surroundings(), change.place.memory))]:
        if differs(usual, bench.alone(program, change.split, change.id, alone)):
            return words
    return "several of the surroundings together"
