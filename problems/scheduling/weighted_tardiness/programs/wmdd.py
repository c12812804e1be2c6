"""Weighted modified due date: at each time t the job with the least max(p, d - t) / w.

J. J. Kanet, X. Li, "A weighted modified due date rule for sequencing to minimize weighted tardiness", Journal of
Scheduling 7 (2004) 261-276.
"""


def sequence(processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """Job indices by weighted modified due date; ties by index."""
    waiting = list(range(len(processing)))
    t = 0
    order = []
    while waiting:
        values = [max(processing[j], due[j] - t) / weight[j] for j in waiting]
        job = waiting.pop(values.index(min(values)))
        order.append(job)
        t += processing[job]
    return order
