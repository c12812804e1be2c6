# A heuristic, exported by evolve as one module.
#
# moe_placement_eplb.py: Expert-parallel load balancing (moe_placement/eplb). On which GPUs should the
# experts of a mixture-of-experts model be placed, in how many copies, for future traffic?
#
# Entry: `place`.
#
#     Place the experts of each layer so that the busiest GPU has little to do in the next window.
#
#     Slot s of a layer lies on GPU s // (slots // n_gpus), GPU g on node g // (n_gpus // nodes). An expert's tokens spread
#     evenly over its copies. A layer takes as long as its busiest GPU; the sum over layers, in the window that follows
#     `history`, is what counts.
#
#     Parameters
#     ----------
#     history
#         Tokens by window (oldest first), layer and expert.
#     prev
#         The slot maps in use now. Moving experts costs nothing.
#     n_gpus, slots
#         Number of GPUs, and of slots in a layer (a multiple of n_gpus).
#     groups, nodes
#         Number of equal groups of consecutive experts that tokens are routed to, and of nodes.
#
#     Returns
#     -------
#     list[list[int]]
#         For each layer the expert in each slot: every expert at least once, none twice on one GPU.
#
#     Examples
#     --------
#     >>> place([[[60, 20, 20]]], [[0, 1, 2, 0]], 2, 4, 1, 1)  # one layer, 3 experts: both GPUs get 50 of 100 tokens
#     [[0, 1, 0, 2]]
#
# Objective: minimised, in time of the busiest GPU / time of an even spread. Version of the problem:
# 766b4be30c02.
#
# Mean gap to the reference (proven offline bound: mean load, or the load of an expert that cannot be
# replicated further); 0 is the reference, lower is better:
#
#     program                 train  validation        test
#     this program            41.6%       42.0%       42.9%
#     persistence             46.2%       45.7%       46.7%
#     ewma_greedy             53.2%       51.4%       53.9%
#     eplb_global             68.6%       69.4%       71.1%
#     zigzag                  72.4%       72.2%       74.8%
#     eplb_hierarchical       79.1%       79.3%       83.8%
#     contiguous             355.5%      373.6%      416.4%
#
# Found by: coding agent proposer (file f2c.py).
#
# Certificate: certified (2026-11-30: better than every baseline, closest on test: −3.86 pp against
# persistence, 99.7% CI −6.29 to −1.83 pp (65 wins, 0 ties, 27 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python moe_placement_eplb.py` repeats the calls recorded on 1 small instance in
# moe_placement_eplb.cases.json and compares the answers.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Forecast of log popularity with its variance, then greedy copies and places by effective sizes.

Effective sizes: Hui 1988; Kleinberg, Rabani, Tardos 2000.

