"""What feedback is worth to a strong proposer: recorded answers to this project's search, to OpenEvolve's database, and to none.

python -m tests.benchmarks.controls [--json]
python -m tests.benchmarks.controls --record ADAPTIVE OPENEVOLVE BEST_OF_N    add runs of a problem: FOLDER/RUN each

In each run one coding agent answered the tickets of a session, one after the other, from their text alone: it could neither
evaluate nor look anything up. With `adaptive` and `openevolve` it read the result of each answer, and its tickets came from the
strategy of that name; with `best_of_n` it saw no result, and each ticket asked to improve the same start. All programs are compared
on validation, which no ticket told of. Intervals resample the instances of validation within their classes (95 %): they tell
whether two programs differ, not what another run would give.
"""

from __future__ import annotations

import argparse
import json
import lzma
from pathlib import Path
from typing import Any

from workbench.analysis.stats import paired_interval
from workbench.model import Split, Status
from workbench.problem import catalog
from workbench.store import Store

FILE = Path(__file__).parent / "recordings" / "controls.json.xz"
WAYS = ("adaptive", "openevolve", "best_of_n")


def recorded(run: Path) -> dict[str, Any]:
    """A run with its tickets, answers and gaps; on validation, of those programs that it evaluated there in the end."""
    with Store(run.parent, write=False) as store:
        row = store.run(run.name)
        told = {paid.number: paid.call for paid in store.calls(row.id)}
        attempts = []
        for c in store.candidates(row.id):
            call, report = told.get(c.number), store.report(row.id, c.number, Split.VALIDATION)
            attempts.append({
                "number": c.number, "kind": c.operator, "parents": c.parents, "status": c.status.value, "idea": c.idea,
                "prompt": call.prompt.user if call else "", "answer": call.text if call else "",
                "train": c.gap if c.status is Status.OK else None, "validation": report and report.gap,
                "instances": [round(r.gap, 6) for r in report.results] if report else [],
            })  # fmt: skip
        return {"problem": row.problem, "version": row.version, "champion": row.champion, "attempts": attempts}


def record(runs: list[Path]) -> None:
    """Add the runs of a problem to the recording, in place of earlier ones."""
    held = read() if FILE.exists() else {}
    made = {way: recorded(run) for way, run in zip(WAYS, runs, strict=True)}
    problem = made[WAYS[0]]["problem"]
    held[problem] = made | {"families": [i.family for i in catalog.load(problem).instances(Split.VALIDATION)]}
    FILE.write_bytes(lzma.compress(json.dumps(held).encode(), preset=9 | lzma.PRESET_EXTREME))


def read() -> dict[str, Any]:
    """The recording: by problem, the run of each way and the instance classes of validation."""
    held: dict[str, Any] = json.loads(lzma.decompress(FILE.read_bytes()))
    return held


def best(run: dict[str, Any], answers: int) -> dict[str, Any]:
    """The attempt with the least gap on train among the starts and the first answers."""
    starts = [a for a in run["attempts"] if a["kind"] == "seed"]
    given = [a for a in run["attempts"] if a["kind"] != "seed"][:answers]
    chosen: dict[str, Any] = min((a for a in [*starts, *given] if a["status"] == "ok"), key=lambda a: a["train"])
    return chosen


def figures() -> dict[str, Any]:
    """By problem: the best of each way after as many answers as the shortest run has, and how the first differs from the others."""
    told: dict[str, Any] = {}
    for problem, runs in read().items():
        answers = min(sum(a["kind"] != "seed" for a in runs[way]["attempts"]) for way in WAYS)
        start = min(a["validation"] for a in runs[WAYS[0]]["attempts"] if a["kind"] == "seed")
        found = {way: best(runs[way], answers) for way in WAYS}
        ways: dict[str, Any] = {}
        for way, one in found.items():
            ways[way] = {key: one[key] for key in ("number", "train", "validation", "idea")}
            if way != WAYS[0]:
                first = found[WAYS[0]]
                interval = paired_interval(first["instances"], one["instances"], families=runs["families"], confidence=0.95)
                ways[way]["first_less"] = [first["validation"] - one["validation"], interval.low, interval.high]
        told[problem] = {"answers": answers, "start": start, "ways": ways}
    return told


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--record", nargs=3, type=Path, metavar="RUN")
    options = parser.parse_args()
    if options.record:
        record(options.record)
    made = figures()
    if options.json:
        print(json.dumps(made))
        return
    for problem, one in made.items():
        print(f"{problem}: the best on train after {one['answers']} answers each; best start on validation {one['start']:.2%}")
        for way, f in one["ways"].items():
            line = f"  {way:11} no. {f['number']}: train {f['train']:.2%}, validation {f['validation']:.2%}"
            if "first_less" in f:
                mean, low, high = (100 * value for value in f["first_less"])
                line += f"; adaptive is {mean:+.2f} points [{low:+.2f}, {high:+.2f}] from it"
            print(line)


if __name__ == "__main__":
    main()
