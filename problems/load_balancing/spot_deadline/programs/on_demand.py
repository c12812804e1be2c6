"""On-demand only: never risk a preemption. The price everybody pays who does not use spot machines."""


class Policy:
    """Rent one on-demand machine until the work is done."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""

    def decide(self, now):
        """Choose "spot", "on_demand" or "idle" for the tick that begins."""
        return "on_demand"
