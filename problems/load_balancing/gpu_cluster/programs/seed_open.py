"""The whole program may change: a pod goes to the fullest node with room, onto the GPU with the least left that suffices."""

import numpy as np


# EVOLVE-BLOCK-START
class Policy:
    """Keeps arrays of what is left on every node and scores all nodes at once."""

    def __init__(self, task):
        """Take the task: a dict of `nodes` (dicts of cpu, memory, gpus, model) and `popular` (dicts of share and a pod)."""
        nodes = task["nodes"]
        self.cpu = np.array([n["cpu"] for n in nodes])
        self.memory = np.array([n["memory"] for n in nodes])
        most = max(n["gpus"] for n in nodes)
        self.gpu = np.array([[1000] * n["gpus"] + [-1] * (most - n["gpus"]) for n in nodes])  # -1: there is no such GPU
        self.model = np.array([n["model"] for n in nodes])

    def place(self, pod):
        """Return [node, [GPU, ...]] for a pod: a dict of cpu, memory, gpus, milli and models (see statement.md).

        Asked only when the pod fits somewhere: the node must have the room, and the GPUs must be different ones.
        """
        value = np.where(self.room(pod), self.value(pod), np.inf)
        node = int(value.argmin())
        order = np.argsort(self.gpu[node], kind="stable")
        gpus = order[self.gpu[node, order] >= pod["milli"]][: pod["gpus"]]
        self.cpu[node] -= pod["cpu"]
        self.memory[node] -= pod["memory"]
        self.gpu[node, gpus] -= pod["milli"]
        return [node, gpus.tolist()]

    def room(self, pod):
        """Which nodes could take the pod."""
        room = (self.cpu >= pod["cpu"]) & (self.memory >= pod["memory"])
        if pod["gpus"]:
            room &= (self.gpu >= pod["milli"]).sum(axis=1) >= pod["gpus"]
            if pod["models"]:
                room &= np.isin(self.model, pod["models"])
        return room

    def value(self, pod):
        """Value of every node for the pod; the least wins."""
        free = np.maximum(self.gpu, 0).sum(axis=1) / 1000
        whole = (self.gpu == 1000).sum(axis=1)
        return free + 0.1 * whole


# EVOLVE-BLOCK-END
