"""Recorded traces, distributed to cache nodes by session and split by time; synthetic traces for stress tests."""

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
"""Tokens per block; the last block of a prompt is rarely full."""

CAPACITIES = {"chat": {"small": 150, "medium": 400, "large": 600}, "mixed": {"small": 250, "large": 700}}
"""Capacity of a node in blocks. A node serves a twelfth of the sessions of the chat trace, or a sixth of the mixed trace."""

_FILES = {"chat": "conversation", "mixed": "synthetic"}
_SHARED = {"chat": 1, "mixed": 0}
"""Number of blocks at the start of every prompt (system prompt) that do not identify sessions."""

_PERIODS = {
    Split.TRAIN: ((0.0, 0.2), (0.2, 0.4)), Split.VALIDATION: ((0.4, 0.6),), Split.TEST: ((0.6, 0.8), (0.8, 1.0)),
}  # fmt: skip
"""Parts of a trace used by each split, as fractions of its requests."""
NODES = {"chat": 12, "mixed": 6}
"""Number of nodes in each period."""

Request = tuple[int, int, tuple[int, ...]]
"""Time in ms, tokens of the prompt, blocks."""


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, in a fixed order. Instances of one period have no sessions in common.

    Periods of 20 % of the requests, each on equally many nodes: two for train, the next one for validation, the last two for
    test. Every instance starts with an empty cache.
    """
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    return tuple(_synthetic() if split is Split.STRESS else _recorded(split))


def recorded_requests(kind: str) -> list[Request]:
    """Return a whole recorded trace, "chat" or "mixed", with its original block ids.

    For each request, the file has the deepest previously known block (-1 if none) and the number of new blocks after it. New
    blocks are numbered in order of appearance, and each block is always preceded by the same block.
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
    """Return the data of an instance: times start at 0, blocks are renumbered in order of appearance."""
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
        levels = list(capacities.items())
        for number, period in enumerate(_PERIODS[split], start=1):
            begin, end = (round(share * len(requests)) for share in period)
            prefix = f"{split}-{kind}" if len(_PERIODS[split]) == 1 else f"{split}-{kind}-{number}"
            for node, part in enumerate(_by_session(requests[begin:end], _SHARED[kind], NODES[kind])):
                level, capacity = levels[node % len(levels)]
                yield Instance(f"{prefix}-{level}-{node}", f"{kind}-{level}", as_data(part, capacity))


def _by_session(requests: Sequence[Request], shared: int, nodes: int) -> list[list[Request]]:
    """Assign sessions to nodes in turn; prompts that share a block beyond the first `shared` belong to one session."""
    node_of: dict[int, int] = {}
    parts: list[list[Request]] = [[] for _ in range(nodes)]
    for request in requests:
        parts[node_of.setdefault(session(request, shared), len(node_of) % nodes)].append(request)
    return parts


def session(request: Request, shared: int) -> int:
    """Return the block that identifies the session of a request."""
    blocks = request[2]
    return blocks[min(shared, len(blocks) - 1)]


# --------------------------------------------------------------------------- stress


class _Blocks:
    """Assigns block ids by content: prompts with a common prefix share the blocks of that prefix."""

    def __init__(self) -> None:
        self._ids: dict[tuple[int, Any, int], int] = {}

    def of(self, *parts: tuple[Any, int]) -> tuple[int, ...]:
        """Return the blocks of a prompt given as (content, number of blocks) parts."""
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
    """Generate conversations that start at random times; every turn repeats the previous one except its last block."""
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
    # Ten times the requests and the capacity of a node.
    return _sessions(rng, _Blocks(), 1600, 1.5, 90.0), (1500, 5000)[copy]


def _scan(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # A few prompts recur, between long documents that are read once.
    blocks, requests = _Blocks(), []
    for i in range(300):
        prompt = blocks.of((("hot", rng.randrange(20)), 8)) if rng.random() < 0.6 else blocks.of((("document", i), 60))
        requests.append((1000 * i, _tokens(rng, prompt), prompt))
    return requests, (100, 160, 200)[copy]


def _loop(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # The same prompts in the same order, slightly more than fit: the least recently used one is always next.
    blocks = _Blocks()
    prompts = [blocks.of((i, 10)) for i in range(30)]
    return [(1000 * i, _tokens(rng, prompts[i % 30]), prompts[i % 30]) for i in range(450)], (290, 240, 150)[copy]


def _new_favourites(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # Zipf popularity that changes completely halfway: past counts mislead.
    blocks, requests = _Blocks(), []
    weights = [1 / (rank + 1) for rank in range(60)]
    for i in range(400):
        name = rng.choices(range(60), weights)[0]
        prompt = blocks.of(((i >= 200, name), 6))
        requests.append((500 * i, _tokens(rng, prompt), prompt))
    return requests, (60, 120, 200)[copy]


def _one_instant(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # All at time 0 and of the same length: only order and counts distinguish prompts.
    blocks = _Blocks()
    names = [rng.randrange(40) for _ in range(300)]
    return [(0, 5 * BLOCK_TOKENS, blocks.of((name, 5))) for name in names], (5, 50, 150)[copy]


def _one_block(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # Prompts of a single block, capacity 1, 10 or 50.
    blocks = _Blocks()
    names = [min(int(rng.paretovariate(0.6)), 300) for _ in range(500)]
    return [(200 * i, BLOCK_TOKENS // 2, blocks.of((name, 1))) for i, name in enumerate(names)], (1, 10, 50)[copy]


def _oversize(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # Prompts longer than the whole cache.
    blocks, requests = _Blocks(), []
    for i in range(200):
        prompt = blocks.of(("system", 3), (rng.randrange(5), rng.randint(1, 60)))
        requests.append((1000 * i, _tokens(rng, prompt), prompt))
    return requests, (2, 10, 40)[copy]


def _never_again(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # No block recurs: hits are impossible.
    blocks = _Blocks()
    prompts = [blocks.of((i, rng.randint(1, 30))) for i in range(200)]
    return [(1000 * i, _tokens(rng, prompt), prompt) for i, prompt in enumerate(prompts)], (50, 300)[copy]


def _fits(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # Capacity for everything, or for all but one block.
    requests = _sessions(rng, _Blocks(), 80, 0.2, 60.0)
    return requests, len({block for _, _, prompt in requests for block in prompt}) - copy


def _branching(rng: random.Random, copy: int) -> tuple[list[Request], int]:
    # An agent's tree search: every prompt continues one of the recent ones, and the tree grows wide.
    blocks = _Blocks()
    paths: list[tuple[tuple[int, int], ...]] = [((0, 2),)]
    requests: list[Request] = []
    for i in range(400):
        path = (*rng.choice(paths[-(10, 40, 160)[copy] :]), (i, rng.randint(1, 3)))
        paths.append(path)
        prompt = blocks.of(*path)
        requests.append((400 * i, _tokens(rng, prompt), prompt))
    return requests, (30, 80, 200)[copy]
