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
# Objective: maximised, in share of blocks found in the cache. Version of the problem: 588642a6d79c.
#
# Mean gap to the reference (proven offline optimum (Belady's rule)); 0 is the reference, lower is
# better:
#
#     program            train  validation        test
#     this program       49.9%       48.2%       42.1%
#     length_aware       52.5%       50.3%       44.1%
#     lfu                53.4%       48.2%       45.4%
#     s3fifo             60.6%       53.4%       51.7%
#     arc                61.4%       53.2%       50.5%
#     sieve              62.3%       52.6%       51.0%
#     gdsf               62.7%       54.2%       50.5%
#     lru                63.2%       56.9%       51.1%
#     fifo               64.6%       59.0%       55.5%
#
# Found by: coding agent strong (file kv_cache.py).
#
# Certificate: not confirmed (2026-11-30: ahead of every baseline on test, but within chance: −2.01 pp
# against length_aware, 99.8% CI −5.19 to +1.46 pp (23 wins, 0 ties, 13 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python caching_kv_cache.py` repeats the calls recorded on 3 small instances in
# caching_kv_cache.cases.json and compares the answers; of 3 long episodes, the beginning.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
import math
from collections import deque

import numpy as np

HC = 1.5  # horizon of the discount, in turnovers
LEARN = 0.1  # weight of a matured sample
TRUST = 1.0  # factor for the standard deviations of the prior weights (smaller: more trust in the model)
MIX = 0.65  # share of the learned weights in the ranking, the rest being the prior ones
TAU = 100.0  # seconds: median time to the next turn, if there is one
P_ONCE = 0.25  # chance that a block used once is ever used again
PRIOR = 1.0  # weight of that chance against the uses seen
GAP_PRIOR = 1.0  # weight of TAU against the gaps seen
COUNT = 2.0  # power of the faded count of uses in a very small cache
FADE = 0.1  # uses lost by a block in one turnover of the cache
SWITCH = 100.0  # seconds: turnover at which that power is halved
MATURE = 150.0  # seconds until one looks whether a new part was asked for again
SHRINK = 5.0  # weight, in prompts, of the wider group against a group's own record
KIN = 1.0  # power of a group's relative rate of return
W_TURN = 0.2
W_LEN = -0.05
W_FAN = 0.2
W_GAP = 0.1
W_PART = -3.9

TUNABLE = {
    "HC": (0.4, 6.0),
    "LEARN": (0.0, 0.5),
    "TRUST": (0.1, 3.0),
    "MIX": (0.0, 1.0),
    "TAU": (20.0, 600.0),
    "P_ONCE": (0.05, 0.7),
    "PRIOR": (0.2, 4.0),
    "GAP_PRIOR": (0.2, 6.0),
    "COUNT": (0.0, 5.0),
    "FADE": (0.0, 1.0),
    "SWITCH": (10.0, 1000.0),
    "MATURE": (40.0, 600.0),
    "SHRINK": (0.5, 30.0),
    "KIN": (0.0, 2.0),
    "W_TURN": (-0.5, 1.5),
    "W_LEN": (-1.0, 1.0),
    "W_FAN": (-0.5, 1.5),
    "W_GAP": (-0.5, 1.0),
}

NS = 11  # static features
D = 18  # all features: static, 5 of age, log of the model's worth, log of the faded count
AGES = (0.0, 0.3, 0.8, 1.8)  # ages (in horizons) at which samples are taken
WAIT = 2.0  # horizons until a sample has matured
NCLS = 5  # kinds of new parts: fresh prompt, turn 1, turn 2, later turn, branch


