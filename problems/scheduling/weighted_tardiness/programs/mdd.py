"""Modified due date: at each time t the job with the least max(t + p, d); the weights play no part.

K. R. Baker, J. W. M. Bertrand, "A dynamic priority rule for scheduling against due-dates", Journal of Operations
Management 3 (1982) 37-42.
"""


def sequence(processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """Job indices by modified due date; ties by index."""
    waiting = list(range(len(processing)))
    t = 0
    order = []
    while waiting:
        values = [max(t + processing[j], due[j]) for j in waiting]
        job = waiting.pop(values.index(min(values)))
        order.append(job)
        t += processing[job]
    return order
