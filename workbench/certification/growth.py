"""Growth of CPU time and memory with instance size, compared with that of the best baseline."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.certificate import Check
from workbench.certification.verdict import Progress, silent
from workbench.errors import Infeasible, PolicyFailure, Rejected
from workbench.model import Instance, Program, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.sizes import size
from workbench.program.names import modules
from workbench.program.source import parse
from workbench.protocols import Sandbox

SIZES = 6
"""Number of sizes to measure, evenly spaced on a logarithmic scale; two instances of each where there are two."""
REPEATS = 3
"""Runs per instance, of which the shortest counts: other work on the machine can only add time. Long runs are not repeated."""
_LONG = 0.5
"""Seconds beyond which a run is not repeated."""
_ENOUGH_SECONDS = 6.0
"""Time for an instance here, whatever the problem's limit: costs that are cut off at a short one would hide how they grow."""
EXCESS = 0.4
"""The check fails where the exponent exceeds the baseline's by this much and two standard errors."""
TIMES = 3.0
"""It fails only where the cost at the largest size is also at least this many times the baseline's."""
LEAST_SECONDS, LEAST_BYTES = 0.02, 32 << 20
"""Costs at the largest size below which growth does not matter."""
_NARROW = 2.5
"""Ratio of the largest to the smallest size below which growth cannot be measured."""
_FLOOR_SECONDS, _FLOOR_BYTES = 2e-4, 1 << 20
"""Costs below these are those of a single call and say nothing about size."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a program used for one instance.

    Attributes
    ----------
    at_least
        Whether it was stopped before it finished.
    unseen
        Memory that it could have used in addition without being noticed, in bytes: what it held when the run began, and what lay
        between that and an earlier peak that this run did not exceed.
    """

    seconds: float
    bytes: float
    at_least: bool = False
    unseen: float = 0.0


@dataclass(frozen=True, slots=True)
class Trend:
    """How a cost grows, compared with the baseline's on the same instances.

    Attributes
    ----------
    exponent, baseline
        Slopes of log cost over log size, of the program and of the baseline.
    excess, error
        Slope of the log of the ratio of their costs, and its standard error.
    ratio
        Cost at the largest size, divided by the baseline's.
    largest
        Cost at the largest size, in seconds or bytes.
    """

    exponent: float
    baseline: float
    excess: float
    error: float
    ratio: float
    largest: float

    def clear(self, least: float) -> bool:
        """Whether the cost surely grows faster than the baseline's, to a size that matters."""
        return self.excess - 2 * self.error > EXCESS and self.ratio >= TIMES and self.largest >= least


def growth(
    loaded: LoadedProblem, program: Program, sandbox: Sandbox, on_progress: Progress, splits: Collection[Split] = tuple(Split)
) -> Check:
    """Compare how the costs of a program and of the best baseline on train grow with instance size.

    Where the program grows clearly faster, it is compared with the problem's initial programs too: the fixed code around
    the evolving part may be slow, and that is not the program's doing.

    Parameters
    ----------
    splits
        Where the instances come from. If it is not all of them, sizes may be missing.
    """
    ladder = _ladder(loaded, splits)
    sizes = [size for size, _ in ladder]
    name = "growth"
    if len(set(sizes)) < 3 or max(sizes) < _NARROW * min(sizes):
        if others := [split for split in Split if split not in splits]:
            where = f"other sizes than those of {' and '.join(splits)} are needed, which {' or '.join(others)} may have"
            return Check(name, name, None, f"growth: not judged, {where}", {"sizes": sizes})
        return Check(name, name, True, "growth: does not apply, because the instances are too similar in size", {"sizes": sizes})
    best = loaded.references.ranking[0][0]
    measured = _costs(loaded, [program, loaded.program(best)], ladder, sandbox, on_progress, "growth")
    if measured is None:
        return Check(name, name, None, "growth: not judged, this system does not report the CPU time and memory of a process")
    own, theirs = measured
    compared, against = {best: theirs}, best
    time, memory = _trends(sizes, own, [theirs])
    if time.clear(LEAST_SECONDS) or memory.clear(LEAST_BYTES):
        seeds = loaded.problem.seeds
        more = _costs(loaded, [loaded.program(s) for s in seeds], ladder, sandbox, on_progress, "growth of initial programs")
        compared |= dict(zip(seeds, more or (), strict=False))
        time, memory = _trends(sizes, own, list(compared.values()))
        against = f"{best} and the initial programs"
    flagged = [word for word, clear in (("time", time.clear(LEAST_SECONDS)), ("memory", memory.clear(LEAST_BYTES))) if clear]
    unseen = max(cost.unseen for cost in own)
    judged = unseen < LEAST_BYTES
    stopped = " at least" if any(c.at_least for c in own) else ""
    line = (
        f"growth: CPU time as size^{time.exponent:.1f}{stopped} ({against}: {time.baseline:.1f}), {time.largest:.3g} s{stopped} "
        f"at the largest ({time.ratio:.2g} times theirs); memory as size^{memory.exponent:.1f} ({memory.baseline:.1f}), "
        f"{memory.largest / (1 << 20):.1f} MiB"
    )
    if flagged:
        line += f"; {' and '.join(flagged)} grows significantly faster than that of {against}"
    elif not judged:
        line += f"; memory not judged: {unseen / (1 << 20):.0f} MiB from before the run could hide its growth"
    return Check(name, name, False if flagged else True if judged else None, line, _data(sizes, own, compared, time, memory))


