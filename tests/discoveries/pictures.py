"""The pictures of the discoveries, from programs run on validation instances and from what was measured there."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from evaluators.job_shop.verifier import semi_active
from evaluators.transactions.verifier import starts, transactions_from
from tests.discoveries.measure import FOLDER, read
from tests.discoveries.svg import WIDTH, Drawing
from workbench import gallery
from workbench.formatting import percent
from workbench.model import Instance, Measurement, Split
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.problem.shipped import names

MARGIN, GAP, ROW = 12, 24, 26
HALF = (WIDTH - 2 * MARGIN - GAP) / 2
SERIES = 8
MOST_BYTES = 60_000

Run = tuple[Sequence[Any], Any, Measurement]
"""Arguments of the call, the answer, and what the verifier measured."""


def draw(name: str) -> str:
    """Draw the picture of a discovery; returns its path."""
    loaded = catalog.load(names()[name])
    drawing = Drawing(f"{loaded.problem.title}: what the heuristic does, and its gap by instance class")
    if name in SCENES:
        instance, scene = SCENES[name]
        panels(
            drawing, loaded, next(i for i in loaded.instances(Split.VALIDATION) if i.id == instance), getattr(gallery, name), scene
        )
    classes(drawing, name, loaded)
    path = FOLDER / "images" / f"{name}.svg"
    path.parent.mkdir(exist_ok=True)
    path.write_text(drawing.svg())
    assert path.stat().st_size < MOST_BYTES, f"{path.name} has {path.stat().st_size} bytes"
    return str(path)


def panels(drawing: Drawing, loaded: LoadedProblem, instance: Instance, ours: Any, scene: Callable[..., None]) -> None:
    """The best human's answer on the left, ours on the right."""
    baseline = loaded.references.ranking[0][0]
    title = next(b.title for b in loaded.problem.baselines if b.name == baseline)
    theirs = defined(loaded, baseline)
    runs = [run(loaded, instance, program) for program in (theirs, ours)]
    top = drawing.height + 40
    longest = max(found[2].objective for found in runs)
    for k, (words, found) in enumerate(zip((title, "this heuristic"), runs, strict=True)):
        left = MARGIN + k * (HALF + GAP)
        value = f"{found[2].objective:,.4g}"
        drawing.text(left, drawing.height + 18, words.partition(" (")[0], "worse" if k == 0 else "better", bold=True)
        drawing.text(
            left, drawing.height + 34, f"{instance.id.removeprefix('validation-')}: {value} {loaded.problem.unit}", "muted"
        )
        scene(drawing, left, top + 6, found, longest)
    drawing.height = max(drawing.height, top + SCENE_HEIGHT)


SCENE_HEIGHT = 236.0


def defined(loaded: LoadedProblem, name: str) -> Any:
    """The entry of a program that comes with the problem, which is the project's own code."""
    program = loaded.program(name)
    module: dict[str, Any] = {"__name__": name}
    exec(compile(program.source, f"{name}.py", "exec"), module)
    return module[program.entry]


def run(loaded: LoadedProblem, instance: Instance, program: Any) -> Run:
    """One answer and its measurement."""
    calls: list[tuple[Sequence[Any], Any]] = []

    def policy(*arguments: Any) -> Any:
        calls.append((arguments, program(*arguments)))
        return calls[-1][1]

    measured = loaded.problem.verifier.run(instance, policy)
    return *calls[0], measured


def broadcast(drawing: Drawing, left: float, top: float, found: Run, longest: float) -> None:
    """Regions on a circle, the source in the middle; an edge is as thick as its share of the data."""
    (src, dsts, *_), paths, _ = found
    carried: Counter[tuple[int, int]] = Counter()
    for part in range(len(paths[0])):
        carried.update({edge for destination in paths for edge in pairwise(destination[part])})
    regions = sorted({region for edge in carried for region in edge} - {src}, key=lambda region: (order_of(dsts, region), region))
    radius, middle = 96.0, (left + HALF / 2, top + 108.0)
    at = {src: middle}
    for k, region in enumerate(regions):
        angle = 2 * math.pi * k / len(regions)
        at[region] = (middle[0] + 1.5 * radius * math.cos(angle), middle[1] + radius * math.sin(angle))
    parts = len(paths[0])
    for (u, v), times in sorted(carried.items(), key=lambda item: -item[1]):
        drawing.line(*at[u], *at[v], "muted" if times == parts else "series-0", 1 + 4 * times / parts)
    for region, place in at.items():
        kind = "bound" if region == src else "ink" if region in dsts else "series-6"
        drawing.circle(*place, 6 if region == src else 4.5, kind, f"region {region}")


