"""Shortest processing time first.

W. E. Smith, "Various optimizers for single-stage production", Naval Research Logistics Quarterly 3 (1956) 59-66.
"""


def order(processing: list[int], due: list[int]) -> list[int]:
    """Job indices by processing time; ties by due date, then index."""
    return sorted(range(len(processing)), key=lambda j: (processing[j], due[j]))