Logarithms of an expert's tokens are modelled as base + domain of traffic + drift (autoregressive) + counting noise; what is
likely next follows in closed form. An uncertain load weighs as much as a certain one of its effective size,
log(E[exp(CAUTION * load)]) / CAUTION. Effective sizes of independent loads add up, so usual packing applies to them.
"""

import math
from statistics import NormalDist

import numpy as np

CAUTION = 5.0  # exponent of effective sizes, for loads in units of a GPU's mean load; near 0 they are expected loads
BASE = 1.0  # variance of an expert's long-run log popularity, before anything is seen
DRIFT = 0.6  # usual variance of the drift about it
DOUBT = 0.5  # standard deviation of the logarithm of that variance
PERSISTENCE = (0.0, 0.3, 0.5, 0.7, 0.8, 0.87, 0.92, 0.95, 0.97, 0.985, 0.995)  # candidates, from window to window
UNKNOWN = 0.9  # persistence that is assumed where a single window tells nothing about it
USUAL = 0.1  # variance of log popularity: experts whose counting noise is larger than that tell little about the drift
JUMP = 1.5  # a step between windows this many times larger than usual is a jump to another domain
NODES = 24  # evenly spread quantiles that stand for an expert's uncertain load
WORK = 2e6  # elementary steps that the exchange of experts may take, over all layers


def place(
    history: list[list[list[int]]], prev: list[list[int]], n_gpus: int, slots: int, groups: int, nodes: int
) -> list[list[int]]:
    """Place the experts of each layer so that the busiest GPU has little to do in the next window."""
    tokens = np.array(history, dtype=float).transpose(1, 0, 2)
    layers = len(tokens)
    logs = np.log(tokens + 0.5)
    logs -= logs.mean(axis=2, keepdims=True)
    noise = 1.0 / (tokens.mean(axis=1) + 0.5)  # variance of the logarithms that counting alone gives
    trust = 1.0 / (USUAL + noise) ** 2
    domains, strength, odds = find_domains(logs, trust)
    drift = fit_drift(logs, noise, trust, strength * (domains[:, None] == domains))
    chances = np.array([chance for _, chance in odds])
    points = np.array([NormalDist().inv_cdf((i + 0.5) / NODES) for i in range(NODES)])
    weights = np.full(NODES, 1.0 / NODES)
    steps = int(WORK / layers / (slots * len(odds) + 1000))
    result = []
    for layer in range(layers):
        futures = forecast(logs[layer], noise[layer], drift, domains, strength, [domain for domain, _ in odds])
        loads = np.array([spread_loads(mean, variance, points, weights, n_gpus) for mean, variance in futures])
        copies = share_out(loads, weights, chances, n_gpus, slots)
        sizes = effective(loads / copies[:, None], weights).T
        held = np.array(pack(sizes, copies, chances, n_gpus, slots // n_gpus))
        if len(odds) > 1 and n_gpus > 1:
            exchange(held, sizes, chances, steps)
        result.append(held.ravel().tolist())
    return result


def find_domains(logs, trust):
    """Label windows by domain of traffic; return labels, variance between domains, and the odds of the next window's domain.

    With few experts steps differ by chance, so a jump has to be larger. A latest window unlike all before may be an outlier:
    it is as likely to pass as to last. Domains that were seen more often are more likely to return.
    """
    layers, windows, experts = logs.shape
    labels = np.zeros(windows, dtype=int)
    if windows < 4:
        return labels, 0.0, [(0, 1.0)]
    gaps = sum(((w[:, None] - w) ** 2) @ t for w, t in zip(logs, trust, strict=True)) / trust.sum() / 2
    steps = np.diag(gaps, 1)
    jumps = steps > (JUMP + 4 / math.sqrt(layers * experts)) * np.median(steps)
    if not jumps.any():
        return labels, 0.0, [(0, 1.0)]
    strength = steps[jumps].mean() - np.median(steps)
    segment = np.concatenate([[0], np.cumsum(jumps)])
    lag = lags(windows)
    within = segment[:, None] == segment
    known = [d for d in range(windows) if (within & (lag == d)).any()]
    usual = np.interp(lag, known, [gaps[within & (lag == d)].mean() for d in known])
    for s in range(1, segment[-1] + 1):
        new, before = segment == s, labels[segment == s - 1][0]
        count = labels[segment < s].max() + 1
        excess = np.full(count, np.inf)
        for k in range(count):
            if k != before:
                excess[k] = (gaps - usual)[np.ix_(new, (labels == k) & (segment < s))].mean()
        labels[new] = excess.argmin() if excess.min() < strength / 2 else count
    seen = np.bincount(labels, minlength=labels.max() + 2)
    chance = 0.5 if seen[labels[-1]] == 1 else jumps.mean()
    others = [k for k in range(len(seen)) if k != labels[-1]]
    total = sum(seen[k] + 1 for k in others)
    return labels, strength, [(labels[-1], 1 - chance)] + [(k, chance * (seen[k] + 1) / total) for k in others]


def lags(windows):
    """Distances in time between windows."""
    return np.abs(np.subtract.outer(np.arange(windows), np.arange(windows)))


def fit_drift(logs, noise, trust, domain_part):
    """Persistence and variance of the drift: greatest restricted likelihood over all layers, variance near what is usual."""
    windows = logs.shape[1]
    if windows == 1:
        return UNKNOWN, DRIFT
    second = sum((w * t) @ w.T for w, t in zip(logs, trust, strict=True)) / trust.sum()
    fixed = domain_part + np.eye(windows) * (trust * noise).sum() / trust.sum()
    samples = trust.sum() / trust.max()
    best = (math.inf, 0.0, 0.0)
    for rho in PERSISTENCE:
        for factor in 2.0 ** np.arange(-6, 5):
            inverse = np.linalg.inv(factor * DRIFT * rho ** lags(windows) + fixed)
            sums = inverse.sum(axis=0)
            contrast = inverse - np.outer(sums, sums) / sums.sum()
            loss = (contrast * second).sum() - np.linalg.slogdet(inverse)[1] + math.log(sums.sum())
            best = min(best, (samples * loss + (math.log(factor) / DOUBT) ** 2, rho, factor * DRIFT))
    return best[1:]


def forecast(logs, noise, drift, domains, strength, coming):
    """Mean and variance of the experts' next log popularity, for each domain that may come: a Gaussian process's."""
    rho, variance = drift
    windows = len(logs)
    known = variance * rho ** lags(windows) + strength * (domains[:, None] == domains) + BASE
    values, vectors = np.linalg.eigh(known)
    precision = 1.0 / (np.maximum(values, 0.0)[:, None] + noise + 1e-9)
    futures = []
    for domain in coming:
        cross = vectors.T @ (variance * rho ** np.arange(windows, 0, -1) + strength * (domains == domain) + BASE)
        rest = np.maximum(variance + strength + BASE - cross**2 @ precision, 0.0)
        futures.append((cross @ (precision * (vectors.T @ logs)), rest + noise))
    return futures


def spread_loads(mean, variance, points, weights, n_gpus):
    """Load of each expert at each point, in units of a GPU's mean load, the other experts being as expected."""
    tokens = np.exp(mean[:, None] + np.sqrt(variance)[:, None] * points)
    expected = tokens @ weights
    return n_gpus * tokens / (tokens + (expected.sum() - expected)[:, None])


