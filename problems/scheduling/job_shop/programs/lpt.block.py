"""LPT in non-delay schedules: the longest operation first.

R. W. Conway, W. L. Maxwell, L. W. Miller, "Theory of Scheduling", Addison-Wesley (1967).
"""


def schedule(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
    """Job indices by duration of the operation, longest first."""
    return dispatch(durations, machines, lambda row, k: -row[k])


# The rest is from spt.py: dispatch.
