"""Training plans, one at a time and without arrays: what a plan takes, rule by rule, and a pipeline operation by operation."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

Plan = Mapping[str, Any]


def allowed(data: Mapping[str, Any], plan: Plan) -> bool:
    """The rules of the statement."""
    model, gpus = data["model"], data["cluster"]["gpus"]
    t, p, v = plan["tensor"], plan["pipeline"], plan["chunks"]
    if gpus % (t * p) or model["heads"] % t or model["ffn"] % t or model["layers"] % (p * v):
        return False
    if max(model["kv_heads"], t) % min(model["kv_heads"], t):
        return False
    copies = gpus // (t * p)
    if data["batch"] % (copies * plan["micro_batch"]):
        return False
    if v > 1 and (p == 1 or data["batch"] // (copies * plan["micro_batch"]) % p):
        return False
    if (copies == 1 and plan["sharding"]) or (p > 1 and plan["sharding"] > 1):
        return False
    return t > 1 or not plan["sequence_parallel"]


def one_f_one_b(forward: list[float], backward: list[float], micro_batches: int) -> float:
    """Makespan of 1F1B, by its operations: stage k runs `stages - k` forward passes ahead, then takes turns."""
    stages = len(forward)
    orders = []
    for k in range(stages):
        ahead = min(micro_batches, stages - k)
        order = [("F", i) for i in range(ahead)]
        for i in range(micro_batches):
            order.append(("B", i))
            if ahead + i < micro_batches:
                order.append(("F", ahead + i))
        orders.append(order)
    done: dict[tuple[str, int, int], float] = {}
    free, at = [0.0] * stages, [0] * stages
    while any(at[k] < len(orders[k]) for k in range(stages)):
        for k in range(stages):
            while at[k] < len(orders[k]):
                kind, i = orders[k][at[k]]
                before = ("F", k - 1, i) if kind == "F" else ("B", k + 1, i)
                first = (kind == "F" and k == 0) or (kind == "B" and k == stages - 1)
                if not first and before not in done:
                    break
                start = max(free[k], 0.0 if first else done[before])
                free[k] = done[kind, k, i] = start + (forward if kind == "F" else backward)[k]
                at[k] += 1
    return max(free)


def costs(data: Mapping[str, Any], plan: Plan) -> tuple[float, float]:
    """Seconds of an iteration and peak memory in GB."""
    model, c, k = data["model"], data["cluster"], data["coefficients"]

    def quirk(kind: str, one: int, other: int) -> float:
        return math.exp(k["quirks"] * random.Random(f"plan search {k['seed']} {(kind, one, other)}").gauss(0, 1))

    t, p, v, b, z = (plan[name] for name in ("tensor", "pipeline", "chunks", "micro_batch", "sharding"))
    recompute, split = plan["recompute"], t if plan["sequence_parallel"] else 1
    d = c["gpus"] // (t * p)
    m, tokens, layers = data["batch"] // (d * b), b * data["sequence"], model["layers"] / p
    wide = model["heads"] * model["head_size"]
    kv = max(1.0, model["kv_heads"] / t)
    own = 2 * model["hidden"] * model["head_size"] * (model["heads"] / t + kv)
    own += (3 if model["gated"] else 2) * model["hidden"] * model["ffn"] / t
    node, link, net = c["gpus_per_node"], c["link_gb_s"] * k["link"] * 1e9, c["network_gb_s"] * k["network"] * 1e9
    near, far = k["link_us"] * 1e-6, k["network_us"] * 1e-6
    byte = k["elementwise"] / c["memory_gb_s"] / 1e9

    def multiply(width: float) -> float:
        filled = tokens / (tokens + k["tokens_half"]) * width / (width + k["width_half"])
        return c["tflops"] * 1e12 * k["matmul"] * filled / quirk("matmul", t, b)

    flash = c["flash"]
    scores = (2 if flash else 4) * tokens * data["sequence"] * wide / t / (c["tflops"] * 1e12 * k["attention"])
    traffic = tokens * (16 * model["hidden"] / split + ((6 if model["gated"] else 4) * model["ffn"] + 6 * wide) / t)
    matrix = 0 if flash else 12 * tokens * data["sequence"] * model["heads"] / t
    forward = 2 * tokens * own / multiply(model["ffn"] / t) + scores + (traffic + matrix) * byte + k["launch_us"] * 1e-6
    reduce = 0.0
    if t > 1:
        speed = link if t <= node else min(link, net)
        volume = 2 * (t - 1) / t * tokens * model["hidden"] * 2 / speed * quirk("reduce", t, b)
        reduce = 2 * (volume + (near if t <= node else far) * 2 * math.log2(t)) * (1 - k["tensor_overlap"])
    backward = 2 * forward + reduce * (1.25 if split > 1 else 1)
    if recompute == "full":
        backward += forward + reduce
    if recompute == "selective":
        backward += scores + (matrix + traffic / 4) * byte + 0.3 * k["launch_us"] * 1e-6
    forward += reduce

    members = min(d, max(1, node // t))
    group = (link if t * d <= node else min(link, net * members / node)) / quirk("group", t, d)

    def gather(size: float) -> float:
        return (d - 1) / d * size / group + far * math.log2(d)

    def shown(message: float, behind: float) -> float:
        return max(message - behind, message / 20)

    if z == 3:
        forward, backward = (
            forward + shown(gather(2 * own), k["gather_overlap"] * forward),
            backward + shown(2 * gather(2 * own), k["gather_overlap"] * backward),
        )
    if z == 2:
        backward += shown(gather(2 * own), k["gather_overlap"] * backward)
    stage_forward, stage_backward = (layers * one * quirk("schedule", p, v) for one in (forward, backward))
    if p > 1:
        inside = t * d < node
        hop = tokens * model["hidden"] * 2 / t / (link if inside else net / node) + 2 * (near if inside else far)
        stage_forward, stage_backward = stage_forward + v * hop, stage_backward + v * hop
    head = 6 * tokens * model["hidden"] * model["vocabulary"] / t / multiply(model["vocabulary"] / t)
    head += 14 * tokens * model["vocabulary"] / t * byte
    if v == 1:
        times = [[one] * (p - 1) + [one + part * head] for one, part in ((stage_forward, 1 / 3), (stage_backward, 2 / 3))]
        total = one_f_one_b(times[0], times[1], m)
    else:
        total = m * (stage_forward + stage_backward + head) + (p - 1) / v * (stage_forward + stage_backward)
    parameters = layers * own + (2 if p == 1 else 1) * model["vocabulary"] * model["hidden"] / t
    if z == 0:
        total += shown(gather(4 * parameters), k["data_overlap"] * layers * backward) + gather(4 * parameters)
    if z == 1:
        total += shown(gather(4 * parameters), k["data_overlap"] * layers * backward) + gather(2 * parameters)
    if z == 2:
        total += gather(2 * parameters)
    total += 2 * 16 * parameters / (d if z else 1) / (c["memory_gb_s"] * 1e9 * k["step"])
    total *= 1 + k["straggle"] * math.log2(max(1, c["gpus"] / node))
    factor = quirk("kept", t, ("none", "selective", "full").index(recompute))
    return total + k["iteration_ms"] / 1e3, _memory(data, plan, own, parameters, m, factor)


def _memory(data: Mapping[str, Any], plan: Plan, own: float, parameters: float, m: int, factor: float) -> float:
    model, c, k = data["model"], data["cluster"], data["coefficients"]
    t, p, v, z = (plan[name] for name in ("tensor", "pipeline", "chunks", "sharding"))
    split = t if plan["sequence_parallel"] else 1
    d, tokens = c["gpus"] // (t * p), plan["micro_batch"] * data["sequence"]
    each = {0: 18.0, 1: 6 + 12 / d, 2: 2 + 16 / d, 3: 18 / d}[z]
    state = each * parameters + (8 * own if z == 3 else 0)
    heads = (2 * model["heads"] / t + 2 * max(1.0, model["kv_heads"] / t)) * 2 * model["head_size"]
    inner = heads + (4 if model["gated"] else 2) * model["ffn"] / t
    whole = tokens * (10 * model["hidden"] / split + inner + 2 * model["ffn"] / t)
    whole += 0 if c["flash"] else tokens * 5 * model["heads"] * data["sequence"] / t
    kept = {
        "none": whole,
        "selective": tokens * (10 * model["hidden"] / split + inner),
        "full": tokens * 2 * model["hidden"] / split,
    }[plan["recompute"]]
    again = whole if plan["recompute"] == "full" else 0.0
    logits = 6 * tokens * model["vocabulary"] / t
    stage = kept * model["layers"] / p
    if p == 1:
        most = stage + again + logits
    elif v == 1:
        most = max(stage * min(m, p) + again, stage + again + logits)
    else:
        most = max(stage * (p + (p - 1) / v) + again, stage * (1 + (p - 1) / v) + again + logits)
    return float(k["fragmentation"] * (state + k["activations"] * factor * most) / 1e9 + k["runtime_gb"])
