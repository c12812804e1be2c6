"""Verifier for a cache of experts: decodes token by token, layer by layer, with one link over which experts are loaded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.checks import describe, integer, sequence
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Measurement
from workbench.protocols import Policy


@dataclass(frozen=True, slots=True)
class Step:
    """One layer of one token.

    Attributes
    ----------
    need
        Experts that the router has chosen, the heaviest first.
    hint
        For each of the next layers of this token, the experts that the layer's router would choose now, the likeliest first.
    """

    token: int
    layer: int
    need: tuple[int, ...]
    hint: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Decoding:
    """One instance: a model, the memory and the link of a machine, and the tokens that are decoded on it.

    Attributes
    ----------
    slots
        Experts that fit into the GPU's memory. All slots are taken all the time.
    load_us
        Microseconds to load one expert.
    gate_us, expert_us
        Microseconds of a layer before its experts are known, and with its experts.
    usage
        For each layer, how many tokens of other requests used each expert.
    token_ids
        Number of each token in the vocabulary; -1 if unknown.
    starts
        Tokens that begin a request.
    """

    layers: int
    experts: int
    top_k: int
    slots: int
    load_us: int
    gate_us: int
    expert_us: int
    usage: tuple[tuple[int, ...], ...]
    resident: tuple[int, ...]
    token_ids: tuple[int, ...]
    starts: frozenset[int]
    steps: tuple[Step, ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Decoding:
        """Read an instance.

        Raises
        ------
        ProblemError
            Times, sizes, steps or the experts in memory at first contradict one another.
        """
        names = ("layers", "experts", "top_k", "slots", "load_us", "gate_us", "expert_us")
        sizes = {name: int(data[name]) for name in names}
        layers, experts, top_k, slots = (sizes[name] for name in names[:4])
        # A load under way takes a slot that a policy cannot free: with one to spare it never locks a policy in.
        if min(sizes.values()) < 1 or top_k > experts or not min(top_k + 1, layers * experts) <= slots <= layers * experts:
            raise ProblemError("expert cache: sizes and times must be positive, with room for the experts of a layer and one more")
        usage = tuple(tuple(map(int, row)) for row in data["usage"])
        if len(usage) != layers or any(len(row) != experts or min(row) < 0 for row in usage):
            raise ProblemError("expert cache: usage must have a count for each expert of each layer")
        resident, tokens = tuple(map(int, data["resident"])), tuple(map(int, data["token_ids"]))
        if not len(resident) == len(set(resident)) == slots or min(resident) < 0 or max(resident) >= layers * experts:
            raise ProblemError("expert cache: every slot must hold another expert at first")
        if not tokens or not len(data["need"]) == len(data["hint"]) == len(tokens) * layers:
            raise ProblemError("expert cache: there must be tokens, and for each of them needs and hints in every layer")
        steps = tuple(_steps(data, layers))
        for step in steps:
            first = step.layer * experts
            if len(set(step.need)) != top_k or len(step.need) != top_k or not _within(step.need, first, first + experts):
                raise ProblemError(f"expert cache: {step.need} are not {top_k} experts of layer {step.layer}")
            for ahead, row in enumerate(step.hint, 1):
                if step.layer + ahead >= layers or not _within(row, first + ahead * experts, first + (ahead + 1) * experts):
                    raise ProblemError(f"expert cache: {row} are not experts of layer {step.layer + ahead}")
        return cls(**sizes, usage=usage, resident=resident, token_ids=tokens, starts=frozenset(data["starts"]), steps=steps)

    @property
    def compute_us(self) -> int:
        """Time that the same tokens take if no expert has to be loaded."""
        return len(self.steps) * (self.gate_us + self.expert_us)


def _steps(data: Mapping[str, Any], layers: int) -> Iterator[Step]:
    for number, (need, hint) in enumerate(zip(data["need"], data["hint"], strict=True)):
        yield Step(number // layers, number % layers, tuple(need), tuple(map(tuple, hint)))


def _within(ids: Sequence[int], low: int, end: int) -> bool:
    return all(low <= id < end for id in ids)


@dataclass(slots=True)
class Memory:
    """The GPU's memory and the link that fills it, one expert at a time; a load that has begun is not interrupted.

    Attributes
    ----------
    held
        Experts that can be used.
    loading, done
        Expert under way and when it arrives; -1 if the link is idle.
    queue
        Loads that have not begun, each with the expert that it displaces.
    begun, dropped
        Loads since the policy was last told, and what they displaced.
    """

    load_us: int
    held: set[int]
    loading: int = -1
    done: int = 0
    queue: deque[tuple[int, int]] = field(default_factory=deque)
    begun: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    loads: int = 0

    def run_until(self, now: int) -> None:
        """Let the link work before `now`; what could begin at `now` waits."""
        while self.loading >= 0 and self.done <= now:
            self._arrive()
            if self.queue and self.done < now:
                self._begin(*self.queue.popleft(), self.done)

    def start(self, now: int) -> None:
        """Begin with the queue at `now`, if the link is idle."""
        if self.queue and self.loading < 0:
            self._begin(*self.queue.popleft(), now)

    def fetch(self, now: int, pairs: Sequence[tuple[int, int]]) -> int:
        """Load what is missing, after what is under way, and return when the last of it has arrived."""
        for expert, victim in pairs:
            if self.loading >= 0:
                now = max(now, self.done)
                self._arrive()
            self._begin(expert, victim, now)
        return self.done

    def settle(self, now: int) -> None:
        """Take note of a load that has arrived by `now`."""
        if self.loading >= 0 and self.done <= now:
            self._arrive()

    def _begin(self, expert: int, victim: int, now: int) -> None:
        self.held.remove(victim)
        self.begun.append(expert)
        self.dropped.append(victim)
        self.loading, self.done = expert, now + self.load_us
        self.loads += 1

    def _arrive(self) -> None:
        self.held.add(self.loading)
        self.loading = -1


class ExpertCache:
    """Verifier for a cache of experts: calls `step(news)` in each layer of each token, as soon as the router has chosen.

    The experts that are missing are loaded first; then the link works through the prefetches of the latest answer until the
    next call. The policy is never told what later layers and tokens need.
    """

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Return the time to decode all tokens over the time without any loads.

        Raises
        ------
        Infeasible
            An answer is not an object of two lists, loads what is there, or does not name a victim for each load.
        """
        task = Decoding.from_data(instance.data)
        policy.begin(_information(task))
        memory = Memory(task.load_us, set(task.resident))
        now, hits, waits = task.gate_us, 0, 0
        for step in task.steps:
            memory.run_until(now)
            memory.queue.clear()
            answer = policy.call("step", _news(task, step, memory, now))
            memory.begun, memory.dropped = [], []
            missing = [e for e in step.need if e not in memory.held and e != memory.loading]
            drop, prefetch = _checked(answer, step, memory, len(missing), task.layers * task.experts)
            ready = now
            if memory.loading in step.need:
                ready = memory.done
            if missing:
                ready = memory.fetch(now, list(zip(missing, drop, strict=False)))
            memory.settle(ready)
            hits += task.top_k - len(missing)
            waits += ready - now
            memory.queue.extend(zip(prefetch, drop[len(missing) :], strict=True))
            memory.start(ready)
            now = ready + task.expert_us + task.gate_us
        finished = now - task.gate_us
        return Measurement(
            finished / task.compute_us,
            {
                "hit_pct": 100 * hits / (len(task.steps) * task.top_k),
                "loads_per_token": memory.loads / len(task.token_ids),
                "stall_pct": 100 * waits / finished,
                "link_busy_pct": 100 * memory.loads * task.load_us / finished,
            },
        )


