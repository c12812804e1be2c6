"""Windows of a recorded hour of requests, replayed at several rates; synthetic workloads for stress tests."""

from __future__ import annotations

import gzip
import math
import random
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from evaluators.llm_serving.cost import roofline
from workbench.model import Instance, Split

_DATA = Path(__file__).parent / "data"

MACHINE = roofline(  # Llama 2 7B on an A100 with 40 GB
    parameters=6.74e9,
    layers=32,
    hidden=4096,
    flops=312e12,
    bandwidth=1.555e12,
    memory=40e9,
    compute_share=0.4,
    bandwidth_share=0.7,
    memory_share=0.9,
    overhead_s=0.004,
    chunk=512,
    batch=256,
)
REPLICAS = 4
TTFT_S, TPOT_S = 1.0, 0.06
"""Promised time to first token, and mean time per further token, in seconds."""

RATES = (11.0, 12.3, 13.0)
"""Total load of each class, in requests of the trace's mean work per second."""
FURTHER_RATE = 11.7
"""Load of a fourth class, in test only."""
WINDOW = 700
"""Number of consecutive requests of an instance."""
_PARTS = {Split.TRAIN: (0.0, 0.5), Split.VALIDATION: (0.5, 0.7), Split.TEST: (0.7, 1.0)}
"""Part of the trace, in order of time, used by each split."""
_COPIES = {Split.TRAIN: 2, Split.VALIDATION: 2, Split.TEST: 4}

GUESS_SIGMA = 0.9
"""Standard deviation of log(guessed length / true length); README.md describes how well such guesses order requests."""
CLIENTS = 12
"""Number of clients; the k-th sends a share proportional to 1 / k."""

Row = tuple[float, int, int]
"""Arrival in seconds, prompt tokens, answer tokens."""


