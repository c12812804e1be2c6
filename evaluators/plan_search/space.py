"""Plans of a training job: what a plan says, which plans a job allows, and all of them as columns of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.checks import boolean, describe, integer
from workbench.errors import Infeasible, ProblemError

Ints = NDArray[np.int64]

RECOMPUTE = ("none", "selective", "full")
"""What of the forward pass is computed again in the backward pass instead of being kept."""


@dataclass(frozen=True, slots=True)
class Transformer:
    """A dense transformer: the shape of its layers, its vocabulary, and whether its feed-forward part has a gate."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_size: int
    ffn: int
    gated: bool
    vocabulary: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """GPUs by their data sheet.

    Attributes
    ----------
    gpus, gpus_per_node
        Number in all and in a node.
    tflops
        Peak of dense 16-bit matrix multiplication, by GPU.
    memory_gb, memory_gb_s
        Memory of a GPU and its bandwidth.
    link_gb_s
        Bandwidth between GPUs of a node in one direction, by GPU.
    network_gb_s
        Bandwidth out of a node in one direction, by node.
    flash
        Whether attention is computed without keeping its matrix of scores.
    """

    gpus: int
    gpus_per_node: int
    tflops: float
    memory_gb: float
    memory_gb_s: float
    link_gb_s: float
    network_gb_s: float
    flash: bool


class Plan(NamedTuple):
    """Plans, a column for each field: degrees of parallelism and what is traded for memory.

    Attributes
    ----------
    tensor, pipeline
        GPUs that share a layer, and stages.
    chunks
        Parts of a stage: more than one is the interleaved schedule.
    micro_batch
        Sequences that go through the pipeline together.
    recompute
        Position in `RECOMPUTE`.
    sharding
        Stage of ZeRO, 0 to 3.
    sequence_parallel
        0 or 1: norms and dropout are split over the tensor-parallel GPUs too.
    """

    tensor: Ints
    pipeline: Ints
    chunks: Ints
    micro_batch: Ints
    recompute: Ints
    sharding: Ints
    sequence_parallel: Ints

    def row(self, at: int) -> Plan:
        """Return one of the plans."""
        return Plan(*(column[at : at + 1] for column in self))

    def told(self) -> dict[str, Any]:
        """Return the plan of the first row as the policy knows it."""
        plain = {name: int(column[0]) for name, column in self._asdict().items()}
        return {**plain, "recompute": RECOMPUTE[plain["recompute"]], "sequence_parallel": bool(plain["sequence_parallel"])}


