"""PSK: n passes over the jobs in order of processing time, each of which fixes the next job of the schedule.

S. S. Panwalkar, M. L. Smith, C. P. Koulamas, "A heuristic for the single machine tardiness problem", European Journal of
Operational Research 70 (1993) 304-310. The comments give the paper's steps.
"""


def order(processing: list[int], due: list[int]) -> list[int]:
    """Job indices in PSK order; equal processing times by due date, then index."""
    waiting = sorted(range(len(processing)), key=lambda j: (processing[j], due[j]))
    t = 0
    sequence = []
    while waiting:
        job = waiting.pop(_next(waiting, t, processing, due))
        sequence.append(job)
        t += processing[job]
    return sequence


def _next(waiting, t, processing, due):
    last = len(waiting) - 1
    active = 0  # step 1: the shortest waiting job is active
    while active < last:
        d = due[waiting[active]]
        if t + processing[waiting[active]] >= d:  # step 2: it would be late (or just in time) even now
            return active
        for other in range(active + 1, last + 1):  # step 3: the next job to the right
            if d <= t + processing[waiting[other]]:  # step 4: behind that job the active one would be late
                return active
            if d > due[waiting[other]]:  # steps 5 and 6: that job is due before, it becomes the active one
                active = other
                break
        else:  # step 7: no job to the right is due before
            return active
    return active  # step 6: the last job to the right is active
