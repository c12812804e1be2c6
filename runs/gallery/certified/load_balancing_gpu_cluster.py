# A heuristic, exported by evolve as one module.
#
# load_balancing_gpu_cluster.py: Filling a GPU cluster (load_balancing/gpu_cluster). To which node and
# GPU should each arriving pod be bound to allocate as much GPU capacity as possible?
#
# Entry: `Policy`. Its docstring says what goes in and what comes out.
#
# Objective: maximised, in % of the cluster's GPU capacity. Version of the problem: f6ad77778883.
#
# Mean gap to the reference (upper bound from an offline linear relaxation; not necessarily
# attainable); 0 is the reference, lower is better:
#
#     program            train  validation        test
#     this program       4.10%       4.34%       4.34%
#     fgd_integer        5.24%       6.24%       6.94%
#     fgd                5.37%       6.40%       7.16%
#     first_fit          6.84%       7.77%       8.74%
#     best_fit           8.21%       8.99%       9.59%
#     packing            10.3%       12.0%       11.8%
#     dot_product        11.7%       11.7%       12.5%
#     random_fit         13.9%       14.1%       15.3%
#     worst_fit          17.4%       17.1%       18.1%
#
# Found by: coding agent strong (file gpu_cluster.py).
#
# Certificate: certified (2026-11-30: better than every baseline, closest on test: −2.60 pp against
# fgd_integer, 99.7% CI −3.48 to −1.86 pp (57 wins, 0 ties, 3 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python load_balancing_gpu_cluster.py` repeats the calls recorded on 3 small instances in
# load_balancing_gpu_cluster.cases.json and compares the answers; of 3 long episodes, the beginning.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Consensus of re-solved plans.

