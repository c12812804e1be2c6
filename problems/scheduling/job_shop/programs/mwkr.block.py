"""MWKR in non-delay schedules: the job with most work remaining first.

R. W. Conway, W. L. Maxwell, L. W. Miller, "Theory of Scheduling", Addison-Wesley (1967).
"""


def schedule(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
    """Job indices by the durations of the job's operations from this one on."""
    return dispatch(durations, machines, lambda row, k: -sum(row[k:]))


# The rest is from spt.py: dispatch.
