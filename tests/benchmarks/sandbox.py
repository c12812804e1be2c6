"""What isolation costs: milliseconds to load a program, microseconds a decision, with the caller on the same CPU or any.

python -m tests.benchmarks.sandbox --json [--programs 300] [--decisions 20000]

Medians, with the fastest beside them (on a busy machine the fastest is nearer to the cost itself).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from workbench.model import Limits, Program
from workbench.sandbox import describe, open_sandbox, probe

ECHO = Program("import numpy as np\n\ndef solve(x):\n    return x\n", "solve")
LIMITS = Limits(seconds=10.0, reply_bytes=1 << 30)


@contextmanager
def pinned(cpu: int | None) -> Iterator[None]:
    """Bind this process to a CPU for a while."""
    before = os.sched_getaffinity(0)
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def figures(times: list[float], unit: float) -> dict[str, float]:
    """Median and minimum in `unit` seconds."""
    return {"median": round(statistics.median(times) / unit, 2), "fastest": round(min(times) / unit, 2)}


def measure(isolation: str, cpu: int | None, programs: int, decisions: int, spares: int = 1) -> dict[str, Any]:
    """Load `programs` fresh programs with one call each, then make `decisions` calls to one."""
    with pinned(cpu):
        began = time.perf_counter()
        sandbox = open_sandbox(isolation=isolation, cpu=cpu, spares=spares)
        started = time.perf_counter() - began
        try:
            loads, calls = [], []
            first = time.perf_counter()
            for number in range(programs):
                began = time.perf_counter()
                with sandbox.open(ECHO, LIMITS) as session:
                    session(number)
                loads.append(time.perf_counter() - began)
            rate = programs / (time.perf_counter() - first)
            with sandbox.open(ECHO, LIMITS) as session:
                for number in range(decisions):
                    began = time.perf_counter()
                    session(number)
                    calls.append(time.perf_counter() - began)
                    session.next_instance()
        finally:
            sandbox.close()
    return {
        "start_ms": round(started * 1e3, 1),
        "ms_per_program": figures(loads, 1e-3),
        "programs_per_second": round(rate, 1),
        "us_per_decision": figures(calls, 1e-6),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--programs", type=int, default=300)
    parser.add_argument("--decisions", type=int, default=20_000)
    parser.add_argument("--json", action="store_true", help="one JSON value as the last line")
    options = parser.parse_args()
    cpu = max(os.sched_getaffinity(0))
    found: dict[str, Any] = {}
    if probe() != "none":
        level = probe()
        found[f"{level}, one CPU"] = measure(level, cpu, options.programs, options.decisions)
        found[f"{level}, any CPU"] = measure(level, None, options.programs, options.decisions)
        found[f"{level}, any CPU, 2 spares"] = measure(level, None, options.programs, options.decisions, spares=2)
    found["none"] = measure("none", None, max(5, options.programs // 20), options.decisions)
    if options.json:
        print(json.dumps({"kernel": describe()["kernel"], "loadavg": os.getloadavg()[0], **found}))
    else:
        for name, row in found.items():
            load, call = row["ms_per_program"], row["us_per_decision"]
            print(
                f"{name:26} {load['median']:7.2f} ms a program (fastest {load['fastest']:.2f})"
                f"  {call['median']:7.2f} us a decision (fastest {call['fastest']:.2f})"
            )


if __name__ == "__main__":
    main()
