"""Earliest due date first: the weights play no part.

J. R. Jackson, "Scheduling a production line to minimize maximum tardiness", Management Science Research Project 43,
University of California, Los Angeles, 1955.
"""


def sequence(processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """Job indices by due date; ties by index."""
    return sorted(range(len(processing)), key=lambda j: due[j])
