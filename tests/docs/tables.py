"""Writes the tables of README and docs/ that are made from data: python -m tests.docs.tables [--write]

The discoveries come from the certificates that ship, the problems from the catalog. Without `--write` it prints what is stale.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

from tests.benchmarks import field
from tests.discoveries import pages
from tests.docs.api import reference
from tests.docs.blocks import ROOT
from tests.test_architecture import floors, packages
from workbench.certificate import FinderKind, Verdict
from workbench.problem import catalog, shipped
from workbench.proposers.providers import PROVIDERS

CERTIFIED = "certified"
MARK = "\\*"
FIRST = 8
"""Discoveries that the README shows with their figures: as many as a reader takes in."""
OLD = (
    f"{MARK} For an earlier version of the problem's code; `evolve certify` on the module in `runs/gallery/certified` gives "
    "the verdict of today."
)


def certificates() -> list[dict[str, Any]]:
    """What ships in runs/gallery/certified."""
    paths = sorted(path for path in shipped.place().glob("*.json") if not path.name.endswith(".cases.json"))
    return [json.loads(path.read_text()) for path in paths]


def outcome(made: dict[str, Any]) -> str:
    """A certificate's verdict in the words of the pages."""
    return Verdict(made["certificate"]["verdict"]).words


def row(made: dict[str, Any]) -> str:
    """The closest baseline and ours on the held-out test set, the differences to it and to the start, the verdict, who found it."""
    loaded, certificate = catalog.load(made["problem"]), made["certificate"]
    close = max((c for c in certificate["comparisons"] if c["split"] == "test"), key=lambda c: c["mean"])
    title = next(b.title for b in loaded.problem.baselines if b.name == close["baseline"])
    ours = certificate["gaps"]["test"]
    found = shipped.exhibit(made["problem"])
    assert found is not None
    start = found.certificate.start
    gained = f"{interval(*start.difference)}{'' if start.better else ' (not significant)'}" if start else "not measured"
    name = f"[`{made['problem']}`]({{up}}{page_of(made['problem'])})"
    gaps = f"{ours - close['mean']:.2%} | {ours:.2%} | {interval(close['mean'], close['low'], close['high'])} | {gained}"
    return f"| {name} | {title} | {gaps} | {outcome(made)}{'' if current(made) else MARK} | {found.found_by} |"


def page_of(slug: str) -> str:
    """The page of a discovery, or its problem's where it has none."""
    page = f"docs/discoveries/{slug.partition('/')[2]}.md"
    return page if (ROOT / page).is_file() else f"problems/{slug}/README.md"


def interval(mean: float, low: float, high: float) -> str:
    """A difference with its interval, in percentage points."""
    return f"{100 * mean:+.2f} [{100 * low:+.2f}, {100 * high:+.2f}]"


def current(made: dict[str, Any]) -> bool:
    """Whether a certificate is of the problem's version of today."""
    return bool(catalog.load(made["problem"]).version == made["version"])


def results(shown: list[dict[str, Any]]) -> list[str]:
    """One row for each certificate, and what the mark of an older one means."""
    rows = [
        "| problem | closest baseline | its gap | ours | difference, percentage points | over its start | verdict | found by |",
        "|---|---|--:|--:|---|---|---|---|",
        *map(row, shown),
    ]
    return rows if all(map(current, shown)) else [*rows, "", OLD]


def discoveries() -> str:
    """The first certified improvements, the others by name, those by a person last, and for which problems there is none yet."""
    order = {one.problem: (one.finder.kind is FinderKind.PERSON, k) for k, one in enumerate(shipped.ranked())}
    made = sorted(certificates(), key=lambda one: order[one["problem"]])
    rest: dict[str, list[str]] = {}
    for one in made:
        if outcome(one) != CERTIFIED:
            rest.setdefault(outcome(one), []).append(f"`{one['problem'].partition('/')[2]}`")
    certified = [one for one in made if outcome(one) == CERTIFIED]
    rows = results(certified[:FIRST])
    if more := [f"[`{one['problem'].partition('/')[2]}`]({{up}}{page_of(one['problem'])})" for one in certified[FIRST:]]:
        rows += ["", f"Certified too: {', '.join(more)} ([all figures]({{up}}docs/results.md))."]
    held = {one["problem"] for one in made}
    if new := [f"`{slug.partition('/')[2]}`" for slug in here() if slug not in held]:
        rest["not certified yet"] = new
    if rest:
        others = "; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in sorted(rest.items()))
        why = "[what did not work]({up}docs/discoveries/README.md#what-did-not-work)"
        rows += ["", f"Without a certified improvement so far: {others} ({why})."]
    return "\n".join(rows)


def verdicts() -> str:
    """All certificates, whatever the verdict."""
    return "\n".join(results(certificates()))


def here() -> list[str]:
    """The problems of this checkout, without those of an installed package."""
    return [slug for slug in catalog.slugs() if (ROOT / "problems" / slug / "problem.py").is_file()]


def problems() -> str:
    """One row a problem: what is asked, the best baseline, what the gap is measured against."""
    rows = ["| problem | question | baselines | best of them | its train gap | reference |", "|---|---|--:|---|--:|---|"]
    for name in here():
        loaded = catalog.load(name)
        best, gap = loaded.references.ranking[0][:2]
        title = next(b.title for b in loaded.problem.baselines if b.name == best)
        problem = loaded.problem
        rows.append(
            f"| [`{name}`]({{up}}problems/{name}/README.md) | {problem.question} | {len(problem.baselines)} | {title} "
            f"| {gap:.2%} | {problem.bound} |"
        )
    return "\n".join(rows)


def levels() -> str:
    """The packages of workbench/ by level, highest first, as the test of the architecture finds them."""
    graph = packages()
    found = floors(graph)
    rows = ["| level | packages |", "|--:|---|"]
    for level in range(max(found.values()), 0, -1):
        names = (name.replace("(ground)", "single files") for name in sorted(graph) if found[name] == level)
        rows.append(f"| {level} | {', '.join(names)} |")
    return "\n".join(rows)


def providers() -> str:
    """The keys that are searched for, in that order."""
    rows = (f"| `{provider.variable}` | `{provider.model}` |" for provider in PROVIDERS)
    return "\n".join(["| key | default model |", "|---|---|", *rows])


TABLES: dict[str, tuple[str, Callable[[], str]]] = {
    "discoveries": ("README.md", discoveries),
    "verdicts": ("docs/results.md", verdicts),
    "problems": ("docs/results.md", problems),
    "providers": ("docs/models-and-keys.md", providers),
    "levels": ("docs/architecture.md", levels),
    "api": ("docs/python-api.md", reference),
    "field": ("docs/against-the-field.md", field.table),
    **pages.sections(),
}
"""Name of a table -> the page that shows it, and what writes it."""


def stale(*, write: bool) -> list[str]:
    """Pages whose table is not the one that the data gives; rewritten if asked for."""
    found = []
    for name, (page, write_table) in TABLES.items():
        path = ROOT / page
        text = path.read_text()
        table = write_table().replace("{up}", "../" * page.count("/"))
        place = re.compile(
            rf"(?s)(?<=<!-- {name}: written by python -m tests\.docs\.tables --write -->\n).*?(?=<!-- end of {name} -->)"
        )
        parts = place.split(text)
        assert len(parts) == 2, f"{page} has no place for the table {name}"
        new = f"{table}\n".join(parts)
        if new != text:
            found.append(page)
            if write:
                path.write_text(new)
    return found


if __name__ == "__main__":
    print(*stale(write="--write" in sys.argv), sep="\n")