def order_of(dsts: Sequence[int], region: int) -> int:
    """Place among the destinations; relays come last."""
    return list(dsts).index(region) if region in dsts else len(dsts)


def pressures(drawing: Drawing, left: float, top: float, found: Run, longest: float) -> None:
    """A bar for each GPU, the highest pressure first; the line is the higher of the two largest."""
    (gpus, memory, models), places, _ = found
    load, free = [0.0] * gpus, [float(memory)] * gpus
    for model, gpu in zip(models, places, strict=True):
        load[gpu] += model["rate"] / model["slo"]
        free[gpu] -= model["size"]
    values = sorted((demand / room for demand, room in zip(load, free, strict=True)), reverse=True)
    top += 10
    height, width = 200.0, HALF / gpus
    for k, value in enumerate(values):
        drawing.rect(left + k * width, top + height * (1 - value / longest), width * 0.8, height * value / longest, "series-0")
    drawing.line(left, top, left + HALF, top, "worse", 1, "4 3")
    drawing.line(left, top + height, left + HALF, top + height, "muted")


def shop(drawing: Drawing, left: float, top: float, found: Run, longest: float) -> None:
    """The schedule: a row for each machine, a colour for each job."""
    (durations, machines), order, _ = found
    begun = semi_active(order, durations, machines)
    count = 1 + max(max(row) for row in machines)
    height, scale = 210.0 / count, HALF / longest
    for job, row in enumerate(begun):
        for start, length, machine in zip(row, durations[job], machines[job], strict=True):
            x, y = left + start * scale, top + machine * height
            drawing.rect(x, y, length * scale - 0.5, height * 0.82, f"series-{job % SERIES}")
    end_line(drawing, left, top, found[2].objective * scale)


def batch(drawing: Drawing, left: float, top: float, found: Run, longest: float) -> None:
    """A line for each transaction, in the order in which they begin."""
    (shown,), order, _ = found
    transactions = transactions_from({"transactions": shown})
    begun = sorted((start, transactions[number].length) for number, start in zip(order, starts(transactions, order), strict=True))
    height, scale = 210.0 / len(begun), HALF / longest
    for k, (start, length) in enumerate(begun):
        drawing.rect(left + start * scale, top + k * height, length * scale, height * 0.7, "series-0")
    end_line(drawing, left, top, found[2].objective * scale)


def end_line(drawing: Drawing, left: float, top: float, x: float) -> None:
    """Where a schedule ends."""
    drawing.line(left + x, top - 4, left + x, top + 212, "ink", 1, "4 3")


SCENES: dict[str, tuple[str, Callable[..., None]]] = {
    "cloudcast": ("validation-hurry-1", broadcast),
    "prism": ("validation-fleet-07", pressures),
    "transactions": ("validation-zipf-0", batch),
    "job_shop": ("la27", shop),
}
"""Name of a discovery -> a validation instance, and what draws an answer to it."""


def classes(drawing: Drawing, name: str, loaded: LoadedProblem) -> None:
    """Gap on validation by instance class: the best human's and ours."""
    found = read(name)
    if found is None:
        return
    title = next(b.title for b in loaded.problem.baselines if b.name == found.baseline[0])
    top = drawing.height + (20 if drawing.height else 0)
    left, right = MARGIN + 130, WIDTH - MARGIN - 70
    gaps = [gap for pair in found.families.values() for gap in pair] + [0.0]
    low, high = min(gaps), max(gaps)

    def x(gap: float) -> float:
        return left + (right - left) * (gap - low) / (high - low)

    drawing.text(MARGIN, top + 16, "Gap on validation", bold=True)
    drawing.circle(left + 10, top + 12, 5, "worse")
    drawing.text(left + 20, top + 16, title.partition(" (")[0], "worse")
    drawing.circle(left + 340, top + 12, 5, "better")
    drawing.text(left + 350, top + 16, "this heuristic", "better")
    bottom = top + 30 + ROW * len(found.families)
    drawing.line(x(0), top + 30, x(0), bottom, "bound", 1.5)
    for k, (family, (ours, theirs)) in enumerate(sorted(found.families.items())):
        y = top + 44 + ROW * k
        drawing.text(MARGIN, y + 4, family, "muted")
        drawing.line(x(ours), y, x(theirs), y, "grid", 3)
        drawing.circle(x(theirs), y, 5, "worse", f"{family}: {title}, {percent(theirs)}")
        drawing.circle(x(ours), y, 5, "better", f"{family}: this heuristic, {percent(ours)}")
        drawing.text(max(x(theirs), x(ours)) + 10, y + 4, percent(theirs), "muted")
    drawing.text(x(0), bottom + 16, "the reference", "bound", "start" if x(0) < WIDTH / 2 else "end")
    drawing.height = bottom + 26
