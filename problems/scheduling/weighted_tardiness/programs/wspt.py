"""Weighted shortest processing time first: the most weight per time unit; the due dates play no part.

W. E. Smith, "Various optimizers for single-stage production", Naval Research Logistics Quarterly 3 (1956) 59-66.
"""


def sequence(processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """Job indices by processing time over weight; ties by due date, then index."""
    return sorted(range(len(processing)), key=lambda j: (processing[j] / weight[j], due[j]))
