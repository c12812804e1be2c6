"""Transfers on the measured network of 71 cloud regions, split by source region; synthetic networks for stress tests."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from evaluators.cloudcast.verifier import Network
from workbench.model import Instance, Split

from .topologies import topology

_DATA = Path(__file__).parent / "data"

EGRESS_GBPS = {"aws": 5.0, "gcp": 7.0, "azure": 16.0}
INGRESS_GBPS = {"aws": 10.0, "gcp": 16.0, "azure": 16.0}
"""Sending and receiving limits of one VM by provider, as in the published configurations."""

VM_PRICE = 0.54
"""Price of an m5.8xlarge spot VM in $/h, as published."""

PUBLISHED_VM_PRICE = VM_PRICE / 80
"""VM price that reproduces the published evaluator: it treats GB as Gbit and counts one of ten partitions, 1/80 of the time."""

SNDLIB, _RENUMBERED = "sndlib ", " renumbered "
"""Parts of names of networks."""

_SOURCES = {Split.TRAIN: slice(0, 24), Split.VALIDATION: slice(24, 47), Split.TEST: slice(47, None)}
_COPIES = 8


def instances(split: Split) -> list[Instance]:
    """Return all instances of a split, each generated from its id; train, validation and test have disjoint source regions."""
    if split is Split.STRESS:
        return list(_stress())
    published = list(_published()) if split is Split.TEST else []
    return [*published, *_sampled(split)]


@lru_cache(maxsize=64)
def network(name: str) -> Network:
    """Return the network named by an instance: `measured`, a synthetic one of the stress split, or one of SNDlib.

    A name that ends with `renumbered` and a number stands for the same network with other numbers for its regions.
    """
    if _RENUMBERED in name:
        return _renumbered(network(name.partition(_RENUMBERED)[0]), name)
    if name.startswith(SNDLIB):
        return topology(json.loads((_DATA / "sndlib.json").read_text())[name.removeprefix(SNDLIB)])
    return measured() if name == "measured" else NETWORKS[name]()


def renumber(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return an instance's data with other numbers for the regions, and its destinations in another order."""
    name = f"{data['network']}{_RENUMBERED}{rng.getrandbits(40)}"
    new = numbers(name, len(network(data["network"]).price))
    dsts = [new[region] for region in data["dsts"]]
    return {**data, "network": name, "src": new[data["src"]], "dsts": rng.sample(dsts, len(dsts))}


def numbers(name: str, regions: int) -> list[int]:
    """Return the new number of each region of a renumbered network."""
    return random.Random(f"routing/cloudcast {name}").sample(range(regions), regions)


def _renumbered(network: Network, name: str) -> Network:
    old = {new: region for region, new in enumerate(numbers(name, len(network.price)))}
    order = [old[k] for k in range(len(old))]
    return Network(
        *(tuple(tuple(table[u][v] for v in order) for u in order) for table in (network.price, network.gbps)),
        *(tuple(limits[u] for u in order) for limits in (network.egress, network.ingress)),
    )  # fmt: skip


@lru_cache
def _file() -> Any:
    return json.loads((_DATA / "network.json").read_text())


def regions() -> list[str]:
    """Return the names of the measured regions, `provider:region`, by number."""
    return list(_file()["regions"])


def measured() -> Network:
    """Return the recorded prices and throughputs between the 71 regions."""
    return _network(_file()["price"], _file()["gbps"])


def _network(price: Sequence[Sequence[float]], gbps: Sequence[Sequence[float]]) -> Network:
    providers = [name.partition(":")[0] for name in regions()]
    return Network(
        tuple(tuple(row) for row in price),
        tuple(tuple(row) for row in gbps),
        tuple(EGRESS_GBPS[p] for p in providers),
        tuple(INGRESS_GBPS[p] for p in providers),
    )


def _published() -> Iterator[Instance]:
    number = {name: i for i, name in enumerate(regions())}
    for case in json.loads((_DATA / "published.json").read_text()):
        ends = number[case["src"]], [number[d] for d in case["dsts"]]
        yield _instance(f"published-{case['name']}", "published", "measured", *ends, vm_price=PUBLISHED_VM_PRICE)
        yield _instance(f"published_full_time-{case['name']}", "published_full_time", "measured", *ends)


def _sources(split: Split) -> list[int]:
    # The sources of the published configurations are in test.
    names = regions()
    taken = sorted({names.index(case["src"]) for case in json.loads((_DATA / "published.json").read_text())})
    others = [r for r in range(len(names)) if r not in taken]
    random.Random("routing/cloudcast sources").shuffle(others)
    return [*others, *taken][_SOURCES[split]]


TIERS: dict[str, tuple[int, int, float]] = {
    "few": (4, 8, VM_PRICE),
    "many": (12, 20, VM_PRICE),
    "hurry": (6, 14, 100 * VM_PRICE),
}
"""By class: least and greatest number of destinations, and price of a VM."""


def _sampled(split: Split) -> Iterator[Instance]:
    for tier in TIERS:
        for copy in range(_COPIES):
            id = f"{split}-{tier}-{copy}"
            yield sampled(id, tier, split, inside=bool(copy % 2), rng=_rng(id))


