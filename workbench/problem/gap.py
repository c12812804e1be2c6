"""Normalized gap to the reference, scaled by instance class."""

from __future__ import annotations

import functools
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from workbench.model import Effect, Instance, InstanceResult, Report, Seconds
from workbench.values import scored

FORMAT = 1
"""Version of the definition of the gap. Increment it with every change that affects a gap; all problem versions then change."""
_EQUAL = 1e-9
"""Differences up to this are rounding errors."""


def family_scales(
    instances: Sequence[Instance],
    references: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
) -> dict[str, float]:
    """Return the scale of each instance class: the mean absolute reference over its instances.

    If every reference of a class is 0 (for example, an optimum without tardiness), the scale is the smallest positive mean
    absolute objective of a baseline, or 1 if there is none. The gap therefore stays finite.

    Parameters
    ----------
    references
        Reference value by instance id.
    baselines
        Objective by baseline name and instance id, without failures.
    """
    by_family: dict[str, list[str]] = defaultdict(list)
    for instance in instances:
        by_family[instance.family].append(instance.id)
    scales = {}
    for family, ids in by_family.items():
        scale = sum(abs(references[i]) for i in ids) / len(ids)
        if scale <= 0:
            means = [sum(abs(b.get(i, 0.0)) for i in ids) / len(ids) for b in baselines.values()]
            scale = min((m for m in means if m > 0), default=1.0)
        scales[family] = scale
    return scales


def instance_gap(objective: float, reference: float, scale: float, sense: Literal["min", "max"]) -> float:
    """Return the difference from the reference in units of the class's scale; lower is better, 0 is the reference."""
    return (objective - reference if sense == "min" else reference - objective) / scale


def family_gaps(results: Iterable[InstanceResult]) -> dict[str, float]:
    """Return the mean gap of each instance class."""
    by_family: dict[str, list[float]] = defaultdict(list)
    for result in results:
        by_family[result.family].append(result.gap)
    return {family: sum(gaps) / len(gaps) for family, gaps in by_family.items()}


def mean_gap(families: Mapping[str, float]) -> float:
    """Return the unweighted mean over the instance classes that count (`values.scored`)."""
    counted = scored(families)
    return sum(gap for family, gap in families.items() if family in counted) / len(counted)


def in_rounds(families: Sequence[str]) -> list[int]:
    """Return positions so that each beginning holds about equally many instances of every class; smoke tests come last."""
    counted, classes = scored(families), _positions(tuple(families))

    def rounds(members: Sequence[Sequence[int]]) -> list[int]:
        longest = max(map(len, members), default=0)
        return [positions[k] for k in range(longest) for positions in members if k < len(positions)]

    return [k for last in (False, True) for k in rounds([at for f, at in classes.items() if (f not in counted) is last])]


def penalties(
    instances: Sequence[Instance],
    references: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    scales: Mapping[str, float],
    sense: Literal["min", "max"],
) -> dict[str, float]:
    """Return the penalty of each class, the gap of a failed instance: 1 plus the worst gap of any baseline in the class."""
    worst: dict[str, float] = dict.fromkeys(scales, 0.0)
    for instance in instances:
        for objectives in baselines.values():
            if instance.id in objectives:
                gap = instance_gap(objectives[instance.id], references[instance.id], scales[instance.family], sense)
                worst[instance.family] = max(worst[instance.family], gap)
    return {family: gap + 1.0 for family, gap in worst.items()}


def seconds_of(report: Report) -> Seconds:
    """Return the median and the longest time of a report's instances."""
    seconds = [r.seconds for r in report.results]
    return Seconds(statistics.median(seconds), max(seconds))


def effect_of(ours: Sequence[float], theirs: Sequence[float], families: Sequence[str]) -> Effect:
    """Compare the gaps of two programs on the same instances.

    The mean is that of `mean_gap`. The standard error is that of a stratified sample; classes with a single instance are
    pooled, because one difference has no spread of its own. Classes that do not count may be helped or hurt all the same.
    """
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    classes = _positions(tuple(families))
    values = {family: [differences[i] for i in at] for family, at in classes.items()}
    means = {family: sum(found) / len(found) for family, found in values.items()}
    squared = {family: _squared_error(found, means[family]) for family, found in values.items()}
    weighed = scored(classes)
    counted = {family: found for family, found in values.items() if family in weighed}
    strata = [(1, squared[family]) for family, found in counted.items() if len(found) > 1]
    if len(singles := [found[0] for found in counted.values() if len(found) == 1]) > 1:
        strata.append((len(singles), _squared_error(singles, sum(singles) / len(singles))))
    variance = sum((number / len(counted)) ** 2 * value for number, value in strata)

    def named(sign: int) -> tuple[str, ...]:
        clear = [f for f, mean in means.items() if mean * sign > max(_EQUAL, 2 * math.sqrt(squared[f]))]
        return tuple(sorted(clear, key=lambda f: (-means[f] * sign, f)))

    return Effect(mean_gap(means), math.sqrt(variance) if strata else math.inf, named(-1), named(1))


@functools.lru_cache(maxsize=16)  # of the splits of a problem, for every attempt
def _positions(families: tuple[str, ...]) -> dict[str, list[int]]:
    by_family: dict[str, list[int]] = defaultdict(list)
    for i, family in enumerate(families):
        by_family[family].append(i)
    return by_family


def _squared_error(values: Sequence[float], mean: float) -> float:
    if len(values) < 2:
        return math.inf
    return sum((v - mean) ** 2 for v in values) / (len(values) - 1) / len(values)
