"""What engines cost: ms per candidate of each, and of our own search, on a model that answers at once.

python -m tests.benchmarks.engines [--candidates 400] [--engine openevolve --engine gepa] [--json]

The same run each time (isolated evaluation on the toy problem, four calls under way, everything recorded), only the controller
differs. The figure is the mean from the first to the last candidate of a run; an engine whose package is missing is left out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from tests.benchmarks.overhead import instant_model, ours
from workbench import engines
from workbench.errors import UsageError

OPTIONS = {"openevolve": ("--opt", "diff=false")}
"""The model answers with whole programs."""


def measure(candidates: int, names: list[str]) -> dict[str, float]:
    """Milliseconds per candidate of each, one after the other on the same machine."""
    found = {}
    for name in ("islands", *names):
        if name != "islands":
            try:
                engines.make(name)
            except UsageError as error:
                print(error)
                continue
        extra = () if name == "islands" else ("--engine", name, *OPTIONS.get(name, ()))
        with instant_model() as address, tempfile.TemporaryDirectory() as folder:
            times = ours(address, candidates, str(Path(folder) / "runs"), "--concurrency", "4", *extra)
        found[name] = round((max(times) - min(times)) / (candidates - 1) * 1000, 2)
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=400)
    parser.add_argument("--engine", action="append", choices=engines.names())
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.candidates, options.engine or engines.names())
    if options.json:
        print(json.dumps(found))
        return
    for name, milliseconds in found.items():
        print(f"{name:>20}  {milliseconds:8.2f} ms per candidate")


if __name__ == "__main__":
    main()
