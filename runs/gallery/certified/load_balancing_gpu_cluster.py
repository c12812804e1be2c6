# A heuristic, exported by evolve as one module.
#
# load_balancing_gpu_cluster.py: Filling a GPU cluster (load_balancing/gpu_cluster). To which node and
# GPU should each arriving pod be bound to allocate as much GPU capacity as possible?
#
# Entry: `Policy`. Its docstring says what goes in and what comes out.
#
# Objective: maximised, in % of the cluster's GPU capacity. Version of the problem: e2583e774b53.
#
# Mean gap to the reference (upper bound from an offline linear relaxation; not necessarily
# attainable); 0 is the reference, lower is better:
#
#     program            train  validation        test
#     this program       4.27%       5.97%       4.78%
#     fgd_integer        5.65%       6.58%       5.82%
#     fgd                5.84%       6.90%       6.17%
#     first_fit          6.63%       8.30%       6.62%
#     best_fit           8.37%       9.67%       8.69%
#     packing            10.7%       12.3%       11.2%
#     dot_product        12.7%       12.3%       11.9%
#     random_fit         14.4%       14.2%       14.1%
#     worst_fit          18.0%       17.6%       17.8%
#
# Found by: AST mutation operators (file gpu_cluster.py).
#
# Certificate: not confirmed (2026-11-30: ahead of every baseline on test, but within chance: −1.04 pp
# against fgd_integer, 97% CI −3.01 to +1.00 pp (38 wins, 4 ties, 23 losses)).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python load_balancing_gpu_cluster.py` repeats the calls recorded on 3 small instances in
# load_balancing_gpu_cluster.cases.json and compares the answers; of 3 long episodes, the beginning.
# The EVOLVE-BLOCK comments enclose the part that the search was asked to change.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Bind pods to nodes of a GPU cluster, one at a time, so that few GPUs are stranded, and then the fullest node.

