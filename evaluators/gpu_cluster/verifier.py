"""Verifier for GPU sharing: pods arrive one at a time and are bound permanently to a node and GPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.checks import integer, integers, sequence
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Measurement
from workbench.protocols import Policy

MILLI = 1000
"""Thousandths of one GPU."""


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster.

    Attributes
    ----------
    cpu
        CPU capacity, in thousandths of a core.
    memory
        Memory in MiB.
    gpus
        Number of GPUs, all of the same model.
    model
        Name of the GPU model; empty without GPUs.
    """

    cpu: int
    memory: int
    gpus: int
    model: str


@dataclass(frozen=True, slots=True)
class Pod:
    """A resource request, in the units of `Node`.

    Attributes
    ----------
    gpus
        Number of distinct GPUs of one node; may be 0.
    milli
        Share of each GPU, in thousandths.
    models
        Accepted GPU models; empty: any. Irrelevant for pods without GPUs.
    """

    cpu: int
    memory: int
    gpus: int
    milli: int
    models: tuple[str, ...] = ()

    def accepts(self, model: str) -> bool:
        """Whether the pod may run on a node with this GPU model."""
        return not (self.models and self.gpus) or model in self.models


@dataclass(frozen=True, slots=True)
class Workload:
    """One instance: the cluster, the kinds of pods with their frequencies, and the arrivals in order.

    Attributes
    ----------
    kinds
        Distinct kinds of pods, to which arrivals refer.
    popularity
        Share of each kind in the trace from which arrivals are drawn; known to policies, like historical data.
    arrivals
        Index into `kinds` of each arriving pod.
    """

    nodes: tuple[Node, ...]
    kinds: tuple[Pod, ...]
    popularity: tuple[float, ...]
    arrivals: tuple[int, ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Workload:
        """Read an instance.

        Raises
        ------
        ProblemError
            There is no GPU, a request is invalid, or an arrival is not of a listed kind.
        """
        nodes = tuple(Node(*row) for row in data["nodes"])
        kinds = tuple(Pod(cpu, memory, gpus, milli, tuple(models)) for cpu, memory, gpus, milli, models in data["kinds"])
        popularity, arrivals = tuple(map(float, data["popularity"])), tuple(data["arrivals"])
        if not any(node.gpus for node in nodes):
            raise ProblemError("gpu cluster: no node has a GPU")
        if len(popularity) != len(kinds) or not all(0 <= i < len(kinds) for i in arrivals):
            raise ProblemError("gpu cluster: every kind needs a popularity, and every arrival must be of a listed kind")
        for pod in kinds:
            if min(pod.cpu, pod.memory, pod.gpus) < 0 or not (1 if pod.gpus else 0) <= pod.milli <= MILLI:
                raise ProblemError(f"gpu cluster: {pod} has a negative request or a GPU share outside 1..1000 thousandths")
        return cls(nodes, kinds, popularity, arrivals)

    @property
    def capacity(self) -> int:
        """GPU capacity of the cluster, in thousandths of a GPU."""
        return MILLI * sum(node.gpus for node in self.nodes)


class Cluster:
    """Remaining capacity of every node. Allocations are permanent."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self.cpu = np.array([node.cpu for node in nodes], dtype=np.int64)
        self.memory = np.array([node.memory for node in nodes], dtype=np.int64)
        most = max((node.gpus for node in nodes), default=0)
        # Missing GPUs have capacity -1: nothing fits on them.
        self.gpu = np.array([[MILLI] * n.gpus + [-1] * (most - n.gpus) for n in nodes], dtype=np.int64).reshape(len(nodes), most)
        self._accepted: dict[tuple[str, ...], NDArray[np.bool_]] = {}

    def fits_somewhere(self, pod: Pod) -> bool:
        """Whether any node can currently host the pod."""
        room = (self.cpu >= pod.cpu) & (self.memory >= pod.memory)
        if pod.gpus:
            if pod.models:
                if pod.models not in self._accepted:
                    self._accepted[pod.models] = np.array([pod.accepts(node.model) for node in self.nodes], dtype=np.bool_)
                room &= self._accepted[pod.models]
            room &= (self.gpu >= pod.milli).sum(axis=1) >= pod.gpus
        return bool(room.any())

    def bind(self, pod: Pod, answer: Any, where: str) -> None:
        """Bind the pod according to the answer `[node, [gpu, ...]]`.

        Raises
        ------
        Infeasible
            The answer does not have this form, names a nonexistent or exhausted resource, or repeats a GPU.
        """
        pair = sequence(answer, where, 2)
        index = integer(pair[0], f"the node of {where}", 0, len(self.nodes) - 1)
        node = self.nodes[index]
        gpus = integers(pair[1], f"the GPUs of {where}", pod.gpus, 0, node.gpus - 1)
        if len(set(gpus)) != len(gpus):
            raise Infeasible(f"the GPUs of {where} must differ, got {gpus}")
        if not pod.accepts(node.model):
            raise Infeasible(
                f"{where}: the pod accepts GPU models {', '.join(pod.models)}; node {index} has {node.model or 'none'}"
            )
        if self.cpu[index] < pod.cpu or self.memory[index] < pod.memory:
            raise Infeasible(
                f"{where}: node {index} has {self.cpu[index]} milli-cores and {self.memory[index]} MiB left, "
                f"the pod needs {pod.cpu} and {pod.memory}"
            )
        for gpu in gpus:
            if self.gpu[index, gpu] < pod.milli:
                left = self.gpu[index, gpu]
                raise Infeasible(f"{where}: GPU {gpu} of node {index} has {left} thousandths left, the pod needs {pod.milli}")
        self.cpu[index] -= pod.cpu
        self.memory[index] -= pod.memory
        for gpu in gpus:
            self.gpu[index, gpu] -= pod.milli


class GpuCluster:
    """Verifier for GPU sharing: calls `place(pod)` for every arriving pod that fits on some node.

    A pod that fits nowhere is lost without a call. A pod that fits must be placed: a policy cannot reject small or GPU-less
    pods to keep room for others. It sees only the current pod.
    """

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Return the allocated GPU capacity after all arrivals, in percent of the cluster's.

        Raises
        ------
        Infeasible
            A pod is not placed where it fits.
        """
        workload = Workload.from_data(instance.data)
        cluster = Cluster(workload.nodes)
        policy.begin(_task(workload))
        asks = [_request(pod) for pod in workload.kinds]
        gone: set[int] = set()  # a kind that fits nowhere will never fit again
        allocated = refused = refused_milli = 0
        for number, kind in enumerate(workload.arrivals):
            pod = workload.kinds[kind]
            if kind in gone or not cluster.fits_somewhere(pod):
                gone.add(kind)
                refused += 1
                refused_milli += pod.gpus * pod.milli
                continue
            # A copy: a policy in the same process must not be able to modify later requests.
            cluster.bind(pod, policy.call("place", {**asks[kind], "models": list(pod.models)}), f"the place of pod {number}")
            allocated += pod.gpus * pod.milli
        cpu = sum(node.cpu for node in workload.nodes)
        return Measurement(
            100 * allocated / workload.capacity,
            {
                "lost_pods": float(refused),
                "lost_gpus": refused_milli / MILLI,
                "free_gpus": (workload.capacity - allocated) / MILLI,
                "free_whole_gpus": float((cluster.gpu == MILLI).sum()),
                "free_cpu_pct": float(100 * cluster.cpu.sum() / cpu) if cpu else 0.0,
            },
        )


def _request(pod: Pod) -> dict[str, Any]:
    return {"cpu": pod.cpu, "memory": pod.memory, "gpus": pod.gpus, "milli": pod.milli, "models": list(pod.models)}


def _task(workload: Workload) -> dict[str, Any]:
    # Kinds absent from the history are not shown: their arrival is future information. The order of kinds is that of their
    # first arrival, which is future information too, so the list is sorted.
    known = [(share, _request(pod)) for share, pod in zip(workload.popularity, workload.kinds, strict=True) if share > 0]
    known.sort(key=lambda pair: (-pair[0], [str(value) for value in pair[1].values()]))
    return {
        "nodes": [{"cpu": n.cpu, "memory": n.memory, "gpus": n.gpus, "model": n.model} for n in workload.nodes],
        "popular": [{"share": share, **request} for share, request in known],
    }
