"""Milliseconds that each page's script takes, warm, on a store of any size; CPU time beside wall time tells a busy machine.

python -m tests.benchmarks.dashboard RUNS [--run wide-1] [--repeat 5] [--json]   (make RUNS with tests.benchmarks.big_store)
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import statistics
import time
from pathlib import Path
from typing import Any

from streamlit import config
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parent.parent.parent / "ui" / "app.py"
TABS = {
    "runs": ("",),
    "run": ("Progress", "Programs", "Lineage", "Archive", "Failures", "Spend & models", "Messages", "Log"),
    "program": ("Code", "Diff", "Ancestors", "Instances", "Prompt & response", "Certificate"),
    "compare": ("What differs in the runs", "Code"),
    "problems": ("Statement", "Instances", "Baselines", "Programs"),
    "playground": ("",),
    "settings": ("Cost",),
}


def timed(seconds: list[tuple[float, float]]) -> Any:
    """Wrap what runs a page's script, so that the harness around it is left out of the figures."""
    run = script_runner.ScriptRunner._run_script

    def wrapped(self: Any, *words: Any, **more: Any) -> Any:
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            return run(self, *words, **more)
        finally:
            seconds.append((time.perf_counter() - wall, time.thread_time() - cpu))

    return wrapped


def query(page: str, tab: str, run: str, problem: str) -> dict[str, str]:
    """What the address of a page says."""
    if page == "compare":
        return {"p": run, "below": tab}
    named = {"run": {"run": run}, "program": {"run": run}, "problems": {"problem": problem}, "playground": {"problem": problem}}
    return {**named.get(page, {}), **({"tab": tab} if tab else {})}


def main() -> None:
    """Print a line a page and tab: first run, then the median of the warm ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--run", default="wide-1")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    config.set_option("runner.magicEnabled", False)
    seconds: list[tuple[float, float]] = []
    script_runner.ScriptRunner._run_script = timed(seconds)  # type: ignore[method-assign]
    found = []
    for page, tabs in TABS.items():
        for tab in tabs:
            app = AppTest.from_file(str(APP), default_timeout=600)
            app.session_state["runs_folder"] = str(options.runs / "nothing-here")
            app.run()
            app.session_state["runs_folder"] = str(options.runs)
            app.switch_page(f"views/{page}.py")
            app.query_params.update(query(page, tab, options.run, "tests/wide"))
            seconds.clear()
            for _ in range(1 + options.repeat):
                app.run()
                assert not app.exception, app.exception[0].stack_trace
            first, *warm = seconds
            wall, cpu = (statistics.median(pair[k] for pair in warm) * 1000 for k in (0, 1))
            found.append({"page": page, "tab": tab, "first_ms": first[0] * 1000, "warm_ms": wall, "warm_cpu_ms": cpu})
            if not options.json:
                print(f"{page:10} {tab:24} first {first[0] * 1000:7.0f} ms   warm {wall:6.0f} ms, {cpu:6.0f} ms of CPU")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"pages": found, "memory_mb": memory}) if options.json else f"memory {memory:.0f} MB")


if __name__ == "__main__":
    main()