The part between the markers scores one way to place a pod; the classes below it keep the books and try all ways.
"""

import math
from bisect import bisect_right

import numpy as np

# EVOLVE-BLOCK-START
TUNABLE = {'GPU': (-0.5, 0.5), 'CPU': (-0.05, 0.05)}
GPU = 0.002326
CPU = 0.0

def score(pod_cpu: float, pod_gpu: float, cpu_left: float, memory_left: float, gpu_left: float, rest: float, whole_left: int, cpu_total: float, gpu_total: int, stranded_before: float, stranded_after: float) -> float:
    """Score of putting a pod on a node; the least wins. Amounts "left" are those after the pod is there.

    pod_cpu          cores that the pod takes
    pod_gpu          GPUs that it takes in all (0.46, 1, 8; 0 for a pod without)
    cpu_left         cores left on the node
    memory_left      GiB left on the node
    gpu_left         GPUs left on the node, parts added up
    rest             what is left of the very GPU that the pod takes a part of (0 if it takes whole ones or none)
    whole_left       untouched GPUs left on the node
    cpu_total        cores of the node
    gpu_total        GPUs of the node
    stranded_before  GPUs left on the node that a popular pod, drawn at random, could not use, without this pod
    stranded_after   the same with it
    """
    return max(stranded_after - stranded_before + GPU * gpu_left * (1 + 0.5 * (memory_left / (abs(memory_left) + 1))) + CPU * whole_left, CPU * cpu_left)


# EVOLVE-BLOCK-END


class Policy:
    """Keeps its own books of the cluster and puts every pod where `score` is least; a tie goes to the earlier node."""

    def __init__(self, task):
        """Take the task: a dict of `nodes` (dicts of cpu, memory, gpus, model) and `popular` (dicts of share and a pod)."""
        self.nodes = [[n["cpu"], n["memory"], [1000] * n["gpus"]] for n in task["nodes"]]  # what is left
        self.specs = [(n["cpu"] / 1000, n["gpus"], n["model"]) for n in task["nodes"]]
        self.stranded = stranded_by_model(task["popular"], {n["model"] for n in task["nodes"]})
        self.bound = []  # node of each placement, in order
        self.views = {}  # for each kind of pod: the best score and GPUs on every node, and how much of `bound` it has seen
        self.known = {}  # the same by what is left: equal nodes are judged once

    def place(self, pod):
        """Return [node, [GPU, ...]] for a pod: a dict of cpu, memory, gpus, milli and models (see statement.md).

        Asked only when the pod fits somewhere: the node must have the room, and the GPUs must be different ones.
        """
        kind = (pod["cpu"], pod["memory"], pod["gpus"], pod["milli"], tuple(pod["models"]))
        if kind not in self.views:
            self.views[kind] = [np.empty(len(self.nodes)), [[]] * len(self.nodes), 0]
            changed = range(len(self.nodes))
        else:
            changed = set(self.bound[self.views[kind][2] :])
        scores, gpus, _ = view = self.views[kind]
        for i in changed:
            scores[i], gpus[i] = self.judge(kind, i)
        view[2] = len(self.bound)
        node = int(scores.argmin())
        self.nodes[node][0] -= pod["cpu"]
        self.nodes[node][1] -= pod["memory"]
        for gpu in gpus[node]:
            self.nodes[node][2][gpu] -= pod["milli"]
        self.bound.append(node)
        return [node, gpus[node]]

    def judge(self, kind, i):
        """Least score of a kind of pod on node i and the GPUs that give it; infinity where it does not fit."""
        cpu, memory, left = self.nodes[i]
        state = (kind, cpu, memory, *left, *self.specs[i])
        if state not in self.known:
            self.known[state] = self.judge_anew(kind, cpu, memory, left, *self.specs[i])
        return self.known[state]

    def judge_anew(self, kind, cpu, memory, left, cpu_total, gpu_total, model):
        """The same for a node with so much left; nothing remembered."""
        pod_cpu, pod_memory, count, milli, models = kind
        cpu, memory = cpu - pod_cpu, memory - pod_memory
        best = (math.inf, [])
        if cpu < 0 or memory < 0 or (models and count and model not in models):
            return best
        stranded = self.stranded[model]
        before = stranded(cpu + pod_cpu, memory + pod_memory, left)
        for gpus in choices(left, count, milli):
            after = list(left)
            for gpu in gpus:
                after[gpu] -= milli
            value = score(
                pod_cpu / 1000,
                count * milli / 1000,
                cpu / 1000,
                memory / 1024,
                sum(after) / 1000,
                max([after[gpu] for gpu in gpus], default=0) / 1000,
                after.count(1000),
                cpu_total,
                gpu_total,
                before,
                stranded(cpu, memory, after),
            )
            if not value < 1e300:  # infinite or no number: the last resort
                value = 1e300
            if value < best[0]:
                best = (value, gpus)
        return best


def choices(left, count, milli):
    """The ways to take `milli` of each of `count` GPUs that differ: one way for each amount left, tightest first."""
    room = sorted((amount, gpu) for gpu, amount in enumerate(left) if amount >= milli)
    if count == 1:
        return [[gpu] for n, (amount, gpu) in enumerate(room) if n == 0 or room[n - 1][0] != amount]
    return [[gpu for _, gpu in room[:count]]] if count <= len(room) else []


def stranded_by_model(popular, models):
    """One `Stranded` for each GPU model, the same one where the same pods accept it."""
    made = {}
    for model in models:
        suited = tuple(i for i, p in enumerate(popular) if p["gpus"] and (not p["models"] or model in p["models"]))
        made.setdefault(suited, []).append(model)
    return {model: s for suited, of in made.items() for s in [Stranded([popular[i] for i in suited])] for model in of}


class Stranded:
    """GPUs of a node that a random popular pod could not use: what is left less the mean over pods of what serves them."""

    def __init__(self, pods):
        """Tabulate the share of the pods that ask for no more cpu, memory and GPU than a node has left."""
        self.cpus = sorted({p["cpu"] for p in pods})
        self.memories = sorted({p["memory"] for p in pods})
        sizes = sorted({p["milli"] for p in pods})
        self.size = [bisect_right(sizes, amount) for amount in range(1001)]
        self.tables = []  # (GPUs that a pod needs, share of the pods by cpu, memory and size)
        for count in sorted({p["gpus"] for p in pods}):
            # Pods with several GPUs take whole ones: their size is no dimension.
            table = np.zeros((len(self.cpus) + 1, len(self.memories) + 1, len(sizes) + 1 if count == 1 else 1))
            for p in pods:
                if p["gpus"] == count:
                    size = self.size[p["milli"]] if count == 1 else 0
                    table[bisect_right(self.cpus, p["cpu"]), bisect_right(self.memories, p["memory"]), size] += p["share"]
            self.tables.append((count, table.cumsum(0).cumsum(1).cumsum(2).tolist()))

    def __call__(self, cpu, memory, left):
        """GPUs stranded on a node with so much left (milli-cores, MiB, thousandths of each GPU)."""
        c, m = bisect_right(self.cpus, cpu), bisect_right(self.memories, memory)
        useful = 0.0
        for count, table in self.tables:
            row = table[c][m]
            if count == 1:
                for amount in left:
                    useful += amount * row[self.size[amount]]
            elif left.count(1000) >= count:
                useful += 1000 * left.count(1000) * row[0]
        return (sum(left) - useful) / 1000

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "load_balancing/gpu_cluster",
    "version": "e2583e774b53",
    "run": "file gpu_cluster.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "AST mutation operators",
    "verdict": "not confirmed",
    "reason": "2026-11-30: ahead of every baseline on test, but within chance: \u22121.04 pp against fgd_integer, 97% CI \u22123.01 to +1.00 pp (38 wins, 4 ties, 23 losses)",
    "certificate": "f587d3e627c6e8e49e096c05986907e282a8ecfc4eb870dabc9649468ea2e444",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "fa7f1e9e2d78f402f930ac2291affecd46c156d4972e8d94369333a3477e8424",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
    "this program": {"train": 0.04271858356987964, "validation": 0.05974123413957758, "test": 0.04778872582120494},
    "fgd_integer": {"train": 0.05648534760234849, "validation": 0.06578494888268856, "test": 0.058169216365560925},
    "fgd": {"train": 0.05838936929837211, "validation": 0.06902874250193788, "test": 0.06173688233592129},
    "first_fit": {"train": 0.06632498177967011, "validation": 0.08300461506161952, "test": 0.06621386982274548},
    "best_fit": {"train": 0.08367371646503607, "validation": 0.09669546941477744, "test": 0.08686456272612965},
    "packing": {"train": 0.10716752153863449, "validation": 0.12345568910765228, "test": 0.11238469058392704},
    "dot_product": {"train": 0.12726652971070207, "validation": 0.12305884534696025, "test": 0.11881326087644853},
    "random_fit": {"train": 0.1443338184892769, "validation": 0.1421422683698536, "test": 0.1413943167547118},
    "worst_fit": {"train": 0.1801396673497382, "validation": 0.17573514772346682, "test": 0.17818926755967968},
}

# Calls of the program on small instances, and its answers at the time of the export, in 
# load_balancing_gpu_cluster.cases.json, whose SHA-256 is:
CASES_SHA256 = "d82d324e59ce09eb8ab419be6f83e411cddb0799c8e745479a31ca1542c5c4be"


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
