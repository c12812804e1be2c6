# A heuristic, exported by evolve as one module.
#
# caching_kv_cache.py: KV cache eviction (caching/kv_cache). Which blocks of earlier prompts should an
# LLM server drop when its cache is full?
#
# Entry: `Policy`.
#
#     `remember(request)`: Write down who was asked for.
#
#     `value(block, turnover)`: Ask `worth` about one block.
#
# Objective: maximised, in share of blocks found in the cache. Version of the problem: e12b095f70a3.
#
# Mean gap to the reference (proven offline optimum (Belady's rule)); 0 is the reference, lower is
# better:
#
#     program            train  validation        test
#     this program       55.1%       56.5%       45.5%
#     lfu                56.3%       58.1%       45.4%
#     length_aware       56.9%       57.1%       44.1%
#     arc                64.8%       65.9%       50.5%
#     s3fifo             65.8%       68.2%       51.7%
#     sieve              67.9%       66.6%       51.0%
#     gdsf               69.2%       70.5%       50.5%
#     lru                70.1%       72.3%       51.1%
#     fifo               70.5%       73.9%       55.5%
#
# Found by: AST mutation operators (file kv_cache.py).
#
# Certificate: no significant improvement (2026-11-30: test: +1.34 pp against length_aware, 99.2% CI
# −1.31 to +3.86 pp (13 wins, 0 ties, 23 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python caching_kv_cache.py` repeats the calls recorded on 3 small instances in
# caching_kv_cache.cases.json and compares the answers; of 3 long episodes, the beginning. The
# EVOLVE-BLOCK comments enclose the part that the search was asked to change.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Which blocks of a cache of prompts to drop: everything may change but the contract, `Policy(task)` and `evict(served, need)`."""

import heapq


# EVOLVE-BLOCK-START
class Policy:
    """Drops what was asked for least often, of equals the least recent."""

    def __init__(self, task):
        """Take the task: {"capacity": blocks that the cache can hold}."""
        self.capacity = task['capacity']
        self.uses = {}
        self.entry = {}
        self.heap = []
        self.when = 0

    def evict(self, served, need):
        """Return the ids of at least `need` different blocks to drop, e.g. [17, 16, 42].

        `served` lists the requests since the last call, the latest last, each a dict of time_s (since the start), tokens
        (length of the prompt), blocks (ids of its blocks of 512 tokens in order) and hits (how many of the first ones were
        in the cache). All blocks that were asked for and not dropped are in the cache now, those of `served` included.
        A block is of use only while all blocks before it in its prompt are in the cache: drop from the end.
        """
        for request in served:
            for block in reversed(request['blocks']):
                self.when += 0.985
                self.uses[block] = self.uses.get(block, 0) + max(self.when, 0)
                self.entry[block] = (self.score(block, request), self.when, block)
                heapq.heappush(self.heap, self.entry[block])
        dropped = []
        while len(dropped) < need:
            entry = heapq.heappop(self.heap)
            block = entry[-1]
            if self.entry.get(block) == entry or need <= 0:
                del self.entry[block]
                dropped.append(block)
        return dropped

    def score(self, block, request):
        """What keeping the block is worth, judged when it is asked for."""
        return self.uses[block] - 0.5 * (self.when + self.uses[block]) if self.when >= 0 else self.uses[block]


# EVOLVE-BLOCK-END

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "caching/kv_cache",
    "version": "e12b095f70a3",
    "run": "file kv_cache.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "AST mutation operators",
    "verdict": "not better",
    "reason": "2026-11-30: test: +1.34 pp against length_aware, 99.2% CI \u22121.31 to +3.86 pp (13 wins, 0 ties, 23 losses)",
    "certificate": "55a30b259811e8da58f6f41fc5a5a2eec6f9654065ae3afb7d4c1a830126db1a",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "8c9bd5e7b13e0016289851fee9b1e5a5dd8cdc86c72257a04842b045fa537977",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.5506798867395873, "validation": 0.5654129549644957, "test": 0.45492877522181246},
    "lfu": {"train": 0.5626962410582793, "validation": 0.5806781492013455, "test": 0.45367327959639947},
    "length_aware": {"train": 0.5688415207530656, "validation": 0.5710280033145987, "test": 0.4414884891889635},
    "arc": {"train": 0.6482992512549417, "validation": 0.6588615105789403, "test": 0.5048867921449416},
    "s3fifo": {"train": 0.6579211505540684, "validation": 0.6823165311478463, "test": 0.5170815302807836},
    "sieve": {"train": 0.6786527924929957, "validation": 0.665857536587002, "test": 0.5099111297118792},
    "gdsf": {"train": 0.6920058935640319, "validation": 0.705372445415444, "test": 0.5046250130472566},
    "lru": {"train": 0.7006835561022773, "validation": 0.7230591162295836, "test": 0.5109303044268513},
    "fifo": {"train": 0.7051492104946264, "validation": 0.7390710959488151, "test": 0.5552308434226788},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# caching_kv_cache.cases.json, whose SHA-256 is:
CASES_SHA256 = "6e085bc010780ad8d583c48d6aa449b196053cceade033772e90c3454969f84d"


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
