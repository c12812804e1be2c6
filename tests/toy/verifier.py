"""Sum of absolute errors at the instance's points."""

import math

from workbench.errors import Infeasible
from workbench.model import Instance, Measurement
from workbench.protocols import Policy


class CurveVerifier:
    """Asks for one value a point."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Mean relative error over the points."""
        a, error = instance.data["a"], 0.0
        for x in instance.data["x"]:
            y = policy(x, a)
            if type(y) not in (int, float) or not math.isfinite(y):
                raise Infeasible(f"f({x}, {a}) must be a number, not {y!r:.50}")
            truth = a * x * x + x
            error += min(abs(y - truth) / truth, 1e6)
        return Measurement(error / len(instance.data["x"]))
