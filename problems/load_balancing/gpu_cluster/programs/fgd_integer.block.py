"""Fragmentation gradient descent as its authors' simulator has it: scores are integers of 0 to 100, so that near ties are ties.

Q. Weng, L. Yang, Y. Yu, W. Wang, X. Tang, G. Yang and L. Zhang,
"Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023.
A GPU is stranded for a pod that it cannot serve; the mean is over the popular pods. Ties go to the earlier node,
here between all places whose sigmoid of GPUs stranded no more falls into the same hundredth.
"""

import math
from bisect import bisect_right

import numpy as np


class Policy:
    """Keeps its own books of the cluster and puts every pod where the fewest GPUs are stranded; a tie goes to the earlier node."""

    def __init__(self, task):
        """Take the task: a dict of `nodes` (dicts of cpu, memory, gpus, model) and `popular` (dicts of share and a pod)."""
        self.nodes = [[n["cpu"], n["memory"], [1000] * n["gpus"]] for n in task["nodes"]]  # what is left
        self.models = [n["model"] for n in task["nodes"]]
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
        state = (kind, cpu, memory, *left, self.models[i])
        if state not in self.known:
            self.known[state] = self.judge_anew(kind, cpu, memory, left, self.models[i])
        return self.known[state]

    def judge_anew(self, kind, cpu, memory, left, model):
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
            value = -int(100 / (1 + math.exp(stranded(cpu, memory, after) - before)))
            if not value < 1e300:  # infinite or no number: the last resort
                value = 1e300
            if value < best[0]:
                best = (value, gpus)
        return best


# The rest is from seed.py: choices, stranded_by_model, Stranded.
