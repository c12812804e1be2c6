"""Single-machine weighted tardiness: a heuristic for scheduling/weighted_tardiness.

In which order should one machine process jobs of unequal weight so that their weighted tardiness is
least? Call `sequence`; its docstring says what goes in and what comes out.

Dispatching by a priority, least first; it starts as apparent tardiness cost (Vepsalainen and Morton 1987), in logarithms.

Mean gap to the reference (proven optimum for n = 20 and 239 of the 250 OR-Library instances; best
known (iterated dynasearch) elsewhere); 0 is the reference, lower is better:

    program             train  validation        test
    this program       0.0218      0.0186      0.0262
    atc_insertion      0.0017      0.0016      0.0025
    atc_best_k         0.0084      0.0066      0.0125
    wmdd               0.0180      0.0130      0.0156
    atc                0.0248      0.0212      0.0256
    covert             0.0465      0.0369      0.0456
    neh_edd            0.0469      0.0362      0.0479
    wspt               0.2766      0.2772      0.3134
    mdd                0.3968      0.3948      0.4018
    edd                1.1604      1.0476      1.1933

Candidate 78 of run weighted_tardiness-20261125-214207-7e95, written by: no LLM (built-in
operators); 6 steps from gap 0.0248 to 0.0218. Exported 2026-11-25. Certificate: not better
(2026-11-25: test: gap +0.0238 [+0.0155, +0.0351] against atc_insertion at 0.994 (0 won, 43 equal,
257 lost)). Licence: derived from the problem's seed program, whose licence applies.

`python weighted_tardiness.py` (this file) asks it again what it was asked on 3 small instances and
compares the answers.
"""

# The search judged this code by its decisions alone: it is kept as it was found, not as linters like it.
# ruff: noqa
# mypy: ignore-errors

import json
import math
from typing import Any

__all__ = ["MEASURED", "PROVENANCE", "sequence"]


# Constants that may be tuned: name and range.
TUNABLE = {'k': (0.2, 5.0)}
k = 1.72986

def priority(p: int, w: int, d: int, t: int, slack: int, mean_p: float, mean_w: float, work: int, left: int) -> float:
    """Priority of one waiting job; the job with the least value is processed next. All arguments are numbers.

    p       processing time of the job, at least 1
    w       weight of the job, at least 1
    d       due date of the job
    t       time at which the machine is free
    slack   d - p - t: how long the job can still wait; below 0 it is late already
    mean_p  mean processing time of the waiting jobs
    mean_w  mean weight of the waiting jobs
    work    sum of the processing times of the waiting jobs
    left    number of waiting jobs
    """
    return max(slack, 0.253) / (k * mean_p) - math.log(w / p)


