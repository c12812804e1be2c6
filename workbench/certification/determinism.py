"""Whether a program decides the same again, and wherever it runs: as a module, as a script, with other hash seeds."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from workbench.certificate import Check
from workbench.certification.recording import Decisions, Recorder, difference
from workbench.certification.verdict import Progress
from workbench.evaluation.evaluate import evaluate
from workbench.model import Instance, InstanceResult, Program, Split, Status, Surroundings
from workbench.problem.catalog import LoadedProblem
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox

_DEEPEST = 40
_MOST_MEMORY = 16
"""How many times the memory limit a program may use elsewhere, where nobody limits it; at most half of this machine's."""
_SOME = 12
"""Instances of each split that run elsewhere; two of each class where that is more."""
_TRIES = 5
"""Further processes in the usual surroundings before a difference is laid to anything but chance."""
_SHOWN = 60
_EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Answered:
    """What a program did on one instance."""

    result: InstanceResult
    decisions: Decisions


@dataclass(frozen=True, slots=True)
class _Place:
    """Surroundings, and the factor on the memory limit there."""

    around: Surroundings
    memory: int = 1


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


def second_run(
    loaded: LoadedProblem, program: Program, sandbox: Sandbox, usual: Mapping[str, Answered], on_progress: Progress
) -> Check:
    """Run a program on test once more, in reverse order, in one process and as an imported module, and compare its decisions.

    Parameters
    ----------
    usual
        What the program did in fresh processes in the usual surroundings, by instance.
    """
    place = _places(loaded, program)[0]
    instances = {instance.id: instance for instance in reversed(loaded.instances(Split.TEST)) if instance.id in usual}
    second: dict[str, Answered] = {}

    def keep(result: InstanceResult) -> None:
        second[result.id] = Answered(result, recorder.taken())
        on_progress("second run", len(second), len(instances))

    with _opened(loaded, sandbox, place) as recorder:
        evaluate(loaded, program, Split.TEST, recorder, instances=instances.values(), on_result=keep)
        changed = {
            id: words
            for id, found in second.items()
            if (words := _confirmed(usual[id], found, partial(_answer, loaded, program, Split.TEST, instances[id], recorder)))
        }
        same = f"{len(second) - len(changed)} of {len(second)}"
        line = f"determinism: {same} test instances ended the same in reverse order, as an imported module"
        if changed:
            id, words = next(iter(changed.items()))
            alone = _answer(loaded, program, Split.TEST, instances[id], recorder)
            line += f"; {id}: {words}; what makes the difference is "
            if differs(usual[id], alone):
                line += _cause(loaded, program, sandbox, place, Split.TEST, instances[id], usual[id])
            else:
                line += "what it remembers of earlier instances"
    return Check("determinism", "determinism", not changed, line, {"changed": list(changed)})


def surroundings(
    loaded: LoadedProblem, program: Program, sandbox: Sandbox, usual: Mapping[str, Answered], on_progress: Progress
) -> Check:
    """Run a program on some instances in other surroundings, and compare its decisions with the usual ones.

    The surroundings are drawn from a hash of the program and of the problem's version, so that no program can know them.
    Instances of a class take turns; of test, which `second_run` has run as a module, they run as a script alone.

    Parameters
    ----------
    usual
        What the program did in fresh processes in the usual surroundings, by instance.
    """
    places = _places(loaded, program)
    shares = _shares(loaded, places, usual)
    total, done = sum(len(chosen) for share in shares for chosen in share.values()), 0
    changed: list[tuple[_Place, Split, Instance, str]] = []
    for place, share in zip(places, shares, strict=True):
        with _opened(loaded, sandbox, place) as recorder:
            for split, instance in ((split, instance) for split, chosen in share.items() for instance in chosen):
                run = partial(_answer, loaded, program, split, instance, recorder)
                if words := _confirmed(usual[instance.id], run(), run):
                    changed.append((place, split, instance, words))
                done += 1
                on_progress("surroundings", done, total)
    line = f"determinism: {total - len(changed)} of {total} ended the same as a module, as a script and with other hash seeds"
    if changed:
        place, split, instance, words = changed[0]
        cause = _cause(loaded, program, sandbox, place, split, instance, usual[instance.id])
        line += f"; {instance.id} ({split}): {words}; what makes the difference is {cause}"
    data = {"surroundings": [asdict(p) for p in places], "instances": total, "changed": [i.id for _, _, i, _ in changed]}
    return Check("determinism: surroundings", "determinism", not changed, line, data)


