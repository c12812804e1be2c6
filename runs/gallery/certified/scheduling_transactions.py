# A heuristic, exported by evolve as one module.
#
# scheduling_transactions.py: Transaction scheduling (scheduling/transactions). In which order should
# a batch of transactions acquire locks to minimise the makespan?
#
# Entry: `order`.
#
#     Order a batch of transactions so that it is done after as few time slots as possible.
#
#     A transaction starts as early as those before it in the order allow: a write comes at least one slot after every earlier
#     access to its key, a read at least one slot after every earlier write to its key. It then runs without a pause.
#
#     Parameters
#     ----------
#     transactions
#         For each transaction a list with one entry a slot: ["r", key], ["w", key], or None for work that meets nobody.
#
#     Returns
#     -------
#     list[int]
#         The indices 0..n-1, each exactly once, in the order in which the transactions take their locks.
#
#     Examples
#     --------
#     >>> order([[["w", 1], None], [["r", 1]], [["r", 2], ["w", 1]]])  # starts 0, 1, 1: done after 3 slots
#     [0, 1, 2]
#
# Objective: minimised, in time slots. Version of the problem: 53d04d7bae60.
#
# Mean gap to the reference (best known from a long search; proven optimum where it attains the lower
# bound (nearly all warehouse instances)); 0 is the reference, lower is better:
#
#     program              train  validation        test
#     this program         5.46%       4.43%       5.31%
#     smf                  36.6%       35.5%       34.4%
#     greedy_sampled       62.2%       60.0%       59.4%
#     most_conflicts      134.7%      133.7%      130.3%
#     random_order        138.5%      134.3%      134.5%
#     longest_first       139.9%      130.7%      135.2%
#
# Found by: coding agent (file scheduling_transactions.py).
#
# Certificate: certified (2026-11-30: better than every baseline, closest on test: −29.1 pp against
# smf, 99.8% CI −36.0 to −23.8 pp (49 wins, 0 ties, 0 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python scheduling_transactions.py` repeats the calls recorded on 3 small instances in
# scheduling_transactions.cases.json and compares the answers. The EVOLVE-BLOCK comments enclose the
# part that the search was asked to change.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Iterated reinsertion on several sequences at a time, all places of a transaction judged at once by longest paths."""

import numpy as np

# EVOLVE-BLOCK-START
CHAINS = 16
WORK = 0.7  # seconds, by a generous estimate
GREEDY = 8
PATHW = 0.02
STAY = 0.5
EVERY = 100
COPY = 6
RIVAL = 0.02
LONG = 0.3


def delays(transactions):
    n = len(transactions)
    by_key = {}
    for i, slots in enumerate(transactions):
        for slot, e in enumerate(slots):
            if e:
                row = by_key.setdefault(e[1], {}).get(i)
                if row is None:
                    row = by_key[e[1]][i] = [slot, -30000, slot, 30000]  # last any, last write, first any, first write
                row[0] = slot
                if e[0] == "w":
                    row[1] = slot
                    row[3] = min(row[3], slot)
    D = np.full((n, n), -60000, dtype=np.int32)
    rivals = np.zeros(n)
    for rows in by_key.values():
        if len(rows) < 2:
            continue
        t = np.fromiter(rows.keys(), dtype=np.int64)
        v = np.array(list(rows.values()), dtype=np.int32)
        rivals[t] += len(t) - 1
        if v[:, 1].max() < 0:
            continue
        m = np.maximum(v[:, 0][:, None] - v[:, 3][None, :], v[:, 1][:, None] - v[:, 2][None, :]) + 1
        ix = np.ix_(t, t)
        D[ix] = np.maximum(D[ix], m)
    D[D < -20000] = -20000
    np.fill_diagonal(D, -20000)
    return D, rivals


