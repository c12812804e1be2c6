"""Does an open page slow a run down? Attempts without and with a watching browser, in turns, and what server and browser took.

Where browser, server and run share few cores, attempts a minute tell who had the processor; attempts a second of the run's own
CPU time tell whether the run had to work or wait more for each.

python -m tests.benchmarks.watching [--minutes 10] [--window 60] [--follow] [--chromium /usr/bin/chromium] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.ui.served import serve
from workbench.errors import WorkbenchError
from workbench.problem import catalog
from workbench.store import Store

TOY = Path(__file__).parent.parent / "toy"
EVOLVE = [sys.executable, "-m", "workbench.cli"]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
TROUBLE = re.compile(r"Traceback|locked|Error|Exception")
"""What must not be in the server's log."""


@contextlib.contextmanager
def process(command: list[str], log: Path | None = None, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block; what it says goes into a file."""
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(log.open("w")) if log else subprocess.PIPE
        began = subprocess.Popen(command, cwd=catalog.root(), stdout=out, stderr=subprocess.STDOUT, text=True, **more)
        try:
            yield began
        finally:
            began.terminate()
            began.wait(60)


class Turn(NamedTuple):
    """What happened while the page was open or closed: attempts, seconds, and CPU seconds of run, server and browser."""

    attempts: float
    seconds: float
    run: float
    server: float
    browser: float


def attempts(runs: Path) -> int:
    """Attempts recorded so far."""
    with Store(runs, write=False) as store:
        return int(store.runs()[0].attempts)


def cpu(pid: int) -> float:
    """Seconds of CPU time that a process and all below it have taken."""
    below: dict[int, list[int]] = {}
    took: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = path.read_text().rpartition(")")[2].split()
            below.setdefault(int(words[1]), []).append(int(path.parent.name))
            took[int(path.parent.name)] = sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")  # with children that are gone
    total, left = 0.0, [pid]
    while left:
        one = left.pop()
        total += took.get(one, 0.0)
        left += below.get(one, [])
    return total


def resident(pid: int) -> float:
    """Megabytes that a process has held at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


def measure(runs: Path, minutes: float, window: float, follow: bool, chromium: str) -> dict[str, Any]:
    """Turns of a closed and an open page over a run that goes on all the time."""
    from playwright.sync_api import sync_playwright

    model = [sys.executable, "-m", "tests.benchmarks.instant_model", "0.05"]
    with process(model, stdin=subprocess.PIPE) as serving, serve(runs) as served, sync_playwright() as playwright:
        assert serving.stdout is not None
        server = served.process
        base = serving.stdout.readline().strip()
        words = [str(TOY), "--model", "openai/instant", "--api-base", base, "-n", "1000000", "--runs", str(runs)]
        with process([*EVOLVE, "run", *words], runs / "run.log") as run:
            while True:
                with contextlib.suppress(WorkbenchError, IndexError):
                    if attempts(runs) > 50:
                        break
                time.sleep(0.5)
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            turns: dict[bool, list[Turn]] = {False: [], True: []}
            wal = 0.0
            for turn in range(max(2, round(minutes * 60 / window))):
                watched = turn % 2 == 1
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                if watched:
                    page.goto(served.page("run"))
                    page.get_by_text("Best validation gap").wait_for(timeout=60_000)
                    if follow:
                        page.locator("label", has_text="Follow").click()

                def state() -> Turn:
                    everyone = cpu(os.getpid()) - cpu(run.pid) - cpu(server.pid) - cpu(serving.pid)
                    return Turn(attempts(runs), time.monotonic(), cpu(run.pid), cpu(server.pid), everyone)

                before = state()
                while time.monotonic() < before.seconds + window:
                    page.wait_for_timeout(1000)
                    wal = max(wal, (runs / "evolve.db-wal").stat().st_size / 1e6)
                turns[watched].append(Turn(*(b - a for a, b in zip(before, state(), strict=True))))
                page.close()
            browser.close()
            memory, made = resident(server.pid), attempts(runs)
        told = served.log.read_text() + (runs / "run.log").read_text()
    return {
        "attempts": made, "closed": [t._asdict() for t in turns[False]], "open": [t._asdict() for t in turns[True]],
        "largest_wal_mb": wal, "server_mb": memory, "trouble": [line for line in told.splitlines() if TROUBLE.search(line)],
    }  # fmt: skip


def rates(turn: dict[str, float]) -> tuple[float, float, float, float]:
    """Attempts a minute and a second of the run's CPU time; the share of a core that server and browser took."""
    seconds = turn["seconds"]
    return turn["attempts"] / seconds * 60, turn["attempts"] / turn["run"], turn["server"] / seconds, turn["browser"] / seconds


def main() -> None:
    """Print both rates, the largest write-ahead log, the server's memory, and every line of trouble."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--window", type=float, default=60.0)
    parser.add_argument("--follow", action="store_true", help="the dearest a page can be: it redraws its charts all the time")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evolve-watching-") as place:
        found = measure(Path(place), options.minutes, options.window, options.follow, options.chromium)
    if options.json:
        print(json.dumps(found))
        return
    for name in ("closed", "open"):
        minute, second, server, browser = map(statistics.median, zip(*map(rates, found[name]), strict=True))
        print(f"page {name:6} {minute:6.0f} attempts a minute, {second:5.1f} a second of the run's CPU time; of a core the server "
              f"takes {server:.0%}, the browser {browser:.0%}")  # fmt: skip
    print(f"{found['attempts']:,} attempts; largest WAL {found['largest_wal_mb']:.1f} MB, server {found['server_mb']:.0f} MB")
    print("\n".join(found["trouble"]) or "no exception, no lock in the logs")


if __name__ == "__main__":
    main()
