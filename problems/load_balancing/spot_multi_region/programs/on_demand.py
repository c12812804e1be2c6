"""On demand only, where it is cheapest with the move of the checkpoint: the price of never risking a preemption."""


class Policy:
    """Rent one on-demand machine until the work is done."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""

        def bill(zone):
            return task["work_h"] * task["on_demand_price"][zone] + task["transfer"][task["home"]][task["region"][zone]]

        self.zone = min(range(len(task["region"])), key=bill)

    def decide(self, now):
        """Choose "idle", ["spot", zone] or ["on_demand", zone] for the tick that begins."""
        return ["on_demand", self.zone]
