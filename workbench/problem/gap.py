"""Normalized gap to the reference, scaled by instance class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from workbench.model import Instance, InstanceResult

FORMAT = 1
"""Version of the definition of the gap. Increment it with every change that affects a gap; all problem versions then change."""


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
    """Return the unweighted mean over instance classes."""
    return sum(families.values()) / len(families)


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