def sampled(id: str, tier: str, split: Split, *, inside: bool, rng: random.Random) -> Instance:
    """Draw an instance of a class from a source region of a split; `inside`: all destinations are of the source's provider."""
    names = regions()
    src = rng.choice(_sources(split))
    own = names[src].partition(":")[0] if inside else ""
    others = [r for r, name in enumerate(names) if r != src and name.startswith(own)]
    low, high, vm_price = TIERS[tier]
    return _instance(id, tier, "measured", src, rng.sample(others, rng.randint(low, high)), vm_price=vm_price)


# --------------------------------------------------------------------------- stress


def _flat() -> Network:
    # Equal prices and throughputs: ties everywhere, and only the VM limits matter.
    n = len(regions())
    return _network(_square(n, lambda u, v: 0.09), _square(n, lambda u, v: 5.0))


def _free() -> Network:
    # Transfers within a provider are free.
    names = [name.partition(":")[0] for name in regions()]
    gbps = _file()["gbps"]
    return _network(
        _square(len(names), lambda u, v: 0.0 if names[u] == names[v] else 0.09), _square(len(names), lambda u, v: gbps[u][v])
    )


def _trap() -> Network:
    # Direct edges are slightly more expensive than any single relay path, and sharing relays requires planning ahead.
    n, rng = len(regions()), random.Random("routing/cloudcast trap")
    hub = rng.sample(range(n), 3)
    own = {r: rng.choice(hub) for r in range(n)}

    def price(u: int, v: int) -> float:
        if v in hub:
            return 0.1
        if u in hub:
            return 0.01 if own[v] == u else 0.05
        return 0.1099

    return _network(_square(n, price), _square(n, lambda u, v: 5.0))


def _slow() -> Network:
    # The cheapest tenth of the edges is a hundred times slower.
    n, rng = len(regions()), random.Random("routing/cloudcast slow")
    slow = {(u, v) for u in range(n) for v in range(n) if rng.random() < 0.1}
    gbps, price = _file()["gbps"], _file()["price"]
    return _network(
        _square(n, lambda u, v: 0.01 if (u, v) in slow else price[u][v]),
        _square(n, lambda u, v: round(gbps[u][v] / 100, 6) if (u, v) in slow else gbps[u][v]),
    )


def _random_prices() -> Network:
    # Another market: prices independent of providers.
    n, rng = len(regions()), random.Random("routing/cloudcast prices")
    prices = [[rng.randrange(100, 2000) / 10_000 for _ in range(n)] for _ in range(n)]
    return _network(_square(n, lambda u, v: prices[u][v]), _file()["gbps"])


def _square(n: int, value: Callable[[int, int], float]) -> list[list[float]]:
    return [[0.0 if u == v else value(u, v) for v in range(n)] for u in range(n)]


NETWORKS: dict[str, Callable[[], Network]] = {
    "flat": _flat,
    "free": _free,
    "trap": _trap,
    "slow": _slow,
    "random_prices": _random_prices,
}


def _stress() -> Iterator[Instance]:
    n = len(regions())
    for name in NETWORKS:
        for copy in range(3):
            id = f"stress-{name}-{copy}"
            # Dual ascent leaves a gap on the trap's hubs; up to 10 destinations, dynamic programming proves the tree.
            src, *dsts = _rng(id).sample(range(n), 1 + (4, 9, 10 if name == "trap" else 16)[copy])
            yield _instance(id, name, name, src, dsts, vm_price=VM_PRICE * (1, 1, 20)[copy])
    for copy in range(3):
        id = f"stress-one_destination-{copy}"
        src, dst = _rng(id).sample(range(n), 2)
        yield _instance(id, "one_destination", "measured", src, [dst], vm_price=VM_PRICE * (1, 100, 1000)[copy])
        id = f"stress-one_part-{copy}"
        src, *dsts = _rng(id).sample(range(n), 9)
        yield _instance(id, "one_part", "measured", src, dsts, vm_price=VM_PRICE * (1, 10, 100)[copy], parts=1)
        id = f"stress-prime_parts-{copy}"
        src, *dsts = _rng(id).sample(range(n), 9)
        yield _instance(id, "prime_parts", "measured", src, dsts, vm_price=100 * VM_PRICE, parts=(3, 7, 13)[copy])
    for copy in range(2):
        id = f"stress-free_machines-{copy}"
        src, *dsts = _rng(id).sample(range(n), 13)
        yield _instance(id, "free_machines", "measured", src, dsts, vm_price=0.0)
        id = f"stress-everywhere-{copy}"
        src = _rng(id).randrange(n)
        # Ten times the usual number of destinations: all regions.
        yield _instance(id, "everywhere", "measured", src, [r for r in range(n) if r != src], vm_price=VM_PRICE * (1, 20)[copy])


def _rng(id: str) -> random.Random:
    return random.Random(f"routing/cloudcast {id}")


def _instance(
    id: str, family: str, network: str, src: int, dsts: list[int], vm_price: float = VM_PRICE, parts: int = 10
) -> Instance:
    data: dict[str, Any] = {"network": network, "src": src, "dsts": dsts, "parts": parts, "gb": 300, "vms": 2, "vm_price": vm_price}
    return Instance(id, family, data)
