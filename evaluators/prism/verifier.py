"""Verifier for model placements on GPUs: computes each GPU's KV-cache pressure (KVPR) from the placement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from workbench.checks import integers
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Measurement
from workbench.protocols import Policy


@dataclass(frozen=True, slots=True)
class Cluster:
    """An instance in integers, so that pressures compare exactly.

    Attributes
    ----------
    gpus
        Number of identical GPUs.
    memory
        Memory of one GPU, in GB.
    sizes
        Size of each model's weights, in GB.
    loads
        Request rate divided by latency target of each model, times `unit`.
    unit
        Least common multiple of the latency targets, which makes the loads integers.
    """

    gpus: int
    memory: int
    sizes: tuple[int, ...]
    loads: tuple[int, ...]
    unit: int

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Cluster:
        """Read `{"gpus", "memory", "models": [{"size", "rate", "slo"}]}`.

        Raises
        ------
        ProblemError
            The data are not a valid instance (no GPU, a model larger than a GPU, a negative rate).
        """
        models, memory = data["models"], data["memory"]
        if data["gpus"] < 1 or not models or any(not 0 < m["size"] < memory or m["rate"] < 0 or m["slo"] < 1 for m in models):
            raise ProblemError("model placement: needs at least one GPU and one model, 0 < size < memory, rate >= 0 and slo >= 1")
        unit = math.lcm(*(m["slo"] for m in models))
        loads = tuple(m["rate"] * unit // m["slo"] for m in models)
        return cls(data["gpus"], memory, tuple(m["size"] for m in models), loads, unit)

    def totals(self, gpu_of: Sequence[int]) -> tuple[list[int], list[int]]:
        """Return the weights in GB and the load (times `unit`) on each GPU."""
        used, load = [0] * self.gpus, [0] * self.gpus
        for gpu, size, demand in zip(gpu_of, self.sizes, self.loads, strict=True):
            used[gpu] += size
            load[gpu] += demand
        return used, load

    def pressure(self, gpu_of: Sequence[int]) -> Fraction:
        """Return the largest KVPR over the GPUs, times `unit`; every GPU must have free memory."""
        used, load = self.totals(gpu_of)
        return max(Fraction(d, self.memory - u) for u, d in zip(used, load, strict=True))

    def balanced(self) -> Fraction:
        """Return a lower bound on the largest KVPR, times `unit`: a perfectly even spread, or one model alone on a GPU."""
        free = self.gpus * self.memory - sum(self.sizes)
        alone = max(Fraction(d, self.memory - s) for s, d in zip(self.sizes, self.loads, strict=True))
        return max(Fraction(sum(self.loads), free), alone) if free > 0 else alone


class PlacementVerifier:
    """Verifier for model placements. The policy is called once and returns the GPU of each model."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Request a placement and compute the largest KVPR.

        Returns
        -------
        Measurement
            Largest KVPR over the GPUs, in load (rate / slo) per GB; metrics `least_free_gb`, `gpus_used` and `balanced` (a lower
            bound: the KVPR of an even spread, or of one model alone).

        Raises
        ------
        Infeasible
            The answer is not a list with a GPU number for each model, or leaves a GPU without memory for a KV cache.
        """
        data = instance.data
        cluster = Cluster.from_data(data)
        # Copies: a policy in the same process must not be able to modify the instance.
        answer = policy(data["gpus"], data["memory"], [dict(m) for m in data["models"]])
        gpu_of = integers(answer, "the placement", len(cluster.sizes), 0, cluster.gpus - 1)
        used, _ = cluster.totals(gpu_of)
        for gpu, size in enumerate(used):
            if size >= cluster.memory:
                raise Infeasible(
                    f"GPU {gpu} holds {size} GB of models; it must hold less than {cluster.memory} GB to leave room for a KV cache"
                )
        return Measurement(
            float(cluster.pressure(gpu_of) / cluster.unit),
            {
                "least_free_gb": float(cluster.memory - max(used)),
                "gpus_used": float(sum(size > 0 for size in used)),
                "balanced": float(cluster.balanced() / cluster.unit),
            },
        )
