# A heuristic, exported by evolve as one module.
#
# moe_placement_prism.py: Models on shared GPUs (moe_placement/prism). On which GPU should each
# language model run to minimise the largest KV-cache pressure?
#
# Entry: `place`.
#
#     Choose a GPU for every model so that the largest KV-cache pressure is small.
#
#     The pressure of a GPU is the sum of rate / slo over its models, divided by the GB that their weights leave free.
#
#     Parameters
#     ----------
#     gpus
#         Number of GPUs, all alike.
#     memory
#         GB of one GPU. The weights on a GPU must take less than that.
#     models
#         One dict a model: `size` (GB of weights, int), `rate` (requests/s, int), `slo` (latency target, int).
#
#     Returns
#     -------
#     list[int]
#         The GPU (0..gpus-1) of each model, in the order of `models`.
#
#     Examples
#     --------
#     >>> models = [{"size": 20, "rate": 6, "slo": 6}, {"size": 20, "rate": 9, "slo": 6}, {"size": 40, "rate": 3, "slo": 6}]
#     >>> place(2, 80, models)  # GPU 0: 1.5 / 60; GPU 1: (1 + 0.5) / 20
#     [1, 0, 1]
#
# Objective: minimised, in load per GB of KV cache. Version of the problem: cb6209ad805f.
#
# Mean gap to the reference (proven optimum below 40 models; best known, up to 12 % above the proven
# bound, for most larger instances); 0 is the reference, lower is better:
#
#     program            train  validation        test
#     this program      0.028%      0.039%      0.015%
#     multifit           1.23%       1.15%      0.862%
#     local_search       1.83%       3.09%       2.27%
#     kvpr_greedy        85.1%       98.9%       86.3%
#     ffd               112.5%       98.5%      110.0%
#     lpt               898.9%       1213%      840.1%
#
# Found by: coding agent (file moe_placement_prism.py).
#
# Certificate: certified (2026-11-30: better than every baseline, closest on test: −0.85 pp against
# multifit, 99.8% CI −2.42 to −0.29 pp (19 wins, 29 ties, 0 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python moe_placement_prism.py` repeats the calls recorded on 3 small instances and compares the
# answers.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Anneal the total excess over a target pressure, lower the target, repeat.

