"""A line with a constant to tune."""

# EVOLVE-BLOCK-START
TUNABLE = {"slope": (0.0, 400.0)}
slope = 2.0


def f(x: float, a: float) -> float:
    return slope * x


# EVOLVE-BLOCK-END
