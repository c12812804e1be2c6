"""Finish a job before its deadline at least cost on spot and on-demand machines in several zones: one choice a tick.

The part between the markers rates one machine; the class below it keeps the history, takes the machine with the highest worth, and
goes on demand by itself at the last moment that still guarantees the deadline, so that no choice can be late.
"""

# EVOLVE-BLOCK-START
TUNABLE = {"START": (-4.0, 3.0), "STAY": (-4.0, 6.0), "LEAVE": (0.0, 3.0)}
START = -1.0  # without spot, go on demand when this many hours ahead of the even pace or fewer
STAY = 1.0  # and stay there up to this many
LEAVE = 0.5  # a new machine has to be cheaper by this many $/h


def worth(
    price: float,
    on_demand: bool,
    here: bool,
    launch: float,
    move: float,
    work_left: float,
    time_left: float,
    slack: float,
    ahead: float,
    overhead: float,
    availability: float,
    recent: float,
    streak: float,
    mean_up: float,
    mean_down: float,
    cheapest: float,
    dear: float,
) -> float:
    """Worth of running one machine in the next tick: the highest is taken, none if no worth is above 0. Times are in hours.

    Only machines that can be had now are rated: on demand in every zone, spot where there is one. Waiting costs nothing but slack.
    """
    if on_demand and ahead > (STAY if here else START):
        return 0.0
    return 1 / (price + (0.0 if here else LEAVE) + move / work_left)


# EVOLVE-BLOCK-END
# The rest is from seed.py.
