"""EDDC, the "EDD challenger" found by a language model: shortest first, then earlier due dates walk to the front.

I. O. Cetinkaya, I. E. Buyuktahtakin, P. Shojaee, C. K. Reddy, "Discovering heuristics with large language models (LLMs)
for mixed-integer programs: single-machine scheduling", arXiv 2510.24013 (2025). Written from the published definition.
"""


def order(processing: list[int], due: list[int]) -> list[int]:
    """Job indices in EDDC order.

    From the order by processing time (ties by due date), each job in turn walks to the front past jobs of later due date,
    but past none that would be late, or just in time, at its place: due <= completion.
    """
    sequence = sorted(range(len(processing)), key=lambda j: (processing[j], due[j]))
    ends = []
    t = 0
    for job in sequence:
        t += processing[job]
        ends.append(t)
    for start in range(1, len(sequence)):
        i = start
        while i > 0:
            job, ahead = sequence[i], sequence[i - 1]
            if due[job] >= due[ahead] or due[ahead] <= ends[i - 1]:
                break
            sequence[i - 1], sequence[i] = job, ahead
            ends[i - 1] += processing[job] - processing[ahead]  # ends[i] stays
            i -= 1
    return sequence