def _checked(answer: Any, step: Step, memory: Memory, missing: int, experts: int) -> tuple[list[int], list[int]]:
    where = f"token {step.token}, layer {step.layer}"
    if type(answer) is not dict or set(answer) != {"drop", "prefetch"}:
        raise Infeasible(f'{where}: step() must return {{"drop": [...], "prefetch": [...]}}, got {describe(answer)}')
    what = f"{where}: drop"
    prefetch, drop = (
        [integer(e, f"{where}: an expert of {name}", 0, experts - 1) for e in sequence(answer[name], f"{where}: {name}")]
        for name in ("prefetch", "drop")
    )
    if len(drop) != missing + len(prefetch):
        raise Infeasible(
            f"{what} must name {missing + len(prefetch)} experts, one for each of {missing} that are missing and of "
            f"{len(prefetch)} prefetches, got {len(drop)}"
        )
    if len(set(prefetch)) != len(prefetch) or len(set(drop)) != len(drop):
        raise Infeasible(f"{where}: drop and prefetch must each name an expert once")
    for e in prefetch:
        if e in memory.held or e == memory.loading or e in step.need:
            raise Infeasible(f"{where}: expert {describe(e)} is in memory or on its way, and cannot be prefetched")
    for e in drop:
        if e not in memory.held or e in step.need:
            why = "is needed now" if e in step.need else "is being loaded" if e == memory.loading else "is not in memory"
            raise Infeasible(f"{what} names expert {describe(e)}, which {why}")
    return drop, prefetch


def _information(task: Decoding) -> dict[str, Any]:
    names = ("layers", "experts", "top_k", "slots", "load_us", "gate_us", "expert_us")
    usage = [list(row) for row in task.usage]
    return {**{name: getattr(task, name) for name in names}, "usage": usage, "resident": list(task.resident)}


def _news(task: Decoding, step: Step, memory: Memory, now: int) -> dict[str, Any]:
    return {
        "token": step.token,
        "token_id": task.token_ids[step.token],
        "new_request": step.token in task.starts,
        "layer": step.layer,
        "need": list(step.need),
        "hint": [list(row) for row in step.hint],
        "loaded": memory.begun,
        "dropped": memory.dropped,
        "loading": memory.loading,
        "left_us": memory.done - now if memory.loading >= 0 else 0,
    }
