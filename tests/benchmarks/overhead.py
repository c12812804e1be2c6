"""What the framework itself costs: ms per candidate against a model that answers at once, beside OpenEvolve in the same run.

python -m tests.benchmarks.overhead [--json] [--candidates 10000] [--peer-iterations 400]

Ours goes through litellm, evaluates isolated (18 decisions over 6 instances), and commits every candidate; OpenEvolve's evaluator
hashes the file in the worker's process. The figure at N is the mean over the last candidates before the N-th.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.store import Store

ROOT = Path(__file__).parent.parent.parent


@contextlib.contextmanager
def instant_model(delay: float = 0.0, rounds: int = 0) -> Iterator[str]:
    """Address of a model server of its own process."""
    command = [sys.executable, "-m", "tests.benchmarks.instant_model", str(delay), str(rounds)]
    server = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        yield server.stdout.readline().strip()
    finally:
        server.communicate("")


def ours(address: str, candidates: int, runs: str, *extra: str) -> list[float]:
    """Seconds since the run's first attempt at which each candidate was recorded, by a real `evolve run`."""
    command = [sys.executable, "-m", "workbench.cli", "run", "tests/toy", "--proposer", "litellm", "--model", "instant",
               "--api-base", address, "-n", str(candidates), "--runs", runs, "--json", "--tune-trials", "0", *extra]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with Store(runs, write=False) as store:
        attempts = store.attempts(store.run("latest").id)
    assert sum(a.status == "ok" for a in attempts) >= candidates, "every answer of the instant model is a valid program"
    began = max(a.created for a in attempts if a.operator == "seed")
    return [a.created - began for a in attempts if a.operator != "seed"]


def openevolve(address: str, iterations: int, folder: Path) -> float:
    """Milliseconds an iteration of OpenEvolve, two workers."""
    import yaml
    from openevolve import OpenEvolve
    from openevolve.config import load_config

    (folder / "start.py").write_text("# EVOLVE-BLOCK-START\ndef f(x, a):\n    return x\n# EVOLVE-BLOCK-END\n")
    (folder / "judge.py").write_text(
        "import zlib\n\ndef evaluate(path):\n    return {'combined_score': zlib.crc32(open(path).read().encode()) % 1000 / 1000}\n"
    )
    settings = {
        "max_iterations": iterations, "checkpoint_interval": 10**9, "log_level": "ERROR", "diff_based_evolution": False,
        "llm": {"api_base": address, "api_key": "none", "models": [{"name": "instant", "weight": 1.0}]},
        "database": {"population_size": 100_000, "archive_size": 100, "num_islands": 4, "log_prompts": False},
        "evaluator": {"parallel_evaluations": 2, "timeout": 30, "cascade_evaluation": False},
    }  # fmt: skip
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings))
    config = load_config(str(folder / "settings.yaml"))
    evolution = OpenEvolve(str(folder / "start.py"), str(folder / "judge.py"), config=config, output_dir=str(folder / "out"))
    began = time.perf_counter()
    asyncio.run(evolution.run(iterations=iterations))
    assert len(evolution.database.programs) > iterations / 2
    return (time.perf_counter() - began) / iterations * 1000


def measure(candidates: int, peer_iterations: int) -> dict[str, Any]:
    """All figures, one after the other on the same machine."""
    found: dict[str, Any] = {"ms_per_candidate": {}, "peers": {}}
    with instant_model() as address, tempfile.TemporaryDirectory() as folder:
        times = ours(address, candidates, str(Path(folder) / "runs"), "--concurrency", "8")
        for at in sorted({400, candidates}):
            window = min(at - 1, max(300, at // 10))
            found["ms_per_candidate"][str(at)] = round((times[at - 1] - times[at - 1 - window]) / window * 1000, 2)
        if peer_iterations:
            log = os.open(os.devnull, os.O_WRONLY)
            kept = os.dup(1)
            os.dup2(log, 1)  # it reports on stdout, where our one line of JSON belongs
            try:
                found["peers"][f"openevolve at {peer_iterations}"] = round(openevolve(address, peer_iterations, Path(folder)), 2)
            finally:
                os.dup2(kept, 1)
    first, last = (found["ms_per_candidate"][str(n)] for n in (400, candidates))
    found["growth"] = round(last / first - 1, 3)
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--candidates", type=int, default=10_000)
    parser.add_argument("--peer-iterations", type=int, default=400)
    options = parser.parse_args()
    found = measure(options.candidates, options.peer_iterations)
    if not options.json:
        for name, value in {**found["ms_per_candidate"], **found["peers"]}.items():
            print(f"{name:>20}  {value:8.2f} ms per candidate")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
