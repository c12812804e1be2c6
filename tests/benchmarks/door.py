"""What the door for agents costs: ms per ticket, and per submission beyond its evaluation.

python -m tests.benchmarks.door [--json] [--submissions 50]

The session is a process of its own on the toy problem; what is measured is the Python API, as the MCP server calls it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from workbench.api import agents

TOY = Path(__file__).parent.parent / "toy"


def measure(submissions: int) -> dict[str, float]:
    """Medians in milliseconds."""
    with tempfile.TemporaryDirectory() as runs:
        began = time.perf_counter()
        run = agents.open_session(TOY, attempts=submissions, runs=runs)
        opened = time.perf_counter() - began
        taking, answering, numbers = [], [], []
        for k in range(submissions):
            before = time.perf_counter()
            ticket = agents.take_ticket(run, runs=runs)
            between = time.perf_counter()
            found = agents.submit(run, f"def f(x, a):\n    return a * x + {k}\n", ticket=ticket.ticket, runs=runs)
            taking.append(between - before)
            answering.append(time.perf_counter() - between)
            numbers.append(found.candidate)
        evaluating = {a.number: a.seconds or 0.0 for a in agents.history(run, runs=runs)}
        beyond = [took - evaluating[number] for took, number in zip(answering, numbers, strict=True)]
        return {
            "open_s": round(opened, 2),
            "ticket_ms": round(1000 * statistics.median(taking), 1),
            "submission_ms": round(1000 * statistics.median(answering), 1),
            "beyond_evaluation_ms": round(1000 * statistics.median(beyond), 1),
        }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--submissions", type=int, default=50)
    options = parser.parse_args()
    found = measure(options.submissions)
    if not options.json:
        for name, value in found.items():
            print(f"{name:>22}  {value:8.2f}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