Now and then random futures are drawn (popular pods, and the kinds met so far that are not popular) and packed *offline* into
what is left of the cluster, the awkward pods first. Where these plans put a kind of pod becomes a vote; an arriving pod
goes where stranding + shortage + price, less its vote, is least. Effort is counted, not timed.
"""
import random
from bisect import bisect_left, insort

BONUS = 0.3  # worth of a unanimous vote, in GPUs
HALF = 0.3  # votes that give half of the bonus
SIMILAR = 0.3  # a vote for a pod of the same GPU class, against one for the very kind
FILL = 1.0  # GPU drawn for a future, against GPU free
PRICE = 0.5  # price of a GPU that choosy pods would fill
SHORT = 0.5  # weight of the shortage of cpu and memory
SPARE = 1.6  # cpu per GPU left, against the usual, from which there is no shortage
FULL = 0.15  # preference for full nodes
POWER = 0.5  # weight of a popular pod: share * gpu ** POWER
TUNABLE = {
    "BONUS": (0.0, 1.5),
    "HALF": (0.05, 2.0),
    "SIMILAR": (0.0, 1.0),
    "FILL": (0.7, 1.3),
    "PRICE": (0.0, 2.0),
    "SHORT": (0.0, 2.0),
    "SPARE": (0.8, 3.0),
    "FULL": (0.0, 0.6),
    "POWER": (0.0, 1.5),
}

SCENARIOS = 3
EVERY = 3  # at least so many pods between two plans
BUDGET = 4.0e6  # counted effort for all, about microseconds
INF = float("inf")


class Cluster:
    """What is left of the nodes, with the scores of each kind kept up to date; copies share scores until they differ."""

    def __init__(self, policy, cpu, mem, left, parent=None):
        self.policy = policy
        self.cpu = cpu
        self.mem = mem
        self.left = left  # per node: sorted tuple of the GPU parts left (no zeros)
        self.parent = parent
        self.log = list(parent.log) if parent is not None else []
        self.scores = {}
        self.seen = {}

    def copy(self):
        return Cluster(self.policy, list(self.cpu), list(self.mem), list(self.left), self)

    def row(self, kid):
        """Scores of a kind on all nodes."""
        policy = self.policy
        judge = policy.judge_state
        cpu, mem, left, cls = self.cpu, self.mem, self.left, policy.cls
        row = self.scores.get(kid)
        if row is None:
            if len(self.scores) > 400:
                self.scores.clear()
                self.seen.clear()
            parent = self.parent
            if parent is not None and kid in parent.scores:
                row = list(parent.scores[kid])
                self.seen[kid] = parent.seen[kid]
            else:
                row = [judge(kid, cpu[i], mem[i], left[i], cls[i])[0] for i in range(len(cpu))]
                self.seen[kid] = len(self.log)
            self.scores[kid] = row
        start = self.seen[kid]
        if start < len(self.log):
            for i in set(self.log[start:]):
                row[i] = judge(kid, cpu[i], mem[i], left[i], cls[i])[0]
            self.seen[kid] = len(self.log)
        return row

    def put(self, kid, i):
        """Place a kind on node i; returns the part that a piece was cut from (or -1)."""
        policy = self.policy
        piece = policy.judge_state(kid, self.cpu[i], self.mem[i], self.left[i], policy.cls[i])[1]
        c, m, g, milli, _ = policy.kinds[kid]
        self.cpu[i] -= c
        self.mem[i] -= m
        if g:
            if milli < 1000:
                self.left[i] = cut(self.left[i], piece, milli)
            else:
                self.left[i] = self.left[i][:-g]
        self.log.append(i)
        return piece


def cut(left, piece, milli):
    """The sorted parts after `milli` is taken from a part of size `piece`."""
    parts = list(left)
    del parts[bisect_left(parts, piece)]
    if piece > milli:
        insort(parts, piece - milli)
    return tuple(parts)


class Policy:
    """Keeps its own books of the cluster and puts every pod where `score` is least; a tie goes to the earlier node."""

    def __init__(self, task):
        """Take the task: a dict of `nodes` (dicts of cpu, memory, gpus, model) and `popular` (dicts of share and a pod)."""
        nodes = task["nodes"]
        popular = task["popular"]
        self.rng = random.Random(20240)
        self.work = 0.0
        self.memo = {}
        self.potentials = {}
        # node classes
        models = {}
        classes = {}
        self.model_names = []
        self.cls = []
        self.classes = []  # (cpu, gpus, model number)
        capacity = []
        for node in nodes:
            name = node.get("model") or ""
            if name not in models:
                models[name] = len(models)
                self.model_names.append(name)
                capacity.append(0)
            k = models[name]
            capacity[k] += node["gpus"]
            key = (max(1, node["cpu"]), node["gpus"], k)
            if key not in classes:
                classes[key] = len(classes)
                self.classes.append(key)
            self.cls.append(classes[key])
        self.models = models
        self.capacity = capacity
        self.total = max(1, sum(capacity))
        self.node_cpu = max(1.0, sum(node["cpu"] for node in nodes) / self.total)
        # kinds
        self.ids = {}
        self.kinds = []  # (cpu, memory, gpus, milli, frozenset of model numbers or None)
        self.gpu = []
        self.group = []
        self.size = []
        shares = {}
        for pod in popular:
            kid = self._kid(pod)
            shares[kid] = shares.get(kid, 0.0) + max(0.0, pod["share"])
        norm = sum(shares.values())
        self.shares = {k: s / norm for k, s in shares.items()} if norm > 0 else {}
        self.others = {}
        self.placed = 0
        self._tables()
        # books
        self.real = [[1000] * node["gpus"] for node in nodes]
        self.cluster = Cluster(
            self,
            [node["cpu"] for node in nodes],
            [node["memory"] for node in nodes],
            [(1000,) * node["gpus"] for node in nodes],
        )
        self.free = 1.0 * sum(capacity)
        self.votes = {}
        self.group_votes = {}
        self.since = EVERY

    def _kid(self, pod):
        """Number of a kind of pod."""
        names = tuple(sorted(pod.get("models") or ()))
        g = pod["gpus"]
        milli = pod["milli"] if g else 0
        key = (pod["cpu"], pod["memory"], g, milli, names)
        kid = self.ids.get(key)
        if kid is None:
            kid = len(self.kinds)
            self.ids[key] = kid
            accepted = None
            covered = 1.0
            if names:
                accepted = frozenset(self.models[x] for x in names if x in self.models)
                covered = sum(self.capacity[k] for k in accepted) / self.total
            self.kinds.append((pod["cpu"], pod["memory"], g, milli, accepted))
            gpu = g * milli / 1000.0
            self.gpu.append(gpu)
            self.group.append((g, milli // 100 if milli < 1000 else 10, names))
            size = gpu + 0.5 * pod["cpu"] / self.node_cpu
            if g:
                size += 1000.0 + 2.0 * (1.0 - covered)  # pods without GPU come last in a plan
            self.size.append(size)
        return kid

    def _tables(self):
        """Per model: popular pods that could use it, their cpu and memory per GPU, and the price of its GPUs."""
        kinds, gpu = self.kinds, self.gpu
        weight = {k: s * gpu[k] ** POWER for k, s in self.shares.items() if gpu[k] > 0}
        norm = sum(weight.values())
        demand = {k: s * gpu[k] for k, s in self.shares.items() if gpu[k] > 0}
        demand_sum = sum(demand.values())
        count = len(self.capacity)
        self.any_weight = 1.0 if norm > 0 else 0.0
        self.table = []
        self.need = []
        self.price = [0.0] * count
        for m in range(count):
            rows = []
            cpu = mem = amount = 0.0
            for k in weight:
                c, b, g, milli, accepted = kinds[k]
                if accepted is None or m in accepted:
                    rows.append((c, b, g, milli, weight[k] / norm))
                    s = self.shares[k]
                    cpu += s * c
                    mem += s * b
                    amount += s * gpu[k]
            self.table.append(rows)
            self.need.append((cpu / amount / 1000.0, mem / amount / 1000.0) if amount > 0 else (0.0, 0.0))
        if demand_sum > 0:
            for k, d in demand.items():
                accepted = kinds[k][4]
                if accepted:
                    room = sum(self.capacity[m] for m in accepted)
                    if room > 0:
                        for m in accepted:
                            self.price[m] += 1.1 * self.total * d / demand_sum / room
            self.price = [min(1.5, p) for p in self.price]

    def _potential(self, cpu, mem, left, m):
        """GPUs stranded on a node with so much left, and its shortage of cpu and memory for the GPUs left."""
        if not left:
            return 0.0
        key = (cpu, mem, left, m)
        value = self.potentials.get(key)
        if value is not None:
            return value
        rows = self.table[m]
        self.work += 6 + 0.5 * len(rows)
        total = sum(left)
        whole = len(left) - bisect_left(left, 1000)
        usable = 0.0
        for c, b, g, milli, w in rows:
            if c <= cpu and b <= mem:
                if milli < 1000:
                    if milli <= left[0]:
                        usable += w * total
                    elif milli <= left[-1]:
                        usable += w * sum(left[bisect_left(left, milli):])
                elif whole >= g:
                    usable += w * 1000.0 * (whole // g * g)
        value = self.any_weight * total - usable
        need_cpu, need_mem = self.need[m]
        for have, need in ((cpu, need_cpu * total), (mem, need_mem * total)):
            if need > 0:
                lack = 1.0 - have / need / SPARE
                if lack > 0:
                    value += SHORT * lack * lack * total
        value /= 1000.0
        if len(self.potentials) > 200000:
            self.potentials.clear()
        self.potentials[key] = value
        return value

    def judge_state(self, kid, cpu, mem, left, cls):
        """The score of a kind on a node of a class with so much left, and the part of a GPU to cut; remembered."""
        key = (kid, cpu, mem, left, cls)
        found = self.memo.get(key)
        self.work += 2
        if found is None:
            cpu_total, gpu_total, m = self.classes[cls]
            found = self.judge_anew(kid, cpu, mem, left, cpu_total, gpu_total, m)
            if len(self.memo) > 250000:
                self.memo.clear()
            self.memo[key] = found
        return found

    def judge(self, kind, i):
        """Least score of a kind of pod on node i and the GPUs that give it; infinity where it does not fit."""
        books = self.cluster
        score, piece = self.judge_state(kind, books.cpu[i], books.mem[i], books.left[i], self.cls[i])
        if score == INF:
            return score, []
        _, _, g, milli, _ = self.kinds[kind]
        if g == 0:
            return score, []
        real = self.real[i]
        if milli < 1000:
            return score, [real.index(piece)]
        return score, [j for j, rest in enumerate(real) if rest == 1000][:g]

    def judge_anew(self, kind, cpu, memory, left, cpu_total, gpu_total, model):
        """The same for a node with so much left; nothing remembered."""
        c, b, g, milli, accepted = self.kinds[kind]
        if c > cpu or b > memory:
            return INF, -1
        if g and accepted is not None and model not in accepted:
            return INF, -1
        if accepted is not None and not g and model not in accepted:
            return INF, -1
        self.work += 6
        new_cpu = cpu - c
        new_mem = memory - b
        piece = -1
        if g == 0:
            value = self._potential(new_cpu, new_mem, left, model)
            rest = sum(left)
        elif milli < 1000:
            j = bisect_left(left, milli)
            if j >= len(left):
                return INF, -1
            value = INF
            last = -1
            for part in left[j:]:
                if part == last:
                    continue
                last = part
                self.work += 3
                v = self._potential(new_cpu, new_mem, cut(left, part, milli), model)
                if v < value - 1e-12:
                    value = v
                    piece = part
            rest = sum(left) - milli
        else:
            if len(left) - bisect_left(left, 1000) < g:
                return INF, -1
            value = self._potential(new_cpu, new_mem, left[:-g], model)
            rest = sum(left) - 1000 * g
        value -= self._potential(cpu, memory, left, model)
        value += PRICE * self.price[model] * self.gpu[kind]
        empty = 0.5 * new_cpu / cpu_total
        if gpu_total:
            empty += 0.5 * rest / (1000.0 * gpu_total)
        return value + FULL * empty, piece

    def _plan(self):
        """Draw futures, pack each offline into what is left, and count where each kind is put."""
        self.votes = {}
        self.group_votes = {}
        self.since = 0
        kids = list(self.shares)
        weights = [self.shares[k] for k in kids]
        if self.others:
            met = sum(self.others.values())
            part = met / (self.placed + 20.0)
            weights = [w * (1.0 - part) for w in weights]
            for k, n in self.others.items():
                kids.append(k)
                weights.append(part * n / met)
        norm = sum(weights)
        if norm <= 0:
            return
        mean = sum(w * self.gpu[k] for k, w in zip(kids, weights)) / norm
        if mean <= 0 or self.free <= 0:
            return
        count = min(12000, int(FILL * self.free / mean) + 1)
        n = len(self.cls)
        unit = 1.0 / SCENARIOS
        for _ in range(SCENARIOS):
            books = self.cluster.copy()
            drawn = {}
            for k in self.rng.choices(kids, weights, k=count):
                drawn[k] = drawn.get(k, 0) + 1
            self.work += 50 + 0.5 * count + 0.1 * n + 0.05 * len(books.log)
            for k in sorted(drawn, key=lambda k: (-self.size[k], k)):
                self.work += 5 + 0.02 * n
                votes = self.votes.setdefault(k, {})
                similar = self.group_votes.setdefault(self.group[k], {})
                for _again in range(drawn[k]):
                    row = books.row(k)
                    best = min(row)
                    self.work += 8 + 0.06 * n
                    if best == INF:
                        break
                    i = row.index(best)
                    books.put(k, i)
                    votes[i] = votes.get(i, 0.0) + unit
                    similar[i] = similar.get(i, 0.0) + unit

    def place(self, pod):
        """Return [node, [GPU, ...]] for a pod: a dict of cpu, memory, gpus, milli and models (see statement.md).

        Asked only when the pod fits somewhere: the node must have the room, and the GPUs must be different ones.
        """
        kid = self._kid(pod)
        progress = 1.0 - self.free / self.total
        if self.since >= EVERY and self.work < BUDGET * (0.08 + 0.92 * progress):
            self._plan()
        self.since += 1
        self.placed += 1
        if kid not in self.shares:
            self.others[kid] = self.others.get(kid, 0) + 1
        books = self.cluster
        row = books.row(kid)
        self.work += 10 + 0.06 * len(row)
        best = min(row)
        node = row.index(best)
        own = self.votes.get(kid, {})
        similar = self.group_votes.get(self.group[kid], {})
        worth = BONUS * (0.2 + self.gpu[kid])
        for i in sorted(set(own) | set(similar)):
            mine = own.get(i, 0.0)
            vote = mine + SIMILAR * max(0.0, similar.get(i, 0.0) - mine)
            if vote > 0:
                score = row[i] - worth * vote / (vote + HALF)
                if score < best or (score == best and i < node):
                    best = score
                    node = i
        for votes in (own, similar):
            if node in votes:
                votes[node] = max(0.0, votes[node] - 1.0)
        gpus = self.judge(kid, node)[1]
        books.put(kid, node)
        real = self.real[node]
        milli = self.kinds[kid][3]
        for j in gpus:
            real[j] -= milli
        self.free -= self.gpu[kid]
        return [node, gpus]

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "load_balancing/gpu_cluster",
    "version": "f6ad77778883",
    "run": "file gpu_cluster.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "coding agent strong",
    "verdict": "certified",
    "reason": "2026-11-30: better than every baseline, closest on test: \u22122.60 pp against fgd_integer, 99.7% CI \u22123.48 to \u22121.86 pp (57 wins, 0 ties, 3 losses)",
    "certificate": "9aea793b41a5a05b6cfd0500180ba05cda16155ab956069a6787978b6f0f7528",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "9f213554c14890da627294ebe3933d01f067fbaa91e4b771d56d9b62f8959fad",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {
        "train": 0.040994202127117546, "validation": 0.043411304420021266,
        "test": 0.043380796544443274,
    },
    "fgd_integer": {"train": 0.052373042091613996, "validation": 0.06241328469102288, "test": 0.06939409937923177},
    "fgd": {"train": 0.053694171329139805, "validation": 0.06404486527094737, "test": 0.07164365103887757},
    "first_fit": {"train": 0.06839037037047632, "validation": 0.07773451765718836, "test": 0.08741041143221548},
    "best_fit": {"train": 0.08206859810393727, "validation": 0.08985263623136529, "test": 0.09590700322517437},
    "packing": {"train": 0.10329470177005715, "validation": 0.11975700146063092, "test": 0.11783301238337981},
    "dot_product": {"train": 0.1167398599059537, "validation": 0.11682129408815504, "test": 0.12532236493773125},
    "random_fit": {"train": 0.13925702557895434, "validation": 0.1412209965235089, "test": 0.152889628179615},
    "worst_fit": {"train": 0.1744357513468841, "validation": 0.17079316707437384, "test": 0.18112830930748947},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# load_balancing_gpu_cluster.cases.json, whose SHA-256 is:
CASES_SHA256 = "708664aa6b192f2487929b36ce35089c2b911ecf1e002b5785e6305eb8f94679"


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

    import random
    random.seed(0)
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
