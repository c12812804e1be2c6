"""NEH from due dates: each job in turn goes to the best place of the sequence so far.

M. Nawaz, E. E. Enscore, I. Ham, "A heuristic algorithm for the m-machine, n-job flow-shop sequencing problem", Omega 11
(1983) 91-95; by due date for tardiness: Y.-D. Kim, "Heuristics for flowshop scheduling problems minimizing mean tardiness",
Journal of the Operational Research Society 44 (1993) 19-28.
"""


def sequence(processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """Insert jobs by due date (ties by weight, heaviest first); equal places: the last one."""
    order = []
    for job in sorted(range(len(processing)), key=lambda j: (due[j], -weight[j])):
        p, w, d = processing[job], weight[job], due[job]
        t = sum([processing[j] for j in order])
        best, place = w * max(t + p - d, 0), len(order)
        delayed = 0  # what the jobs behind the place lose
        for i in range(len(order) - 1, -1, -1):
            other = order[i]
            late = t - due[other]
            delayed += weight[other] * (max(late + p, 0) - max(late, 0))
            t -= processing[other]
            cost = delayed + w * max(t + p - d, 0)
            if cost < best:
                best, place = cost, i
        order.insert(place, job)
    return order
