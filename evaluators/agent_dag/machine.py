"""Roofline cost model of a replica that computes whole prompts one at a time, and answers together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workbench.errors import ProblemError


@dataclass(frozen=True, slots=True)
class Machine:
    """One replica: a language model on its accelerators.

    Attributes
    ----------
    token_s
        Time to compute one token in the linear layers, in seconds.
    weights_s
        Time to read all weights once, in seconds; a lower bound for the linear layers.
    context_s
        Time to read the keys and values of one token, in seconds.
    pair_s
        Time of attention per pair of prompt tokens, in seconds.
    overhead_s
        Additional time of every prompt and every further token, in seconds.
    slots
        Number of calls that run at once at most.
    """

    token_s: float
    weights_s: float
    context_s: float
    pair_s: float
    overhead_s: float
    slots: int

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Machine:
        """Read a machine in the form of `as_data`.

        Raises
        ------
        ProblemError
            A time is negative, a token could take no time, or nothing can run.
        """
        machine = cls(**data)
        times = (machine.token_s, machine.weights_s, machine.context_s, machine.pair_s, machine.overhead_s)
        if min(times) < 0 or machine.weights_s + machine.overhead_s <= 0 or machine.slots < 1:
            raise ProblemError("agents: times must be non-negative, weights_s + overhead_s positive, and slots at least 1")
        return machine

    def as_data(self) -> dict[str, Any]:
        """Return the fields as a JSON object."""
        return asdict(self)

    def prompt_s(self, prompt: int) -> float:
        """Return the time of a prompt, which gives the first token of the answer, in seconds."""
        return self.overhead_s + max(prompt * self.token_s, self.weights_s) + self.pair_s * prompt * prompt / 2

    def answers_s(self, calls: int, context: int, steps: int) -> float:
        """Return the time of several steps that each add a token to all of some answers, in seconds.

        Parameters
        ----------
        calls
            Number of answers.
        context
            Tokens of their prompts and of the answers so far, in all.
        steps
            Number of steps.
        """
        read = steps * context + calls * steps * (steps - 1) / 2
        return steps * (self.overhead_s + max(calls * self.token_s, self.weights_s)) + self.context_s * read

    def steps_within(self, calls: int, context: int, seconds: float) -> int:
        """Return how many such steps are over after some time: the largest number that takes no more."""
        growth = self.context_s * calls / 2
        first = self.answers_s(calls, context, 1) - growth
        guess = (math.sqrt(first * first + 4 * growth * seconds) - first) / (2 * growth) if growth else seconds / first
        steps = max(0, int(guess))
        while self.answers_s(calls, context, steps + 1) <= seconds:
            steps += 1
        while steps and self.answers_s(calls, context, steps) > seconds:
            steps -= 1
        return steps

    def alone_s(self, prompt: int, output: int) -> float:
        """Return the time of a call that has the replica for itself: no call takes less."""
        return self.prompt_s(prompt) + self.answers_s(1, prompt + 1, output - 1)


def roofline(
    *,
    parameters: float,
    layers: int,
    hidden: int,
    kv_share: float,
    flops: float,
    bandwidth: float,
    memory: float,
    compute_share: float,
    bandwidth_share: float,
    memory_share: float,
    overhead_s: float,
    longest: int,
    most: int,
) -> Machine:
    """Derive a machine from a data sheet and the shape of a dense transformer with 16-bit weights.

    Parameters
    ----------
    kv_share
        Heads of keys and values, as a share of all heads.
    flops, bandwidth, memory
        Data sheet, of all accelerators of the replica: 16-bit operations per second, bytes per second, bytes.
    compute_share, bandwidth_share, memory_share
        Fraction of each that is attained or used.
    longest
        Tokens of the longest call: a slot holds its keys and values.
    most
        Maximum number of slots.

    Raises
    ------
    ProblemError
        The weights leave no memory for a call.
    """
    kv_bytes = 2 * layers * hidden * kv_share * 2  # a key and a value per layer, two bytes per number
    slots = min(most, int((memory * memory_share - 2 * parameters) / (kv_bytes * longest)))
    return Machine.from_data(
        {
            "token_s": 2 * parameters / (flops * compute_share),
            "weights_s": 2 * parameters / (bandwidth * bandwidth_share),
            "context_s": kv_bytes / (bandwidth * bandwidth_share),
            "pair_s": 4 * layers * hidden / (flops * compute_share),  # one product with the key, one with the value
            "overhead_s": overhead_s,
            "slots": slots,
        }
    )