def effective(loads, weights):
    """Effective sizes of loads that are given at evenly spread quantiles (last axis, rising)."""
    top = loads[..., -1]
    return top + np.log(np.exp(CAUTION * (loads - top[..., None])) @ weights) / CAUTION


def share_out(loads, weights, chances, n_gpus, slots):
    """Give spare slots first to experts too large for a GPU, then to those whose effective size over all copies falls most."""
    experts = loads.shape[1]
    copies = np.ones(experts, dtype=int)
    if n_gpus == 1:
        return copies
    each = chances @ effective(loads, weights)
    saving = each - 2 * (chances @ effective(loads / 2, weights))
    others = np.sort(each)[: slots // n_gpus - 1].sum()  # what a GPU holds at least besides
    total = each.sum()
    for _ in range(slots - experts):
        e = int(each.argmax())
        if each[e] + others <= total / n_gpus:
            e = int(saving.argmax())
        copies[e] += 1
        total -= saving[e]
        each[e] = saving[e] = -np.inf
        if copies[e] < n_gpus:
            now, more = (chances @ effective(loads[:, e] / (copies[e] + i), weights) for i in (0, 1))
            each[e], saving[e] = now, copies[e] * now - (copies[e] + 1) * more
    return copies


def pack(sizes, copies, chances, n_gpus, room):
    """Put copies, from heavy to light, on the GPU where they add least to the greatest size (by domain, smoothed)."""
    gpus = range(n_gpus)
    level = copies @ sizes / n_gpus
    growth = np.expm1(2 * CAUTION * sizes) * chances
    held = [[] for _ in gpus]
    load = np.zeros((n_gpus, len(chances)))
    full = np.zeros(n_gpus)
    for e in np.argsort(-sizes @ chances, kind="stable").tolist():
        blocked = full.copy()
        for _ in range(copies[e]):
            g = int((np.exp(2 * CAUTION * (load - level)) @ growth[e] + blocked).argmin())
            if blocked[g] == np.inf:
                # Only GPUs with a copy have room: the least loaded other one gives them an expert and takes this one.
                g = min([g for g in gpus if e not in held[g]], key=(load @ chances).__getitem__)
                to = next(t for t in gpus if len(held[t]) < room)
                given = next(f for f in reversed(held[g]) if f not in held[to])
                held[g].remove(given)
                held[to].append(given)
                load[g] -= sizes[given]
                load[to] += sizes[given]
                if len(held[to]) == room:
                    full[to] = blocked[to] = np.inf
            held[g].append(e)
            load[g] += sizes[e]
            blocked[g] = np.inf
            if len(held[g]) == room:
                full[g] = np.inf
    return held


def exchange(held, sizes, chances, steps):
    """Exchange experts of two GPUs while that lowers the greatest size (smoothed), in the mean over the domains.

    Greedy packing balances one domain nearly perfectly, but not several at once.
    """
    n_gpus, room = held.shape
    gpus = np.arange(n_gpus)[:, None]
    holds = np.zeros((len(sizes), n_gpus), dtype=bool)
    holds[held, gpus] = True
    load = sizes[held].sum(axis=1)
    level = load.max(axis=0)

    def term(size):
        """A GPU's part in the smoothed maximum."""
        return np.exp(2 * CAUTION * (size - level))

    terms = term(load)
    tried = np.zeros(held.shape, dtype=bool)
    for _ in range(steps):
        total = terms.sum(axis=0)
        guilt = (sizes[held] * (terms / total * chances)[:, None]).sum(axis=2)
        g, c = divmod(int(np.where(tried, -1.0, guilt).argmax()), room)
        if tried[g, c]:
            break
        tried[g, c] = True
        e = held[g, c]
        change = sizes[held] - sizes[e]
        value = np.log(total - terms[g] - terms[:, None] + term(load[g] + change) + term(load[:, None] - change)) @ chances
        value[holds[e][:, None] | holds[held, g]] = np.inf
        h, d = divmod(int(value.argmin()), room)
        if value[h, d] < np.log(total) @ chances - 1e-6:
            f = held[h, d]
            held[g, c], held[h, d] = f, e
            holds[e, g] = holds[f, h] = False
            holds[e, h] = holds[f, g] = True
            for i in (g, h):
                load[i] = sizes[held[i]].sum(axis=0)
                terms[i] = term(load[i])
                tried[i] = False

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "moe_placement/eplb",
    "version": "766b4be30c02",
    "run": "file f2c.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "coding agent proposer",
    "verdict": "certified",
    "reason": "2026-11-30: better than every baseline, closest on test: \u22123.86 pp against persistence, 99.7% CI \u22126.29 to \u22121.83 pp (65 wins, 0 ties, 27 losses)",
    "certificate": "449eab8c02b74da9b4fc118c952395fea1167fcc8bcc8e7733b83bb7452b7d2b",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "a3324e9c399ff46bfee2335e50c5b7ad195ee3e1fc32e0b60389d124a0d15910",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.4158108324017707, "validation": 0.4203375145227326, "test": 0.42882876777987783},
    "persistence": {"train": 0.4624165776998594, "validation": 0.4574316730080224, "test": 0.467459291263843},
    "ewma_greedy": {"train": 0.5315146582419109, "validation": 0.513523073889568, "test": 0.5386196615850996},
    "eplb_global": {"train": 0.6857423949224812, "validation": 0.6944460839744075, "test": 0.7112740748986188},
    "zigzag": {"train": 0.7236782079792442, "validation": 0.7224017163901206, "test": 0.7484509976177178},
    "eplb_hierarchical": {"train": 0.7913061961066951, "validation": 0.7929210349885681, "test": 0.8378250334562144},
    "contiguous": {"train": 3.5551439650439813, "validation": 3.736448444705558, "test": 4.16432027306972},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# moe_placement_eplb.cases.json, whose SHA-256 is:
CASES_SHA256 = "edb6928ba3aaaf67c4a4cba43b73c3e6620dae502ec3ee597d63eb0c7e83f8b3"


def _cases():
    """Return the recorded calls, or None and why they are missing."""
    import hashlib
    import json
    import pathlib

    path = pathlib.Path(__file__).with_suffix(".cases.json")
    if not path.is_file():
        return None, f"the self-check needs {path.name}, which was exported beside this module"
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != CASES_SHA256:
        return None, f"{path.name} is not the file that was exported beside this module"
    return json.loads(content), ""


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
