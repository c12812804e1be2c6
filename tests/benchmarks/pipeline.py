"""How much of the ideal rate a run reaches when models are slow: 1 s a call, 32 under way, some 20 ms an evaluation.

python -m tests.benchmarks.pipeline [--json]
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.overhead import instant_model, ours
from workbench.model import Split
from workbench.store import Store

LATENCY, UNDER_WAY, CANDIDATES = 1.0, 32, 640
ROUNDS = 40_000  # of an empty loop in each of 18 decisions


def main() -> None:
    """Measure from the first recorded candidate to the last: the ideal is 32 a second."""
    with instant_model(LATENCY, ROUNDS) as address, tempfile.TemporaryDirectory() as folder:
        runs = str(Path(folder) / "runs")
        times = ours(address, CANDIDATES, runs, "--concurrency", str(UNDER_WAY))
        with Store(runs, write=False) as store:
            run = store.run("latest").id
            seconds = [report.seconds for n in range(100, 200) if (report := store.report(run, n, Split.TRAIN))]
    settled = times[2 * UNDER_WAY :]
    rate = (len(settled) - 1) / (settled[-1] - settled[0])
    found = {
        "share_of_ideal": round(rate / (UNDER_WAY / LATENCY), 3),
        "per_second": round(rate, 2),
        "ms_per_evaluation": round(statistics.median(seconds) * 1000, 1),
    }
    if "--json" not in sys.argv:
        print(
            f"{rate:.1f} candidates a second, {found['share_of_ideal']:.0%} of the ideal rate, {found['ms_per_evaluation']} ms each"
        )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
