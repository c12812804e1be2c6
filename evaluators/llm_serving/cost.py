"""What an iteration of a language model costs on one accelerator: a roofline over tokens, weights and keys and values read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workbench.errors import ProblemError


@dataclass(frozen=True, slots=True)
class Machine:
    """One replica: the model on its accelerator. An iteration computes one token a decoding request and a part of the prompts.

    Attributes
    ----------
    token_s
        Seconds of arithmetic for one token in the linear layers.
    weights_s
        Seconds to read all weights once; the linear layers take no less, however few the tokens.
    context_s
        Seconds to read the keys and values of one token.
    pair_s
        Seconds of attention arithmetic for one token of a prompt and one before it.
    overhead_s
        Seconds that every iteration takes besides (launches, sampling, scheduling).
    capacity
        Tokens whose keys and values fit into memory.
    chunk
        Tokens that one iteration computes at most, those of decoding requests first.
    batch
        Requests that run at once at most.
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
        """Read one, as `as_data` wrote it.

        Raises
        ------
        ProblemError
            When a time is negative, all are 0, or decoding requests could leave prompts no room in an iteration.
        """
        machine = cls(**data)
        times = (machine.token_s, machine.weights_s, machine.context_s, machine.pair_s, machine.overhead_s)
        if min(times) < 0 or machine.weights_s + machine.overhead_s <= 0:
            raise ProblemError("serving: times must not be negative, and every iteration must take some")
        if not 1 <= machine.batch < machine.chunk:
            raise ProblemError("serving: need 1 <= batch < chunk, so that prompts are never starved by decoding requests")
        return machine

    def as_data(self) -> dict[str, Any]:
        """JSON-clean fields."""
        return asdict(self)

    def iteration_s(self, tokens: int, context: float, pairs: float) -> float:
        """Seconds of an iteration over `tokens`, reading `context` tokens' keys and values, with `pairs` within prompts."""
        return self.overhead_s + max(tokens * self.token_s, self.weights_s) + context * self.context_s + pairs * self.pair_s

    def prefill_work_s(self, prompt: int) -> float:
        """Least seconds of a machine that computing a prompt takes, whatever else shares its iterations."""
        return prompt * self.token_s + self.pair_s * prompt * prompt / 2

    def decode_work_s(self, prompt: int, output: int) -> float:
        """The same for all tokens of an answer after the first."""
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
    """Derive a machine from the shape of a dense transformer with 16-bit weights and full attention heads, and a data sheet.

    Parameters
    ----------
    flops, bandwidth, memory
        Of the data sheet: 16-bit operations a second, bytes a second, bytes.
    compute_share, bandwidth_share, memory_share
        What of them is reached, reached, and used.
    """
    kv_bytes = 2 * layers * hidden * 2  # a key and a value a layer, two bytes a number
    return Machine(
        token_s=2 * parameters / (flops * compute_share),
        weights_s=2 * parameters / (bandwidth * bandwidth_share),
        context_s=kv_bytes / (bandwidth * bandwidth_share),
        pair_s=4 * layers * hidden / (flops * compute_share),  # a product with the key, one with the value
        overhead_s=overhead_s,
        capacity=int((memory * memory_share - 2 * parameters) / kv_bytes),
        chunk=chunk,
        batch=batch,
    )
