# A heuristic, exported by evolve as one module.
#
# knob_tuning_postgres.py: Tuning PostgreSQL (knob_tuning/postgres). Which knob settings and indexes
# should a PostgreSQL server have, given a small budget of measured runs?
#
# Entry: `suggest`.
#
#     Suggest the configuration to measure next.
#
#     Parameters
#     ----------
#     space
#         `knobs`: name -> {"type", "levels", "default"}; `indexes`: name -> {"table", "columns", "mb"}; `most_indexes`;
#         `memory_mb` and `connections`: shared_buffers_mb + connections * work_mem_mb * hash_mem_multiplier must not exceed the
#         memory, or the run is lost.
#     workload
#         `budget` (runs in all); `queries`: list of {"weight", "what_if": [[[index, ...], estimated cost], ...]}, cheapest
#         first: with a set of indexes the planner's estimate is the first entry whose indexes are all in it; `transactions`:
#         list of {"weight", "tables"} (each index of a changed table has to be kept up to date); `tables`: name -> {"rows",
#         "mb"}; `prices`: ms for a "block" read, a "flush" of the log, a KiB of log ("log_kib").
#     history
#         The default first, then the runs in order: {"config", "cost" (ms; None if the server could not start), "queries" and
#         "transactions" (ms of each, in the workload's order)}. Measured with some noise.
#     seed
#         For random choices; its own for every workload.
#
#     Returns
#     -------
#     dict
#         {"knobs": {name: value, ...}, "indexes": [name, ...]}: values within the knob's levels (others go to the nearest; a
#         knob left out has its default), at most `most_indexes` different indexes.
#
#     Examples
#     --------
#     >>> suggest(space, workload, history, 7)
#     {"knobs": {"work_mem_mb": 16, "enable_nestloop": True}, "indexes": ["orders(o_custkey)"]}
#
# Objective: minimised, in % of the default's cost, mean over the runs. Version of the problem:
# e4cbad5388cc.
#
# Mean gap to the reference (minimum cost over all configurations of the measured table, which a
# policy would have to choose in the first run); 0 is the reference, lower is better:
#
#     program            train  validation        test
#     this program       2.45%       1.44%       5.19%
#     tpe                42.5%       88.1%       81.0%
#     smac               47.4%       58.6%       80.4%
#     llamatune          52.1%       58.7%       83.6%
#     lhs                55.2%       63.8%       78.7%
#     cmaes              59.9%      110.0%       87.2%
#     autoadmin          90.5%      118.4%       44.0%
#     drop               90.5%      118.4%       44.0%
#     extend            119.2%      128.4%       45.6%
#     pgtune            141.4%      215.3%      272.7%
#     default           205.6%      307.1%      308.9%
#
# Found by: coding agent proposer (file pg5b.py).
#
# Certificate: certified (2026-11-30: better than every baseline, closest on test: −38.8 pp against
# drop, 99.7% CI −53.9 to −26.8 pp (20 wins, 0 ties, 12 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python knob_tuning_postgres.py` repeats the calls recorded on 3 small instances in
# knob_tuning_postgres.cases.json and compares the answers; of 3 long episodes, the beginning.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Tune a database by Bayesian optimisation with one model for each query and each kind of transaction.

