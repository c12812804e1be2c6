"""Time and memory of plans: what a training job takes on a cluster whose software has coefficients that nobody is told."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluators.plan_search.space import Cluster, Plan, Space

Floats = NDArray[np.float64]

GIGA, MICRO = 1e9, 1e-6
WEIGHT, GRADIENT, STATE = 2, 4, 12
"""Bytes of each parameter: 16-bit weight, 32-bit gradient, 32-bit weight with two moments of Adam."""


@dataclass(frozen=True)
class Coefficients:
    """What a data sheet does not tell; shares are of its figures.

    Attributes
    ----------
    matmul
        Share of peak that large matrix multiplications reach.
    tokens_half, width_half
        Tokens, and columns of a matrix on one GPU, at which they reach half of that.
    attention
        Share of peak that attention reaches.
    elementwise
        Memory traffic beside matrix multiplications, over what it must be.
    launch_us
        Fixed time of a layer in each pass.
    link, network
        Share of the bandwidth in and between nodes.
    link_us, network_us
        Latency of a message there.
    tensor_overlap, data_overlap, gather_overlap
        Share of computation behind which messages of tensor parallelism, of gradients, and of sharded weights hide.
    straggle
        Share that an iteration is longer for each doubling of nodes.
    step
        Share of the memory bandwidth in the optimizer's step.
    iteration_ms
        Fixed time of an iteration.
    runtime_gb
        Memory that is taken before anything is loaded.
    fragmentation, activations
        Memory over what it must be: of everything, and of what the backward pass needs.
    quirks
        Standard deviation of the logarithm of factors that nothing explains: of the computation, messages and memory of each
        combination of two settings.
    seed
        What these factors are drawn from.
    """

    matmul: float = 0.80
    tokens_half: float = 200.0
    width_half: float = 160.0
    attention: float = 0.45
    elementwise: float = 1.0
    launch_us: float = 40.0
    link: float = 0.75
    network: float = 0.65
    link_us: float = 10.0
    network_us: float = 25.0
    tensor_overlap: float = 0.2
    data_overlap: float = 0.6
    gather_overlap: float = 0.6
    straggle: float = 0.006
    step: float = 0.6
    iteration_ms: float = 40.0
    runtime_gb: float = 1.5
    fragmentation: float = 1.05
    activations: float = 1.0
    quirks: float = 0.0
    seed: int = 0
    drawn: dict[tuple[str, int, int], float] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Coefficients:
        """Read the coefficients of an instance."""
        return cls(**data)

    def quirk(self, kind: str, one: Any, other: Any) -> Floats:
        """Return the factor of each pair of values, the same wherever the pair occurs."""
        pairs, place = np.unique(np.stack([one, other]).astype(np.int64), axis=1, return_inverse=True)
        factors = []
        for pair in zip(*pairs.tolist(), strict=True):
            key = (kind, *pair)
            if key not in self.drawn:
                rng = random.Random(f"plan search {self.seed} {key}")
                self.drawn[key] = math.exp(self.quirks * rng.gauss(0, 1))
            factors.append(self.drawn[key])
        return np.array(factors)[place.reshape(-1)]


class Costs(NamedTuple):
    """Seconds of an iteration and peak memory of a GPU in GB, by plan."""

    seconds: Floats
    memory_gb: Floats


class Shape(NamedTuple):
    """What follows from a plan alone: GPUs that hold the same part, micro-batches, tokens in one, layers of a stage."""

    data: Floats
    micro_batches: Floats
    tokens: Floats
    layers: Floats


class Pass(NamedTuple):
    """Seconds of a micro-batch in one layer by direction, the backward pass with what is computed again."""

    forward: Floats
    backward: Floats


def costs(space: Space, known: Coefficients, plan: Plan) -> Costs:
    """Return what each plan takes."""
    shape = shape_of(space, plan)
    layer = _layer(space, known, plan, shape)
    head = _head(space, known, plan, shape)
    group_gb_s = _group_gb_s(space.cluster, known, plan, shape)
    layer = _with_sharding(space, known, plan, shape, layer, group_gb_s)
    hop = _hop(space, known, plan, shape)
    work = shape.layers * (layer.forward + layer.backward) * known.quirk("schedule", plan.pipeline, plan.chunks)
    stage = work + np.where(plan.pipeline > 1, hop, 0)
    pipeline = pipeline_seconds(stage, stage + head, plan.pipeline, plan.chunks, shape.micro_batches)
    parameters = _parameters(space, plan)
    window = shape.layers * layer.backward
    ending = _synchronisation(known, plan, shape, parameters, window, group_gb_s) + _step(space, known, plan, shape, parameters)
    nodes = max(1.0, space.cluster.gpus / space.cluster.gpus_per_node)
    slower = 1 + known.straggle * math.log2(nodes)
    return Costs((pipeline + ending) * slower + known.iteration_ms / 1e3, memory_gb(space, known, plan))


def shape_of(space: Space, plan: Plan) -> Shape:
    """Return degrees and sizes that follow from plans."""
    data = space.cluster.gpus // (plan.tensor * plan.pipeline)
    return Shape(
        data.astype(float),
        (space.batch // (data * plan.micro_batch)).astype(float),
        (plan.micro_batch * space.sequence).astype(float),
        space.model.layers / plan.pipeline,
    )


def pipeline_seconds(stage: Floats, last: Floats, stages: Any, chunks: Any, micro_batches: Floats) -> Floats:
    """Return the time of one iteration of the 1F1B schedule: the last stage is never idle once the first micro-batch is there.

    Parameters
    ----------
    stage, last
        Seconds of one micro-batch, forward and backward, on any stage and on the slowest, the last one.
    """
    return np.asarray(micro_batches * last + (stages - 1) * stage / chunks, dtype=np.float64)


def model_flops(space: Space) -> float:
    """Return the operations of an iteration that the model needs, nothing computed twice (6 for each parameter and token)."""
    model, tokens = space.model, space.batch * space.sequence
    linear = model.layers * layer_parameters(space) + model.hidden * model.vocabulary
    attention = model.layers * 2 * space.sequence * model.heads * model.head_size / 2  # causal: half of the scores
    return 6.0 * tokens * (linear + attention)


def ideal_seconds(space: Space) -> float:
    """Return the time of an iteration if all GPUs computed what the model needs at their peak."""
    return model_flops(space) / (space.cluster.gpus * space.cluster.tflops * 1e12)


def layer_parameters(space: Space) -> float:
    """Return the weights of one layer; vectors are left out."""
    model = space.model
    attention = 2 * model.hidden * model.head_size * (model.heads + model.kv_heads)
    return float(attention + (3 if model.gated else 2) * model.hidden * model.ffn)


# --------------------------------------------------------------------------- computation


def _speed(space: Space, known: Coefficients, plan: Plan, tokens: Floats, width: Floats) -> Floats:
    """Operations in a second that a matrix multiplication reaches."""
    filled = tokens / (tokens + known.tokens_half) * width / (width + known.width_half)
    return space.cluster.tflops * 1e12 * known.matmul * filled / known.quirk("matmul", plan.tensor, plan.micro_batch)


def _layer(space: Space, known: Coefficients, plan: Plan, shape: Shape) -> Pass:
    model, cluster, tokens = space.model, space.cluster, shape.tokens
    own = _own_layer_parameters(space, plan)
    linear = 2 * tokens * own / _speed(space, known, plan, tokens, model.ffn / plan.tensor)
    scores = 4 * tokens * space.sequence * model.heads * model.head_size / plan.tensor * (0.5 if cluster.flash else 1.0)
    attention = scores / (cluster.tflops * 1e12 * known.attention)
    split = np.where(plan.sequence_parallel > 0, plan.tensor, 1)
    inner = (3 if model.gated else 2) * 2 * model.ffn + 6 * model.heads * model.head_size
    rest_bytes = tokens * (16 * model.hidden / split + inner / plan.tensor)
    score_bytes = 0.0 if cluster.flash else 12.0 * tokens * space.sequence * model.heads / plan.tensor
    traffic = known.elementwise / (cluster.memory_gb_s * GIGA)
    launch = known.launch_us * MICRO
    messages = _tensor_messages(space, known, plan, shape)
    forward = linear + attention + (rest_bytes + score_bytes) * traffic + launch
    cheap = attention + (score_bytes + 0.25 * rest_bytes) * traffic + 0.3 * launch
    exposed = messages * (1 - known.tensor_overlap)
    again = np.select([plan.recompute == 0, plan.recompute == 1], [0.0, cheap], forward + exposed)
    backward = 2 * forward + exposed * np.where(plan.sequence_parallel > 0, 1.25, 1.0) + again
    return Pass(forward + exposed, backward)


def _own_layer_parameters(space: Space, plan: Plan) -> Floats:
    """Weights of a layer on one GPU; heads of keys and values are copied where there are fewer than GPUs."""
    model = space.model
    kv = np.maximum(model.kv_heads / plan.tensor, 1)
    attention = 2 * model.hidden * model.head_size * (model.heads / plan.tensor + kv)
    return np.asarray(attention + (3 if model.gated else 2) * model.hidden * model.ffn / plan.tensor, dtype=np.float64)


def _head(space: Space, known: Coefficients, plan: Plan, shape: Shape) -> Floats:
    """Output layer and loss, forward and backward, of a micro-batch."""
    model, tokens = space.model, shape.tokens
    width = model.vocabulary / plan.tensor
    compute = 6 * tokens * model.hidden * width / _speed(space, known, plan, tokens, width)
    return np.asarray(compute + 14 * tokens * width * known.elementwise / (space.cluster.memory_gb_s * GIGA), dtype=np.float64)


# --------------------------------------------------------------------------- messages


def _tensor_messages(space: Space, known: Coefficients, plan: Plan, shape: Shape) -> Floats:
    """Two reductions over the tensor-parallel GPUs in each pass through a layer."""
    cluster, t = space.cluster, plan.tensor
    inside = t <= cluster.gpus_per_node
    link, network = cluster.link_gb_s * known.link, cluster.network_gb_s * known.network
    gb_s = np.where(inside, link, min(link, network))
    latency = np.where(inside, known.link_us, known.network_us) * MICRO * 2 * np.log2(t)
    volume = 2 * (t - 1) / t * shape.tokens * space.model.hidden * 2 / (gb_s * GIGA)
    return np.asarray(2 * (volume * known.quirk("reduce", t, plan.micro_batch) + latency), dtype=np.float64)


def _hop(space: Space, known: Coefficients, plan: Plan, shape: Shape) -> Floats:
    """Messages between two stages for one micro-batch, there and back, on each boundary of a chunk."""
    cluster = space.cluster
    inside = plan.tensor * shape.data < cluster.gpus_per_node
    gb_s = np.where(inside, cluster.link_gb_s * known.link, cluster.network_gb_s * known.network / cluster.gpus_per_node)
    latency = np.where(inside, known.link_us, known.network_us) * MICRO
    volume = shape.tokens * space.model.hidden * 2 / plan.tensor / (gb_s * GIGA)
    return np.asarray(2 * plan.chunks * (volume + 2 * latency), dtype=np.float64)


def _group_gb_s(cluster: Cluster, known: Coefficients, plan: Plan, shape: Shape) -> Floats:
    """Bandwidth by GPU between those that hold the same part of the model; groups of a node share its network."""
    within = np.minimum(shape.data, np.maximum(1, cluster.gpus_per_node // plan.tensor))
    link = cluster.link_gb_s * known.link
    network = np.minimum(link, cluster.network_gb_s * known.network * within / cluster.gpus_per_node)
    gb_s = np.where(plan.tensor * shape.data <= cluster.gpus_per_node, link, network)
    return np.asarray(gb_s / known.quirk("group", plan.tensor, shape.data), dtype=np.float64)


def _gather(known: Coefficients, shape: Shape, size: Any, gb_s: Floats) -> Floats:
    """Seconds to gather, or to reduce and scatter, so many bytes over a group."""
    share = (shape.data - 1) / shape.data
    return np.asarray(share * size / (gb_s * GIGA) + known.network_us * MICRO * np.log2(shape.data), dtype=np.float64)


def _exposed(message: Floats, hidden_behind: Floats) -> Floats:
    """What of a message is not hidden; a twentieth never is."""
    return np.maximum(message - hidden_behind, 0.05 * message)


def _with_sharding(space: Space, known: Coefficients, plan: Plan, shape: Shape, layer: Pass, gb_s: Floats) -> Pass:
    """Add what ZeRO sends in every micro-batch: gradients from stage 2 on, weights in stage 3."""
    size = WEIGHT * _own_layer_parameters(space, plan)
    one = _gather(known, shape, size, gb_s)
    fetch = np.where(plan.sharding == 3, one, 0.0)
    send = np.where(plan.sharding >= 2, one, 0.0)
    return Pass(
        layer.forward + _exposed(fetch, known.gather_overlap * layer.forward),
        layer.backward + _exposed(fetch + send, known.gather_overlap * layer.backward),
    )


def _synchronisation(known: Coefficients, plan: Plan, shape: Shape, parameters: Floats, window: Floats, gb_s: Floats) -> Floats:
    """Gradients, and weights that others have updated, once an iteration."""
    reduced = np.where(plan.sharding >= 2, 0.0, _gather(known, shape, GRADIENT * parameters, gb_s))
    spread = np.select([plan.sharding == 0, plan.sharding == 3], [reduced, 0.0], _gather(known, shape, WEIGHT * parameters, gb_s))
    return np.asarray(_exposed(reduced, known.data_overlap * window) + spread, dtype=np.float64)


def _step(space: Space, known: Coefficients, plan: Plan, shape: Shape, parameters: Floats) -> Floats:
    held = parameters / np.where(plan.sharding > 0, shape.data, 1)
    return np.asarray(2 * (GRADIENT + STATE) * held / (space.cluster.memory_gb_s * GIGA * known.step), dtype=np.float64)


# --------------------------------------------------------------------------- memory


def _parameters(space: Space, plan: Plan) -> Floats:
    """Parameters on a GPU of the first or last stage, with one of the two tables of the vocabulary (a single stage has both)."""
    tables = np.where(plan.pipeline > 1, 1, 2)
    vocabulary = tables * space.model.vocabulary * space.model.hidden / plan.tensor
    return np.asarray(_own_layer_parameters(space, plan) * space.model.layers / plan.pipeline + vocabulary, dtype=np.float64)


def memory_gb(space: Space, known: Coefficients, plan: Plan) -> Floats:
    """Return the peak memory of a GPU: of the first stage, which waits longest for its micro-batches, or of the last one."""
    shape = shape_of(space, plan)
    parameters, data = _parameters(space, plan), shape.data
    weights = WEIGHT * parameters / np.where(plan.sharding == 3, data, 1)
    gradients = GRADIENT * parameters / np.where(plan.sharding >= 2, data, 1)
    states = STATE * parameters / np.where(plan.sharding >= 1, data, 1)
    gathered = np.where(plan.sharding == 3, 4 * WEIGHT * _own_layer_parameters(space, plan), 0.0)
    whole, kept = _activations(space, plan, shape)
    stages, chunks = plan.pipeline, plan.chunks
    waiting = np.where(chunks > 1, stages + (stages - 1) / chunks, np.minimum(shape.micro_batches, stages))
    logits = 6 * shape.tokens * space.model.vocabulary / plan.tensor
    working = np.where(plan.recompute == 2, whole, 0.0)
    first = kept * shape.layers * waiting + working + np.where(stages == 1, logits, 0.0)
    last = kept * shape.layers * np.where(chunks > 1, 1 + (stages - 1) / chunks, 1) + working + logits
    activations = known.activations * np.maximum(first, last) * known.quirk("kept", plan.tensor, plan.recompute)
    total = known.fragmentation * (weights + gradients + states + gathered + activations)
    return np.asarray(total / GIGA + known.runtime_gb, dtype=np.float64)


def _activations(space: Space, plan: Plan, shape: Shape) -> tuple[Floats, Floats]:
    """Bytes of a layer and micro-batch: all that the backward pass reads, and what is kept until then."""
    model, t = space.model, plan.tensor
    split = np.where(plan.sequence_parallel > 0, t, 1)
    q, kv = model.heads * model.head_size / t, np.maximum(model.kv_heads / t, 1) * model.head_size
    activated = 2 * model.ffn / t
    inner = (2 if model.gated else 1) * 2 * model.ffn / t + 2 * (q + 2 * kv) + 2 * q
    scores = 0.0 if space.cluster.flash else 5.0 * model.heads * space.sequence / t
    outer = 10 * model.hidden / split
    whole = shape.tokens * (outer + inner + activated + scores)
    selective = shape.tokens * (outer + inner)
    kept = np.select([plan.recompute == 0, plan.recompute == 1], [whole, selective], shape.tokens * 2.0 * model.hidden / split)
    return np.asarray(whole, dtype=np.float64), np.asarray(kept, dtype=np.float64)
