"""Further jobs with the models and GPUs of validation, for a run that cannot tell its best candidates apart."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 12


def instances(seed: int) -> list[Instance]:
    """Draw jobs of each class."""
    return list(made.jobs(Split.VALIDATION, f"replicate-{seed}", _COPIES))


def largest(seed: int) -> Instance:
    """Draw a job of the largest size that counts: a model with many divisors on 192 GPUs."""
    return made.instance(
        f"largest-{seed}",
        "large",
        lambda rng: made.assembled(rng, made.MODELS["falcon-40b"], {"gpus": 192, **made.GPUS["a100-80"]}, batch=3072),
    )
