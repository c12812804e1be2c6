"""Each layer has its share of the memory and drops its least frequently used expert; nothing is prefetched."""


class Policy:
    """A cache for each layer; experts are loaded when they are missing."""

    def worth(self, expert):
        """Uses so far; of equal ones the less recent goes first."""
        return self.uses.get(expert, 0), self.last.get(expert, 0), expert

    # The rest is from lru.py: Policy.__init__, Policy.step, Policy.ahead, Policy.note, Policy.victims.
