"""Recorded traces dealt to cache nodes by session and cut by time, and made-up traces that look for weaknesses."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.model import Instance, Split

_DATA = Path(__file__).parent / "data"

BLOCK_TOKENS = 512
"""Tokens in a block; the last block of a prompt is hardly ever full."""

CAPACITIES = {"chat": {"small": 150, "medium": 400, "large": 600}, "mixed": {"small": 250, "large": 700}}
"""Blocks that one node can hold. A node has a twelfth of the chat trace's sessions, or a sixth of the mixed one's."""

_FILES = {"chat": "conversation", "mixed": "synthetic"}
_SHARED = {"chat": 1, "mixed": 0}
"""Blocks at the start of every prompt (a system prompt) that do not tell sessions apart."""

_TIMES = {Split.TRAIN: (0.0, 0.4), Split.VALIDATION: (0.4, 0.6), Split.TEST: (0.6, 1.0)}
"""Which part of a trace, as shares of its requests."""
_NODES = {
    Split.TRAIN: {"chat": 12, "mixed": 6},
    Split.VALIDATION: {"chat": 6, "mixed": 4},
    Split.TEST: {"chat": 12, "mixed": 6},
}

Request = tuple[int, int, tuple[int, ...]]
"""Time (ms), tokens of the prompt, blocks."""


def instances(split: Split) -> Sequence[Instance]:
    """All instances of a split, always in the same order. Two instances of a split share no session.

    train: the first 40 % of the requests; validation: the next 20 %, on half as many nodes, so that a node sees as many
    requests; test: the last 40 %. Every instance starts with an empty cache.
    """
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    return tuple(_synthetic() if split is Split.STRESS else _recorded(split))


def recorded_requests(kind: str) -> list[Request]:
    """A whole recorded trace, "chat" or "mixed", with its original block ids.

    The file tells each request's deepest block that was known before (-1 without) and how many new ones follow; new blocks
    are numbered in order of appearance, and each block is always preceded by the same one.
    """
    record = json.loads(gzip.decompress((_DATA / f"{_FILES[kind]}.json.gz").read_bytes()))
    before: list[int] = []
    requests: list[Request] = []
    for time_ms, tokens, known, new in zip(
        record["time_ms"], record["tokens"], record["known"], record["new"], strict=True
    ):  # fmt: skip
        blocks: list[int] = []
        block = known
        while block >= 0:
            blocks.append(block)
            block = before[block]
        blocks.reverse()
        for _ in range(new):
            before.append(blocks[-1] if blocks else -1)
            blocks.append(len(before) - 1)
        requests.append((time_ms, tokens, tuple(blocks)))
    return requests


def as_data(requests: Sequence[Request], capacity: int) -> dict[str, Any]:
    """Data of an instance: time from 0 on, blocks numbered anew in order of appearance."""
    names: dict[int, int] = {}
    start = requests[0][0]
    return {
        "capacity": capacity,
        "requests": [[names.setdefault(block, len(names)) for block in blocks] for _, _, blocks in requests],
        "facts": {
            "time_s": [(time_ms - start) / 1000 for time_ms, _, _ in requests],
            "tokens": [tokens for _, tokens, _ in requests],
        },
    }


def _recorded(split: Split) -> Iterator[Instance]:
    for kind, capacities in CAPACITIES.items():
        requests = recorded_requests(kind)
        begin, end = (round(share * len(requests)) for share in _TIMES[split])
        levels = list(capacities.items())
        for node, part in enumerate(_by_session(requests[begin:end], _SHARED[kind], _NODES[split][kind])):
            level, capacity = levels[node % len(levels)]
            yield Instance(f"{split}-{kind}-{level}-{node}", f"{kind}-{level}", as_data(part, capacity))


def _by_session(requests: Sequence[Request], shared: int, nodes: int) -> list[list[Request]]:
    """Deal sessions to nodes in turn; a session is all prompts that share a block beyond the first `shared`."""
    node_of: dict[int, int] = {}
    parts: list[list[Request]] = [[] for _ in range(nodes)]
    for request in requests:
        blocks = request[2]
        session = blocks[min(shared, len(blocks) - 1)]
        parts[node_of.setdefault(session, len(node_of) % nodes)].append(request)
    return parts


# --------------------------------------------------------------------------- stress


class _Blocks:
    """Gives out blocks by what they hold: equal prompts up to a point have equal blocks up to there."""

    def __init__(self) -> None:
        self._ids: dict[tuple[int, Any, int], int] = {}

    def of(self, *parts: tuple[Any, int]) -> tuple[int, ...]:
        """Blocks of a prompt that is made of (content, number of blocks) parts."""
        blocks: list[int] = []
        for content, count in parts:
            for i in range(count):
                key = (blocks[-1] if blocks else -1, content, i)
                blocks.append(self._ids.setdefault(key, len(self._ids)))
        return tuple(blocks)


def _synthetic() -> Iterator[Instance]:
    shapes: dict[str, tuple[int, Callable[[random.Random, int], tuple[list[Request], int]]]] = {
        "ten-times": (2, _ten_times),
        "scan": (3, _scan),
        "loop": (3, _loop),
        "new-favourites": (3, _new_favourites),
        "one-instant": (3, _one_instant),
        "one-block": (3, _one_block),
        "oversize": (3, _oversize),
        "never-again": (2, _never_again),
        "fits": (2, _fits),
        "branching": (3, _branching),
    }
    for family, (copies, make) in shapes.items():
        for copy in range(copies):
            id = f"{Split.STRESS}-{family}-{copy}"
            requests, capacity = make(random.Random(f"caching/kv_cache {id}"), copy)
            yield Instance(id, family, as_data(requests, capacity))


def _tokens(rng: random.Random, blocks: Sequence[int]) -> int:
    return BLOCK_TOKENS * (len(blocks) - 1) + rng.randint(1, BLOCK_TOKENS)


def _sessions(rng: random.Random, blocks: _Blocks, count: int, per_s: float, think_s: float) -> list[Request]:
    """Conversations that begin at random moments; every turn repeats all of the last one but its last block."""
    requests: list[Request] = []
    start = 0.0
    for session in range(count):
        start += rng.expovariate(per_s)
        moment, length = start, rng.randint(2, 20)
        while True:
            prompt = blocks.of(("system", 1), (session, length), ((session, length, "end"), 1))
            requests.append((round(1000 * moment), _tokens(rng, prompt), prompt))
            if rng.random() < 0.4:
                break
            moment += 20 + rng.expovariate(1 / think_s)
            length += rng.randint(1, 10)
    return sorted(requests, key=lambda request: request[0])


def _ten_times(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # Ten times the requests and the room of a node.
    return _sessions(rng, _Blocks(), 1600, 1.5, 90.0), (1500, 5000)[copy]


def _scan(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # A few prompts are asked for again and again, between long documents that are read once.
    blocks, requests = _Blocks(), []
    for i in range(300):
        prompt = blocks.of((("hot", rng.randrange(20)), 8)) if rng.random() < 0.6 else blocks.of((("document", i), 60))
        requests.append((1000 * i, _tokens(rng, prompt), prompt))
    return requests, (100, 160, 200)[copy]


def _loop(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # The same prompts in the same order, a little more than fit: the least recently used one is always the next.
    blocks = _Blocks()
    prompts = [blocks.of((i, 10)) for i in range(30)]
    return [(1000 * i, _tokens(rng, prompts[i % 30]), prompts[i % 30]) for i in range(450)], (290, 240, 150)[copy]


def _new_favourites(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # Zipf popularity that turns over completely half way: counts of the past mislead.
    blocks, requests = _Blocks(), []
    weights = [1 / (rank + 1) for rank in range(60)]
    for i in range(400):
        name = rng.choices(range(60), weights)[0]
        prompt = blocks.of(((i >= 200, name), 6))
        requests.append((500 * i, _tokens(rng, prompt), prompt))
    return requests, (60, 120, 200)[copy]


def _one_instant(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # Everything at time 0 and of the same length: only order and counts tell prompts apart.
    blocks = _Blocks()
    names = [rng.randrange(40) for _ in range(300)]
    return [(0, 5 * BLOCK_TOKENS, blocks.of((name, 5))) for name in names], (5, 50, 150)[copy]


def _one_block(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # Prompts of a single block, room for 1, 10 or 50.
    blocks = _Blocks()
    names = [min(int(rng.paretovariate(0.6)), 300) for _ in range(500)]
    return [(200 * i, BLOCK_TOKENS // 2, blocks.of((name, 1))) for i, name in enumerate(names)], (1, 10, 50)[copy]


def _oversize(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # Prompts that are longer than the whole cache.
    blocks, requests = _Blocks(), []
    for i in range(200):
        prompt = blocks.of(("system", 3), (rng.randrange(5), rng.randint(1, 60)))
        requests.append((1000 * i, _tokens(rng, prompt), prompt))
    return requests, (2, 10, 40)[copy]


def _never_again(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # No block comes back: there is nothing to gain.
    blocks = _Blocks()
    prompts = [blocks.of((i, rng.randint(1, 30))) for i in range(200)]
    return [(1000 * i, _tokens(rng, prompt), prompt) for i, prompt in enumerate(prompts)], (50, 300)[copy]


def _fits(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # Room for everything, or for all but one block.
    requests = _sessions(rng, _Blocks(), 80, 0.2, 60.0)
    return requests, len({block for _, _, prompt in requests for block in prompt}) - copy


def _branching(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # An agent's search: every prompt goes on from one of the last ones, and the tree grows wide.
    blocks = _Blocks()
    paths: list[tuple[tuple[int, int], ...]] = [((0, 2),)]
    requests: list[Request] = []
    for i in range(400):
        path = (*rng.choice(paths[-(10, 40, 160)[copy] :]), (i, rng.randint(1, 3)))
        paths.append(path)
        prompt = blocks.of(*path)
        requests.append((400 * i, _tokens(rng, prompt), prompt))
    return requests, (30, 80, 200)[copy]