At a target T a model is one weight, load + T * size, and a GPU is a bin of T * memory (as in multifit). The search swaps and
moves models, mostly out of bins that overflow, until none does; then T is set a little below the pressure reached.
All work is counted in proposals, so that the answer is the same on every machine.
"""

import math
import random

PROPOSALS = 25_000  # for each model above the ninth, within the limits below
HEATS = (1.0, 4.0)  # of the hottest temperature, in turn after failures
CHUNK, CHUNKS = 5_000, 48
LEAST, MOST = 150_000, 500_000
HOT, COLD = 0.015, 0.0015  # first and last temperature, as a share of a bin
FROM_FULL = 0.85  # share of proposals that start at a bin that overflows


def place(gpus, memory, models):
    """GPU of each model."""
    n = len(models)
    if gpus < 2 or not n:
        return [0] * n
    loads = [m["rate"] / m["slo"] for m in models]
    sizes = [m["size"] for m in models]
    rng = random.Random(1)
    left = min(MOST, max(LEAST, PROPOSALS * (n - 9)))
    best = most_free(gpus, memory, sizes)
    top = worst_pressure(gpus, memory, sizes, loads, best)
    if top == math.inf:
        found, state, _ = anneal(gpus, sizes, memory - 1, best, left, rng)
        best = found or best
        top = worst_pressure(gpus, memory, sizes, loads, best)
    low = sum(loads) / max(1, gpus * memory - sum(sizes))
    low = max([low] + [l / (memory - s) for l, s in zip(loads, sizes) if s < memory])
    if top == math.inf or top <= low:
        return best
    for rule in ("first", "best", "worst"):
        lo, target, known = low, 2 * low, False
        for _ in range(18):
            found = pack(gpus, memory, sizes, loads, target, rule)
            if found is None:
                lo = target
            else:
                hi, known = target, True
                p = worst_pressure(gpus, memory, sizes, loads, found)
                if p < top:
                    best, top = found, p
                hi = min(hi, p)
            if not known and target >= top:
                break
            target = (lo + hi) / 2 if known else 2 * target
    gap, state, chunk, fails = 0.02, best, max(CHUNK, left // CHUNKS), 0
    while left > 0 and top > low * (1 + 1e-9):
        target = max(low * (1 + 1e-7), top * (1 - gap))
        w = [l + target * s for l, s in zip(loads, sizes)]
        # A little less than the memory, for a GPU may not be full.
        found, state, used = anneal(gpus, w, target * (memory - 1e-7), state, min(left, chunk), rng, HEATS[fails % len(HEATS)])
        left -= used + 10 * n
        p = math.inf if found is None else worst_pressure(gpus, memory, sizes, loads, found)
        if p < top:
            best, top = found, p
        else:
            fails += 1
            gap = gap / 2 if gap > 1e-4 else 1e-9
            state = best
    return best


def anneal(gpus, w, cap, start, steps, rng, heat=1.0):
    """Look for a placement with no bin above `cap`: (it or None, the last state, proposals used)."""
    n = len(w)
    at = list(start)
    on = [[] for _ in range(gpus)]
    W = [0.0] * gpus
    pos = [0] * n
    for m in range(n):
        g = at[m]
        pos[m] = len(on[g])
        on[g].append(m)
        W[g] += w[m]
    bad = [g for g in range(gpus) if W[g] > cap]
    rnd = rng.random
    t0, t1 = HOT * heat * cap, COLD * cap
    cool = (t1 / t0) ** (64 / steps)
    temp = t0
    exp = math.exp
    for step in range(steps):
        if step & 63 == 0:
            temp *= cool
        if not bad:
            break
        if rnd() < FROM_FULL:
            k = on[bad[int(rnd() * len(bad))]]
            i = k[int(rnd() * len(k))]
        else:
            i = int(rnd() * n)
        j = int(rnd() * (n + gpus))
        a = at[i]
        if j < n:
            b = at[j]
            if a == b:
                continue
            d = w[i] - w[j]
        else:
            b = j - n
            if a == b:
                continue
            d = w[i]
            j = -1
        wa, wb = W[a], W[b]
        na, nb = wa - d, wb + d
        delta = 0.0
        if na > cap:
            delta += na - cap
        if nb > cap:
            delta += nb - cap
        if wa > cap:
            delta -= wa - cap
        if wb > cap:
            delta -= wb - cap
        if delta > 0 and rnd() >= exp(-delta / temp):
            continue
        W[a], W[b] = na, nb
        la, lb = on[a], on[b]
        if j >= 0:
            p, q = pos[i], pos[j]
            la[p], lb[q] = j, i
            pos[i], pos[j] = q, p
            at[i], at[j] = b, a
        else:
            p = pos[i]
            z = la.pop()
            if z != i:
                la[p] = z
                pos[z] = p
            pos[i] = len(lb)
            lb.append(i)
            at[i] = b
        if (wa > cap) != (na > cap) or (wb > cap) != (nb > cap):
            bad = [g for g in range(gpus) if W[g] > cap]
    else:
        return None, at, steps
    return at, at, step + 1


def worst_pressure(gpus, memory, sizes, loads, at):
    free, load = [memory] * gpus, [0.0] * gpus
    for m, g in enumerate(at):
        free[g] -= sizes[m]
        load[g] += loads[m]
    if min(free) <= 0:
        return float("inf")
    return max(l / f for l, f in zip(load, free))


def pack(gpus, memory, sizes, loads, target, rule):
    free, load, at = [memory] * gpus, [0.0] * gpus, [0] * len(sizes)
    for m in sorted(range(len(sizes)), key=lambda m: -(loads[m] + target * sizes[m])):
        best, least = None, 0.0
        for g in range(gpus):
            f = free[g] - sizes[m]
            if f > 0 and load[g] + loads[m] <= target * f * (1 + 1e-12):
                if rule == "first":
                    best = g
                    break
                v = target * free[g] - load[g]
                if rule == "worst":
                    v = -v
                if best is None or v < least:
                    best, least = g, v
        if best is None:
            return None
        at[m] = best
        free[best] -= sizes[m]
        load[best] += loads[m]
    return at


def most_free(gpus, memory, sizes):
    free, at = [memory] * gpus, [0] * len(sizes)
    for m in sorted(range(len(sizes)), key=lambda m: -sizes[m]):
        b = free.index(max(free))
        at[m] = b
        free[b] -= sizes[m]
    return at

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "moe_placement/prism",
    "version": "cb6209ad805f",
    "run": "file moe_placement_prism.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "coding agent",
    "verdict": "certified",
    "reason": "2026-11-30: better than every baseline, closest on test: \u22120.85 pp against multifit, 99.8% CI \u22122.42 to \u22120.29 pp (19 wins, 29 ties, 0 losses)",
    "certificate": "aa94ce32d284df31ebab1c7212dd799918c4604f3a4d12128aaf8d57c638eba7",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "fdbc2be7ad78667fd19b4fd7cace67e311f6d534d1f90fcdc275435c8e50b2b8",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {
        "train": 0.00028277144000150335, "validation": 0.00039044112758672775,
        "test": 0.00014860324394932138,
    },
    "multifit": {"train": 0.012296677563647239, "validation": 0.011492050743568176, "test": 0.0086209293907431},
    "local_search": {
        "train": 0.018299582390699842, "validation": 0.030882679465338115,
        "test": 0.022691263898572765,
    },
    "kvpr_greedy": {"train": 0.8510402134211276, "validation": 0.9890250883813588, "test": 0.8633639085032883},
    "ffd": {"train": 1.1247152476487343, "validation": 0.9851435931396272, "test": 1.099926728923447},
    "lpt": {"train": 8.988895208934093, "validation": 12.129258979473228, "test": 8.40120433933853},
}

# Calls of the program on small instances, and its answers at the time of the export.
CASES = [
    {
        "instance": "train-pairs-04", "family": "smoke-pairs", "total": 1,
        "objective": 0.027210884353741496,
        "calls": [
            [
                "__call__",
                [
                    5, 80,
                    [
                        {"size": 17, "rate": 1, "slo": 8}, {"size": 29, "rate": 1, "slo": 6},
                        {"size": 21, "rate": 9, "slo": 9}, {"size": 11, "rate": 1, "slo": 8},
                        {"size": 17, "rate": 6, "slo": 9}, {"size": 28, "rate": 1, "slo": 7},
                        {"size": 26, "rate": 1, "slo": 9}, {"size": 11, "rate": 3, "slo": 9},
                        {"size": 20, "rate": 7, "slo": 7}, {"size": 23, "rate": 9, "slo": 6},
                    ],
                ],
                [1, 3, 1, 4, 3, 4, 4, 2, 2, 0],
            ],
        ],
    },
    {
        "instance": "train-zoo-07", "family": "smoke-zoo", "total": 1, "objective": 0.46875,
        "calls": [
            [
                "__call__",
                [
                    4, 80,
                    [
                        {"size": 8, "rate": 14, "slo": 5}, {"size": 16, "rate": 8, "slo": 5},
                        {"size": 8, "rate": 22, "slo": 2}, {"size": 16, "rate": 9, "slo": 2},
                        {"size": 6, "rate": 10, "slo": 2}, {"size": 16, "rate": 7, "slo": 5},
                        {"size": 14, "rate": 8, "slo": 2}, {"size": 24, "rate": 12, "slo": 2},
                        {"size": 16, "rate": 17, "slo": 10}, {"size": 16, "rate": 60, "slo": 2},
                        {"size": 16, "rate": 32, "slo": 10},
                    ],
                ],
                [1, 2, 1, 1, 3, 3, 2, 2, 3, 0, 3],
            ],
        ],
    },
    {
        "instance": "validation-fleet-04", "family": "fleet", "total": 1,
        "objective": 0.04126984126984127,
        "calls": [
            [
                "__call__",
                [
                    20, 80,
                    [
                        {"size": 20, "rate": 7, "slo": 8}, {"size": 17, "rate": 8, "slo": 9},
                        {"size": 26, "rate": 4, "slo": 9}, {"size": 29, "rate": 9, "slo": 5},
                        {"size": 32, "rate": 7, "slo": 7}, {"size": 12, "rate": 5, "slo": 6},
                        {"size": 28, "rate": 1, "slo": 5}, {"size": 34, "rate": 6, "slo": 8},
                        {"size": 11, "rate": 8, "slo": 6}, {"size": 8, "rate": 6, "slo": 9},
                        {"size": 26, "rate": 1, "slo": 9}, {"size": 24, "rate": 2, "slo": 6},
                        {"size": 23, "rate": 5, "slo": 5}, {"size": 22, "rate": 6, "slo": 5},
                        {"size": 27, "rate": 4, "slo": 8}, {"size": 29, "rate": 7, "slo": 5},
                        {"size": 16, "rate": 2, "slo": 7}, {"size": 5, "rate": 5, "slo": 9},
                        {"size": 31, "rate": 2, "slo": 7}, {"size": 30, "rate": 5, "slo": 5},
                        {"size": 29, "rate": 8, "slo": 7}, {"size": 12, "rate": 3, "slo": 5},
                        {"size": 22, "rate": 8, "slo": 8}, {"size": 5, "rate": 4, "slo": 6},
                        {"size": 7, "rate": 7, "slo": 9}, {"size": 15, "rate": 3, "slo": 6},
                        {"size": 21, "rate": 1, "slo": 8}, {"size": 31, "rate": 5, "slo": 8},
                        {"size": 23, "rate": 8, "slo": 9}, {"size": 8, "rate": 2, "slo": 7},
                        {"size": 34, "rate": 6, "slo": 9}, {"size": 22, "rate": 2, "slo": 9},
                        {"size": 10, "rate": 1, "slo": 9}, {"size": 6, "rate": 7, "slo": 8},
                        {"size": 21, "rate": 8, "slo": 5}, {"size": 31, "rate": 5, "slo": 5},
                        {"size": 29, "rate": 7, "slo": 6}, {"size": 13, "rate": 4, "slo": 9},
                        {"size": 17, "rate": 5, "slo": 6}, {"size": 10, "rate": 9, "slo": 8},
                    ],
                ],
                [
                    16, 16, 19, 0, 5, 11, 12, 8, 15, 6, 9, 13, 11, 9, 17, 1, 4, 2, 17, 7, 4, 15, 12,
                    3, 19, 14, 7, 13, 14, 1, 10, 8, 19, 10, 2, 6, 3, 5, 18, 18,
                ],
            ],
        ],
    },
]


def _cases():
    """Return the recorded calls, or None and why they are missing."""
    return CASES, ""


def _same(answer, expected):
    """Compare plain values; floats to nine digits, as machines differ in the last ones."""
    import math

    if isinstance(expected, list):
        return isinstance(answer, list) and len(answer) == len(expected) and all(map(_same, answer, expected))
    if isinstance(expected, dict):
        same_keys = isinstance(answer, dict) and answer.keys() == expected.keys()
        return same_keys and all(_same(answer[key], expected[key]) for key in expected)
    if isinstance(expected, float):
        return isinstance(answer, (int, float)) and math.isclose(answer, expected, rel_tol=1e-9, abs_tol=1e-12)
    return type(answer) is type(expected) and answer == expected


def _replay(case):
    """Repeat the calls of a case; return the first answer that differs from the recorded one, or nothing."""
    import json

    import random
    random.seed(0)
    target = place
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = place(*given)
            continue
        answer = getattr(target, method)(*given)
        answer = json.loads(json.dumps(answer, default=lambda value: value.tolist()))
        if not _same(answer, expected):
            return f"call {number} ({method}) answered {answer!r:.200}, recorded was {expected!r:.200}"
    return ""


def _recheck():
    """Repeat all cases and print how many agree; return 0 if all do, 1 if not, 2 if they are missing."""
    cases, why = _cases()
    if cases is None:
        print(f"not checked: {why}")
        return 2
    wrong = 0
    for case in cases:
        try:
            difference = _replay(case)
        except Exception as error:  # noqa: BLE001
            difference = f"{type(error).__name__}: {error}"
        if difference:
            wrong += 1
            print(f"{case['instance']}: {difference}")
    print(f"{'failed' if wrong else 'ok'}: {len(cases) - wrong} of {len(cases)} cases")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(_recheck())
