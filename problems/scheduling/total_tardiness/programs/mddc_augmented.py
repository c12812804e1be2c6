"""Augmented MDDC: after each job chosen by MDDC, jobs scheduled before move to the end where that lowers the tardiness.

I. O. Cetinkaya, I. E. Buyuktahtakin, P. Shojaee, C. K. Reddy, "Discovering heuristics with large language models (LLMs)
for mixed-integer programs: single-machine scheduling", arXiv 2510.24013 (2025). Written from the published definition.
"""

import numpy as np


def order(processing: list[int], due: list[int]) -> list[int]:
    """Job indices in augmented MDDC order; ties of the priority by index."""
    waiting = list(range(len(processing)))
    work = sum(processing)
    t = 0
    sequence = []
    while waiting:
        lengths = [processing[j] for j in waiting]
        longest, mean = max(lengths), work / len(lengths)
        values = []
        for j in waiting:
            p = processing[j]
            rho = min(p / (t + longest), 1)
            theta = rho * rho / (1 + rho * rho)
            values.append(max(1.1 * p + t, due[j]) * (1 + theta) + p / (t + mean))
        job = waiting.pop(values.index(min(values)))
        sequence.append(job)
        t += processing[job]
        work -= processing[job]
        _move_to_end(sequence, t, processing, due)
    return sequence


def _move_to_end(sequence, end, processing, due):
    """Try each position once, from the front; `end` is the completion of the last job, whichever it is."""
    i = 0
    while i < len(sequence) - 1:
        p, d = np.array([processing[j] for j in sequence]), np.array([due[j] for j in sequence])
        late = np.maximum(np.cumsum(p) - d, 0)
        cost = np.maximum(end - d, 0) - late
        later = late.sum() - np.cumsum(late)
        # Each job behind completes p earlier. Their tardiness bounds what that can save: most positions stop here.
        for k in np.flatnonzero(cost[i:-1] < later[i:-1]) + i:
            if np.minimum(late[k + 1 :], p[k]).sum() > cost[k]:
                sequence.append(sequence.pop(k))
                i = k + 1
                break
        else:
            return
