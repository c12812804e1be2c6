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

    # The rest is from worst_fit.py: Policy.tightest, Policy.fits, Policy.bind.
