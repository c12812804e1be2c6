"""Whether results look as if a program recognised instances: it is like a baseline, or optimal, except where it knows them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from workbench.certificate import Check
from workbench.formatting import points
from workbench.model import Report, Split
from workbench.problem.catalog import LoadedProblem
from workbench.values import scored

FEWEST = 5
"""Number of telling instances that a group needs."""
UNLIKELY = 1e-3
"""Probability below which a difference between groups is not taken as chance."""
_KEPT = 0.5
"""A lead on fresh instances of less than this share of that on test is a finding, unless the difference is within chance."""
_SAME = 1e-12
_SAMPLES, _SEED = 20_000, 0

Telling = Callable[["Group", str], "bool | None"]


@dataclass(frozen=True, slots=True)
class Group:
    """Objectives on some instances, by id: of the program, of baselines by name, and references where there are any.

    Attributes
    ----------
    alike
        Whether its instances are of the kind that a program is made for, not deliberately unusual ones.
    """

    name: str
    families: Mapping[str, str]
    own: Mapping[str, float]
    rivals: Mapping[str, Mapping[str, float]]
    references: Mapping[str, float] = field(default_factory=dict)
    alike: bool = True


def group_of(loaded: LoadedProblem, report: Report) -> Group:
    """Return the group of a split, from a program's report on it."""
    split = report.split
    return Group(
        split.value,
        {r.id: r.family for r in report.results},
        {r.id: r.objective for r in report.results if r.objective is not None},
        {b.name: loaded.references.baseline(b.name, split) for b in loaded.problem.baselines},
        {r.id: loaded.references.reference(split, r.id).value for r in report.results},
        alike=split is not Split.STRESS,
    )


def recognition(groups: Sequence[Group], rival: str, sense: Literal["min", "max"]) -> Check:
    """Fail a program whose results differ between groups of instances as only knowledge of instances explains.

    Three patterns are looked for: it does exactly as a baseline on all telling instances of one group, and seldom elsewhere; it
    reaches the reference on all of them, and seldom on others of the same classes; most of its lead on test is gone on fresh
    instances of the same classes.

    Parameters
    ----------
    rival
        Baseline to which the lead is measured.
    """
    name = "recognition"
    data: dict[str, Any] = {}
    found = [
        *_in_one_group(groups, _copies, "does exactly as a baseline", data, "copied", of_any_class=True),
        *_in_one_group([g for g in groups if g.alike and g.references], _reaches, "reaches the reference", data, "reached"),
        *_beyond_fresh(groups, rival, sense, data),
    ]
    line = "; ".join(found) if found else "no group of instances stands out"
    return Check(name, name, not found, f"{name}: {line}", data)


# --------------------------------------------------------------------------- the same as a baseline, or optimal


def _in_one_group(
    groups: Sequence[Group], telling: Telling, words: str, data: dict[str, Any], key: str, *, of_any_class: bool = False
) -> Iterator[str]:
    """Groups where something holds on every telling instance, though by what is seen on others it could not be expected to."""
    seen = {g.name: {id: holds for id in g.own if (holds := telling(g, id)) is not None} for g in groups}
    data[key] = {name: [sum(held.values()), len(held)] for name, held in seen.items()}
    for group in groups:
        held = seen[group.name]
        others = [(other.families[id], holds) for other in groups if other is not group and other.alike
                  for id, holds in seen[other.name].items()]  # fmt: skip
        if len(held) < FEWEST or not all(held.values()) or len(others) < FEWEST:
            continue
        if not group.alike and len({group.families[id] for id in held}) == 1:  # falling back on one unusual class is honest
            continue
        overall = _share([holds for _, holds in others])
        by_class = {family: _share([h for f, h in others if f == family]) for family in {f for f, _ in others}}
        chances = [by_class.get(group.families[id], overall if of_any_class else 1.0) for id in held]
        if math.prod(chances) < UNLIKELY:
            count = sum(holds for _, holds in others)
            yield (
                f"it {words} on all {len(held)} telling instances of {group.name}, and on {count} of {len(others)} others: "
                "it recognises instances"
            )