The cost is a sum of parts, and the history has every part. Each part has a Gaussian process of the logarithm of its ratio to the default.
Its mean is prior knowledge (estimates of the planner, flushes that need no wait, what each knob is for); its kernel says what
may differ: effects of single knobs and indexes, and how they change each other. Run next is the configuration with the greatest
expected gain, found by climbing from the cheapest one so far; a gain counts only if the noisy measurement will show it.
"""

import math

import numpy as np

TRUST = 1.0  # how far the logarithm of an estimate holds
SAMPLES = 48  # draws of the costs for the expected gain
STEPS = 12  # changes that a climb may make
CORRELATION = 0.5  # of the effects of neighbouring levels of a knob
NOISES = (0.02, 0.04, 0.08, 0.16, 0.32)  # standard deviations of the error of a part, of which the likeliest is taken
USUAL = 0.05  # the error that is expected
INDEX = 0.6  # standard deviation of the effect of an index that the planner would use, beyond its estimate
UNUSED = 0.15  # the same of one that it would not use
MIXED = 0.3  # standard deviation of what all choices together change

# For queries: the expected effect of the lowest level and of the highest (of log cost, against the default), and the standard deviation.
QUERY = {
    "shared_buffers_mb": (0.8, -0.7, 0.9), "work_mem_mb": (0.1, -0.05, 0.15), "hash_mem_multiplier": (0.02, -0.02, 0.05),
    "random_page_cost": (-0.2, 0.1, 0.4), "effective_cache_size_mb": (0.3, -0.1, 0.4), "enable_nestloop": (0.5, -0.2, 0.5),
}  # fmt: skip
WRITE = {"shared_buffers_mb": (0.05, -0.02, 0.1), "synchronous_commit": (0.0, 0.0, 0.3), "wal_compression": (-0.02, 0.05, 0.08)}
UPKEEP = 0.1  # expected effect of an index on a transaction that changes its table, and its standard deviation


def suggest(space: dict, workload: dict, history: list[dict], seed: int) -> dict:
    """Suggest the configuration to measure next: the one with the greatest expected gain."""
    search = Search(space, workload, history, seed)
    best = search.best
    found = None
    for start in dict.fromkeys((best, search.points[0])):
        now = start
        value = -math.inf
        for _ in range(STEPS):
            near = search.neighbours(now)
            gains = search.gains(near)
            at = int(np.argmax(gains))
            if gains[at] <= value + 1e-9:
                break
            now, value = near[at], float(gains[at])
        if found is None or value > found[0]:
            found = (value, now)
    return search.config(found[1] if found[0] > 0 else best)


class Search:
    """The models, given the history, and the configurations as points: (levels of the knobs, indexes)."""

    def __init__(self, space, workload, history, seed):
        """Fit a model to each part."""
        self.space = space
        self.names = list(space["knobs"])
        self.levels = [space["knobs"][name]["levels"] for name in self.names]
        self.indexes = list(space["indexes"])
        done = [run for run in history if run["cost"] is not None]
        self.points = [self.point(run["config"]) for run in done]
        costs = [run["cost"] for run in done]
        self.least = min(costs)
        self.best = self.points[costs.index(self.least)]
        first = done[0]
        self.parts = [Query(self, q, c) for q, c in zip(workload["queries"], first["queries"], strict=True)]
        self.parts += [Write(self, t, c, workload["prices"]) for t, c in zip(workload["transactions"], first["transactions"], strict=True)]
        data = self.arrays(self.points)
        logs = np.log([[max(c, 1e-9) / p.cost for c, p in zip(run["queries"] + run["transactions"], self.parts, strict=True)] for run in done])
        grams = []
        for part, values in zip(self.parts, logs.T, strict=True):
            grams.append(part.prepare(data, values))
        self.noise = max(NOISES, key=lambda noise: self.evidence(grams, noise))
        for part, gram in zip(self.parts, grams, strict=True):
            part.fit(gram, self.noise)
        rng = np.random.default_rng(seed)
        half = rng.standard_normal((SAMPLES // 2, len(self.parts)))
        self.draws = np.concatenate([half, -half])
        mean, _ = self.predict([self.best])
        self.now = float(np.exp(mean[0]) @ [p.cost for p in self.parts])

    def evidence(self, grams, noise):
        """Logarithm of the likelihood of an error, with some percent as what is expected while there are few runs."""
        return sum(p.likelihood(gram, noise) for p, gram in zip(self.parts, grams, strict=True)) - math.log(noise / USUAL) ** 2

    def point(self, config):
        """A configuration as a point."""
        return (
            tuple(levels.index(config["knobs"][name]) for name, levels in zip(self.names, self.levels, strict=True)),
            frozenset(config["indexes"]),
        )

    def config(self, point):
        """A point as a configuration."""
        knobs = {name: levels[at] for name, levels, at in zip(self.names, self.levels, point[0], strict=True)}
        return {"knobs": knobs, "indexes": sorted(point[1])}

    def fits(self, levels):
        """Whether the server would start."""
        k = {name: values[at] for name, values, at in zip(self.names, self.levels, levels, strict=True)}
        each = k["work_mem_mb"] * k["hash_mem_multiplier"]
        return k["shared_buffers_mb"] + self.space["connections"] * each <= self.space["memory_mb"]

    def neighbours(self, point):
        """Points with one knob or two for memory changed, or one index more, less or another; all fit into memory."""
        levels, held = point
        memory = [self.names.index(n) for n in ("shared_buffers_mb", "work_mem_mb")]
        found = {}
        for d, values in enumerate(self.levels):
            for at in range(len(values)):
                one = (*levels[:d], at, *levels[d + 1 :])
                found[one, held] = None
                if d == memory[0]:
                    for low in range(len(self.levels[memory[1]])):
                        found[(*one[: memory[1]], low, *one[memory[1] + 1 :]), held] = None
        for index in self.indexes:
            if index in held:
                found[levels, held - {index}] = None
            else:
                if len(held) < self.space["most_indexes"]:
                    found[levels, held | {index}] = None
                for gone in sorted(held):
                    found[levels, held - {gone} | {index}] = None
        return [p for p in found if self.fits(p[0])]

    def arrays(self, points):
        """Points as arrays: levels, and which indexes there are."""
        held = np.array([[i in p[1] for i in self.indexes] for p in points], float).reshape(len(points), -1)
        return np.array([p[0] for p in points]), held, [p[1] for p in points]

    def predict(self, points):
        """Mean and standard deviation of each part (logarithm of the ratio to the default) at points."""
        data = self.arrays(points)
        found = [part.predict(data) for part in self.parts]
        return np.array([f[0] for f in found]).T, np.array([f[1] for f in found]).T

    def gains(self, points):
        """Expected gain of a run at each point: what is saved where the measurement would be the least so far."""
        mean, deviation = self.predict(points)
        costs = np.array([p.cost for p in self.parts])
        parts = np.exp(mean[:, None, :] + deviation[:, None, :] * self.draws[None]) * costs
        true = parts.sum(axis=2)
        error = self.noise * np.sqrt((parts**2).sum(axis=2)) + 1e-9
        z = (self.least - true) / error
        seen = 0.5 * (1 + np.tanh(0.8 * z))
        return ((self.now - true) * seen).mean(axis=1) / self.now


class Part:
    """Gaussian process of one part of the cost."""

    def prepare(self, data, values):
        """Kernel of the history."""
        self.data = self.features(data)
        self.values = values - self.mean(self.data)
        return self.kernel(self.data, self.data)

    def likelihood(self, gram, noise):
        """Logarithm of the likelihood of the history if measurements err by `noise`."""
        lower = np.linalg.cholesky(gram + noise**2 * np.eye(len(gram)))
        white = np.linalg.solve(lower, self.values)
        return -0.5 * white @ white - np.log(np.diag(lower)).sum()

    def fit(self, gram, noise):
        """Keep what predictions need."""
        self.inverse = np.linalg.inv(gram + noise**2 * np.eye(len(gram)))
        self.weights = self.inverse @ self.values

    def predict(self, data):
        """Mean and standard deviation at points."""
        features = self.features(data)
        cross = self.kernel(features, self.data)
        spread = self.own(features) - ((cross @ self.inverse) * cross).sum(axis=1)
        return self.mean(features) + cross @ self.weights, np.sqrt(np.maximum(spread, 1e-9))

    def knob_mean(self, levels):
        """Expected effect of the knobs: none at the default, and in proportion to the steps towards either end."""
        total = np.zeros(len(levels))
        for d, at, low, high, _ in self.knobs:
            here = levels[:, d]
            last = self.last[d]
            total += np.where(here < at, low * (at - here) / max(at, 1), high * (here - at) / max(last - at, 1))
        return total

    def set_knobs(self, search, effects):
        """Number, level of the default, effects and variance of each knob that matters."""
        self.last = [len(levels) - 1 for levels in search.levels]
        self.knobs = []
        for name, (low, high, deviation) in effects.items():
            d = search.names.index(name)
            default = search.levels[d].index(search.space["knobs"][name]["default"])
            self.knobs.append((d, default, low, high, deviation**2))

    def knob_kernel(self, a, b):
        """Sum of the kernels of knobs, and their product."""
        total, product = 0.0, 1.0
        for d, _, _, _, variance in self.knobs:
            alike = CORRELATION ** np.abs(a[:, None, d] - b[None, :, d])
            total = total + variance * alike
            product = product * (1 - min(1.0, variance * 4) * (1 - alike))
        return total, product


class Query(Part):
    """Model of a query: only indexes of its own estimates matter, most of all those that the planner would use."""

    def __init__(self, search, query, cost):
        self.cost = max(cost, 1e-9)
        self.entries = [(frozenset(used), value) for used, value in query["what_if"]]
        self.base = self.entries[-1][1]
        self.mine = np.array([any(i in used for used, _ in self.entries) for i in search.indexes], bool)
        self.number = {index: n for n, index in enumerate(search.indexes)}
        self.page = search.names.index("random_page_cost")
        self.known = {}
        self.set_knobs(search, QUERY)

    def entry(self, indexes):
        """Number of the first estimate whose indexes are all there."""
        if indexes not in self.known:
            self.known[indexes] = next((n for n, (used, _) in enumerate(self.entries) if used <= indexes), len(self.entries) - 1)
        return self.known[indexes]

    def features(self, data):
        """Levels, indexes that matter, those used, and the number of the estimate."""
        levels, held, sets = data
        entries = np.array([self.entry(s) for s in sets])
        table = np.zeros((len(self.entries), held.shape[1]))
        for n, (used, _) in enumerate(self.entries):
            table[n, [self.number[i] for i in used]] = 1
        return levels, held * self.mine, table[entries], entries

    def mean(self, features):
        """The estimate's share, and what knobs usually do."""
        ratios = np.log([max(value, 1e-9) / self.base for _, value in self.entries])
        return TRUST * ratios[features[3]] + self.knob_mean(features[0])

    def kernel(self, a, b):
        """Knobs and indexes by themselves, indexes with random_page_cost, and all together."""
        knobs, product = self.knob_kernel(a[0], b[0])
        used = a[2] @ b[2].T
        page = CORRELATION ** np.abs(a[0][:, None, self.page] - b[0][None, :, self.page])
        same = a[3][:, None] == b[3][None, :]
        alone = INDEX**2 * used * (0.75 + 0.25 * page) + UNUSED**2 * (a[1] @ b[1].T)
        return knobs + alone + MIXED**2 * same * product

    def own(self, features):
        """Variances at points."""
        total = sum(variance for *_, variance in self.knobs) + MIXED**2
        return total + INDEX**2 * features[2].sum(axis=1) + UNUSED**2 * features[1].sum(axis=1)


