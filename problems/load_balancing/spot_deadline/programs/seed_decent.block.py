"""Finish a job before its deadline at least cost on spot and on-demand machines: one choice a tick.

The part between the markers chooses; the class below it keeps the history, and goes on demand by itself at the last moment
that still guarantees the deadline, so that no choice can be late.
"""

# EVOLVE-BLOCK-START
TUNABLE = {"START": (-6.0, 3.0), "STAY": (-6.0, 8.0)}
START = -2.0  # without spot, go on demand when this many hours ahead of the even pace or fewer
STAY = -1.0  # and stay there up to this many


def choose(
    work_left: float,
    time_left: float,
    slack: float,
    overhead: float,
    tick: float,
    spot: bool,
    on_spot: bool,
    on_demand: bool,
    ahead: float,
    availability: float,
    recent: float,
    streak: float,
    mean_up: float,
    mean_down: float,
    price_ratio: float,
) -> str:
    """Choose "spot", "on_demand" or "idle" for the next tick; times are in hours.

    Idle costs nothing but uses up slack; every launch (from idle, or from one kind to the other) wastes `overhead`.
    """
    if spot:
        return "spot"
    return "on_demand" if ahead < (STAY if on_demand else START) else "idle"


# EVOLVE-BLOCK-END
# The rest is from seed.py.
