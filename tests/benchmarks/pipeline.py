"""How much of the ideal rate a run reaches when models are slow: 1 s a call, 32 under way, 20 ms an evaluation.

python -m tests.benchmarks.pipeline [--json]
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.overhead import instant_model, ours

LATENCY, UNDER_WAY, CANDIDATES = 1.0, 32, 640


def main() -> None:
    """Measure from the first recorded candidate to the last: the ideal is 32 a second."""
    with instant_model(LATENCY) as address, tempfile.TemporaryDirectory() as folder:
        times = ours(address, CANDIDATES, str(Path(folder) / "runs"), "--concurrency", str(UNDER_WAY))
    settled = times[2 * UNDER_WAY :]
    rate = (len(settled) - 1) / (settled[-1] - settled[0])
    found = {"share_of_ideal": round(rate / (UNDER_WAY / LATENCY), 3), "per_second": round(rate, 2)}
    if "--json" not in sys.argv:
        print(f"{found['per_second']:.1f} candidates a second, {found['share_of_ideal']:.0%} of the ideal rate")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
