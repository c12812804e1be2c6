"""The parts of the pages in docs/discoveries that are made from certificates and measurements, and the frame of a new page."""

from __future__ import annotations

import importlib
from typing import Any

from tests.discoveries.measure import FOLDER, WHOLE, Measured, read
from workbench.api.exhibits import Exhibited, exhibited
from workbench.formatting import duration, level, percent, points, span
from workbench.model import Split
from workbench.problem import catalog
from workbench.problem.shipped import names, ranked
from workbench.program.source import text_hash

TOLD = ("fresh", "transfer", "meter")
"""Kinds of checks that are told whether they pass or not."""
DIFFERENT = 0.000005
"""Half a unit of the last digit of a difference, below which it is told as none."""
FRAME = """\
# {title}

TODO: what it does, in words.

![Gap by instance class](images/{name}.svg)

## Why it works

<!-- {name}-ablation: written by python -m tests.docs.tables --write -->
<!-- end of {name}-ablation -->

## Certificate

<!-- {name}-figures: written by python -m tests.docs.tables --write -->
<!-- end of {name}-figures -->

## Where it comes from

TODO: lineage, and what it cost.
"""


def begin(name: str) -> None:
    """Write the frame of a page that is missing."""
    page = FOLDER / f"{name}.md"
    if not page.is_file():
        page.write_text(FRAME.format(name=name, title=catalog.load(names()[name]).problem.title))


def sections() -> dict[str, tuple[str, Any]]:
    """Name of a generated section -> its page, and what writes it."""
    found: dict[str, tuple[str, Any]] = {"gallery": ("docs/discoveries/README.md", overview)}
    for page in sorted(FOLDER.glob("*.md")):
        name = page.stem
        if name in names():
            found[f"{name}-figures"] = (f"docs/discoveries/{page.name}", lambda name=name: figures(name))
            if read(name):
                found[f"{name}-ablation"] = (f"docs/discoveries/{page.name}", lambda name=name: ablation(name))
    return found


def linked(one: Exhibited) -> str:
    """The name of a heuristic, with a link to its page, or to its problem's where it has none."""
    target = (
        f"{{up}}docs/discoveries/{one.name}.md" if (FOLDER / f"{one.name}.md").is_file() else f"{{up}}problems/{one.slug}/README.md"
    )
    return f"[`{one.name}`]({target})"


def overview() -> str:
    """All that ships: the certified first, the larger lead over the best human first."""
    found = [exhibited(one.problem) for one in ranked()]
    rows = [
        "| heuristic | question | best human | its gap | ours | verdict | openings | found by |",
        "|---|---|---|--:|--:|---|--:|---|",
    ]
    for one in found:
        question = catalog.load(one.slug).problem.question
        gaps = f"{percent(one.best_human)} | {percent(one.gap)} | {one.verdict.words}{STALE if one.stale else ''}"
        rows.append(f"| {linked(one)} | {question} | {one.baseline} | {gaps} | {one.openings or '–'} | {one.found_by} |")
    return "\n".join([*rows, "", f"{STALE} For an earlier version of the problem."] if any(one.stale for one in found) else rows)


STALE = "\\*"


def figures(name: str) -> str:
    """The certificate of a heuristic in a few lines, and its lineage."""
    one = exhibited(name)
    found = one.shipped
    certificate = found.certificate
    rows = ["| split | gap | best human there | its gap | difference |", "|---|--:|---|--:|---|"]
    titles = {b.name: b.title for b in catalog.load(one.slug).problem.baselines}
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        closest, gap = found.closest(split), certificate.gaps.get(split)
        if closest is None or gap is None:
            continue
        mean, low, high = closest.difference
        said = f"{points(mean)}, {level(closest.confidence)} CI {span(low, high)}"
        rows.append(
            f"| {split} | {percent(gap)} | {titles.get(closest.baseline, closest.baseline)} | {percent(gap - mean)} | {said} |"
        )
    judged = [check for check in certificate.checks if check.kind != "comparison"]
    lines = [
        f"**{one.verdict.words}**, {found.made}, version {found.version} of the problem: {certificate.reason}.", "",
        *rows, "",
        f"- {certificate.origin[0].upper()}{certificate.origin[1:]}.",
        *(f"- {check.line[0].upper()}{check.line[1:]}." for check in judged if check.kind in TOLD),
        *(f"- {check.word}: {check.line}." for check in judged if not check.passed and check.kind not in (*TOLD, "start")),
        *([f"- {certificate.opening}.".replace("- t", "- T")] if certificate.opening else []),
        f"- The certificate took {duration(certificate.seconds)} by the clock.",
        f"- Lineage: {lineage(one)}.",
        *([f"- {one.stale}."] if one.stale else []),
    ]  # fmt: skip
    return "\n".join(lines)


def lineage(one: Exhibited) -> str:
    """From the initial program to the one that ships, with gaps on train."""
    module = importlib.import_module(f"workbench.gallery.{one.shipped.module.stem}")
    steps = module.PROVENANCE["lineage"]
    if len(steps) < 2:
        return "not recorded; it was certified from a file"
    return " → ".join(f"{operator} {number} ({percent(gap)})" for number, operator, gap in steps) + ", gaps on train"


def ablation(name: str) -> str:
    """What each part is worth."""
    found = read(name)
    assert found is not None
    rows = ["| switched off | gap on validation | costs, percentage points | instances worse, equal, better |", "|---|--:|---|---|"]
    for part in found.parts:
        if part.words == WHOLE:
            rows.append(f"| {WHOLE} | {gap(part.gap)} | | |")
        elif part.difference is None:
            rows.append(f"| {part.words} | fails on {part.failed} of {found.instances} | | |")
        else:
            assert part.record is not None
            better, same, worse = part.record
            rows.append(f"| {part.words} | {gap(part.gap)} | {cost(*part.difference)} | {worse}, {same}, {better} |")
    title = next(b.title for b in catalog.load(found.problem).problem.baselines if b.name == found.baseline[0])
    rows.append(f"| *best human: {title}* | {gap(found.baseline[1])} | | |")
    scored = max((sum(part.record) for part in found.parts if part.record), default=found.instances)
    where = f"On the {scored} validation instances of `{found.problem}`{' that count' if scored < found.instances else ''}"
    lines = [*rows, "", f"{where}; repeat it: `python -m tests.discoveries {name}`."]
    return "\n".join([*lines, *old(name, found)])


def old(name: str, found: Measured) -> list[str]:
    """What has changed since the measurement."""
    one = exhibited(name)
    now = catalog.load(found.problem).version
    changed = [
        *(["the program that ships"] if text_hash(one.shipped.source) != found.program else []),
        *([f"the problem (version {found.version}, now {now})"] if now != found.version else []),
    ]
    return [f"Measured before {' and '.join(changed)} changed."] if changed else []


def gap(value: float | None) -> str:
    """A gap with enough digits to tell small ones apart."""
    return "–" if value is None else f"{value:.4%}" if abs(value) < 0.0005 else percent(value)


def cost(mean: float, low: float, high: float) -> str:
    """A difference with its interval."""
    if max(abs(mean), abs(low), abs(high)) < DIFFERENT:
        return "none"
    digits = 4 if abs(mean) < 0.0005 else 2
    return f"{100 * mean:+.{digits}f} [{100 * low:+.{digits}f}, {100 * high:+.{digits}f}]"