def order(transactions):
    n = len(transactions)
    if n < 2:
        return list(range(n))
    rng = np.random.default_rng(7)
    D, rivals = delays(transactions)
    length = np.array([len(s) for s in transactions], dtype=np.int32)
    small = int(length.sum()) < 11000
    dt = np.int16 if small else np.int32
    D = D.astype(dt)
    D2 = np.concatenate([D, D.T])
    L = length.astype(dt)
    B = CHAINS
    ar = np.arange(B)
    step = 1e-6 * (6.0 + 2 * B * n * (0.0004 if small else 0.0012))  # seconds of one vector step, roughly
    budget = WORK
    pool = []
    for g in range(GREEDY):
        H = np.zeros((B, n), dtype=dt)
        bias = -(RIVAL * rivals[None, :] * rng.uniform(0.3, 2.0, (B, 1)) + LONG * length[None, :] * rng.uniform(0.3, 2.0, (B, 1))) + rng.uniform(0, 1.0, (B, n))
        seq = np.empty((B, n), dtype=np.int64)
        for p in range(n):
            j = (H + bias).argmin(1)
            seq[:, p] = j
            bias[ar, j] = 1e9
            np.maximum(H, D[j] + H[ar, j][:, None], out=H)
        val = (H + L).max(1)
        budget -= n * step * 3
        for b in range(B):
            pool.append((int(val[b]), len(pool), seq[b]))
        if budget < WORK * 0.7:
            break
    pool.sort(key=lambda x: x[:2])
    seq = np.array([x[2] for x in pool[:B]])
    cur = np.array([x[0] for x in pool[:B]], dtype=np.int64)
    best_val, best_seq = int(cur[0]), seq[0].copy()
    rounds = int(budget / ((n + 40) * step))
    m = n - 1
    SQ = np.empty((m, 2 * B), dtype=dt)
    buf = np.empty((2 * B, n), dtype=dt)
    H = np.empty((2 * B, n), dtype=dt)
    flat = H.ravel()
    col = SQ[:, :, None]
    off = (np.arange(2 * B) * n)[None, :]
    half = np.concatenate([np.zeros(B, dtype=np.int64), np.full(B, n)])[None, :]
    cols = np.arange(m)[None, :]
    c = np.arange(n)[None, :]
    hd = np.zeros((B, n), dtype=dt)
    tl = np.zeros((B, n), dtype=dt)
    init = np.zeros((2 * B, n), dtype=dt)
    init[B:] = L
    take, maximum, add = np.take, np.maximum, np.add
    for r in range(rounds):
        pos = rng.integers(0, n, B)
        x = seq[ar, pos]
        rest = np.take_along_axis(seq, cols + (cols >= pos[:, None]), 1)
        both = np.concatenate([rest.T, rest[:, ::-1].T], axis=1)  # m x 2B
        iH = both + off
        iD = both + half
        H[:] = init
        for p in range(m):
            s = SQ[p]
            flat.take(iH[p], out=s, mode="clip")
            D2.take(iD[p], axis=0, out=buf, mode="clip")
            add(buf, col[p], out=buf)
            maximum(H, buf, out=H)
        S = SQ[:, :B].T
        Q = SQ[::-1, B:].T
        base = (S + L[rest]).max(1)
        np.maximum.accumulate(np.maximum(S + D[rest, x[:, None]], 0), axis=1, out=hd[:, 1:])
        tl[:, m] = L[x]
        tl[:, :m] = np.maximum.accumulate(np.maximum(Q + D[x[:, None], rest], L[x][:, None])[:, ::-1], axis=1)[:, ::-1]
        path = hd + tl
        total = np.maximum(path, base[:, None])
        score = total + PATHW * path + rng.random((B, n)) * 0.01
        score[ar, pos] += STAY
        place = score.argmin(1)
        new = total[ar, place]
        seq = np.take_along_axis(rest, np.minimum(c - (c > place[:, None]), m - 1), 1)
        seq[ar, place] = x
        cur = new.astype(np.int64)
        b = int(cur.argmin())
        if cur[b] < best_val:
            best_val, best_seq = int(cur[b]), seq[b].copy()
        if COPY and r % EVERY == EVERY - 1:
            by = np.argsort(cur, kind="stable")
            seq[by[B - COPY :]] = seq[by[:COPY]]
            cur[by[B - COPY :]] = cur[by[:COPY]]
    return [int(i) for i in best_seq]


# EVOLVE-BLOCK-END

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "scheduling/transactions",
    "version": "53d04d7bae60",
    "run": "file scheduling_transactions.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "coding agent",
    "verdict": "certified",
    "reason": "2026-11-30: better than every baseline, closest on test: \u221229.1 pp against smf, 99.8% CI \u221236.0 to \u221223.8 pp (49 wins, 0 ties, 0 losses)",
    "certificate": "47d7e32255b30fd332dd684112fa78f4d5f0eaab7b6884c051377cd08facce7e",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "86e12a9d24fbc85e66d399517c799f9429e8946e2794b158405069360ea12cb7",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.05456750202101859, "validation": 0.044276457883369334, "test": 0.05313160050002154},
    "smf": {"train": 0.366208569118836, "validation": 0.35529157667386607, "test": 0.34367860683650153},
    "greedy_sampled": {"train": 0.6224737267582863, "validation": 0.6004319654427644, "test": 0.594274383748068},
    "most_conflicts": {"train": 1.3472109943411477, "validation": 1.3369330453563713, "test": 1.3034071665650613},
    "random_order": {"train": 1.38480194017785, "validation": 1.34341252699784, "test": 1.3451965294070556},
    "longest_first": {"train": 1.3989490703314469, "validation": 1.3066954643628508, "test": 1.3516937306410992},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# scheduling_transactions.cases.json, whose SHA-256 is:
CASES_SHA256 = "583a381937d27f134ee66720a7914d8eb05866b58572948c02b74bdf09cfad6a"


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
    target = order
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = order(*given)
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