def extremes(loaded: LoadedProblem) -> tuple[Instance, Instance]:
    """Return the smallest and the largest instance on which costs are measured."""
    ladder = _ladder(loaded)
    return ladder[0][1], ladder[-1][1]


def permitted(loaded: LoadedProblem, sandbox: Sandbox) -> tuple[float, float] | None:
    """Return how CPU time grows that the check permits: as that of the slowest program which a program is compared with.

    Returns
    -------
    tuple[float, float] | None
        Exponent, and seconds at the largest size; None where the system does not report CPU time.
    """
    ladder = _ladder(loaded)
    names = [loaded.references.ranking[0][0], *loaded.problem.seeds]
    costs = _costs(loaded, [loaded.program(name) for name in names], ladder, sandbox, silent, "")
    if costs is None:
        return None
    slowest = [max(costs_of[k].seconds for costs_of in costs) for k in range(len(ladder))]
    return fit([size for size, _ in ladder], slowest, slowest, _FLOOR_SECONDS).exponent, slowest[-1]


def _ladder(loaded: LoadedProblem, splits: Collection[Split] = tuple(Split)) -> list[tuple[int, Instance]]:
    """Instances from small to large, spread over the upper part of the range, where exponents can be seen."""
    known = sorted(((size(i.data), i) for s in splits for i in loaded.instances(s)), key=lambda pair: (pair[0], pair[1].id))
    top = known[-1][0]
    bottom = max(known[0][0], top / 32)
    targets = np.geomspace(bottom, top, SIZES) if bottom < top else [top]
    chosen: dict[str, tuple[int, Instance]] = {}
    for target in targets:
        near = sorted(known, key=lambda pair: (abs(math.log(max(1, pair[0]) / max(1.0, target))), pair[1].id))
        for pair in near[:2]:
            chosen[pair[1].id] = pair
    return sorted(chosen.values(), key=lambda pair: (pair[0], pair[1].id))


def _costs(
    loaded: LoadedProblem,
    programs: Sequence[Program],
    ladder: Sequence[tuple[int, Instance]],
    sandbox: Sandbox,
    on_progress: Progress,
    stage: str,
) -> list[list[Cost]] | None:
    """Costs by program and instance; the programs take turns, so that a busy minute of the machine affects them all."""
    found: list[list[Cost]] = [[] for _ in programs]
    unloaded = [_resident(loaded, _empty(program), sandbox) for program in programs]
    for done, (_, instance) in enumerate(ladder):
        on_progress(stage, done, len(ladder))
        for turn in range(REPEATS):
            for costs, program, before in zip(found, programs, unloaded, strict=True):
                if turn and (costs[-1].seconds > _LONG or costs[-1].at_least):
                    continue
                cost = None if before is None else _measure(loaded, program, instance, sandbox, before)
                if cost is None:
                    return None
                if turn:
                    last = costs.pop()
                    cost = replace(cost, seconds=min(cost.seconds, last.seconds), bytes=min(cost.bytes, last.bytes))
                costs.append(cost)
    on_progress(stage, len(ladder), len(ladder))
    return found


def _empty(program: Program) -> Program:
    """A program that does nothing, in a process with the same modules."""
    try:
        names = sorted(modules(parse(program.source)))
    except Rejected:
        names = []
    return Program(f"def {program.entry}(*_):\n    pass\n# {' '.join(names)}\n", program.entry)


