"""Smoothed forecast, spare slots to the heaviest copies, each copy to the least loaded GPU."""

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"weight": (0.0, 1.0), "caution": (0.0, 2.0)}
weight = 0.5  # of the latest window against the mean of all
caution = 0.0  # how much an expert's spread adds to its load


def forecast(last: float, before: float, mean: float, smooth: float, spread: float) -> float:
    """Tokens that an expert will get in the next window. All arguments are numbers, 1 = an average expert's share of a window.

    last    the latest window
    before  the window before it (the latest again where there is one window)
    mean    mean over all windows
    smooth  exponentially weighted mean: each window counts half of the one after it
    spread  standard deviation over the windows
    """
    return weight * last + (1 - weight) * mean


def urgency(load: float, copies: int, spread: float) -> float:
    """How badly an expert needs one more copy; every spare slot goes to the expert with the greatest value.

    load    its forecast
    copies  how many copies it has now
    spread  standard deviation of its tokens over the windows
    """
    return (load + caution * spread) / copies


def fit(load: float, spread: float, gpu_load: float, gpu_spread: float, gpu_used: int, even: float) -> float:
    """Where a copy goes: to the GPU of least value that has room. Copies are placed in falling order of load.

    load        tokens that the copy is forecast to get
    spread      standard deviation of them over the windows
    gpu_load    sum of the loads on the GPU now
    gpu_spread  sum of the spreads on the GPU now
    gpu_used    slots of the GPU that are taken
    even        the load that each GPU would have if all were alike
    """
    return gpu_load + caution * gpu_spread


# EVOLVE-BLOCK-END
# The rest is from seed.py.
