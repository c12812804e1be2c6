"""FDD/MWKR in non-delay schedules: least flow due date over work remaining first.

V. Sels, N. Gheysen, M. Vanhoucke, "A comparison of priority rules for the job shop scheduling problem under different flow
time- and tardiness-related objective functions", International Journal of Production Research 50 (2012) 4255-4270.
"""


def schedule(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
    """Job indices by the job's durations up to this operation over those from it on."""
    return dispatch(durations, machines, lambda row, k: sum(row[: k + 1]) / max(sum(row[k:]), 1))


# The rest is from spt.py: dispatch.
