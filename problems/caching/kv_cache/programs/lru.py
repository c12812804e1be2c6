"""LRU: what has not been asked for longest goes first.

R. L. Mattson, J. Gecsei, D. R. Slutz, I. L. Traiger, Evaluation techniques for storage hierarchies, IBM Systems Journal 9(2)
(1970) 78-117. The end of a prompt counts as asked for before its beginning, as in vLLM: W. Kwon et al., Efficient memory management
for large language model serving with PagedAttention, SOSP 2023.
"""


class Policy:
    """One list, the most recent at its end."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.recent = {}

    def evict(self, served, need):
        """Return the ids of the blocks to drop."""
        for request in served:
            for id in reversed(request["blocks"]):
                self.recent.pop(id, None)
                self.recent[id] = None
        dropped = [id for id, _ in zip(self.recent, range(need), strict=False)]
        for id in dropped:
            del self.recent[id]
        return dropped
