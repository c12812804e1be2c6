"""Bytes of the prompts of a recorded run, and of the same requests as they would be written now.

python -m tests.benchmarks.prompts RUNS [--run NAME] [--json]

The search is repeated from the record: each request is made with what was recorded before it was sent. Repairs are left out.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

from workbench import search
from workbench.learning.kinds import Kinds, possible_kinds
from workbench.learning.memory import Memory
from workbench.model import Candidate, Split, Task
from workbench.problem import catalog
from workbench.problem.gap import effect_of
from workbench.program.idea import idea_of
from workbench.proposers.prompt import build
from workbench.store import Store


def told(store: Store, run: str) -> list[tuple[float, Candidate]]:
    """Every attempt with the time at which it was recorded, its idea and its effect."""
    candidates = {c.number: c for c in store.candidates(run)}
    texts = {c.number: c.call.text for c in store.calls(run)}
    report = store.report(run, min(candidates), Split.TRAIN)
    families = [r.family for r in report.results] if report else []
    found = []
    for summary in store.attempts(run):
        own = candidates[summary.number]
        parent = candidates.get(own.parents[0]) if own.parents else None
        both = parent is not None and len(parent.instances) == len(own.instances) == len(families)
        effect = effect_of(own.instances, parent.instances, families) if both and parent else None
        idea = own.idea or idea_of(texts.get(own.number, ""))
        found.append((summary.created, dataclasses.replace(own, idea=idea, effect=effect)))
    return found


def measure(folder: Path, name: str) -> dict[str, Any]:
    """Bytes recorded and now, requests by kind, bytes by section."""
    with Store(folder, write=False) as store:
        run = store.run(name)
        history, calls = told(store, run.id), [c for c in store.calls(run.id) if c.number >= 0]
    loaded = catalog.load(run.problem)
    programs = {c.number: c for _, c in history}
    strategy, memory, kinds = search.make(run.options.strategy, run.options.strategy_options), Memory(), Kinds()
    best, stagnation, recorded, now = float("inf"), 0, 0, 0
    asked, sections = Counter[str](), Counter[str]()
    for call in sorted(calls, key=lambda c: c.created - c.call.seconds):
        while history and (history[0][0] < call.created - call.call.seconds or history[0][1].operator == "seed"):
            candidate = history.pop(0)[1]
            for listener in (strategy, memory):
                listener.tell(candidate)
            kinds.tell(candidate, candidate.gap < best)
            stagnation = 0 if candidate.gap < best or candidate.operator == "seed" else stagnation + 1
            best = min(best, candidate.gap)
        if call.origin.repairs is not None or not call.origin.parents:
            continue
        selection = strategy.ask(random.Random(f"{run.options.seed}/{call.number}/ask"))
        selection = dataclasses.replace(selection, parent=programs[call.origin.parents[0]])
        kind = kinds.choose(
            possible_kinds(selection, loaded.problem.limits), random.Random(f"{run.options.seed}/{call.number}/kind")
        )
        tried = memory.choose(selection.parent.number)
        text = build(loaded.told, Task(call.number, selection, None, (), stagnation, tried, kind), "full").user
        recorded, now = recorded + len(call.call.prompt.user.encode()), now + len(text.encode())
        asked[kind.value] += 1
        for section in text.split("\n## "):
            sections[section.partition("\n")[0][:40]] += len(section.encode())
    return {
        "run": run.id,
        "problem": run.problem,
        "recorded": recorded,
        "now": now,
        "kinds": dict(asked),
        "sections": dict(sections),
    }


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--run", default="latest")
    parser.add_argument("--json", action="store_true")
    words = parser.parse_args()
    found = measure(words.runs, words.run)
    if words.json:
        print(json.dumps(found))
        return
    print(f"{found['problem']}: {found['recorded'] / 1000:.0f} kB recorded, {found['now'] / 1000:.0f} kB now "
          f"({found['now'] / found['recorded']:.0%}); {found['kinds']}")  # fmt: skip
    for section, size in found["sections"].items():
        print(f"  {size / 1000:6.0f} kB  {section}")


if __name__ == "__main__":
    main()