class Lengths(NamedTuple):
    """Token counts of a request."""

    prompt: int
    output: int


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, in a fixed order.

    train, validation and test are windows of the first 50 %, the next 20 % and the last 30 % of the requests, accelerated to the
    load of the class. Windows of one class do not overlap; those of different classes start at different requests. In test, the
    windows of each class cover all of that part.
    """
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    if split is Split.STRESS:
        return tuple(_stress())
    rows = part(split)
    found = []
    for family, rate in enumerate(RATES):
        slots = min(_COPIES[split], len(rows) // WINDOW)
        # The first windows of the classes start within the remainder that the windows leave.
        spare = len(rows) - slots * WINDOW
        for copy in range(slots):
            first = copy * WINDOW + family * spare // (len(RATES) - 1)
            found.append(replay(f"{split}-{rate}-{copy}", f"load-{rate}", rows[first : first + WINDOW], rate))
        if split is Split.TEST:
            begin = family * spare // (len(RATES) - 1)
            found += _beside(rate, rows, begin, begin + slots * WINDOW, first_copy=slots)
    if split is Split.TEST:
        begin = len(rows) % WINDOW // 2
        found += _beside(FURTHER_RATE, rows, begin, begin)
    return tuple(found)


def _beside(rate: float, rows: Sequence[Row], begin: int, end: int, first_copy: int = 0) -> Iterator[Instance]:
    """Generate as many test windows as fit before `begin` and after `end`."""
    starts = [begin % WINDOW + WINDOW * k for k in range(begin // WINDOW)]
    starts += range(end, len(rows) - WINDOW + 1, WINDOW)
    for copy, start in enumerate(starts, start=first_copy):
        yield replay(f"{Split.TEST}-{rate}-{copy}", f"load-{rate}", rows[start : start + WINDOW], rate)


@lru_cache(2)
def recorded(service: str) -> tuple[Row, ...]:
    """Return the recorded requests to a service, "conv" or "code", in order of time."""
    lines = gzip.decompress((_DATA / f"azure_2023_{service}.csv.gz").read_bytes()).decode().splitlines()[1:]
    return tuple((int(ms) / 1000, int(prompt), int(output)) for ms, prompt, output in (line.split(",") for line in lines))


def trace() -> tuple[Row, ...]:
    """Return the recorded requests of all splits in order of time."""
    return recorded("conv")


def part(split: Split) -> tuple[Row, ...]:
    """Return the part of the trace for a split."""
    low, high = _PARTS[split]
    return trace()[round(low * len(trace())) : round(high * len(trace()))]


def replay(id: str, family: str, rows: Sequence[Row], rate: float) -> Instance:
    """Replay recorded requests with all gaps scaled by one factor, to the load given by `rate`.

    The load is `rate` requests of the trace's mean work per second. Lengths of answers vary over the hour: at a constant
    request rate, some windows would be nearly idle and others overloaded.
    """
    rng = _rng(id)
    begin, end = rows[0][0], rows[-1][0]
    work = sum(_work_s(row) for row in rows)
    speed = (end - begin) * rate * _mean_work_s() / work
    arrivals = [(row[0] - begin) / speed for row in rows]
    return Instance(id, family, workload(arrivals, [Lengths(*row[1:]) for row in rows], rng))


def _work_s(row: Row) -> float:
    return MACHINE.prefill_work_s(row[1]) + MACHINE.decode_work_s(row[1], row[2])


@lru_cache(1)
def _mean_work_s() -> float:
    return sum(map(_work_s, trace())) / len(trace())


def workload(arrivals: Sequence[float], lengths: Sequence[Lengths], rng: random.Random, **other: Any) -> dict[str, Any]:
    """Return the data of one instance, with random guesses and clients; `other` overrides shared parameters.

    Raises
    ------
    ValueError
        The numbers of arrivals and lengths differ.
    """
    shares = [1 / (k + 1) for k in range(CLIENTS)]
    senders = rng.choices(range(CLIENTS), shares, k=len(lengths))
    return {
        "replicas": REPLICAS,
        "machine": MACHINE.as_data(),
        "ttft_s": TTFT_S,
        "tpot_s": TPOT_S,
        "requests": [
            [round(at, 4), r.prompt, r.output, guess(r.output, rng), sender]
            for at, r, sender in zip(arrivals, lengths, senders, strict=True)
        ],
        **other,
    }


def guess(output: int, rng: random.Random) -> int:
    """Draw the guess of a moderately accurate length predictor."""
    return max(1, min(1000, round(output * math.exp(rng.gauss(0, GUESS_SIGMA)))))


def gamma_arrivals(n: int, rate: float, variation: float, rng: random.Random) -> list[float]:
    """Draw arrival times with Gamma distributed gaps of a given coefficient of variation (1: Poisson, above: bursts)."""
    shape = variation**-2
    now, times = 0.0, []
    for _ in range(n):
        now += rng.gammavariate(shape, 1 / (shape * rate))
        times.append(now)
    return times


# --------------------------------------------------------------------------- stress


def _stress() -> Iterator[Instance]:
    shapes: dict[str, tuple[int, Callable[[random.Random], dict[str, Any]]]] = {
        "bursts": (1, lambda rng: _drawn(rng, 600, 11.0, variation=4.0)),
        "overload": (1, lambda rng: _drawn(rng, 400, 20.0)),
        "light": (1, lambda rng: _drawn(rng, 200, 2.0)),
        "ten-times": (1, lambda rng: _drawn(rng, 3000, 120.0, replicas=10 * REPLICAS)),
        "single-replica": (1, lambda rng: _drawn(rng, 300, 3.0, replicas=1)),
        "short-of-memory": (1, lambda rng: _drawn(rng, 400, 8.0, machine={**MACHINE.as_data(), "capacity": 16_000})),
        "hurried": (1, lambda rng: _drawn(rng, 500, 10.0, ttft_s=0.3, tpot_s=0.045)),
        "equal": (1, equal),
        "one-request": (2, lambda rng: _drawn(rng, 1, 1.0)),
        "long-prompts": (1, long_prompts),
        "long-answers": (1, long_answers),
        "short-answers": (1, short_answers),
        "flood": (1, flood),
        "misled": (1, lambda rng: guessed(_drawn(rng, 500, 12.0), lambda output: max(1, 1000 - output))),
        "no-guess": (1, lambda rng: guessed(_drawn(rng, 500, 12.0), lambda output: 200)),
    }
    for family, (copies, make) in shapes.items():
        for copy in range(copies):
            id = f"{Split.STRESS}-{family}-{copy}"
            yield Instance(id, family, make(_rng(id)))


def _drawn(rng: random.Random, n: int, rate: float, variation: float = 1.0, **other: Any) -> dict[str, Any]:
    return workload(gamma_arrivals(n, rate, variation, rng), draw(n, trace(), rng), rng, **other)


def draw(n: int, rows: Sequence[Row], rng: random.Random) -> list[Lengths]:
    """Draw the lengths of n requests of the trace from `rows`, with replacement."""
    return [Lengths(*row[1:]) for row in rng.choices(rows, k=n)]


def equal(rng: random.Random) -> dict[str, Any]:
    """Ties everywhere: identical requests, eight at the same time."""
    n = 240
    made = workload([0.75 * (i // 8) for i in range(n)], [Lengths(1000, rng.randint(180, 220))] * n, rng)
    return guessed(made, lambda output: output)


def long_prompts(rng: random.Random) -> dict[str, Any]:
    """One request in twenty contains a document."""
    lengths = draw(400, trace(), rng)
    lengths = [Lengths(rng.randint(9000, 13000), r.output) if rng.random() < 0.05 else r for r in lengths]
    return workload(gamma_arrivals(len(lengths), 8.0, 1.0, rng), lengths, rng)


def long_answers(rng: random.Random) -> dict[str, Any]:
    """Short questions with long answers: memory fills up after admission."""
    lengths = [Lengths(rng.randint(20, 200), rng.randint(500, 1000)) for _ in range(300)]
    return workload(gamma_arrivals(len(lengths), 8.0, 1.0, rng), lengths, rng)


def short_answers(rng: random.Random) -> dict[str, Any]:
    """Long questions with one-word answers, as for classification: all work is in the prompts."""
    lengths = [Lengths(2 * r.prompt, rng.randint(1, 8)) for r in draw(400, trace(), rng) if r.prompt < 6000]
    return workload(gamma_arrivals(len(lengths), 13.0, 1.0, rng), lengths, rng)


def flood(rng: random.Random) -> dict[str, Any]:
    """One client sends 150 requests within a second during moderate traffic."""
    made = _drawn(rng, 350, 8.0)
    middle = made["requests"][150][0]
    extra = workload([middle + i / 150 for i in range(150)], draw(150, trace(), rng), rng)["requests"]
    requests = [*made["requests"], *([*row[:4], CLIENTS] for row in extra)]
    return {**made, "requests": sorted(requests, key=lambda row: row[0])}


def guessed(made: dict[str, Any], predict: Callable[[int], int]) -> dict[str, Any]:
    """The same workload with guesses that are a function of the true length."""
    return {**made, "requests": [[*row[:3], predict(row[2]), row[4]] for row in made["requests"]]}


def _rng(id: str) -> random.Random:
    return random.Random(f"load_balancing/llm_serving {id}")