def _resident(loaded: LoadedProblem, program: Program, sandbox: Sandbox) -> int | None:
    """Memory of a program that has been loaded, in bytes; None where the system does not say."""
    with sandbox.open(program, loaded.problem.limits) as session:
        usage = session.usage()
    return None if usage is None else usage.resident_bytes


def _measure(loaded: LoadedProblem, program: Program, instance: Instance, sandbox: Sandbox, unloaded: int) -> Cost | None:
    """What a program uses for one instance in a new process, beyond being loaded; None where the system does not say.

    Parameters
    ----------
    unloaded
        Memory of the process without the program, in bytes.
    """
    limits = replace(loaded.problem.limits, seconds=max(_ENOUGH_SECONDS, loaded.problem.limits.seconds))
    stopped = Cost(0.0, 0.0, at_least=True)
    try:
        with sandbox.open(program, limits) as session:
            session.next_instance()
            before = session.usage(restart_peak=True)
            if before is None:
                return None
            with contextlib.suppress(Infeasible):  # its cost until then counts; other checks report the failure
                loaded.problem.verifier.run(instance, session)
            after = session.usage()
    except PolicyFailure as failure:
        if failure.status is Status.TIMEOUT:
            return Cost(limits.seconds, 0.0, at_least=True)
        return Cost(0.0, float(limits.memory_mb << 20), at_least=True) if failure.status is Status.MEMORY else stopped
    if after is None:
        return stopped
    unseen = max(0, before.resident_bytes - unloaded)
    if after.peak_bytes > before.peak_bytes:
        used = after.peak_bytes - before.resident_bytes
    else:
        used = max(0, after.resident_bytes - before.resident_bytes)
        unseen += before.peak_bytes - before.resident_bytes
    return Cost(after.cpu_seconds - before.cpu_seconds, float(used), unseen=float(unseen))


def _trends(sizes: Sequence[int], own: Sequence[Cost], theirs: Sequence[Sequence[Cost]]) -> tuple[Trend, Trend]:
    def trend(pick: Any, floor: float) -> Trend:
        baseline = [max(pick(costs[k]) for costs in theirs) for k in range(len(sizes))]
        return fit(sizes, [pick(c) for c in own], baseline, floor)

    return trend(lambda c: c.seconds, _FLOOR_SECONDS), trend(lambda c: c.bytes, _FLOOR_BYTES)


def fit(sizes: Sequence[int], own: Sequence[float], baseline: Sequence[float], floor: float) -> Trend:
    """Compare growth by least squares on logarithms; costs below `floor` count as `floor`.

    Instances of one size differ, but both programs get the same ones: the slope of the ratio is more certain than either
    exponent.
    """
    x = np.log(np.asarray(sizes, dtype=np.float64))
    a = np.log(np.maximum(np.asarray(own, dtype=np.float64), floor))
    b = np.log(np.maximum(np.asarray(baseline, dtype=np.float64), floor))
    centred = x - x.mean()
    spread = float(centred @ centred)

    def slope(y: Any) -> float:
        return float(centred @ (y - y.mean())) / spread

    ratio = a - b
    excess = slope(ratio)
    residual = ratio - ratio.mean() - excess * centred
    error = math.sqrt(float(residual @ residual) / max(1, len(sizes) - 2) / spread)
    last = int(np.argmax(np.where(x == x.max(), a, -np.inf)))
    return Trend(slope(a), slope(b), excess, error, math.exp(float(ratio[last])), float(max(own[last], 0.0)))


def _data(
    sizes: Sequence[int], own: Sequence[Cost], compared: Mapping[str, Sequence[Cost]], time: Trend, memory: Trend
) -> dict[str, Any]:
    def columns(costs: Sequence[Cost]) -> dict[str, Any]:
        return {"cpu_seconds": [round(c.seconds, 6) for c in costs], "bytes": [round(c.bytes) for c in costs]}

    def figures(trend: Trend) -> dict[str, float]:
        return {f: round(getattr(trend, f), 4) for f in ("exponent", "baseline", "excess", "error", "ratio")}

    return {
        "sizes": list(sizes), "program": columns(own), "compared": {name: columns(costs) for name, costs in compared.items()},
        "time": figures(time), "memory": figures(memory),
    }  # fmt: skip
