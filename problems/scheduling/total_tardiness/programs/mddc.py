"""MDDC, the "MDD challenger" found by a language model: modified due dates, smoothed by relative job length.

I. O. Cetinkaya, I. E. Buyuktahtakin, P. Shojaee, C. K. Reddy, "Discovering heuristics with large language models (LLMs)
for mixed-integer programs: single-machine scheduling", arXiv 2510.24013 (2025). Written from the published definition.
"""


def order(processing: list[int], due: list[int]) -> list[int]:
    """Job indices by the MDDC priority; ties by index."""
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
    return sequence
