"""Dot product: the node and GPU where demand times what is left, summed over cpu and GPU, is least.

R. Grandl, G. Ananthanarayanan, S. Kandula, S. Rao and A. Akella, "Multi-resource packing for cluster schedulers", SIGCOMM 2014,
in the form of Q. Weng, L. Yang, Y. Yu, W. Wang, X. Tang, G. Yang and L. Zhang,
"Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023:
the least product packs; a part of a GPU is compared with what is left of that GPU, whole GPUs with all that is left on the node.
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
        self.cpu_scale, self.gpu_scale = self.cpu.max(), 1000 * most

    def place(self, pod):
        """The least dot product; both factors as shares of the largest node's, or of a GPU."""
        nodes = self.fits(pod)
        value = self.cpu[nodes] / self.cpu_scale * (pod["cpu"] / self.cpu_scale)
        if pod["gpus"] == 1 and pod["milli"] < 1000:
            gpu = np.where(self.gpu[nodes] >= pod["milli"], self.gpu[nodes], np.inf).min(axis=1)
            value += gpu / 1000 * (pod["milli"] / 1000)
        else:
            value += self.left(nodes) / self.gpu_scale * (pod["gpus"] * pod["milli"] / self.gpu_scale)
        node = nodes[value.argmin()]
        return self.bind(pod, node, self.tightest(pod, node))

    # The rest is from worst_fit.py: Policy.left, Policy.tightest, Policy.fits, Policy.bind.
