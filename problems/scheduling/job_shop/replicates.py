"""Further instances as those of train, for a run that cannot tell its best candidates apart, and a large one."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

_COPIES = 6
_JOBS, _MACHINES = 100, 20
"""The largest size that the statement promises."""


def instances(seed: int) -> list[Instance]:
    """Draw shops of the sizes of train."""
    return [_drawn(f"replicate-{seed}-n{n}m{m}-{copy}", f"n{n}m{m}", n, m) for n, m in made.COPIES for copy in range(_COPIES)]


def largest(seed: int) -> Instance:
    """Draw a shop of the largest size."""
    return _drawn(f"replicate-{seed}-largest", f"{_JOBS} jobs, {_MACHINES} machines", _JOBS, _MACHINES)


def _drawn(id: str, family: str, jobs: int, machines: int) -> Instance:
    return made._instance(id, family, made.taillard(jobs, machines, random.Random(f"scheduling/job_shop {id}")))
