"""Seconds from a click to what it asked for, in a headless Chromium, on a store of any size; and what the server took.

python -m tests.benchmarks.clicks RUNS [--run wide-1] [--repeat 3] [--chromium PATH] (make RUNS with tests.benchmarks.big_store)

Beside the seconds stand the server's CPU seconds: on a busy machine a browser without a graphics card waits for its turn.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.benchmarks.watching import ARGUMENTS, TROUBLE, cpu, resident
from tests.ui.served import serve

CHART = "[data-testid=stVegaLiteChart] :is(svg, canvas)"
RUN = {"Programs": "[data-testid=stDataFrame]", "Lineage": "came about", "Archive": "cells are filled",
       "Failures": "failed attempts", "Spend & models": "gap lowered by", "Messages": "does not show causation",
       "Log": "improvement", "Progress": CHART}  # fmt: skip
PROGRAM = {"Diff": ".diff", "Ancestors": "steps,", "Instances": "Against the best baseline", "Prompt & response": "Asked",
           "Certificate": "held-out test set"}  # fmt: skip
PAGES = {"Problems": "Proven optimal", "Playground": "Tab indents", "Settings": "By model", "Runs": "Click a run's name",
         "Run": "Best validation gap"}  # fmt: skip
"""What each tab and page shows once it is there: a style's name, or words."""


class Clicks:
    """A browser before a server, and how long each kind of click took."""

    def __init__(self, page: Any, server: int) -> None:
        self.page, self.server = page, server
        self.found: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def seen(self, what: str) -> Any:
        """What has to come."""
        return self.page.locator(what) if what[0] in ".[" else self.page.get_by_text(what)

    def time(self, name: str, click: Any, what: str) -> None:
        """Do it and wait for it."""
        before, began = cpu(self.server), time.perf_counter()
        click()
        self.seen(what).first.wait_for()
        took = time.perf_counter() - began
        time.sleep(0.3)  # the rest of the script belongs to the same click
        self.found[name].append((took, cpu(self.server) - before))


def walk(clicks: Clicks, repeat: int) -> None:
    """Every tab of a run and of its champion, a comparison, and every other page."""
    page = clicks.page

    def press(name: str) -> Any:
        return page.get_by_role("button", name=re.compile(f"{name}$")).first.click

    def tab(name: str) -> Any:
        return page.get_by_role("tab", name=name, exact=True).click

    for _ in range(repeat):
        for name, what in RUN.items():
            clicks.time(f"run, {name}", tab(name), what)
        clicks.time("run, open the champion", press("Open"), "Changes since")
        for name, what in PROGRAM.items():
            clicks.time(f"program, {name}", tab(name), what)
        clicks.time("program, compare", press("Compare"), "compared against")
        for name, what in PAGES.items():
            clicks.time(f"to {name}", page.get_by_role("link", name=re.compile(rf"{name}( & cost)?$")).click, what)


def main() -> None:
    """Print a line a click: the first, the median of all, CPU seconds of the server; then its memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--run", default="wide-1")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with serve(options.runs) as served, sync_playwright() as playwright:
        server = served.process
        page = playwright.chromium.launch(executable_path=options.chromium, args=ARGUMENTS).new_page()
        page.set_default_timeout(120_000)
        clicks = Clicks(page, server.pid)
        clicks.time("open the dashboard", lambda: page.goto(served.printed), "Click a run's name")
        clicks.time("open a run's address", lambda: page.goto(served.page(f"run?run={options.run}")), CHART)
        walk(clicks, options.repeat)
        memory = resident(server.pid)
        trouble = [line for line in served.log.read_text().splitlines() if TROUBLE.search(line)]
    for name, times in clicks.found.items():
        wall, own = ([pair[k] for pair in times] for k in (0, 1))
        each, server_s = statistics.median(wall), statistics.median(own)
        print(f"{name:28} first {wall[0]:5.2f} s, median {each:5.2f} s, server {server_s:.2f} s of CPU")
    print(f"server {memory:.0f} MB", *trouble, sep="\n")


if __name__ == "__main__":
    main()
