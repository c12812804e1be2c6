"""Roofline cost model of language-model iterations on one accelerator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workbench.errors import ProblemError


@dataclass(frozen=True, slots=True)
class Machine:
    """One replica. An iteration computes one token per decoding request and a part of the prompts.

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
        Additional time of every iteration (launches, sampling, scheduling), in seconds.
    capacity
        Number of tokens whose keys and values fit into memory.
    chunk
        Maximum number of tokens computed in one iteration, decoding requests first.
    batch
        Maximum number of running requests.
    """

    token_s: float
    weights_s: float
    context_s: float
    pair_s: float
    overhead_s: float
    capacity: int
    chunk: int
    batch: int

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Machine:
        """Read a machine in the form of `as_data`.

        Raises
        ------
        ProblemError
            A time is negative, an iteration could take no time, or decoding requests could fill an iteration.
        """
        machine = cls(**data)
        times = (machine.token_s, machine.weights_s, machine.context_s, machine.pair_s, machine.overhead_s)
        if min(times) < 0 or machine.weights_s + machine.overhead_s <= 0:
            raise ProblemError("serving: times must be non-negative, and weights_s + overhead_s positive")
        if not 1 <= machine.batch < machine.chunk:
            raise ProblemError("serving: 1 <= batch < chunk must hold, so that decoding requests cannot starve prompts")
        return machine

    def as_data(self) -> dict[str, Any]:
        """Return the fields as a JSON object."""
        return asdict(self)

    def iteration_s(self, tokens: int, context: float, pairs: float) -> float:
        """Return the time of an iteration in seconds.

        Parameters
        ----------
        tokens
            Number of tokens computed.
        context
            Number of tokens whose keys and values are read.
        pairs
            Number of pairs of prompt tokens in attention.
        """
        return self.overhead_s + max(tokens * self.token_s, self.weights_s) + context * self.context_s + pairs * self.pair_s

    def prefill_work_s(self, prompt: int) -> float:
        """Return a lower bound on the machine time for a prompt, in seconds, whatever else shares its iterations."""
        return prompt * self.token_s + self.pair_s * prompt * prompt / 2

    def decode_work_s(self, prompt: int, output: int) -> float:
        """Return the same bound for all tokens of an answer after the first."""
        steps = output - 1
        return steps * self.token_s + self.context_s * (steps * prompt + steps * (steps + 1) / 2)


def roofline(
    *,
    parameters: float,
    layers: int,
    hidden: int,
    flops: float,
    bandwidth: float,
    memory: float,
    compute_share: float,
    bandwidth_share: float,
    memory_share: float,
    overhead_s: float,
    chunk: int,
    batch: int,
) -> Machine:
    """Derive a machine from a data sheet and the shape of a dense transformer with 16-bit weights and full attention heads.

    Parameters
    ----------
    flops, bandwidth, memory
        Data sheet: 16-bit operations per second, bytes per second, bytes.
    compute_share, bandwidth_share, memory_share
        Fraction of each that is attained or used.
    """
    kv_bytes = 2 * layers * hidden * 2  # a key and a value per layer, two bytes per number
    return Machine(
        token_s=2 * parameters / (flops * compute_share),
        weights_s=2 * parameters / (bandwidth * bandwidth_share),
        context_s=kv_bytes / (bandwidth * bandwidth_share),
        pair_s=4 * layers * hidden / (flops * compute_share),  # one product with the key, one with the value
        overhead_s=overhead_s,
        capacity=int((memory * memory_share - 2 * parameters) / kv_bytes),
        chunk=chunk,
        batch=batch,
    )