def _copies(group: Group, id: str) -> bool | None:
    """Whether the program does as a baseline; None where that tells nothing, as baselines agree or one is optimal."""
    reached = [known[id] for known in group.rivals.values() if id in known]
    reference = group.references.get(id)
    if not reached or (len(group.rivals) > 1 and _equal(min(reached), max(reached))):
        return None
    if reference is not None and any(_equal(value, reference) for value in reached):
        return None
    return any(_equal(value, group.own[id]) for value in reached)


def _reaches(group: Group, id: str) -> bool | None:
    """Whether the program reaches the reference; None where a baseline does too."""
    reference = group.references[id]
    if any(_equal(known[id], reference) for known in group.rivals.values() if id in known):
        return None
    return _equal(group.own[id], reference)


def _share(held: Sequence[bool]) -> float:
    return max(sum(held), 0.5) / len(held)


def _equal(a: float, b: float) -> bool:
    return abs(a - b) <= _SAME * max(1.0, abs(a), abs(b))


# --------------------------------------------------------------------------- ahead on test, less so on fresh instances


def _beyond_fresh(groups: Sequence[Group], rival: str, sense: Literal["min", "max"], data: dict[str, Any]) -> Iterator[str]:
    """Compare the lead on test with that on fresh instances of the same classes, by random relabelling within each class."""
    named = {group.name: group for group in groups}
    if Split.TEST.value not in named or "fresh" not in named:
        return
    test, fresh = (_leads(named[name], rival, sense) for name in (Split.TEST.value, "fresh"))
    counted = scored(test)
    shared = [family for family in test if family in counted and len(fresh.get(family, ())) > 1 and len(test[family]) > 1]
    if not shared:
        return
    pairs = [_in_one_unit(test[family], fresh[family]) for family in shared]
    lead = float(np.mean([known.mean() for known, _ in pairs]))
    other = float(np.mean([unseen.mean() for _, unseen in pairs]))
    chance = _chance(pairs, lead - other)
    data["leads"] = {"baseline": rival, "test": lead, "fresh": other, "p_value": chance, "classes": len(shared)}
    if other < _KEPT * lead and chance < UNLIKELY:
        yield (
            f"its lead over {rival} is {points(lead)} on test, and {points(other)} on fresh instances of the same "
            f"{len(shared)} classes (p = {chance:.2g}): most of it depends on knowing the test set"
        )


_Array = np.ndarray[Any, np.dtype[np.float64]]


def _leads(group: Group, rival: str, sense: Literal["min", "max"]) -> dict[str, list[tuple[float, float]]]:
    """By class: how far the program is ahead of the rival on each instance, and the rival's objective."""
    found: dict[str, list[tuple[float, float]]] = {}
    sign = 1 if sense == "min" else -1
    for id, own in group.own.items():
        if id in (theirs := group.rivals.get(rival, {})):
            found.setdefault(group.families[id], []).append((sign * (theirs[id] - own), abs(theirs[id])))
    return found


def _in_one_unit(test: Sequence[tuple[float, float]], fresh: Sequence[tuple[float, float]]) -> tuple[_Array, _Array]:
    """Leads of a class in units of the rival's mean objective on both groups, so that both have the same scale."""
    unit = float(np.mean([size for _, size in (*test, *fresh)])) or 1.0
    return np.array([lead for lead, _ in test]) / unit, np.array([lead for lead, _ in fresh]) / unit


def _chance(pairs: Sequence[tuple[_Array, _Array]], difference: float) -> float:
    """How often random groups of the same sizes within each class differ at least as much in the mean over classes."""
    rng = np.random.default_rng(_SEED)
    drawn = np.zeros(_SAMPLES)
    for known, unseen in pairs:
        values, count = np.concatenate([known, unseen]), known.size
        total = values.sum()
        block = max(1, 2_000_000 // values.size)
        for first in range(0, _SAMPLES, block):
            size = min(block, _SAMPLES - first)
            picked = rng.permuted(np.broadcast_to(values, (size, values.size)), axis=1)[:, :count].sum(axis=1)
            drawn[first : first + size] += (picked / count - (total - picked) / unseen.size) / len(pairs)
    return float((1 + (drawn >= difference - 1e-12).sum()) / (1 + _SAMPLES))