def sequence(processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """Sequence jobs on one machine so that their weighted tardiness is small.

    The machine processes one job at a time, from time 0 on and without a pause. A job that completes at time C has
    tardiness max(C - due, 0); the sum of weight * tardiness over all jobs is what counts.

    Parameters
    ----------
    processing
        Processing time of each job, in time units (at least 1).
    weight
        Weight of each job (at least 1): what one time unit of its tardiness costs.
    due
        Due date of each job, in time units.

    Returns
    -------
    list[int]
        The job indices 0..n-1, each exactly once, the first to be processed first.

    Examples
    --------
    >>> sequence([4, 2, 3], [1, 5, 2], [5, 3, 9])  # completions 2, 6, 9: only job 0 is late, by 1, at cost 1
    [1, 0, 2]

    Problem: Single-machine weighted tardiness (scheduling/weighted_tardiness, version
    35cb7b42cab4). In which order should one machine process jobs of unequal weight so that
    their weighted tardiness is least?

    Objective: minimised, in weighted time units of tardiness.

    Reference: proven optimum for n = 20 and 239 of the 250 OR-Library instances; best known
    (iterated dynasearch) elsewhere
    """
    waiting = list(range(len(processing)))
    work = sum(processing)
    t = 0
    order = []
    while waiting:
        left = len(waiting)
        mean_p = work / left
        mean_w = sum([weight[j] for j in waiting]) / left
        values = []
        for j in waiting:
            p, d = processing[j], due[j]
            values.append(priority(p, weight[j], d, t, d - p - t, mean_p, mean_w, work, left))
        job = waiting.pop(values.index(min(values)))  # a tie goes to the lower index
        order.append(job)
        t += processing[job]
        work -= processing[job]
    return order


PROVENANCE: dict[str, Any] = {
    "problem": "scheduling/weighted_tardiness",
    "version": "35cb7b42cab4",
    "run": "weighted_tardiness-20261125-214207-7e95",
    "candidate": 78,
    "lineage": [
        (0, "seed", 0.024775889176650523),
        (1, "tune", 0.02209429663430736),
        (23, "constant", 0.021967013688001635),
        (32, "constant", 0.02182997421027863),
        (58, "tune", 0.021826241411455175),
        (78, "constant", 0.02182430612735547),
    ],
    "models": "no LLM",
    "date": "2026-11-25",
    "verdict": "not better",
    "reason": "2026-11-25: test: gap +0.0238 [+0.0155, +0.0351] against atc_insertion at 0.994 (0 won, 43 equal, 257 lost)",
    "licence": "derived from the problem's seed program, whose licence applies",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED: dict[str, dict[str, float]] = {
    "this program": {"train": 0.02182430612735547, "validation": 0.01855915238624965, "test": 0.026224473348703085},
    "atc_insertion": {
        "train": 0.0016572499063464835, "validation": 0.0015598883531116544,
        "test": 0.0024549077760415102,
    },
    "atc_best_k": {
        "train": 0.008428197091756432, "validation": 0.0066355418405879526,
        "test": 0.012473881302373473,
    },
    "wmdd": {"train": 0.01796198284481603, "validation": 0.013015920760752425, "test": 0.01557548221775297},
    "atc": {
        "train": 0.024775889176650523, "validation": 0.021181883472348867,
        "test": 0.025593780824055657,
    },
    "covert": {"train": 0.04649322803297571, "validation": 0.03685674284093126, "test": 0.045594670140622934},
    "neh_edd": {"train": 0.046933600737147425, "validation": 0.03623747797843113, "test": 0.04791082204166314},
    "wspt": {"train": 0.2766158887513434, "validation": 0.27724730520571733, "test": 0.3133795023553434},
    "mdd": {"train": 0.3967529359820505, "validation": 0.3948118086725138, "test": 0.40177661933469744},
    "edd": {"train": 1.1604178695651313, "validation": 1.0476446238097907, "test": 1.1933367151850862},
}

# What the program was asked on small instances, and what it answered when it was exported.
CASES: list[dict[str, Any]] = [
    {
        "instance": "validation-n20-r0.2-t1.0-0", "family": "n20",
        "calls": (
            (
                "__call__",
                [
                    [59, 28, 58, 75, 21, 72, 87, 75, 34, 37, 52, 10, 81, 19, 36, 55, 9, 7, 71, 8],
                    [5, 5, 1, 4, 3, 7, 1, 8, 7, 7, 7, 1, 6, 7, 2, 9, 7, 6, 7, 4],
                    [0, 0, 0, 0, 50, 0, 58, 6, 0, 0, 81, 0, 53, 13, 0, 71, 41, 0, 36, 15],
                ],
                [17, 16, 19, 13, 8, 9, 1, 15, 4, 10, 7, 11, 18, 5, 0, 12, 14, 3, 2, 6],
            ),
        ),
        "total": 1, "objective": 26861.0,
    },
    {
        "instance": "train-n40-r0.2-t1.0-0", "family": "n40",
        "calls": (
            (
                "__call__",
                [
                    [
                        3, 6, 55, 40, 43, 67, 2, 33, 27, 40, 29, 42, 65, 96, 49, 45, 68, 59, 3, 82,
                        50, 61, 87, 3, 8, 5, 57, 62, 52, 61, 67, 64, 74, 57, 19, 65, 100, 71, 76,
                        61,
                    ],
                    [
                        9, 10, 2, 4, 5, 8, 10, 3, 6, 9, 4, 4, 2, 5, 8, 9, 9, 2, 7, 3, 1, 6, 9, 1,
                        10, 6, 9, 3, 3, 10, 10, 4, 5, 4, 10, 8, 10, 4, 7, 5,
                    ],
                    [
                        0, 0, 92, 0, 168, 7, 36, 66, 0, 120, 0, 0, 0, 152, 0, 0, 0, 154, 155, 61,
                        91, 171, 90, 0, 0, 23, 0, 0, 49, 0, 184, 0, 0, 0, 0, 60, 131, 0, 0, 0,
                    ],
                ],
                [
                    6, 0, 1, 24, 25, 18, 34, 23, 8, 9, 15, 29, 14, 26, 30, 10, 16, 35, 5, 4, 22, 3,
                    36, 21, 11, 38, 7, 39, 33, 32, 31, 28, 37, 13, 27, 19, 2, 17, 12, 20,
                ],
            ),
        ),
        "total": 1, "objective": 128038.0,
    },
    {
        "instance": "validation-n100-r0.4-t1.0-0", "family": "n100",
        "calls": (
            (
                "__call__",
                [
                    [
                        96, 3, 2, 53, 89, 8, 17, 34, 30, 56, 69, 21, 65, 97, 41, 76, 79, 36, 38, 2,
                        4, 27, 37, 6, 50, 43, 65, 8, 1, 82, 13, 92, 95, 12, 32, 73, 18, 49, 64, 4,
                        20, 48, 46, 90, 72, 34, 67, 26, 87, 66, 36, 28, 10, 52, 47, 91, 1, 96, 71,
                        89, 15, 14, 53, 77, 65, 48, 3, 94, 62, 86, 4, 41, 98, 92, 44, 42, 50, 29,
                        53, 12, 5, 65, 84, 5, 41, 58, 98, 18, 51, 65, 61, 15, 78, 27, 99, 16, 2, 53,
                        90, 78,
                    ],
                    [
                        6, 6, 1, 10, 10, 1, 2, 3, 8, 3, 3, 9, 6, 5, 2, 1, 3, 1, 10, 2, 10, 3, 1, 9,
                        3, 9, 9, 8, 8, 5, 7, 7, 9, 4, 5, 10, 8, 6, 9, 4, 10, 4, 1, 7, 9, 6, 4, 1, 9,
                        3, 9, 4, 4, 2, 4, 8, 10, 10, 7, 7, 10, 4, 4, 2, 8, 6, 8, 3, 1, 5, 2, 3, 7,
                        8, 6, 8, 1, 4, 1, 4, 6, 7, 9, 5, 1, 10, 8, 10, 5, 5, 2, 5, 3, 7, 10, 1, 4,
                        6, 7, 3,
                    ],
                    [
                        0, 306, 169, 0, 0, 52, 162, 0, 168, 89, 0, 523, 0, 602, 0, 933, 0, 0, 529,
                        495, 0, 0, 0, 134, 0, 487, 0, 0, 942, 0, 901, 0, 0, 442, 0, 0, 0, 464, 112,
                        0, 127, 299, 715, 0, 429, 0, 206, 0, 0, 722, 817, 351, 0, 0, 0, 596, 618, 0,
                        865, 456, 615, 0, 10, 0, 240, 0, 575, 261, 811, 98, 0, 0, 0, 0, 400, 98,
                        333, 0, 622, 438, 0, 859, 0, 153, 0, 459, 0, 951, 848, 39, 0, 0, 285, 0,
                        434, 0, 626, 0, 0, 377,
                    ],
                ],
                [
                    20, 80, 27, 39, 70, 23, 36, 52, 83, 91, 40, 61, 2, 1, 93, 8, 75, 3, 56, 45, 66,
                    34, 19, 79, 33, 96, 51, 85, 11, 18, 60, 25, 28, 38, 26, 77, 50, 30, 87, 35, 74,
                    5, 44, 65, 64, 37, 6, 97, 4, 21, 81, 82, 57, 48, 94, 58, 88, 32, 12, 7, 55, 73,
                    54, 41, 86, 59, 43, 98, 89, 31, 62, 71, 72, 0, 95, 29, 24, 46, 69, 9, 13, 14,
                    49, 10, 47, 53, 92, 99, 16, 90, 67, 17, 22, 63, 84, 42, 76, 78, 68, 15,
                ],
            ),
        ),
        "total": 1, "objective": 633288.0,
    },
]


def _same(answer: Any, expected: Any) -> bool:
    """Compare plain values; floats to nine digits, as machines differ in the last ones."""
    if isinstance(expected, list):
        return isinstance(answer, list) and len(answer) == len(expected) and all(map(_same, answer, expected))
    if isinstance(expected, dict):
        same_keys = isinstance(answer, dict) and answer.keys() == expected.keys()
        return same_keys and all(_same(answer[key], expected[key]) for key in expected)
    if isinstance(expected, float):
        return isinstance(answer, (int, float)) and math.isclose(answer, expected, rel_tol=1e-9, abs_tol=1e-12)
    return type(answer) is type(expected) and answer == expected


def _replay(case: dict[str, Any]) -> str:
    """Ask again what was asked; the first answer that differs from the recorded one, or nothing."""
    target: Any = sequence
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = sequence(*given)
            continue
        answer = getattr(target, method)(*given)
        answer = json.loads(json.dumps(answer, default=lambda value: value.tolist()))
        if not _same(answer, expected):
            return f"call {number} ({method}) answered {answer!r:.200}, recorded was {expected!r:.200}"
    return ""


def _recheck() -> int:
    """Replay every case and say how many came out as recorded."""
    wrong = 0
    for case in CASES:
        try:
            difference = _replay(case)
        except Exception as error:  # noqa: BLE001
            difference = f"{type(error).__name__}: {error}"
        if difference:
            wrong += 1
            print(f"{case['instance']}: {difference}")
    print(f"{'failed' if wrong else 'ok'}: {len(CASES) - wrong} of {len(CASES)} cases")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(_recheck())
