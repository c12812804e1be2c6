"""Verifier for expert placements: computes the load of the busiest GPU of each layer in the windows that may come next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.checks import integer, sequence
from workbench.errors import Infeasible
from workbench.model import Instance, Measurement
from workbench.protocols import Policy

ARGUMENTS = ("history", "prev", "n_gpus", "slots", "groups", "nodes")
"""Keys of an instance's data passed to the policy, in order; `next` is known only to the verifier."""


def slot_map(value: Any, experts: int, gpus: int, slots: int, what: str) -> list[int]:
    """Check that `value` lists the expert in each slot of one layer.

    Slot s belongs to GPU s // (slots // gpus). Every expert needs a slot; no GPU may hold the same expert twice.

    Raises
    ------
    Infeasible
        With the rule and the first offending entry.
    """
    found = [integer(e, f"{what}[{s}]", 0, experts - 1) for s, e in enumerate(sequence(value, what, slots))]
    size = slots // gpus
    for gpu in range(gpus):
        held: set[int] = set()
        for s in range(gpu * size, (gpu + 1) * size):
            if found[s] in held:
                raise Infeasible(f"{what}: GPU {gpu} holds expert {found[s]} twice; copies of an expert must be on different GPUs")
            held.add(found[s])
    missing = set(range(experts)).difference(found)
    if missing:
        raise Infeasible(f"{what}: expert {min(missing)} has no slot ({len(missing)} of {experts} experts are missing)")
    return found


def gpu_loads(experts_by_slot: Sequence[int], load: Sequence[int], gpus: int) -> list[float]:
    """Return the tokens per GPU if each expert's tokens are spread evenly over its copies.

    Parameters
    ----------
    experts_by_slot
        Expert in each slot of one layer; the slots of a GPU are contiguous.
    load
        Tokens by expert.
    """
    copies = [0] * len(load)
    for expert in experts_by_slot:
        copies[expert] += 1
    size = len(experts_by_slot) // gpus
    return [sum(load[e] / copies[e] for e in experts_by_slot[g * size : (g + 1) * size]) for g in range(gpus)]


class ExpertPlacementVerifier:
    """Verifier for expert placements. The policy is called once and returns, for each layer, the expert in each slot."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Request a placement and evaluate it on the tokens of the next window.

        A layer takes as long as its busiest GPU, and layers run one after the other. For a window, the sum over layers of the
        busiest GPU's tokens is divided by its value for perfectly balanced layers; 1 is ideal. `next` lists windows that follow the
        history equally likely, and the objective is the mean over them: chance in a single one would hide small differences.

        Returns
        -------
        Measurement
            Relative time; metrics `balance` (mean over windows and layers of mean / maximum GPU load), `moved` (share of slots with
            another expert) and `spread` (mean number of nodes that hold experts of one group).

        Raises
        ------
        Infeasible
            The answer is not a legal placement.
        """
        data = instance.data
        windows, gpus, slots = data["next"], data["n_gpus"], data["slots"]
        layers, experts = len(windows[0]), len(windows[0][0])
        answer = policy(*(_copy(data[name]) for name in ARGUMENTS))
        maps = [
            slot_map(entry, experts, gpus, slots, f"the slot map of layer {i}")
            for i, entry in enumerate(sequence(answer, "the answer", layers))
        ]
        took = balance = 0.0
        for window in windows:
            busiest = even = 0.0
            for experts_by_slot, load in zip(maps, window, strict=True):
                top, mean = max(gpu_loads(experts_by_slot, load, gpus)), sum(load) / gpus
                busiest += top
                even += mean
                balance += mean / top if top > 0 else 1.0
            took += busiest / even if even > 0 else 1.0
        moved = sum(a != b for new, old in zip(maps, data["prev"], strict=True) for a, b in zip(new, old, strict=True))
        spread = sum(_nodes_per_group(m, experts, data["groups"], data["nodes"]) for m in maps) / layers
        return Measurement(
            took / len(windows),
            {"balance": balance / (layers * len(windows)), "moved": moved / (layers * slots), "spread": spread},
        )


def _nodes_per_group(experts_by_slot: Sequence[int], experts: int, groups: int, nodes: int) -> float:
    slots = len(experts_by_slot)
    return len({(e * groups // experts, s * nodes // slots) for s, e in enumerate(experts_by_slot)}) / groups


def _copy(value: Any) -> Any:
    # A policy in the same process must not be able to modify the instance.
    return [_copy(entry) for entry in value] if isinstance(value, list | tuple) else value
