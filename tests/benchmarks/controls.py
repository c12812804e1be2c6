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

from tests.benchmarks.memory import champion, difference, found, recorded
from workbench.model import Split
from workbench.problem import catalog

FILE = Path(__file__).parent / "recordings" / "controls.json.xz"
WAYS = ("adaptive", "openevolve", "best_of_n")


def record(runs: list[Path]) -> None:
    """Add the runs of a problem to the recording, in place of earlier ones."""
    held = read() if FILE.exists() else {}
    made = {way: recorded(run.name, run.parent) for way, run in zip(WAYS, runs, strict=True)}
    problem = made[WAYS[0]]["problem"]
    held[problem] = made | {"families": [i.family for i in catalog.load(problem).instances(Split.VALIDATION)]}
    FILE.write_bytes(lzma.compress(json.dumps(held).encode(), preset=9 | lzma.PRESET_EXTREME))


def read() -> dict[str, Any]:
    """The recording: by problem, the run of each way and the instance classes of validation."""
    held: dict[str, Any] = json.loads(lzma.decompress(FILE.read_bytes()))
    return held


def figures() -> dict[str, Any]:
    """By problem, what came of each way, and how the first differs from the others on validation."""
    told: dict[str, Any] = {}
    for problem, runs in read().items():
        told[problem] = {way: found(runs[way])._asdict() for way in WAYS}
        first = runs[WAYS[0]]
        for way in WAYS[1:]:
            told[problem][way]["difference"] = difference(first, runs[way], runs["families"])._asdict()
        for way in WAYS:
            valid = [a for a in runs[way]["attempts"] if a["kind"] != "seed" and a["status"] == "ok"]
            told[problem][way] |= {"least_validation": min(a["validation"] for a in valid), "chosen": champion(runs[way])["number"]}
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
    for problem, ways in made.items():
        print(problem)
        for way, f in ways.items():
            curve = " ".join(f"{gap:.2%}" for gap in f["curve"])
            line = f"  {way:11}{f['valid']:3} of {f['answers']} valid; best on train after 5, 10: {curve}; champion {f['chosen']}: "
            line += f"train {f['train']:.2%}, validation {f['validation']:.2%}; {f['better_than_start']} beat the best start there"
            if d := f.get("difference"):
                line += f"; adaptive {d['mean'] * 100:+.2f} points [{d['low'] * 100:+.2f}, {d['high'] * 100:+.2f}] against it"
            print(line)


if __name__ == "__main__":
    main()
