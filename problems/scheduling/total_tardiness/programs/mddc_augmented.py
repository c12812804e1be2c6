"""Augmented MDDC: after each job chosen by MDDC, jobs scheduled before move to the end where that lowers the tardiness.

I. O. Cetinkaya, I. E. Buyuktahtakin, P. Shojaee, C. K. Reddy, "Discovering heuristics with large language models (LLMs)
for mixed-integer programs: single-machine scheduling", arXiv 2510.24013 (2025). Written from the published definition.
"""

import numpy as np


def order(processing: list[int], due: list[int]) -> list[int]:
    """Job indices in augmented MDDC order; ties of the priority by index."""
    waiting = np.arange(len(processing))
    lengths, dates = np.array(processing), np.array(due)
    t = 0
    sequence = np.array([], dtype=int)
    while len(waiting):
        p, d = lengths[waiting], dates[waiting]
        rho = np.minimum(p / (t + p.max()), 1)
        theta = rho * rho / (1 + rho * rho)
        best = np.argmin(np.maximum(1.1 * p + t, d) * (1 + theta) + p / (t + p.sum() / len(p)))
        sequence = np.append(sequence, waiting[best])
        waiting = np.delete(waiting, best)
        t += p[best]
        sequence = _move_to_end(sequence, t, lengths, dates)
    return sequence.tolist()


def _move_to_end(sequence, end, lengths, dates):
    """Try each position once, from the front; `end` is the completion of the last job, whichever it is."""
    tried = 0
    while tried < len(sequence) - 1:
        p, d = lengths[sequence], dates[sequence]
        late = np.maximum(np.cumsum(p) - d, 0)
        cost = np.maximum(end - d, 0) - late
        # Each job behind completes p earlier, which saves no more than its tardiness: most positions stop at this bound.
        bound = np.minimum(late.sum() - np.cumsum(late), p * ((late > 0).sum() - np.cumsum(late > 0)))
        for k in np.flatnonzero(cost[tried:-1] < bound[tried:-1]) + tried:
            if np.minimum(late[k + 1 :], p[k]).sum() > cost[k]:
                sequence = np.concatenate((sequence[:k], sequence[k + 1 :], sequence[k : k + 1]))
                tried = k + 1
                break
        else:
            break
    return sequence
