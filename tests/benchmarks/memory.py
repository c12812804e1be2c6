"""What it is worth to tell a model what was tried: recorded answers of a strong model, with the memory of a run and without it.

python -m tests.benchmarks.memory [--json]
python -m tests.benchmarks.memory --record RUN RUN --runs FOLDER    add a pair of runs: one with memory, one without

Each prompt was answered by itself: whoever answered had not seen the other prompts or any result. The two runs of a problem
differ in the table of earlier attempts alone, which the prompts of the second left out. All programs are compared on validation,
which no prompt told of. Intervals resample the instances of validation within their classes (95 %): they tell whether two
programs differ, not what another pair of runs would give.
"""

from __future__ import annotations

import argparse
import json
import lzma
from pathlib import Path
from typing import Any, NamedTuple

from workbench.analysis.stats import paired_interval
from workbench.api.judging import evaluate
from workbench.model import Split, Status
from workbench.problem import catalog
from workbench.store import Store

FILE = Path(__file__).parent / "recordings" / "memory.json.xz"
WITH, WITHOUT = "with memory", "without"


class Difference(NamedTuple):
    """A difference of gaps on validation, below 0 where memory is better, with its interval."""

    mean: float
    low: float
    high: float


class Found(NamedTuple):
    """What came of a run: its answers, the champion's gaps, and the best gap on train after 5, 10, ... answers."""

    answers: int
    valid: int
    better_than_start: int
    champion: int
    train: float
    validation: float
    mean_validation: float
    curve: list[float]
    prompt_bytes: int


def found(run: dict[str, Any]) -> Found:
    """Count what came of a run."""
    starts = [a for a in run["attempts"] if a["kind"] == "seed"]
    answers = [a for a in run["attempts"] if a["kind"] != "seed"]
    valid = [a for a in answers if a["status"] == "ok"]
    best = min(a["validation"] for a in starts)
    chosen = champion(run)
    gaps = [a["train"] if a["status"] == "ok" else float("inf") for a in answers]
    least = min(a["train"] for a in starts)
    return Found(
        len(answers), len(valid), sum(a["validation"] < best for a in valid),
        run["champion"], chosen["train"], chosen["validation"],
        sum(a["validation"] for a in valid) / len(valid),
        [min([least, *gaps[:n]]) for n in range(5, len(gaps) + 1, 5)],
        sum(len(a["prompt"].encode()) for a in answers) // len(answers),
    )  # fmt: skip


def champion(run: dict[str, Any]) -> dict[str, Any]:
    """The attempt that a run chose in the end."""
    chosen: dict[str, Any] = next(a for a in run["attempts"] if a["number"] == run["champion"])
    return chosen


def difference(one: dict[str, Any], other: dict[str, Any], families: list[str]) -> Difference:
    """Compare the champions of two runs on validation."""
    a, b = champion(one)["instances"], champion(other)["instances"]
    interval = paired_interval(a, b, families=families, confidence=0.95)
    return Difference(champion(one)["validation"] - champion(other)["validation"], interval.low, interval.high)


def recorded(run: str, runs: Path) -> dict[str, Any]:
    """A run with its prompts, answers and gaps; every valid program is evaluated on validation."""
    with Store(runs, write=False) as store:
        row = store.run(run)
        told = {paid.number: paid.call for paid in store.calls(row.id)}
        attempts = []
        for c in store.candidates(row.id):
            call, ok = told.get(c.number), c.status is Status.OK
            judged = evaluate(row.problem, c.program, split=Split.VALIDATION) if ok and c.program else None
            attempts.append({
                "number": c.number, "kind": c.operator, "parents": c.parents, "status": c.status.value, "idea": c.idea,
                "message": c.message,
                "prompt": call.prompt.user if call else "", "answer": call.text if call else "",
                "train": c.gap if ok else None, "validation": judged and judged.gap,
                "instances": [round(r.gap, 6) for r in judged.results] if judged else [],
            })  # fmt: skip
        return {"problem": row.problem, "version": row.version, "champion": row.champion, "attempts": attempts}


def record(pair: list[str], runs: Path) -> None:
    """Add a pair of runs to the recording, in place of an earlier one of their problem."""
    held = read() if FILE.exists() else {}
    made = dict(zip((WITH, WITHOUT), (recorded(run, runs) for run in pair), strict=True))
    problem = made[WITH]["problem"]
    held[problem] = made | {"families": [i.family for i in catalog.load(problem).instances(Split.VALIDATION)]}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(lzma.compress(json.dumps(held).encode(), preset=9 | lzma.PRESET_EXTREME))


def read() -> dict[str, Any]:
    """The recording: by problem, the two runs and the instance classes of validation."""
    held: dict[str, Any] = json.loads(lzma.decompress(FILE.read_bytes()))
    return held


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--record", nargs=2, metavar="RUN")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    options = parser.parse_args()
    if options.record:
        record(options.record, options.runs)
    figures: dict[str, Any] = {}
    for problem, pair in read().items():
        ways = {way: found(pair[way])._asdict() for way in (WITH, WITHOUT)}
        figures[problem] = ways | {"difference": difference(pair[WITH], pair[WITHOUT], pair["families"])._asdict()}
    if options.json:
        print(json.dumps(figures))
        return
    for problem, ways in figures.items():
        print(problem)
        for way in (WITH, WITHOUT):
            f = ways[way]
            curve = " ".join(f"{gap:.2%}" for gap in f["curve"])
            print(
                f"  {way:12} champion {f['champion']}: train {f['train']:.2%}, validation {f['validation']:.2%}; "
                f"{f['better_than_start']} of {f['answers']} answers beat the best start there, mean {f['mean_validation']:.2%}; "
                f"best on train after 5, 10, ...: {curve}; {f['prompt_bytes']:,} bytes a prompt"
            )
        d = ways["difference"]
        print(f"  champions on validation: {d['mean'] * 100:+.2f} points [{d['low'] * 100:+.2f}, {d['high'] * 100:+.2f}]")


if __name__ == "__main__":
    main()
