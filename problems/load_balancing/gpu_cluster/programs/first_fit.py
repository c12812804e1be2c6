"""First fit: the first node with room, the GPU with the least left that suffices.

D. S. Johnson, A. Demers, J. D. Ullman, M. R. Garey and R. L. Graham, "Worst-case performance bounds for simple one-dimensional
packing algorithms", SIAM Journal on Computing 3 (1974) 299-325.
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

    def place(self, pod):
        """The first node with room."""
        nodes = self.fits(pod)
        node = nodes[0]
        return self.bind(pod, node, self.tightest(pod, node))

    def tightest(self, pod, node):
        """The GPUs of a node with the least left that suffice."""
        order = np.argsort(self.gpu[node], kind="stable")
        return order[self.gpu[node, order] >= pod["milli"]][: pod["gpus"]]

    def fits(self, pod):
        """Indices of the nodes with room for a pod."""
        room = (self.cpu >= pod["cpu"]) & (self.memory >= pod["memory"])
        if pod["gpus"]:
            room &= (self.gpu >= pod["milli"]).sum(axis=1) >= pod["gpus"]
            if pod["models"]:
                room &= np.isin(self.model, pod["models"])
        return np.flatnonzero(room)

    def bind(self, pod, node, gpus):
        """Take what the pod needs and answer."""
        self.cpu[node] -= pod["cpu"]
        self.memory[node] -= pod["memory"]
        self.gpu[node, gpus] -= pod["milli"]
        return [int(node), [int(g) for g in gpus]]
