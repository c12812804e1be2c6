"""Stress instances for the robustness filter, one of each class, on networks of train; none is among the held-out ones."""

from __future__ import annotations

from workbench.model import Instance

from . import instances as made

FAMILIES = {
    "ten-times": "there are ten times as many requests, each a tenth as large",
    "turned": "in the middle of the day other pairs of nodes begin to ask, and those before stop",
    "cut": "a sixth of the links that the network was planned with are not there",
    "rush": "most requests come at the very end of the day",
    "at-once": "all requests come in one step",
    "early": "a Mbit/s is worth less and less in the course of the day",
    "elephants": "each request asks for about half of the smallest link",
    "equal": "all requests ask for the same bandwidth, and are worth the same but for their length",
    "light": "there is room for all requests",
    "flood": "customers ask for many times what the network can carry",
    "fat-tree": "the network is a fat tree of switches, with many shortest paths between two nodes",
    "ring": "the network is a ring",
    "link": "the network is a single link",
}
"""Description of each class, for messages."""

_NETWORKS = {
    "ten-times": "nobel-us",
    "turned": "atlanta",
    "cut": "nobel-us",
    "rush": "polska",
    "at-once": "atlanta",
    "early": "polska",
    "elephants": "newyork",
    "equal": "nobel-us",
    "light": "atlanta",
    "flood": "polska",
    "fat-tree": "4",
    "ring": "12",
    "link": "1",
}


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed; like the held-out ones, on other networks or with other requests."""
    found = []
    for family, name in _NETWORKS.items():
        id = f"gate-{seed}-{family}"
        found.append(Instance(id, family, made.strange(family, name, made.rng_of(id))))
    return found
