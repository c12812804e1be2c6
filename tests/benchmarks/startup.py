"""From the start of a run to its first recorded attempt, in seconds: built-in operators, a model, resume, and Start on a page.

python -m tests.benchmarks.startup [--json] [--problem total_tardiness] [--rounds 3] [--tree FOLDER]

A model is a server that answers at once with a baseline of the problem. `all` is the whole of `evolve run -n 1` with it. With
`--tree` the commands of another checkout are measured.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

from tests.benchmarks.instant_model import Handler
from workbench.problem import catalog

ROOT = Path(__file__).resolve().parents[2]
FIRST = "SELECT min(created) FROM candidates WHERE operator != 'seed' AND created > ?"
PAGE = "import pathlib, sys; from ui import actions; actions.start_run(pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:])"


@contextlib.contextmanager
def serving(source: str) -> Iterator[str]:
    """A model that answers every request with a program."""

    class Answering(Handler):
        def text(self) -> str:
            return f"```python\n{source}\n```"

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()


def opened(runs: Path) -> sqlite3.Connection:
    """The database of a runs folder, to be read; an error while it is not made yet."""
    return sqlite3.connect(f"file:{runs}/evolve.db?mode=ro", uri=True, timeout=30)


def first_attempt(runs: Path, begin: Callable[[], subprocess.Popen[bytes]]) -> tuple[float, float]:
    """Seconds from the start of a command to its first recorded attempt, and to its end."""
    began = time.time()
    process = begin()
    code = process.wait()
    ended = time.time()
    while True:  # the process of a page ends before its run
        at = None
        with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(opened(runs)) as store:
            (at,) = store.execute(FIRST, (began,)).fetchone()
        if at is not None:
            return at - began, ended - began
        if code or time.time() - began > 300:
            raise SystemExit(f"no attempt was recorded (exit code {code})")
        time.sleep(0.05)


def measure(problem: str, tree: Path) -> dict[str, float]:
    """Each case once."""
    loaded = catalog.load(problem)
    answer = loaded.program(loaded.references.ranking[0][0]).source
    with tempfile.TemporaryDirectory() as folder, serving(answer) as base:
        environment = os.environ | {"PYTHONPATH": str(tree), "EVOLVE_STATE": f"{folder}/state"}

        def command(*words: str) -> Callable[[], subprocess.Popen[bytes]]:
            return lambda: subprocess.Popen(
                [sys.executable, *words], cwd=tree, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )

        model = ("--model", "instant", "--api-base", base, "--style", "full")
        found = dict[str, float]()
        runs = Path(folder, "builtin")
        run = ("-m", "workbench.cli", "run", loaded.slug, "--runs")
        found["builtin"], _ = first_attempt(runs, command(*run, str(runs), "--proposer", "builtin", "-n", "1"))
        runs = Path(folder, "model")
        found["model"], found["all"] = first_attempt(runs, command(*run, str(runs), "-n", "1", *model))
        resume = ("-m", "workbench.cli", "resume", "latest", "--runs", str(runs), "-n", "2")
        found["resume"], _ = first_attempt(runs, command(*resume))
        runs = Path(folder, "page")
        runs.mkdir()
        found["page"], _ = first_attempt(runs, command("-c", PAGE, str(runs), loaded.slug, "-n", "1", *model))
        return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--problem", default="scheduling/total_tardiness")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tree", type=Path, default=ROOT)
    options = parser.parse_args()
    rounds = [measure(options.problem, options.tree.resolve()) for _ in range(options.rounds)]
    found = {case: round(statistics.median(one[case] for one in rounds), 2) for case in rounds[0]}
    if not options.json:
        for case, seconds in found.items():
            print(f"{case:>8}  {seconds:6.2f} s  (of {', '.join(f'{one[case]:.2f}' for one in rounds)})")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
