# A heuristic, exported by evolve as one module.
#
# moe_placement_expert_cache.py: Expert cache and prefetching (moe_placement/expert_cache). Which
# experts should stay in GPU memory, and which should be loaded ahead, while a model decodes token by
# token?
#
# Entry: `Policy`.
#
#     `note(layer, need, token, token_id)`: Write down what is used.
#
#     `candidates(layer, ranks)`: Experts that may be worth prefetching: those in hints, and what the next two layers used last.
#
# Objective: minimised, in times the time without any loads. Version of the problem: 975140f9e0bc.
#
# Mean gap to the reference (lower bound from Belady's loads over the link and the computing; knows
# all that comes, not necessarily attainable); 0 is the reference, lower is better:
#
#     program                train  validation        test
#     this program           38.7%       33.7%       29.7%
#     hobbit                 45.0%       40.2%       37.1%
#     lfu_hint               54.5%       45.9%       42.7%
#     lru_hint               55.5%       47.4%       43.8%
#     least_stale_hint       70.8%       61.3%       56.9%
#     lfu                    83.1%       66.7%       71.0%
#     lru                    84.3%       69.1%       72.5%
#     moe_infinity           92.2%       75.6%       75.9%
#     least_stale           113.1%       89.1%       95.1%
#
# Found by: coding agent proposer (file b4.py).
#
# Certificate: certified (2026-12-01: better than every baseline, closest on test: −7.33 pp against
# hobbit, 97% CI −8.25 to −6.33 pp (48 wins, 0 ties, 0 losses)).
#
# Exported 2026-12-01. Licence: derived from the problem's seed program, whose licence applies.
#
# `python moe_placement_expert_cache.py` repeats the calls recorded on 3 small instances in
# moe_placement_expert_cache.cases.json and compares the answers; of 3 long episodes, the beginning.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Expert cache by hit density: the chance that an expert is used, over the time that it occupies a slot until then.

