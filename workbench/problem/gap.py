"""The one distance that everything is measured by: gap to the reference, scaled by family."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from workbench.model import Instance, InstanceResult

FORMAT = 1
"""Number of the definition below. Whoever changes a gap by it counts up: every problem has a new version then."""


def family_scales(
    instances: Sequence[Instance],
    references: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
) -> dict[str, float]:
    """Scale of each family: the mean absolute reference over its instances.

    Where every reference of a family is 0 (an optimum without any tardiness, say) the mean absolute objective of the
    baseline closest to 0 but not at it takes its place, and 1 where there is none: the gap stays finite and smooth.

    Parameters
    ----------
    references
        Reference value by instance id.
    baselines
        Objective by baseline name and instance id; failures left out.
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
    """Distance of one objective to its reference in units of its family's scale; lower is better, 0 is the reference."""
    return (objective - reference if sense == "min" else reference - objective) / scale


def family_gaps(results: Iterable[InstanceResult]) -> dict[str, float]:
    """Mean gap by family."""
    by_family: dict[str, list[float]] = defaultdict(list)
    for result in results:
        by_family[result.family].append(result.gap)
    return {family: sum(gaps) / len(gaps) for family, gaps in by_family.items()}


def mean_gap(families: Mapping[str, float]) -> float:
    """Mean over families, which weigh alike."""
    return sum(families.values()) / len(families)


def penalties(
    instances: Sequence[Instance],
    references: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    scales: Mapping[str, float],
    sense: Literal["min", "max"],
) -> dict[str, float]:
    """Gap that a failed instance of a family is given: 1 more than the worst gap of any baseline in that family."""
    worst: dict[str, float] = dict.fromkeys(scales, 0.0)
    for instance in instances:
        for objectives in baselines.values():
            if instance.id in objectives:
                gap = instance_gap(objectives[instance.id], references[instance.id], scales[instance.family], sense)
                worst[instance.family] = max(worst[instance.family], gap)
    return {family: gap + 1.0 for family, gap in worst.items()}
