"""The square."""


def f(x: float, a: float) -> float:
    return x * x
