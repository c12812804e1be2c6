"""Throughput of executors: evaluations that take 0.01, 0.1 and 1 s, on processes of this machine and on a local Ray cluster.

python -m tests.benchmarks.executors [--workers 2] [--seconds 0.01 0.1 1] [--budget 20] [--executor processes ray]

An evaluation waits for so long and uses next to no CPU, so that what is measured is what an executor adds, and so that a machine of
few cores can have many workers. `driver` is the CPU time of this process for each evaluation, which bounds a run on any cluster.
"""

from __future__ import annotations

import argparse
import pickle
import shutil
import tempfile
import time
from concurrent.futures import wait
from contextlib import closing
from pathlib import Path

from workbench.evaluation.executors import open_executor
from workbench.evaluation.jobs import Job
from workbench.evaluation.parcel import pack
from workbench.model import Split, Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem

TOY = Path(__file__).parent.parent / "toy"


def waiting(folder: Path, seconds: float) -> LoadedProblem:
    """The toy problem with a verifier that waits, in all for so many seconds on train."""
    place = Path(
        shutil.copytree(TOY, folder / f"waits_{seconds:g}".replace(".", "_"), ignore=shutil.ignore_patterns("__pycache__"))
    )
    verifier = place / "verifier.py"
    wait_for = f"        __import__('time').sleep({seconds / 6})\n        a, error ="
    verifier.write_text(verifier.read_text().replace("        a, error =", wait_for))
    return catalog.load(place)


def measure(name: str, loaded: LoadedProblem, workers: int, seconds: float, budget: float) -> tuple[float, float]:
    """Evaluations a second, and the CPU time of this process for each in milliseconds."""
    job = Job(loaded.program("line"), Split.TRAIN)
    with closing(open_executor(loaded, RunOptions(executor=name, workers=workers))) as made:
        wait([made.submit(job) for _ in range(2 * workers)])
        count = max(4 * workers, int(budget * workers / seconds / 3))
        began, used = time.monotonic(), time.process_time()
        futures = [made.submit(job) for _ in range(count)]
        wait(futures)
        took, used = time.monotonic() - began, time.process_time() - used
        assert all(future.result().status is Status.OK for future in futures)
        assert made.workers == workers
    return count / took, used / count * 1000


def main() -> None:
    """Print a table in Markdown, and what travels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, nargs="+", default=[0.01, 0.1, 1.0])
    parser.add_argument("--budget", type=float, default=20.0, help="about how many seconds each measurement takes, at most")
    parser.add_argument("--executor", nargs="+", default=["processes", "ray"])
    asked = parser.parse_args()
    print("| an evaluation takes | workers | executor | evaluations a second | of what is possible | driver, ms each |")
    print("|--:|--:|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for seconds in asked.seconds:
            loaded = waiting(Path(folder), seconds)
            for name in asked.executor:
                rate, driver = measure(name, loaded, asked.workers, seconds, asked.budget)
                share = rate * seconds / asked.workers
                print(f"| {seconds:g} s | {asked.workers} | {name} | {rate:.1f} | {share:.0%} | {driver:.2f} |", flush=True)
    for slug in ("tests/toy", "scheduling/total_tardiness", "scheduling/job_shop"):
        loaded = catalog.load(slug)
        program = loaded.program(loaded.problem.seeds[0])
        with closing(open_executor(loaded, RunOptions(executor="processes", workers=1))) as made:
            report = made.submit(Job(program, Split.TRAIN)).result()
        job = len(pickle.dumps(Job(program, Split.TRAIN)))
        print(f"{slug}: parcel {len(pack(loaded).content):,} bytes, job {job:,}, report {len(pickle.dumps(report)):,}")


if __name__ == "__main__":
    main()
