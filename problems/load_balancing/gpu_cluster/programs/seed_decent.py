"""Bind pods to nodes of a GPU cluster, one at a time, so that few GPUs are stranded, and then the fullest node.

The part between the markers scores one way to place a pod; the classes below it keep the books and try all ways.
"""

import math
from bisect import bisect_right

import numpy as np

# EVOLVE-BLOCK-START
TUNABLE = {"GPU": (-0.5, 0.5), "CPU": (-0.05, 0.05)}
GPU = 0.01  # weight of a GPU that stays free on the node
CPU = 0.0  # weight of a core that stays free on it


def score(
    pod_cpu: float,
    pod_gpu: float,
    cpu_left: float,
    memory_left: float,
    gpu_left: float,
    rest: float,
    whole_left: int,
    cpu_total: float,
    gpu_total: int,
    stranded_before: float,
    stranded_after: float,
) -> float:
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
    return stranded_after - stranded_before + GPU * gpu_left + CPU * cpu_left


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
