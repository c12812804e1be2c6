"""Workflows of recorded agents that arrive as recorded requests did; synthetic workloads for stress tests."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from evaluators.agent_dag.machine import Machine
from workbench.model import Instance, Split

from .fleets import FLEETS, machine

_DATA = Path(__file__).parent / "data"

Tokens = tuple[int, int, int]
"""Number of the step, tokens of the prompt, tokens of the answer."""
Record = tuple[Tokens, ...]
"""Calls of one recorded workflow, in order."""
Stages = list[list[list[Any]]]
"""Calls [name of the step, tokens of the prompt, tokens of the answer] by stage."""

PARALLEL = {"generate_candidate", "evaluate"}
"""Steps whose calls in a row are one stage, as in the published simulator; each other call is a stage of its own."""

CLASSES = {
    "chess-busy": ({"chess": 120}, 1.3),
    "chess-crowded": ({"chess": 120}, 1.9),
    "both-busy": ({"chess": 75, "mac_sql": 150}, 1.3),
    "both-crowded": ({"chess": 75, "mac_sql": 150}, 1.9),
}
"""Number of workflows of each application, and load, by class; 1 is what the fleet can just do with all slots taken."""
COPIES = {Split.TRAIN: 2, Split.VALIDATION: 2, Split.TEST: 3}
"""Instances of each class on each fleet."""
_FLEETS = {Split.TRAIN: ("ampere", "hopper"), Split.VALIDATION: ("ampere", "hopper"), Split.TEST: ("ampere", "hopper", "small")}
_POOLS = {
    Split.TRAIN: {"chess": (("financial", 0, 54),), "mac_sql": (("mac_sql", 0, 35),)},
    Split.VALIDATION: {"chess": (("financial", 54, 94),), "mac_sql": (("mac_sql", 35, 60),)},
    Split.TEST: {"chess": (("formula_1", 0, 29), ("serving", 0, 50)), "mac_sql": (("mac_sql", 60, 95),)},
}
"""Recorded workflows of each split by application: recording, first, end."""
_PARTS = {Split.TRAIN: (0.0, 0.5), Split.VALIDATION: (0.5, 0.7), Split.TEST: (0.7, 1.0)}
"""Part of the recorded arrivals, in order of time, used by each split."""

PROMISES = {"chess": 40.0, "mac_sql": 10.0}
"""Seconds that a workflow of each application takes, about, when the fleet is empty."""
TENANTS = (1.5, 2.5, 4.0)
"""What tenants were promised, as a multiple of that; a third of the workflows each."""

_PROMPT_SPREAD, _ANSWER_SPREAD = 0.05, 0.15
"""Prompts are longer or shorter than recorded by up to this share; standard deviation of the logarithm of answers."""


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, in a fixed order.

    train, validation and test have different workflows, and arrivals of different parts of an hour.
    """
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    return tuple(_stress() if split is Split.STRESS else usual_ones(split, str(split), COPIES[split]))


def usual_ones(split: Split, prefix: str, copies: int) -> Iterator[Instance]:
    """Yield `copies` instances of each class on each fleet of a split, each drawn from its id, which begins with `prefix`."""
    for family, (counts, load) in CLASSES.items():
        for fleet in _FLEETS[split]:
            for copy in range(copies):
                id = f"{prefix}-{family}-{fleet}-{copy}"
                yield Instance(id, family, usual(split, counts, load, FLEETS[fleet], rng_of(id)))


def usual(split: Split, counts: Mapping[str, int], load: float, kinds: Sequence[str], rng: random.Random) -> dict[str, Any]:
    """Draw the data of an instance as those that count: workflows of a split on replicas of some kinds."""
    drawn = mixed(split, counts, rng)
    replicas = [machine(kind) for kind in rng.sample(kinds, len(kinds))]
    return data(replicas, at_load(recorded_arrivals(split, len(drawn), rng), drawn, replicas, load), drawn, rng)


def data(
    replicas: Sequence[Machine], arrivals: Sequence[float], drawn: Sequence[tuple[str, Stages]], rng: random.Random
) -> dict[str, Any]:
    """Return the data of one instance; which tenant sends a workflow is drawn."""
    return {
        "replicas": [one.as_data() for one in replicas],
        "workflows": [
            [round(at, 3), app, rng.choice(TENANTS) * PROMISES[app], stages]
            for at, (app, stages) in zip(arrivals, drawn, strict=True)
        ],
    }


# --------------------------------------------------------------------------- recordings


@lru_cache
def _file() -> dict[str, Any]:
    return dict(json.loads(gzip.decompress((_DATA / "workflows.json.gz").read_bytes())))


@lru_cache
def pool(split: Split, app: str) -> tuple[Record, ...]:
    """Return the recorded workflows of an application that belong to a split."""
    workflows = _file()["workflows"]
    return tuple(
        tuple((step, prompt, output) for step, prompt, output in row)
        for name, first, end in _POOLS[split][app]
        for row in workflows[name][first:end]
    )