class Write(Part):
    """Model of a kind of transaction: flushes, and upkeep of the indexes of its tables."""

    def __init__(self, search, transaction, cost, prices):
        self.cost = max(cost, 1e-9)
        self.mine = np.array([i["table"] in transaction["tables"] for i in search.space["indexes"].values()], bool)
        self.set_knobs(search, WRITE)
        share = min(0.9, transaction["weight"] * prices["flush"] / self.cost)
        wait = search.names.index("synchronous_commit")
        default = search.space["knobs"]["synchronous_commit"]["default"]
        effect = math.log(1 - share)
        self.knobs = [(d, at, effect if default else low, high if default else -effect, v) if d == wait else (d, at, low, high, v) for d, at, low, high, v in self.knobs]

    def features(self, data):
        """Levels, and indexes that have to be kept up to date."""
        return data[0], data[1] * self.mine

    def mean(self, features):
        """Knobs, and the upkeep."""
        return self.knob_mean(features[0]) + UPKEEP * features[1].sum(axis=1)

    def kernel(self, a, b):
        """Knobs and indexes by themselves, and the knobs together."""
        knobs, product = self.knob_kernel(a[0], b[0])
        return knobs + UPKEEP**2 * (a[1] @ b[1].T + product)

    def own(self, features):
        """Variances at points."""
        return sum(variance for *_, variance in self.knobs) + UPKEEP**2 * (features[1].sum(axis=1) + 1)

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "knob_tuning/postgres",
    "version": "e4cbad5388cc",
    "run": "file pg5b.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "coding agent proposer",
    "verdict": "certified",
    "reason": "2026-11-30: better than every baseline, closest on test: \u221238.8 pp against drop, 99.7% CI \u221253.9 to \u221226.8 pp (20 wins, 0 ties, 12 losses)",
    "certificate": "bdae654c3c6bad6c5304a864f6509bc50e614cb671af3f471803ebba65ad20c6",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "faa6fab84285876a4452d8eff83530ac5438c87d0cd732c000388dc88826814e",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.024510456810935312, "validation": 0.014415741714227623, "test": 0.05193876325798},
    "tpe": {"train": 0.42548578968354134, "validation": 0.8812239699515914, "test": 0.8102077705323452},
    "smac": {"train": 0.4741802424380587, "validation": 0.5859105595250194, "test": 0.8044880547375712},
    "llamatune": {"train": 0.5213963382186702, "validation": 0.586660550260825, "test": 0.836189688524843},
    "lhs": {"train": 0.5517717842522765, "validation": 0.6382808907870915, "test": 0.7874128861106884},
    "cmaes": {"train": 0.5990392842004142, "validation": 1.1003437323157075, "test": 0.8722060608242133},
    "autoadmin": {"train": 0.9045927934995515, "validation": 1.1836632604048154, "test": 0.43995643307553395},
    "drop": {"train": 0.9047638309110988, "validation": 1.1836632604048154, "test": 0.43995643307553395},
    "extend": {"train": 1.1919109824967116, "validation": 1.2839739603693572, "test": 0.45591176868763417},
    "pgtune": {"train": 1.4139362490541494, "validation": 2.1530756891157536, "test": 2.7273822169463346},
    "default": {"train": 2.055749824534907, "validation": 3.0710710413818907, "test": 3.0893011380533295},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# knob_tuning_postgres.cases.json, whose SHA-256 is:
CASES_SHA256 = "aa792dbe1fc600aa292f23b0e3efc299df6830d9e550d2d22f41ef10a4b18957"


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

    import numpy
    numpy.random.seed(0)
    target = suggest
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = suggest(*given)
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
