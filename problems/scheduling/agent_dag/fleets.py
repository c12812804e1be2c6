"""Fleets of replicas of one language model on accelerators of several kinds, from their data sheets."""

from __future__ import annotations

from functools import lru_cache

from evaluators.agent_dag.machine import Machine, roofline

LONGEST = 17_408
"""Tokens of the longest call that a slot holds."""
_MOST = 16

_SHEETS = {  # of one accelerator: dense 16-bit operations a second, bytes a second, bytes
    "H100": (989e12, 3.35e12, 80e9),
    "A100": (312e12, 2.039e12, 80e9),
    "L40S": (362e12, 0.864e12, 48e9),
    "A6000": (155e12, 0.768e12, 48e9),
}

FLEETS = {
    "ampere": ("A100", "A100", "L40S", "A6000"),
    "hopper": ("H100", "L40S", "L40S", "A6000"),
    "small": ("A100", "L40S", "A6000", "A6000", "A6000"),
}
"""Kinds of the replicas of each fleet; `small` is in test only."""


@lru_cache
def machine(kind: str) -> Machine:
    """Return Llama 3.1 70B on four accelerators of a kind."""
    flops, bandwidth, memory = (4 * figure for figure in _SHEETS[kind])
    return roofline(
        parameters=70.6e9,
        layers=80,
        hidden=8192,
        kv_share=1 / 8,
        flops=flops,
        bandwidth=bandwidth,
        memory=memory,
        compute_share=0.5,
        bandwidth_share=0.7,
        memory_share=0.9,
        overhead_s=0.005,
        longest=LONGEST,
        most=_MOST,
    )