@dataclass(frozen=True)
class Space:
    """The plans that a job allows.

    Attributes
    ----------
    model, cluster
        What is trained, and on what.
    batch, sequence
        Sequences in an iteration and tokens in a sequence.
    """

    model: Transformer
    cluster: Cluster
    batch: int
    sequence: int

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Space:
        """Read an instance.

        Raises
        ------
        ProblemError
            A size is not positive, nodes are not full, or no plan is allowed.
        """
        space = _same(cls(Transformer(**data["model"]), Cluster(**data["cluster"]), data["batch"], data["sequence"]))
        sizes = [getattr(part, field.name) for part in (space.model, space.cluster) for field in fields(part)]
        if min(space.batch, space.sequence, *(size for size in sizes if type(size) is not bool)) <= 0:
            raise ProblemError("plan search: all sizes of model, cluster and batch must be positive")
        if space.cluster.gpus % space.cluster.gpus_per_node:
            raise ProblemError(f"plan search: {space.cluster.gpus} GPUs do not fill nodes of {space.cluster.gpus_per_node}")
        if not len(space.plans.tensor):
            raise ProblemError("plan search: no plan is allowed")
        return space

    @cached_property
    def plans(self) -> Plan:
        """All plans, a column for each field, in lexicographic order."""
        gpus, model = self.cluster.gpus, self.model
        grid = np.meshgrid(
            [t for t in (1, 2, 4, 8, 16) if gpus % t == 0],
            [p for p in range(1, min(gpus, model.layers) + 1) if gpus % p == 0 and model.layers % p == 0],
            [v for v in range(1, 9) if model.layers % v == 0],
            [2**k for k in range(6) if self.batch % 2**k == 0],
            range(3), range(4), range(2),
            indexing="ij",
        )  # fmt: skip
        columns = Plan(*(axis.reshape(-1) for axis in grid))
        kept = np.ones(len(columns.tensor), dtype=bool)
        for broken, _ in self.rules(columns):
            kept &= ~broken
        return Plan(*(column[kept] for column in columns))

    def rules(self, plan: Plan) -> list[tuple[Any, str]]:
        """Return whether each rule is broken, element by element, with the rule in words."""
        gpus, model = self.cluster.gpus, self.model
        used = plan.tensor * plan.pipeline
        data = np.maximum(1, gpus // used)
        shares = data * plan.micro_batch
        micro_batches = self.batch // shares
        uneven = (model.kv_heads % plan.tensor != 0) & (plan.tensor % model.kv_heads != 0)
        return [
            (gpus % used != 0, f"tensor * pipeline must divide the {gpus} GPUs"),
            (
                (model.heads % plan.tensor != 0) | (model.ffn % plan.tensor != 0) | uneven,
                f"tensor must divide the {model.heads} heads and ffn {model.ffn}, and divide the {model.kv_heads} kv_heads "
                "or be a multiple of them",
            ),
            (model.layers % (plan.pipeline * plan.chunks) != 0, f"pipeline * chunks must divide the {model.layers} layers"),
            (self.batch % shares != 0, f"micro_batch * data must divide the batch of {self.batch} sequences"),
            (
                (plan.chunks > 1) & ((plan.pipeline == 1) | (micro_batches % plan.pipeline != 0)),
                "chunks above 1 need a pipeline above 1 that divides the number of micro-batches",
            ),
            ((plan.sharding > 0) & (data == 1), "sharding above 0 needs data above 1"),
            ((plan.sharding > 1) & (plan.pipeline > 1), "sharding 2 and 3 need pipeline 1"),
            ((plan.sequence_parallel > 0) & (plan.tensor == 1), "sequence_parallel needs tensor above 1"),
        ]

    @cached_property
    def levels(self) -> dict[str, list[Any]]:
        """The values of each field that occur in any plan, ascending."""
        found = {name: np.unique(column).tolist() for name, column in self.plans._asdict().items()}
        return {
            **found,
            "recompute": [RECOMPUTE[k] for k in found["recompute"]],
            "sequence_parallel": [bool(k) for k in found["sequence_parallel"]],
        }

    def check(self, answer: Any, what: str) -> Plan:
        """Check an answer of a policy and return the plan, one row.

        Raises
        ------
        Infeasible
            With the rule and the offending value.
        """
        if type(answer) is not dict or set(answer) != set(Plan._fields):
            keys = ", ".join(f'"{name}"' for name in Plan._fields)
            raise Infeasible(f"{what} must be a dict with the keys {keys}, got {describe(answer)}")
        levels = self.levels
        row = {}
        for name, value in answer.items():
            if name == "recompute":
                if type(value) is not str or value not in levels[name]:
                    raise Infeasible(f'{what}: recompute must be "none", "selective" or "full", got {describe(value)}')
                row[name] = RECOMPUTE.index(value)
            elif name == "sequence_parallel":
                row[name] = int(boolean(value, f"{what}: sequence_parallel"))
            else:
                row[name] = integer(value, f"{what}: {name}", levels[name][0], levels[name][-1])
            if value not in levels[name]:
                raise Infeasible(f"{what}: {name} must be one of {levels[name]}, got {describe(value)}")
        plan = Plan(**{name: np.array([row[name]]) for name in Plan._fields})
        for broken, rule in self.rules(plan):
            if broken[0]:
                raise Infeasible(f"{what}: {rule}; data is GPUs / (tensor * pipeline)")
        return plan


@lru_cache(maxsize=8)
def _same(space: Space) -> Space:
    """Return the equal space that was read before, if any: several programs search it, and its plans are enumerated once."""
    return space
