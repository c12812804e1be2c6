"""A long run: whether the host's memory stays flat and nothing is left, with a model that answers at once.

python -m tests.benchmarks.soak [--candidates 20000] [--json]

Memory (resident, MB) and open descriptors of the host are read every second, by the number of candidates recorded then; after
the run the processes that it began and the files in its temporary folder are counted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.kills import alive, below
from tests.benchmarks.overhead import ROOT, instant_model
from workbench.errors import WorkbenchError
from workbench.store import Store

WARM = 2000
"""Candidates after which caches and islands are full."""


def resident(pid: int) -> float:
    """Resident memory of a process, MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def recorded(runs: Path) -> int:
    """Candidates recorded so far."""
    with contextlib.suppress(WorkbenchError, IndexError), Store(runs, write=False) as store:
        return int(store.runs()[0].attempts)
    return 0


def measure(candidates: int) -> dict[str, Any]:
    """One run, watched from outside."""
    watched: list[tuple[int, float, int]] = []
    seen: set[int] = set()
    with instant_model() as address, tempfile.TemporaryDirectory() as name:
        runs, temporary = Path(name) / "runs", Path(name) / "tmp"
        temporary.mkdir()
        model = ["--proposer", "litellm", "--model", "instant", "--api-base", address, "--concurrency", "8", "--tune-trials", "0"]
        command = [
            sys.executable,
            "-m",
            "workbench.cli",
            "run",
            "tests/toy",
            "-n",
            str(candidates),
            "--runs",
            str(runs),
            *model,
        ]
        environment = os.environ | {"TMPDIR": str(temporary)}
        began = time.monotonic()
        host = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while host.poll() is None:
            with contextlib.suppress(OSError, ValueError, IndexError):  # it ends while it is read
                seen |= set(below(host.pid))
                descriptors = len(list(Path(f"/proc/{host.pid}/fd").iterdir()))
                watched.append((recorded(runs), resident(host.pid), descriptors))
            time.sleep(1.0)
        seconds = time.monotonic() - began
        time.sleep(1.0)
        left = [pid for pid in seen if alive(pid)]
        files = [str(p.relative_to(temporary)) for p in temporary.rglob("*")]
        done = recorded(runs)
        size = sum(p.stat().st_size for p in runs.iterdir()) / 1e6
    warm = [w for w in watched if w[0] >= min(WARM, candidates // 2)]
    first, last = warm[: max(1, len(warm) // 10)], warm[-max(1, len(warm) // 10) :]
    memory = [statistics.median(w[1] for w in part) for part in (first, last)]
    return {
        "candidates": done,
        "exit": host.returncode,
        "seconds": round(seconds, 1),
        "memory_mb": {"warm": round(memory[0], 1), "end": round(memory[1], 1)},
        "growth": round(memory[1] / memory[0] - 1, 3),
        "descriptors": {"warm": first[0][2], "end": last[-1][2]},
        "processes_left": len(left),
        "temporary_files_left": files,
        "store_mb": round(size, 1),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=20_000)
    parser.add_argument("--json", action="store_true", help="the last line is JSON in any case")
    print(json.dumps(measure(parser.parse_args().candidates)))


if __name__ == "__main__":
    main()
