"""Random: any node and any GPUs with room, by a fixed seed.

Random-fit of Q. Weng, L. Yang, Y. Yu, W. Wang, X. Tang, G. Yang and L. Zhang,
"Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023.
"""

import random

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
        self.rng = random.Random(0)

    def place(self, pod):
        """Draw a node among those with room, and GPUs among those with room."""
        node = self.rng.choice(self.fits(pod).tolist())
        gpus = np.flatnonzero(self.gpu[node] >= pod["milli"]).tolist() if pod["gpus"] else []
        return self.bind(pod, node, self.rng.sample(gpus, pod["gpus"]))

    # The rest is from worst_fit.py: Policy.fits, Policy.bind.