def mixed(split: Split, counts: Mapping[str, int], rng: random.Random) -> list[tuple[str, Stages]]:
    """Draw so many workflows of each application; none twice before all have come."""
    chosen = []
    for app, count in counts.items():
        rows = pool(split, app)
        order = [row for _ in range(-(-count // len(rows))) for row in rng.sample(rows, len(rows))]
        chosen += [(app, stages_of(row, rng)) for row in order[:count]]
    return rng.sample(chosen, len(chosen))


def stages_of(record: Record, rng: random.Random) -> Stages:
    """Put the calls of a record into stages, with lengths of another question of the same kind."""
    names, found = _file()["steps"], []
    factor = rng.uniform(1 - _PROMPT_SPREAD, 1 + _PROMPT_SPREAD)  # one database and one question for all prompts
    for step, prompt, output in record:
        answer = max(1, round(output * rng.lognormvariate(0, _ANSWER_SPREAD)))
        call = [names[step], max(1, round(prompt * factor)), answer]
        if found and call[0] in PARALLEL and found[-1][0][0] == call[0]:
            found[-1].append(call)
        else:
            found.append([call])
    return found


@lru_cache
def _gaps(split: Split) -> tuple[int, ...]:
    gaps = json.loads(gzip.decompress((_DATA / "gaps.json.gz").read_bytes()))
    low, high = _PARTS[split]
    return tuple(gaps[round(low * len(gaps)) : round(high * len(gaps))])


def recorded_arrivals(split: Split, count: int, rng: random.Random) -> list[float]:
    """Return times of consecutive recorded requests, from a random one of the part of a split on; the first is 0."""
    gaps = _gaps(split)
    first = rng.randrange(len(gaps) - count)
    times = [0.0]
    for gap in gaps[first : first + count - 1]:
        times.append(times[-1] + gap)
    return times


def at_load(times: Sequence[float], drawn: Sequence[tuple[str, Stages]], replicas: Sequence[Machine], load: float) -> list[float]:
    """Scale arrivals so that the work that comes is `load` times what the replicas can do in that time."""
    calls = [call for _, stages in drawn for stage in stages for call in stage]
    rate = sum(1 / sum(_work_s(one, prompt, output) for _, prompt, output in calls) for one in replicas)
    return [time * (1 / rate) / load / times[-1] for time in times] if times[-1] else list(times)


def _work_s(one: Machine, prompt: int, output: int) -> float:
    """Seconds that a call takes of a replica all of whose slots are taken by such calls."""
    return one.prompt_s(prompt) + one.answers_s(one.slots, one.slots * (prompt + 1), output - 1) / one.slots


def rng_of(id: str) -> random.Random:
    """Return the generator of one instance."""
    return random.Random(f"scheduling/agent_dag {id}")


# --------------------------------------------------------------------------- stress


def _stress() -> Iterator[Instance]:
    for family, names in STRANGE.items():
        for copy, fleet in enumerate(names):
            id = f"{Split.STRESS}-{family}-{copy}"
            yield Instance(id, family, strange(Split.TEST, family, FLEETS[fleet], rng_of(id)))


STRANGE = {
    "ten-times": ("ampere", "small"),
    "single-replica": ("ampere", "hopper"),
    "alike": ("ampere", "hopper"),
    "one-slot": ("ampere", "small"),
    "bursts": ("hopper", "small"),
    "at-once": ("ampere", "hopper"),
    "light": ("ampere", "small"),
    "flood": ("hopper", "small"),
    "hurried": ("ampere", "hopper"),
    "patient": ("ampere", "small"),
    "fan-out": ("hopper", "small"),
    "chains": ("ampere", "hopper"),
    "long-answers": ("ampere", "small"),
    "equal": ("ampere", "hopper"),
    "one-workflow": ("ampere", "small"),
}
"""Fleet of each stress instance by class."""


def strange(split: Split, family: str, kinds: Sequence[str], rng: random.Random, size: float = 1.0) -> dict[str, Any]:
    """Draw the data of an instance of a stress class, of workflows of a split; `size` multiplies their number."""
    counts = {"chess": round(size * rng.randint(35, 45)), "mac_sql": round(size * rng.randint(70, 90))}
    load = 1.5
    replicas = [machine(kind) for kind in rng.sample(kinds, len(kinds))]
    match family:
        case "ten-times":
            counts, replicas = {app: 2 * count for app, count in counts.items()}, 10 * replicas
        case "single-replica":
            replicas = replicas[:1]
        case "alike":
            replicas = len(replicas) * replicas[:1]
        case "one-slot":
            replicas, load = [replace(one, slots=1) for one in replicas], 1.2
        case "light":
            load = 0.2
        case "flood":
            load = 6.0
        case "one-workflow":
            counts = {"chess": 1}
    drawn = mixed(split, counts, rng)
    match family:
        case "fan-out":
            drawn = [_fan_out(rng) for _ in drawn]
        case "chains":
            drawn = [_chain(rng) for _ in drawn]
        case "long-answers":
            drawn = [(app, [[[s, p // 10 + 1, 4 * o] for s, p, o in stage] for stage in stages]) for app, stages in drawn]
        case "equal":
            drawn = round(60 * size) * [next(one for one in drawn if one[0] == "chess")]
    times = recorded_arrivals(split, len(drawn), rng)
    if family == "bursts":
        times = [times[k // 20 * 20] for k in range(len(times))]
    if family == "at-once":
        times = [0.0 for _ in times]
    made = data(replicas, at_load(times, drawn, replicas, load), drawn, rng)
    factor = {"hurried": 0.3, "patient": 5.0}.get(family, 1.0)
    for row in made["workflows"]:
        row[2] *= factor
        if family == "equal":
            row[0], row[2] = row[0] // 20 * 20, 60.0
    return made


def _fan_out(rng: random.Random) -> tuple[str, Stages]:
    """A document in parts: all are summarised at once, then the summaries are put together."""
    parts = rng.randint(4, 24)
    first = [["summarise", rng.randint(1500, 3000), rng.randint(60, 250)] for _ in range(parts)]
    return "chess", [first, [["merge", 150 * parts, rng.randint(200, 400)]]]


def _chain(rng: random.Random) -> tuple[str, Stages]:
    """Thought and action in turn, each with all that was before in its prompt."""
    prompt, found = rng.randint(600, 1500), []
    for _ in range(rng.randint(2, 20)):
        answer = rng.randint(30, 120)
        found.append([["act", prompt, answer]])
        prompt += answer + rng.randint(50, 500)
    return "chess", found
