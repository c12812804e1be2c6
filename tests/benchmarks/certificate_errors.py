"""How often "better" is wrong, and how often it is found: python -m tests.benchmarks.certificate_errors [--json]

Differences between a program and one baseline are drawn from four shapes whose true mean is 0, so that every "better" is
an error, and from the same shapes moved by a lead, so that every "better" is right. Judged are the percentile bootstrap
(what certificates used before) and what they use now: bootstrap-t, sign flips, and one more instance as bad as the worst
seen on train, validation and test. The nominal one-sided error is 2.5 %.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import numpy.typing as npt

from workbench.analysis.stats import one_more, paired_interval, sign_flip

Array = npt.NDArray[np.float64]
LEVEL = 0.95
SEEN = 60
"""Instances of train and validation on which a rare disaster may show."""


def normal(size: int, rng: np.random.Generator) -> Array:
    """Symmetric, light tails."""
    return rng.normal(0.0, 1.0, size)


def skewed(size: int, rng: np.random.Generator) -> Array:
    """Usually a bit better, rarely (1 in 10) much worse."""
    bad = rng.random(size) < 0.1
    return np.where(bad, 9.0, -1.0) * rng.exponential(1.0, size)


def disaster(size: int, rng: np.random.Generator) -> Array:
    """Almost always a bit better, 1 in 50 a disaster."""
    bad = rng.random(size) < 0.02
    return np.where(bad, 49.0, -1.0) + rng.normal(0.0, 0.3, size)


def sparse(size: int, rng: np.random.Generator) -> Array:
    """Equal on nine instances of ten."""
    return np.where(rng.random(size) < 0.1, rng.normal(0.0, 1.0, size), 0.0)


SHAPES = {"normal": normal, "skewed": skewed, "disaster": disaster, "sparse": sparse}
SCALE = {"normal": 1.0, "skewed": 4.3, "disaster": 7.0, "sparse": 0.32}
"""Standard deviation of each shape."""


def before(test: Array) -> bool:
    """Percentile bootstrap of n - 1 draws."""
    rng = np.random.default_rng(0)
    means = test[rng.integers(0, test.size, (2000, test.size - 1))].mean(axis=1)
    return bool(np.quantile(means, (1 + LEVEL) / 2) < 0)


def now(test: Array, others: Array) -> bool:
    """As a certificate decides."""
    zeros = [0.0] * test.size
    interval = paired_interval(test.tolist(), zeros, samples=2000, confidence=LEVEL)
    guard = one_more(interval.mean, float(max(test.max(), others.max())), test.size)
    return interval.high + guard < 0 and sign_flip(test.tolist(), zeros, samples=2000) <= (1 - LEVEL) / 2


def rates(shape: str, size: int, lead: float, repeats: int, seed: int = 0) -> tuple[float, float]:
    """Share of draws that are judged better, before and now, where the true mean is `-lead` standard deviations."""
    rng = np.random.default_rng([seed, size, list(SHAPES).index(shape)])
    counts = [0, 0]
    for _ in range(repeats):
        test, others = (SHAPES[shape](n, rng) - lead * SCALE[shape] for n in (size, SEEN))
        counts[0] += before(test)
        counts[1] += now(test, others)
    return counts[0] / repeats, counts[1] / repeats


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    for size in (12, 30, 100):
        for shape in SHAPES:
            wrong = rates(shape, size, 0.0, options.repeats)
            right = {lead: rates(shape, size, lead, options.repeats) for lead in (0.5, 1.0)}
            rows.append({
                "instances": size, "shape": shape, "false_before": wrong[0], "false_now": wrong[1],
                **{f"power_{lead}_{when}": right[lead][k] for lead in right for k, when in enumerate(("before", "now"))},
            })  # fmt: skip
            if not options.json:
                print("  ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    if options.json:
        print(json.dumps({"repeats": options.repeats, "nominal": (1 - LEVEL) / 2, "rows": rows}))


if __name__ == "__main__":
    main()