def differs(usual: Answered, found: Answered) -> str:
    """How two runs on an instance differ, in words; empty where they do not."""
    before, after = usual.result, found.result
    if before.status is not after.status:
        return f"{_outcome(before)}, then {_outcome(after)}"
    if before.status in (Status.TIMEOUT, Status.MEMORY):  # how far it came is a matter of the machine
        return ""
    if apart := difference(usual.decisions, found.decisions):
        first, second = _short(apart.first), _short(apart.second)
        return f"decision {apart.number} {first}, then {second}" if first or second else f"decision {apart.number} differs"
    if before.objective is None or after.objective is None or math.isclose(before.objective, after.objective, rel_tol=_EQUAL):
        return ""
    return f"{_outcome(before)}, then {_outcome(after)}"


def _confirmed(usual: Answered, found: Answered, again: Callable[[], Answered]) -> str:
    """As `differs`; what ran out of time may run again, because the machine may have been busy."""
    words = differs(usual, found)
    return differs(usual, again()) if words and found.result.status is Status.TIMEOUT else words


def _outcome(result: InstanceResult) -> str:
    if result.objective is not None:
        return f"{result.objective:g}"
    return f"{result.status}: {result.message}" if result.message else result.status.value


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _places(loaded: LoadedProblem, program: Program) -> tuple[_Place, ...]:
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
    return _Place(as_module, roomy), _Place(as_script)


def _shares(loaded: LoadedProblem, places: Sequence[_Place], usual: Mapping[str, Answered]) -> list[dict[Split, list[Instance]]]:
    """The instances to run by place and split."""
    shares: list[dict[Split, list[Instance]]] = [{} for _ in places]
    for split in Split:
        classes: dict[str, list[Instance]] = defaultdict(list)
        for instance in loaded.instances(split):
            if instance.id in usual:
                classes[instance.family].append(instance)
        for members in classes.values():
            for turn, instance in enumerate(members[: max(len(places), math.ceil(_SOME / len(classes)))]):
                where = len(places) - 1 if split is Split.TEST else turn % len(places)
                shares[where].setdefault(split, []).append(instance)
    return shares


@contextlib.contextmanager
def _opened(loaded: LoadedProblem, sandbox: Sandbox, place: _Place) -> Iterator[Recorder]:
    opened = open_sandbox(loaded.problem.modules, isolation=sandbox.isolation, surroundings=place.around)
    with contextlib.closing(Recorder(opened, place.memory)) as recorder:
        yield recorder


def _answer(loaded: LoadedProblem, program: Program, split: Split, instance: Instance, recorder: Recorder) -> Answered:
    report = evaluate(loaded, program, split, recorder, instances=[instance], fresh=True)
    return Answered(report.results[0], recorder.taken())


def _cause(
    loaded: LoadedProblem, program: Program, sandbox: Sandbox, place: _Place, split: Split, instance: Instance, usual: Answered
) -> str:
    """What of the surroundings makes a difference when it alone is changed."""
    tried = [(words, _Place(Surroundings(**{name: getattr(place.around, name) for name in names}))) for words, names in _CAUSES]
    for words, alone in [tried[0]] * _TRIES + [*tried[1:], (_MEMORY_CAUSE, _Place(Surroundings(), place.memory))]:
        with _opened(loaded, sandbox, alone) as recorder:
            if differs(usual, _answer(loaded, program, split, instance, recorder)):
                return words
    return "several of the surroundings together"