class Policy:
    """Ranks by a parametric rate of return, corrected by an online Bayesian logistic regression around it."""

    def __init__(self, task):
        """Take the task: {"capacity": blocks that the cache can hold}."""
        self.capacity = max(1, int(task["capacity"]))
        # per block
        self.uses = {}
        self.born = {}
        self.lastreq = {}
        self.grp = {}
        self.parent = {}
        self.fan = {}
        self.kids = {}  # children in the cache
        self.kinof = {}
        self.cached = set()
        # per request
        self.reqtime = []
        self.reqlen = []
        self.reqturn = []
        # per group: blocks of one request with the same number of uses
        self.members = []
        self.created = []
        self.size = []
        self.ret = []
        self.retreq = []
        self.retn = []
        self.pos = []
        cap = 1024
        self.X = np.zeros((cap, NS))
        self.tc = np.zeros(cap)
        self.us = np.ones(cap)
        self.tau = np.ones(cap)
        self.kin0 = np.ones(cap)
        self.kid = np.zeros(cap, dtype=np.int64)
        self.act = np.zeros(cap, dtype=np.int64)
        self.nact = 0
        # kin: (where the prompts branch off, kind of part)
        self.kinid = {}
        self.kbase = []
        self.kcls = np.zeros(256, dtype=np.int64)
        self.kn = np.zeros(256)
        self.kret = np.zeros(256)
        self.cn = np.zeros(NCLS)
        self.cret = np.zeros(NCLS)
        self.pending = deque()
        # model
        w = np.zeros(D)
        w[2] = W_TURN
        w[3] = W_PART
        w[4] = W_LEN
        w[7] = W_FAN
        w[8] = W_GAP
        w[16] = 1.0
        w[17] = COUNT
        self.w0 = w.copy()
        self.w = w
        sd = TRUST * np.array(
            [
                1.0, 0.25, 0.25, 0.5, 0.3, 0.3, 0.3, 0.25, 0.2, 0.25, 0.3,
                0.25, 0.2, 0.25, 0.15, 0.2, 0.15, 0.5,
            ]
        )
        self.P = np.diag(sd * sd)
        self.ptr = [0] * len(AGES)
        self.seen = 0
        self.recent = deque(maxlen=200)
        self.recent_miss = 0
        self.T = 120.0
        self.H = 180.0
        self.now = 0.0

    # ---- kin ----------------------------------------------------------

    def _kin(self, base, cls):
        key = (base, cls)
        k = self.kinid.get(key)
        if k is None:
            k = len(self.kbase)
            self.kinid[key] = k
            self.kbase.append(base)
            if k >= len(self.kn):
                n = len(self.kn)
                self.kn = np.concatenate([self.kn, np.zeros(n)])
                self.kret = np.concatenate([self.kret, np.zeros(n)])
                self.kcls = np.concatenate([self.kcls, np.zeros(n, dtype=np.int64)])
            self.kcls[k] = cls
        return k

    def _mature(self, t):
        pending = self.pending
        while pending and pending[0][0] <= t - MATURE:
            _, b, k = pending.popleft()
            back = 1.0 if self.uses[b] > 1 else 0.0
            c = int(self.kcls[k])
            self.kn[k] += 1.0
            self.kret[k] += back
            self.cn[c] += 1.0
            self.cret[c] += back

    def _ratio(self, k):
        """Rate of return of kin (an index or an array of them) against that of all."""
        whole = (float(self.cret.sum()) + 10.0 * P_ONCE) / (float(self.cn.sum()) + 10.0)
        cls = (self.cret + SHRINK * whole) / (self.cn + SHRINK)
        own = (self.kret[k] + SHRINK * cls[self.kcls[k]]) / (self.kn[k] + SHRINK)
        return np.clip(own / whole, 0.05, 5.0)

    # ---- groups -------------------------------------------------------

    def _grow(self):
        n = len(self.tc)
        self.X = np.concatenate([self.X, np.zeros((n, NS))])
        self.tc = np.concatenate([self.tc, np.zeros(n)])
        self.us = np.concatenate([self.us, np.ones(n)])
        self.tau = np.concatenate([self.tau, np.ones(n)])
        self.kin0 = np.concatenate([self.kin0, np.ones(n)])
        self.kid = np.concatenate([self.kid, np.zeros(n, dtype=np.int64)])
        self.act = np.concatenate([self.act, np.zeros(n, dtype=np.int64)])

    def _new_group(self, x, u, tau, kid, t):
        g = len(self.members)
        if g >= len(self.tc):
            self._grow()
        self.members.append([])
        self.created.append(t)
        self.size.append(0)
        self.ret.append(None)
        self.retreq.append(-1)
        self.retn.append(0)
        self.X[g] = x
        self.tc[g] = t
        self.us[g] = u
        self.tau[g] = tau
        self.kid[g] = kid
        self.kin0[g] = float(self._ratio(kid))
        self.pos.append(self.nact)
        self.act[self.nact] = g
        self.nact += 1
        return g

    def _deactivate(self, g):
        p = self.pos[g]
        if p < 0:
            return
        self.nact -= 1
        last = int(self.act[self.nact])
        self.act[p] = last
        self.pos[last] = p
        self.pos[g] = -1

    # ---- what happened ------------------------------------------------

    def _serve(self, r):
        t = float(r["time_s"])
        self.now = t
        self._mature(t)
        blocks = list(dict.fromkeys(r["blocks"]))
        n = len(blocks)
        q = len(self.reqtime)
        # turnover and horizon
        miss = max(0, n - int(r.get("hits", 0)))
        if len(self.recent) == self.recent.maxlen:
            self.recent_miss -= self.recent[0][1]
        self.recent.append((t, miss))
        self.recent_miss += miss
        span = t - self.recent[0][0]
        if len(self.recent) >= 5 and span > 0 and self.recent_miss > 0:
            turnover = self.capacity * span / self.recent_miss
            self.T = min(5000.0, max(5.0, turnover))
            self.H = min(1200.0, max(30.0, HC * turnover))
        if n == 0:
            self.reqtime.append(t)
            self.reqlen.append(0)
            self.reqturn.append(0)
            return
        uses = self.uses
        k = 0
        while k < n and blocks[k] in uses:
            k += 1
        ext = 0.0
        turn = 0
        rgap = None
        base = -1
        cls = 0
        if k > 0:
            b = blocks[k - 1]
            lr = self.lastreq[b]
            if k >= self.reqlen[lr] - 1 and uses[b] <= self.reqturn[lr] + 2:
                ext = 1.0
                turn = self.reqturn[lr] + 1
                rgap = max(1.0, t - self.reqtime[lr])
                base = self.kbase[self.kinof[b]]
                cls = min(turn, 3)
            else:
                base = b
                cls = 4
        branch = 1.0 if k > 0 and not ext else 0.0
        kin = self._kin(base, cls)
        self.reqtime.append(t)
        self.reqlen.append(n)
        self.reqturn.append(turn)
        partial_last = int(r["tokens"]) < 512 * len(r["blocks"])
        loglen = min(3.0, max(-3.0, math.log(n / 8.0)))
        last_full = n - 2 if partial_last else n - 1
        if last_full >= k:
            self.pending.append((t, blocks[last_full], kin))

        touched = set()
        segments = []  # [uses, partial, first index, blocks]
        prev = None
        for i, b in enumerate(blocks):
            if b in uses:
                uses[b] += 1
                og = self.grp[b]
                if self.ret[og] is None:
                    self.ret[og] = t - self.created[og]
                    self.retreq[og] = q
                if self.retreq[og] == q:
                    self.retn[og] += 1
                touched.add(og)
            else:
                uses[b] = 1
                self.born[b] = t
                self.parent[b] = prev
                self.fan[b] = 0
                self.kids[b] = 0
                self.kinof[b] = kin
                if prev is not None:
                    self.fan[prev] += 1
            if b not in self.cached:
                self.cached.add(b)
                p = self.parent[b]
                if p is not None:
                    self.kids[p] += 1
            self.lastreq[b] = q
            part = partial_last and i == n - 1
            if segments and segments[-1][0] == uses[b] and not part:
                segments[-1][3].append(b)
            else:
                segments.append([uses[b], part, i, [b]])
            prev = b

        for u, part, first, seg in segments:
            end = seg[-1]
            # sum of the gaps = time since the first use
            tau = (GAP_PRIOR * TAU + (t - self.born[end])) / (GAP_PRIOR + u - 1)
            tau = max(0.001, tau)
            if u == 1 and rgap is not None:
                gapd = min(2.0, max(-2.0, math.log(TAU / rgap)))
            else:
                gapd = 0.0
            x = (
                1.0,
                min(6.0, math.log2(u)),
                math.log1p(turn),
                (1.0 if u == 1 else 0.18) if part else 0.0,
                loglen,
                ext,
                branch,
                min(5.0, math.log2(1 + max(0, self.fan[end] - 1))),
                gapd,
                1.0 if u == 1 and k > 0 else 0.0,
                math.log1p(first) / 3.0,
            )
            g = self._new_group(x, float(u), tau, self.kinof[end], t)
            self.members[g] = seg
            self.size[g] = len(seg)
            for b in seg:
                self.grp[b] = g

        for og in touched:
            left = [b for b in self.members[og] if self.grp[b] == og]
            self.members[og] = left
            if not left:
                self._deactivate(og)

    # ---- learning -----------------------------------------------------

    def _scale(self):
        return 1.0 / (1.0 / self.H + 0.5 / TAU)

    def _learn(self):
        if LEARN <= 0:
            return
        H = self.H
        now = self.now
        total = len(self.members)
        for j, a in enumerate(AGES):
            age = a * H
            limit = now - age - WAIT * H
            p = self.ptr[j]
            while p < total and self.created[p] <= limit:
                ret = self.ret[p]
                if ret is None or ret > age:
                    if ret is None or ret > age + WAIT * H:
                        y = 0.0
                    else:
                        y = math.exp(-(ret - age) / H) * self.retn[p] / max(1, self.size[p])
                    self._update(p, age, min(1.0, y))
                p += 1
            self.ptr[j] = p

    def _update(self, g, age, y):
        self.seen += 1
        if self.seen > 30000 and self.seen % 4:
            return
        H = self.H
        T = self.T
        xs = self.X[g]
        u = float(self.us[g])
        tau = float(self.tau[g])
        once = min(0.8, max(0.01, P_ONCE * float(self.kin0[g]) ** KIN))
        p = (u - 1.0 + PRIOR * once) / (u - 1.0 + PRIOR)
        square = tau * tau
        alive = p * square / (square + (1.0 - p) * age * age)
        root = math.sqrt(age * age + square)
        if root > 2.0 * age:
            rate = 0.5 / (root - age)
        else:
            rate = 2.0 * age / (square + age * age)
        lw = math.log(max(1e-12, alive * rate * self._scale()))
        r = math.log(age + 5.0) - math.log(tau + 5.0)
        r = min(3.0, max(-3.0, r))
        old = max(r, 0.0)
        s = math.log1p(age / H)
        x = np.empty(D)
        x[:NS] = xs
        x[11] = old
        x[12] = min(r, 0.0)
        x[13] = s
        x[14] = old * min(3.0, xs[1])
        x[15] = s * xs[5]
        x[16] = min(5.0, max(-5.0, lw))
        x[17] = math.log(max(0.2, u - FADE * age / T)) * SWITCH / (SWITCH + T)
        z = float(x @ self.w)
        z = min(15.0, max(-15.0, z))
        p = 1.0 / (1.0 + math.exp(-z))
        weight = LEARN * math.sqrt(min(16, max(1, self.size[g])))
        v = weight * max(0.02, p * (1.0 - p))
        Px = self.P @ x
        den = 1.0 + v * float(x @ Px)
        self.w += Px * (weight * (y - p) / den)
        self.P -= np.outer(Px, Px * (v / den))

    # ---- worth --------------------------------------------------------

    def _worths(self):
        act = self.act[: self.nact].copy()
        w = MIX * self.w + (1.0 - MIX) * self.w0
        # the order must not turn against the model
        w[16] = max(0.3, w[16])
        T = self.T
        X = self.X[act]
        u = self.us[act]
        tau = self.tau[act]
        age = np.maximum(0.0, self.now - self.tc[act])
        once = np.clip(P_ONCE * self._ratio(self.kid[act]) ** KIN, 0.01, 0.8)
        p = (u - 1.0 + PRIOR * once) / (u - 1.0 + PRIOR)
        square = tau * tau
        age2 = age * age
        alive = p * square / (square + (1.0 - p) * age2)
        root = np.sqrt(age2 + square)
        rate = np.where(
            root > 2.0 * age,
            0.5 / np.maximum(1e-9, root - age),
            2.0 * age / (square + age2),
        )
        lw = np.log(np.maximum(1e-12, alive * rate * self._scale()))
        r = np.log(age + 5.0) - np.log(tau + 5.0)
        np.clip(r, -3.0, 3.0, out=r)
        old = np.maximum(r, 0.0)
        s = np.log1p(age / self.H)
        val = X @ w[:NS]
        val += old * (w[11] + w[14] * np.minimum(3.0, X[:, 1]))
        val += w[12] * (r - old) + s * (w[13] + w[15] * X[:, 5])
        val += w[16] * lw
        val += (w[17] * SWITCH / (SWITCH + T)) * np.log(np.maximum(0.2, u - FADE * age / T))
        return act, val

    # ---- dropping -----------------------------------------------------

    def _drop(self, b, out):
        out.append(b)
        self.cached.discard(b)
        p = self.parent[b]
        if p is not None:
            self.kids[p] -= 1

    def _sweep(self, order, need, out):
        """Drop leaves, least worth first; a parent waits for its children."""
        i = 0
        rank = None
        while i < len(order) and len(out) < need:
            g = order[i]
            mem = self.members[g]
            back = i + 1
            while mem and len(out) < need and self.kids[mem[-1]] <= 0:
                b = mem.pop()
                self._drop(b, out)
                p = self.parent[b]
                if p is not None and self.kids[p] <= 0 and p in self.cached:
                    pg = self.grp[p]
                    if pg != g:
                        if rank is None:
                            rank = {h: m for m, h in enumerate(order)}
                        m = rank.get(pg)
                        if m is not None and m < back:
                            back = m
            if not mem:
                self._deactivate(g)
            i = back

    def evict(self, served, need):
        """Return the ids of at least `need` different blocks to drop, e.g. [17, 16, 42].

        `served` lists the requests since the last call, the latest last, each a dict of time_s (since the start), tokens
        (length of the prompt), blocks (ids of its blocks of 512 tokens in order) and hits (how many of the first ones were
        in the cache). All blocks that were asked for and not dropped are in the cache now, those of `served` included.
        A block is of use only while all blocks before it in its prompt are in the cache: drop from the end.
        """
        for r in served:
            self._serve(r)
        self._learn()
        out = []
        act, val = self._worths()
        n = len(act)
        m = need + 40
        if n > 2 * m:
            idx = np.argpartition(val, m)[:m]
            idx = idx[np.argsort(val[idx], kind="stable")]
            self._sweep(act[idx].tolist(), need, out)
        if len(out) < need:
            order = act[np.argsort(val, kind="stable")].tolist()
            self._sweep(order, need, out)
            if len(out) < need:
                self._sweep(order, need, out)
            if len(out) < need:  # not to be expected: take anything, ends first
                for g in order:
                    mem = self.members[g]
                    while mem and len(out) < need:
                        self._drop(mem.pop(), out)
                    if not mem:
                        self._deactivate(g)
                    if len(out) >= need:
                        break
        return out

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "caching/kv_cache",
    "version": "588642a6d79c",
    "run": "file kv_cache.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "coding agent strong",
    "verdict": "not confirmed",
    "reason": "2026-11-30: ahead of every baseline on test, but within chance: \u22122.01 pp against length_aware, 99.8% CI \u22125.19 to +1.46 pp (23 wins, 0 ties, 13 losses)",
    "certificate": "39913ad82f6f0761b1502fae1ad2fa0bb12d7230f4cb3fd031bf9340bae36ac0",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "b9f145203212d0242f531b8577ef1f72d555fd83a978f11f265822c00b10dd50",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.49945873066377294, "validation": 0.481782122932512, "test": 0.4213921310152724},
    "length_aware": {"train": 0.5247207166938089, "validation": 0.5032772050438385, "test": 0.4414884891889635},
    "lfu": {"train": 0.5344070441022255, "validation": 0.4822093790379996, "test": 0.45367327959639947},
    "s3fifo": {"train": 0.605624266333479, "validation": 0.5344014754393817, "test": 0.5170815302807836},
    "arc": {"train": 0.6139872079413996, "validation": 0.5317623447385725, "test": 0.5048867921449416},
    "sieve": {"train": 0.6230465459197195, "validation": 0.5259240316582992, "test": 0.5099111297118792},
    "gdsf": {"train": 0.6268472193761403, "validation": 0.5418122128603994, "test": 0.5046250130472566},
    "lru": {"train": 0.6316247901946375, "validation": 0.5694707613955935, "test": 0.5109303044268513},
    "fifo": {"train": 0.6462282670904701, "validation": 0.5898657728928378, "test": 0.5552308434226788},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# caching_kv_cache.cases.json, whose SHA-256 is:
CASES_SHA256 = "1fe096f282412bc0d33f10fe093c3c66100b34a04a1748c20e94227ee443f6ef"


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
