"""Verifier for one-to-many transfers between cloud regions: computes egress cost, transfer time and VM cost from the paths."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from workbench.checks import integer, sequence
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Measurement
from workbench.protocols import Policy

Edge = tuple[int, int]
Paths = Sequence[Sequence[Sequence[int]]]
"""By destination and partition: the path as regions from the source to the destination."""


@dataclass(frozen=True, slots=True)
class Network:
    """Regions with prices and throughputs between them.

    Attributes
    ----------
    price
        Price from region u to region v in $/GB; the diagonal is not used.
    gbps
        Throughput of one VM from u to v, in Gbit/s.
    egress, ingress
        Total sending and receiving limit of one VM in a region, in Gbit/s.
    """

    price: tuple[tuple[float, ...], ...]
    gbps: tuple[tuple[float, ...], ...]
    egress: tuple[float, ...]
    ingress: tuple[float, ...]

    def __post_init__(self) -> None:
        """Reject networks with non-positive throughput or negative prices."""
        n = len(self.price)
        rows = (*self.price, *self.gbps, self.egress, self.ingress)
        if len(self.gbps) != n or any(len(row) != n for row in rows) or min(*self.egress, *self.ingress) <= 0:
            raise ProblemError(
                "broadcast: price and gbps must be square, and every region needs positive egress and ingress limits"
            )
        if any(u != v and (self.gbps[u][v] <= 0 or self.price[u][v] < 0) for u in range(n) for v in range(n)):
            raise ProblemError("broadcast: every edge needs a positive throughput and a non-negative price")


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer task on a network.

    Attributes
    ----------
    parts
        Number of equal partitions of the data; each may use its own paths.
    gb
        Size of the data in GB.
    vms
        Number of VMs in every participating region.
    vm_price
        Price of a VM in $ per hour.
    """

    network: Network
    src: int
    dsts: tuple[int, ...]
    parts: int
    gb: float
    vms: int
    vm_price: float

    @classmethod
    def from_data(cls, data: Mapping[str, Any], network: Network) -> Transfer:
        """Read an instance.

        Raises
        ------
        ProblemError
            Source and destinations are not distinct regions of the network, or a size is not positive.
        """
        ends = [data["src"], *data["dsts"]]
        if len(ends) < 2 or len(set(ends)) != len(ends) or not all(0 <= r < len(network.price) for r in ends):
            raise ProblemError("broadcast: source and destinations must be distinct regions of the network")
        if min(data["parts"], data["gb"], data["vms"]) <= 0 or data["vm_price"] < 0:
            raise ProblemError("broadcast: parts, gb and vms must be positive, and vm_price non-negative")
        return cls(network, data["src"], tuple(data["dsts"]), data["parts"], data["gb"], data["vms"], data["vm_price"])


@dataclass(frozen=True, slots=True)
class Bill:
    """Cost of a set of paths: egress and VM cost in $, transfer time in seconds, and number of participating regions."""

    egress: float
    vm: float
    seconds: float
    regions: int

    @property
    def total(self) -> float:
        """Total cost in $."""
        return self.egress + self.vm


def bill(task: Transfer, carried: Mapping[Edge, int]) -> Bill:
    """Compute the cost of the edges in use, given the number of partitions on each.

    A region receives a partition once over each incoming edge and forwards copies. If the total throughput of a region's
    edges exceeds what its VMs can send (or receive), each edge gets at most an equal share of that limit. All edges
    work simultaneously; the slowest one determines the transfer time.
    """
    net, vms = task.network, task.vms
    sent, out, received, into = (defaultdict[int, float](float) for _ in range(4))
    for u, v in carried:
        speed = net.gbps[u][v]
        sent[u] += speed
        out[u] += 1
        received[v] += speed
        into[v] += 1
    # Equal shares if a limit is binding, otherwise no limit.
    share_out = {u: net.egress[u] / out[u] if total > net.egress[u] else math.inf for u, total in sent.items()}
    share_in = {v: net.ingress[v] / into[v] if total > net.ingress[v] else math.inf for v, total in received.items()}
    slowest, egress = 0.0, []
    for (u, v), count in carried.items():
        slowest = max(slowest, count / min(net.gbps[u][v], share_out[u], share_in[v]))
        egress.append(count * net.price[u][v])
    part_gb = task.gb / task.parts
    seconds = slowest * part_gb * 8 / vms
    regions = len(sent.keys() | received.keys())
    # fsum: the result must not depend on the order of edges.
    return Bill(math.fsum(egress) * part_gb, regions * vms * task.vm_price / 3600 * seconds, seconds, regions)


def load(paths: Paths) -> dict[Edge, int]:
    """Count the partitions on each edge; a partition shared by several destinations counts once."""
    parts: dict[Edge, set[int]] = defaultdict(set)
    for by_part in paths:
        for part, path in enumerate(by_part):
            for edge in pairwise(path):
                parts[edge].add(part)
    return {edge: len(which) for edge, which in parts.items()}


@dataclass(frozen=True, slots=True)
class BroadcastVerifier:
    """Verifier for one-to-many transfers. The policy is called once and returns a path for every destination and partition.

    Attributes
    ----------
    network
        Returns the network named by an instance; the only source of prices and throughputs.
    """

    network: Callable[[str], Network]

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Request the paths for one instance and compute their cost.

        Returns
        -------
        Measurement
            Total cost in $; metrics `egress_usd`, `vm_usd`, `seconds` and `regions`.

        Raises
        ------
        Infeasible
            A path is missing, has wrong ends, leaves the network or visits a region twice.
        """
        task = Transfer.from_data(instance.data, self.network(instance.data["network"]))
        net, vms = task.network, task.vms
        params = {
            "parts": task.parts,
            "gb": task.gb,
            "vms": vms,
            "vm_price": task.vm_price,
            "egress": [vms * limit for limit in net.egress],
            "ingress": [vms * limit for limit in net.ingress],
        }
        price, gbps = [list(row) for row in net.price], [[vms * x for x in row] for row in net.gbps]
        answer = policy(task.src, list(task.dsts), price, gbps, params)
        found = bill(task, load(checked(task, answer)))
        metrics = {
            "egress_usd": found.egress,
            "vm_usd": found.vm,
            "seconds": found.seconds,
            "regions": float(found.regions),
        }
        return Measurement(found.total, metrics)


def checked(task: Transfer, answer: Any) -> list[list[list[int]]]:
    """Check an answer and return its paths.

    Raises
    ------
    Infeasible
        With the indices of destination and partition, and the rule.
    """
    regions = len(task.network.price)
    paths: list[list[list[int]]] = []
    for i, by_part in enumerate(sequence(answer, "the answer", len(task.dsts))):
        row = []
        for part, path in enumerate(sequence(by_part, f"answer[{i}]", task.parts)):
            where = f"answer[{i}][{part}]"
            nodes = [
                integer(node, f"{where}[{j}]", 0, regions - 1) for j, node in enumerate(sequence(path, where, at_most=regions))
            ]
            if len(nodes) < 2 or nodes[0] != task.src or nodes[-1] != task.dsts[i]:
                ends = "an empty path" if not nodes else f"{nodes[0]} .. {nodes[-1]}"
                raise Infeasible(f"{where} must lead from {task.src} to {task.dsts[i]}, got {ends}")
            if len(set(nodes)) != len(nodes):
                twice = next(n for n in nodes if nodes.count(n) > 1)
                raise Infeasible(f"{where} visits region {twice} twice")
            row.append(nodes)
        paths.append(row)
    return paths
