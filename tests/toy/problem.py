"""A problem that takes a millisecond: fit a curve at a few points."""

from workbench.model import Baseline, Instance, Limits, Measurement, Problem, Reference, Split

from .verifier import CurveVerifier


def instances(split: Split) -> list[Instance]:
    """Parabolas with a slope; two families by steepness."""
    first = {Split.TRAIN: 1, Split.VALIDATION: 101, Split.TEST: 201, Split.STRESS: 301}[split]
    return [Instance(f"{split}-{k}", "steep" if k % 2 else "flat", {"x": [first + k, k + 2, 5], "a": 2 + k % 2}) for k in range(6)]


def solve(instance: Instance) -> Reference:
    """The curve's own values summed up: a scale; the error's optimum is 0."""
    return Reference(0.0, "bound", "no error is negative")


PROBLEM = Problem(
    slug="tests/curve",
    title="Curve",
    question="Which formula fits a*x*x + x?",
    entry="f",
    verifier=CurveVerifier(),
    instances=instances,
    solve=solve,
    seeds=("seed", "seed_line"),
    baselines=(Baseline("line", "Straight line", "folklore"), Baseline("square", "Plain square", "folklore")),
    features={"x": "the point", "a": "the steepness"},
    unit="error",
    bound="no error is negative",
    limits=Limits(seconds=0.5, memory_mb=256),
)

__all__ = ["PROBLEM", "Measurement"]
