"""Verifier for a semantic cache: which stored answers to reuse for similar queries, and which to keep."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.checks import integer, sequence
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Measurement
from workbench.protocols import Policy

MISS = -1
"""Answer of a policy: ask the model; or: do not store."""

Near = list[list[float]]
"""Slots with the most similar queries: [slot, similarity] each, best first."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query: the step in which it comes, the number of its text, its category, and the number of its right answer."""

    step: int
    text: int
    category: int
    answer: int


@dataclass(frozen=True, slots=True)
class Stream:
    """One instance: a cache and all queries in order of arrival.

    Attributes
    ----------
    capacity
        Answers that the cache can hold.
    false_cost
        Cost of a wrong answer, in calls of the model.
    nearest
        Number of similar entries that a lookup returns at most.
    similarity
        Cosine between the embeddings of two texts, to three decimals.
    """

    capacity: int
    false_cost: int
    nearest: int
    categories: int
    steps: int
    similarity: npt.NDArray[np.float64]
    queries: tuple[Query, ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Stream:
        """Read an instance: the numbers above, `vectors` (embeddings) and `queries` (rows of step, text, category, answer).

        Raises
        ------
        ProblemError
            A number is out of range, or queries are not in order of their steps.
        """
        capacity, false_cost, nearest, categories, steps = (
            int(data[name]) for name in ("capacity", "false_cost", "nearest", "categories", "steps")
        )
        if min(capacity, false_cost, nearest, categories, steps) < 1:
            raise ProblemError("semantic cache: capacity, false_cost, nearest, categories and steps must be at least 1")
        similarity = similarities(data["vectors"], int(data["dims"]))
        queries = tuple(Query(*map(int, row)) for row in data["queries"])
        order = [query.step for query in queries]
        if not queries or order != sorted(order) or order[0] < 0 or order[-1] >= steps:
            raise ProblemError("semantic cache: there must be queries, in order of their steps, from 0 on")
        for query in queries:
            if not (0 <= query.text < len(similarity) and 0 <= query.category < categories and query.answer >= 0):
                raise ProblemError(f"semantic cache: {query} names a text or a category that is not there")
        return cls(capacity, false_cost, nearest, categories, steps, similarity, queries)

    def batches(self) -> Iterator[tuple[int, list[Query]]]:
        """Yield the steps that have queries, with these."""
        for step, batch in groupby(self.queries, lambda query: query.step):
            yield step, list(batch)


@lru_cache(2)
def similarities(text: str, dims: int) -> npt.NDArray[np.float64]:
    """Return the cosine of each pair of embeddings, for reading; kept for the next program on the same instance."""
    found = cosines(vectors(text, dims))
    found.flags.writeable = False
    return found


def vectors(text: str, dims: int) -> npt.NDArray[np.int8]:
    """Decode embeddings: `dims` signed bytes for each text, in base 64.

    Raises
    ------
    ProblemError
        The text is no whole number of embeddings, or one is 0.
    """
    raw = base64.b64decode(text)
    if not raw or len(raw) % dims:
        raise ProblemError(f"semantic cache: {len(raw)} bytes are no whole number of embeddings of {dims}")
    found = np.frombuffer(raw, np.int8).reshape(-1, dims)
    if not found.any(axis=1).all():
        raise ProblemError("semantic cache: an embedding is 0 in every dimension")
    return found


def cosines(embeddings: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
    """Return the cosine of each pair, to three decimals; the same on every machine, because products of whole numbers are exact."""
    whole = embeddings.astype(np.float64)
    length = np.sqrt((whole * whole).sum(axis=1))
    return np.asarray(np.round(whole @ whole.T / (length[:, None] * length[None, :]), 3), dtype=np.float64)


class SemanticCache:
    """Verifier for a semantic cache: asks twice a step at most, first which answers to reuse, then where to store the new ones.

    Contents and costs stay here. A policy learns the right answer of a query only if it has the model asked, and nothing of
    queries to come.

        lookup(step, queries) -> slot or -1 for each
        learn(step, answers) -> slot or -1 for each of the queries that the model was asked
    """

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Return the calls of the model that are saved less the cost of wrong answers, in % of all queries.

        Raises
        ------
        Infeasible
            An answer is no list of slots, reuses a slot that is not among the nearest, or stores two answers in one.
        """
        stream = Stream.from_data(instance.data)
        texts = np.full(stream.capacity, -1)
        held = [-1] * stream.capacity
        right = false = stored = 0
        policy.begin({name: getattr(stream, name) for name in ("capacity", "categories", "steps", "false_cost", "nearest")})
        for step, batch in stream.batches():
            near = nearest(stream, texts, batch)
            # New objects each time: a policy in the same process must not be able to modify what is checked.
            shown = [{"category": q.category, "near": [list(e) for e in own]} for q, own in zip(batch, near, strict=True)]
            told = sequence(policy.call("lookup", step, shown), f"lookup() at step {step}", len(batch))
            used = [_use(slot, own, f"query {k} of step {step}") for k, (slot, own) in enumerate(zip(told, near, strict=True))]
            right += sum(slot != MISS and held[slot] == query.answer for slot, query in zip(used, batch, strict=True))
            false += sum(slot != MISS and held[slot] != query.answer for slot, query in zip(used, batch, strict=True))
            missed = [k for k, slot in enumerate(used) if slot == MISS]
            if not missed:
                continue
            answers = policy.call("learn", step, [[k, batch[k].answer] for k in missed])
            for k, slot in zip(missed, _places(answers, len(missed), stream.capacity, step), strict=True):
                if slot != MISS:
                    texts[slot], held[slot] = batch[k].text, batch[k].answer
                    stored += 1
        n = len(stream.queries)
        metrics = {"right_pct": 100 * right / n, "false_pct": 100 * false / n, "stored_pct": 100 * stored / n}
        return Measurement(100 * (right - (stream.false_cost - 1) * false) / n, metrics)


def nearest(stream: Stream, texts: npt.NDArray[Any], batch: Sequence[Query]) -> list[Near]:
    """Return the most similar entries for each query of a batch; of equally similar ones those with the lowest slots first."""
    slots = np.flatnonzero(texts >= 0)
    close = stream.similarity[np.ix_(np.array([query.text for query in batch]), texts[slots])]
    order = np.argsort(-close, axis=1, kind="stable")[:, : stream.nearest]
    found, value = slots[order].tolist(), np.take_along_axis(close, order, axis=1).tolist()
    return [[list(pair) for pair in zip(*rows, strict=True)] for rows in zip(found, value, strict=True)]


def _use(slot: Any, near: Near, where: str) -> int:
    """Check one answer to a lookup."""
    use = integer(slot, f"the slot for {where}", MISS)
    if use != MISS and all(use != entry[0] for entry in near):
        raise Infeasible(f"the slot for {where} must be -1 or one of its `near`, got {use}")
    return use


def _places(answers: Any, count: int, capacity: int, step: int) -> list[int]:
    """Check where new answers are to be stored."""
    what = f"learn() at step {step}"
    slots = [integer(slot, f"a slot of {what}", MISS, capacity - 1) for slot in sequence(answers, what, count)]
    kept = [slot for slot in slots if slot != MISS]
    if len(set(kept)) < len(kept):
        raise Infeasible(f"{what} must not store two answers in one slot")
    return slots
