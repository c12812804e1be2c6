"""Best fit: the node with the least left, cpu and GPU weighing alike, each as a share of the largest node's.

BestFit of Q. Weng, L. Yang, Y. Yu, W. Wang, X. Tang, G. Yang and L. Zhang,
"Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023:
the formula of its simulator.
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
        """The node that is fullest afterwards."""
        nodes = self.fits(pod)
        rest = (self.cpu[nodes] - pod["cpu"]) / self.cpu_scale + self.left(nodes) / self.gpu_scale
        node = nodes[rest.argmin()]
        return self.bind(pod, node, self.tightest(pod, node))

    # The rest is from worst_fit.py: Policy.left, Policy.tightest, Policy.fits, Policy.bind.
