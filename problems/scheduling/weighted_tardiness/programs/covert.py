"""COVERT, cost over time: weight per time unit, from full when the job cannot be on time down to 0 at a slack of k * p.

D. C. Carroll, "Heuristic sequencing of single and multiple component jobs", PhD thesis, MIT, 1965; with weights and k = 2 as
in A. P. J. Vepsalainen, T. E. Morton, "Priority rules for job shops with weighted tardiness costs", Management Science 33
(1987) 1035-1047.
"""

K = 2.0


def sequence(processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """Job indices by COVERT, highest first. Where all are far from late (priority 0), by due date."""
    waiting = sorted(range(len(processing)), key=lambda j: due[j])
    t = 0
    order = []
    while waiting:
        values = []
        for j in waiting:
            p = processing[j]
            slack = max(due[j] - t - p, 0)
            values.append(weight[j] / p * max(1 - slack / (K * p), 0))
        job = waiting.pop(values.index(max(values)))
        order.append(job)
        t += processing[job]
    return order
