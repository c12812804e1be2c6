"""Instances as those of the test split, drawn for one program: other jobs with the models and GPUs of test."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 16
"""Instances of each class."""


def instances(seed: int) -> list[Instance]:
    """Draw other clusters, batches and coefficients."""
    return list(made.jobs(Split.TEST, f"fresh-{seed}", _COPIES))
