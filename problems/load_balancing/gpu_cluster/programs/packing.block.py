"""GPU packing: GPUs in use first, then untouched GPUs of a node in use, then those of an untouched node; the fullest first.

GpuPacking of Q. Weng, L. Yang, Y. Yu, W. Wang, X. Tang, G. Yang and L. Zhang,
"Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023,
after Q. Weng et al., "MLaaS in the Wild", NSDI 2022.
"""

import numpy as np


class Policy:
    """Keeps arrays of what is left and puts every pod on the node with the least value."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        nodes = task["nodes"]
        self.cpu = np.array([n["cpu"] for n in nodes])
        self.memory = np.array([n["memory"] for n in nodes])
        most = max(n["gpus"] for n in nodes)
        self.gpu = np.array([[1000] * n["gpus"] + [-1] * (most - n["gpus"]) for n in nodes])
        self.model = np.array([n["model"] for n in nodes])
        self.whole = np.array([n["gpus"] for n in nodes])

    def place(self, pod):
        """By the three cases; a pod without GPUs takes the first node."""
        nodes = self.fits(pod)
        if not pod["gpus"]:
            node = nodes[0]
        else:
            gpu = self.gpu[nodes]
            tight = np.sort(np.where(gpu >= pod["milli"], gpu, 2000), axis=1)[:, : pod["gpus"]]  # the GPUs it would take
            untouched = (gpu == 1000).sum(axis=1)
            shared = tight.sum(axis=1)
            on_used_node = 10_000 + (tight == 1000).sum(axis=1)
            on_free_node = 20_000 + untouched
            value = np.where((tight == 1000).any(axis=1), on_used_node, shared)
            node = nodes[np.where(untouched == self.whole[nodes], on_free_node, value).argmin()]
        return self.bind(pod, node, self.tightest(pod, node))

    # The rest is from worst_fit.py: Policy.tightest, Policy.fits, Policy.bind.