Chances come from calibrated hints, from the latest tokens that were routed like this one, and from what this request used.
A prefetch has to save more time than it costs, by blocking the link in vain and by displacing another expert early.
"""

import numpy as np

PRIOR = 20.0  # tokens that usage of other requests, and the first guess at hints, are worth
GUESS = (0.8, 0.3, 0.03)  # first guess: chance of an expert among a hint's first top_k, behind them, not named
SHARP = 0.3  # how much the odds of a hinted layer follow what else is known
RATE = 0.2  # weight of the newest token in what a layer has used of late
ASKED = 0.7  # weight of what this request used, against what was used of late
LIKE = 8.0  # how much more tokens count that were routed like this one
FADE = 0.1  # how much less older tokens count among them
RENT = 3.0  # how dear it is to take a slot from another expert early
KEEP = 64  # latest tokens that are compared with this one


def log_odds(chance):
    """Logarithm of the odds, of chances that are kept off 0 and 1."""
    chance = np.clip(chance, 0.002, 0.998)
    return np.log(chance / (1 - chance))


class Policy:
    """Estimates how soon each expert is used, and exchanges experts by hit density and by time saved."""

    def __init__(self, info):
        """Take the model and the machine, and start from what other requests used."""
        self.layers, self.experts, self.top_k = info["layers"], info["experts"], info["top_k"]
        self.load, self.window = info["load_us"], info["gate_us"] + info["expert_us"]
        usage = np.array(info["usage"], float) + 0.5
        self.counts = PRIOR * self.top_k * usage / usage.sum(1, keepdims=True)
        self.tokens = np.full((self.layers, 1), PRIOR)
        self.recent = self.counts / PRIOR
        self.begin_request()
        self.held = np.zeros(self.layers * self.experts, bool)  # in memory or on the way
        self.held[info["resident"]] = True
        self.tries = np.full((3, 2 * self.top_k + 1), PRIOR)  # by layers ahead and place in the hint
        self.hits = self.tries * ([GUESS[0]] * self.top_k + [GUESS[1]] * self.top_k + [GUESS[2]])
        self.places = {}  # by layer and layers ahead: the place of each expert in the hint
        self.past = np.zeros((KEEP, self.layers * self.experts), np.float32)  # what the latest tokens used
        self.alike = np.zeros(KEEP)  # how many experts each of them shares with this token so far

    def begin_request(self):
        """Forget what the last request used; a few tokens' worth of long-run frequencies take its place."""
        few = PRIOR / 4
        self.asked = few * self.counts / self.tokens
        self.length = np.full((self.layers, 1), few)

    def step(self, news):
        """Drop what has the least hit density, for what is missing and for prefetches that save time."""
        layer, need = news["layer"], news["need"]
        self.held[news["dropped"]] = False
        self.held[news["loaded"]] = True
        missing = [e for e in need if not self.held[e]]
        self.learn(news)
        soon, later = self.chances(news)
        distance = np.repeat((np.arange(self.layers) - layer - 1) % self.layers + 1, self.experts)
        # The better of two plans: hold an expert for its next call only, or until it is used.
        density = np.maximum(soon / distance, 1 / (distance + (1 - soon) * self.layers / later))
        busy = np.zeros(len(density), bool)
        busy[need] = True
        if news["loading"] >= 0:
            busy[news["loading"]] = True
        spare = np.flatnonzero(self.held & ~busy)
        spare = spare[np.argsort(density[spare], kind="stable")].tolist()
        delay = 0 if missing or news["loading"] in need else news["left_us"]
        victims = spare[len(missing) :]
        prefetch = self.prefetches(soon, distance, busy, victims, density, delay)
        return {"drop": spare[: len(missing) + len(prefetch)], "prefetch": prefetch}

    def prefetches(self, soon, distance, busy, victims, density, delay):
        """Choose loads until the next call, each for the time it saves per layer until it is used.

        A load saves what is over before its layer waits. If it is in vain it holds up the next layer, where that misses
        another expert, by as much as it overruns the call. The victim might have been used in the meantime.
        """
        absent = ~self.held & (distance == 1)
        none_missing = np.prod(1 - soon[absent])
        other_missing = 1 - np.where(absent, none_missing / (1 - soon), none_missing)
        closed = self.held | busy
        chosen = []
        for victim in victims:
            if delay >= self.window:
                break
            delay += self.load
            saved = self.load - np.clip(delay - distance * self.window, 0, self.load)
            overrun = min(delay - self.window, self.load) if delay > self.window else 0
            rent = RENT * density[victim] * distance * self.load
            gain = (soon * saved - (1 - soon) * other_missing * overrun - rent) / distance
            gain[closed] = 0
            e = int(gain.argmax())
            if gain[e] <= 0:
                break
            closed[e] = True
            chosen.append(e)
        return chosen

    def learn(self, news):
        """Write down what is used, how the hints for this layer have proved true, and the new hints."""
        layer, need, slot = news["layer"], news["need"], news["token"] % KEEP
        if layer == 0:
            if news["new_request"]:
                self.begin_request()
            self.past[slot] = 0
            self.alike[:] = 0
        self.alike += self.past[:, need].sum(1)
        self.past[slot, need] = 1
        used = self.past[slot, layer * self.experts : (layer + 1) * self.experts].astype(float)
        size = 2 * self.top_k + 1
        for ahead in (1, 2):
            place = self.places.pop((layer, ahead), None)
            if place is not None:
                self.hits[ahead] += np.bincount(place, used, size)
                self.tries[ahead] += np.bincount(place, minlength=size)
        self.counts[layer] += used
        self.tokens[layer] += 1
        self.asked[layer] += used
        self.length[layer] += 1
        self.recent[layer] += RATE * (used - self.recent[layer])
        for ahead, row in enumerate(news["hint"], 1):
            place = np.full(self.experts, size - 1)
            place[np.array(row, int) - (layer + ahead) * self.experts] = np.arange(len(row))
            self.places[layer + ahead, ahead] = place

    def chances(self, news):
        """Chance of each expert in the next call of its layer, and in any later call."""
        layer = news["layer"]
        mixed = ASKED * log_odds(self.asked / self.length) + (1 - ASKED) * log_odds(self.recent)
        later = 1 / (1 + np.exp(-mixed))
        soon = later.copy()
        if layer + 1 < self.layers:
            soon[layer + 1 :] = self.recall(news, later[layer + 1 :])
        for ahead, row in enumerate(news["hint"], 1):
            odds = soon[layer + ahead] / (1 - soon[layer + ahead])
            told = (self.hits[ahead] / self.tries[ahead])[self.places[layer + ahead, ahead]]
            odds = told / (1 - told) * (odds / odds.mean()) ** SHARP
            soon[layer + ahead] = odds / (1 + odds)
        return soon.ravel(), later.ravel()

    def recall(self, news, later):
        """Chances in this token's later layers: what the latest tokens used that share its experts, used or hinted."""
        layer, token = news["layer"], news["token"]
        alike, seen = self.alike.copy(), layer + 1
        for row in news["hint"]:
            alike += self.past[:, row[: self.top_k]].sum(1)
            seen += 1
        age = (token - np.arange(KEEP)) % KEEP
        weight = np.exp(LIKE * (alike / (seen * self.top_k) - 1) - FADE * age)
        weight[(age == 0) | (age > token)] = 0  # this token, and none at all
        guess = weight.astype(np.float32) @ self.past[:, (layer + 1) * self.experts :]
        base = SHARP  # what is known of all later tokens counts as a part of a token routed exactly alike
        chance = (guess.reshape(later.shape) + base * later) / (weight.sum() + base)
        return np.clip(chance, 0.0001, 0.9999)

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "moe_placement/expert_cache",
    "version": "975140f9e0bc",
    "run": "file b4.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-12-01",
    "found_by": "coding agent proposer",
    "verdict": "certified",
    "reason": "2026-12-01: better than every baseline, closest on test: \u22127.33 pp against hobbit, 97% CI \u22128.25 to \u22126.33 pp (48 wins, 0 ties, 0 losses)",
    "certificate": "f1da35bb9a5807c048cc12d50e0cd0d1b3f3c511ea86674f91926c9a7563a06e",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "05012a24a91fc4a42048752a8ea62bf5d50cae122020194333a7c62aeef887fd",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.3872725749267855, "validation": 0.3370590454473461, "test": 0.29729300795360736},
    "hobbit": {"train": 0.4499137104449346, "validation": 0.4015222798793482, "test": 0.3705734376032793},
    "lfu_hint": {"train": 0.5453405368090237, "validation": 0.4590091349161168, "test": 0.4265611753952052},
    "lru_hint": {"train": 0.5547360128701201, "validation": 0.47389776934029254, "test": 0.43765702868058365},
    "least_stale_hint": {"train": 0.7078093958724947, "validation": 0.6125603956946131, "test": 0.5694043539419718},
    "lfu": {"train": 0.8305405239257659, "validation": 0.6666615541342067, "test": 0.7096413674402046},
    "lru": {"train": 0.8430401124835245, "validation": 0.690563876551498, "test": 0.7253858338203726},
    "moe_infinity": {"train": 0.9217055589119068, "validation": 0.7563553505148176, "test": 0.7591522955768858},
    "least_stale": {"train": 1.1312342028101976, "validation": 0.8912357461557092, "test": 0.950697428680232},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# moe_placement_expert_cache.cases.json, whose SHA-256 is:
CASES_SHA256 = "eb708d2b8c711f589973d4c44688b2c465bb42d96716012e8025aa8bf1ce0c7e"


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

    target = Policy
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = Policy(*given)
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
