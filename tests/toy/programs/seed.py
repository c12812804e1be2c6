"""A constant."""


# EVOLVE-BLOCK-START
def f(x: float, a: float) -> float:
    return 1.0


# EVOLVE-BLOCK-END
