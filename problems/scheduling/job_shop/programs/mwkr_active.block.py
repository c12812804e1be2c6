"""MWKR in active schedules: a machine may wait for the job with most work remaining.

R. W. Conway, W. L. Maxwell, L. W. Miller, "Theory of Scheduling", Addison-Wesley (1967);
B. Giffler, G. L. Thompson, "Algorithms for solving production-scheduling problems", Operations Research 8 (1960) 487-503
(active schedules).
"""


def schedule(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
    """Job indices by the durations of the job's operations from this one on."""
    return dispatch(durations, machines, lambda row, k: -sum(row[k:]), active=True)


# The rest is from spt.py: dispatch.
