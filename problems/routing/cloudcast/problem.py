"""Multicast between cloud regions with minimum egress and VM cost."""

from __future__ import annotations

from evaluators.cloudcast.reference import solve
from evaluators.cloudcast.verifier import BroadcastVerifier
from workbench.model import Baseline, Instance, Limits, Problem, Reference

from .instances import instances, network

_CLOUDCAST = "Wooders et al., Cloudcast: High-Throughput, Cost-Aware Overlay Multicast in the Cloud, NSDI 2024"


def _solve(instance: Instance) -> Reference:
    # With expensive VMs the trade-off needs a longer search; otherwise the bound is close.
    data = instance.data
    steps = 5_000 if data["vm_price"] > 5 else 1_000
    return solve(instance, network(data["network"]), steps // 3 if len(data["dsts"]) > 40 else steps)


PROBLEM = Problem(
    slug="routing/cloudcast",
    title="Broadcast between clouds",
    question="Along which paths should data travel between cloud regions to reach many destinations at minimum cost?",
    entry="broadcast",
    verifier=BroadcastVerifier(network),
    instances=instances,
    solve=_solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline("direct", "Direct", "the source sends to each destination; the baseline of " + _CLOUDCAST),
        Baseline(
            "dijkstra_union",
            "Union of cheapest paths",
            "Dijkstra, Numerische Mathematik 1 (1959) 269-271; starting program of the published task",
        ),
        Baseline(
            "prim",
            "Prim's tree over source and destinations",
            "Prim, Shortest connection networks and some generalizations, Bell System Technical Journal 36 (1957) 1389-1401",
        ),
        Baseline(
            "kmb",
            "Kou-Markowsky-Berman",
            "Kou, Markowsky, Berman, A fast algorithm for Steiner trees, Acta Informatica 15 (1981) 141-145",
        ),
        Baseline("cloudcast_milp", "Cloudcast's MILP plan (one tree, found without a solver)", _CLOUDCAST),
    ),
    features={
        "price": "$ per GB on the edge",
        "gbps": "Gbit/s that the edge could carry alone",
        "used": "1 where the edge is in use already, 0 elsewhere",
        "out_edges": "edges in use that leave its start",
        "in_edges": "edges in use that enter its end",
        "egress": "Gbit/s that its start can send in all",
        "ingress": "Gbit/s that its end can receive in all",
        "inside": "1 where the edge's end takes part already, 0 elsewhere",
        "gb": "size of the data",
        "vm_second": "$ that the VMs of one region cost per second",
    },
    unit="$",
    bound="proven optimum where annealing attains the bound (cheapest arborescence + minimum VM time), best known elsewhere",
    limits=Limits(seconds=4.0),
)
