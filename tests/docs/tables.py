"""Writes the tables of README and docs/ that are made from data: python -m tests.docs.tables [--write]

The discoveries come from the certificates that ship, the problems from the catalog. Without `--write` it prints what is stale.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

from tests.docs.blocks import ROOT
from workbench.problem import catalog

VERDICTS = {"not better": "no significant improvement", "overfit": "did not generalize", "fragile": "failed robustness"}
FINDERS = {"no LLM": "AST operators", "a person": "a person"}


def certificates() -> list[dict[str, Any]]:
    """What ships in runs/gallery/certified."""
    return [json.loads(path.read_text()) for path in sorted((ROOT / "runs" / "gallery" / "certified").glob("*.json"))]


def discoveries() -> str:
    """One row a problem: the closest baseline and ours on the held-out test set, the difference, the verdict, who found it."""
    rows = [
        "| problem | closest baseline | its test gap | ours | difference in points, with interval | verdict | found by |",
        "|---|---|--:|--:|---|---|---|",
    ]
    old = []
    for made in certificates():
        loaded, certificate = catalog.load(made["problem"]), made["certificate"]
        close = max((c for c in certificate["comparisons"] if c["split"] == "test"), key=lambda c: c["mean"])
        title = next(b.title for b in loaded.problem.baselines if b.name == close["baseline"])
        ours = certificate["gaps"]["test"]
        mean, low, high = (f"{100 * close[key]:+.2f}" for key in ("mean", "low", "high"))
        run, mark = made["run"], ""
        finder = FINDERS.get(run["proposer"], run["proposer"])
        attempts = f", {run['attempts']} candidates" if run["attempts"] else ""
        if loaded.version != made["version"]:
            mark = "\\*"
            old.append(made["problem"])
        verdict = VERDICTS.get(certificate["verdict"], certificate["verdict"])
        verdict = f"**{verdict}**" if verdict == "certified" else verdict
        name = f"[`{made['problem']}`]({{up}}problems/{made['problem']}/README.md)"
        rows.append(
            f"| {name} | {title} | {ours - close['mean']:.2%} | {ours:.2%} | {mean} [{low}, {high}] | {verdict}{mark} | {finder}{attempts} |"
        )
    if old:
        which = "every problem" if len(old) == len(certificates()) else f"{len(old)} problems"
        rows += ["", f"\\* The code of {which} has changed since; `evolve certify` on the module in `runs/gallery/certified` gives the verdict of today."]
    return "\n".join(rows)


def problems() -> str:
    """One row a problem: what is asked, the best baseline, what the gap is measured against."""
    rows = ["| problem | question | baselines | best of them | its train gap | reference |", "|---|---|--:|---|--:|---|"]
    for name in catalog.slugs():
        if not (ROOT / "problems" / name / "problem.py").is_file():
            continue  # of an installed package
        loaded = catalog.load(name)
        best, gap = loaded.references.ranking[0][:2]
        title = next(b.title for b in loaded.problem.baselines if b.name == best)
        problem = loaded.problem
        rows.append(
            f"| [`{name}`]({{up}}problems/{name}/README.md) | {problem.question} | {len(problem.baselines)} | {title} "
            f"| {gap:.2%} | {problem.bound} |"
        )
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {"discoveries": discoveries, "problems": problems}
PLACES = {"discoveries": "README.md", "problems": "docs/results.md"}


def stale(*, write: bool) -> list[str]:
    """Pages whose table is not the one that the data gives; rewritten if asked for."""
    found = []
    for name, page in PLACES.items():
        path = ROOT / page
        text = path.read_text()
        table = TABLES[name]().replace("{up}", "../" * page.count("/"))
        new, count = re.subn(
            rf"(?s)(<!-- {name}: [^>]*-->\n).*?(\n<!-- end of {name} -->)", lambda m: m[1] + table + m[2], text  # noqa: B023
        )
        assert count == 1, f"{page} has no place for the table {name}"
        if new != text:
            found.append(page)
            if write:
                path.write_text(new)
    return found


if __name__ == "__main__":
    print(*stale(write="--write" in sys.argv), sep="\n")
