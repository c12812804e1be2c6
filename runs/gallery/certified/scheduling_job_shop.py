"""Job shop: a heuristic for scheduling/job_shop.

In which order should machines work on the operations of jobs so that all jobs are done soonest?
Call `schedule`; its docstring says what goes in and what comes out.

Dispatching by a priority, least first; the priority starts as flow due date over work remaining (Sels et al. 2012).

Mean gap to the reference (proven optimum for most; best known (published, or CP-SAT from tabu
search) elsewhere; a bound for the largest); 0 is the reference, lower is better:

    program               train  validation        test
    this program         0.0937      0.0978      0.1618
    tabu                 0.0256      0.0229      0.0973
    fdd_mwkr             0.1258      0.1244      0.2127
    atc                  0.1285      0.1263      0.2200
    mwkr                 0.1414      0.1396      0.2185
    mopnr                0.1450      0.1558      0.2436
    fdd_mwkr_active      0.1732      0.1687      0.2836
    mwkr_active          0.2005      0.2018      0.2891
    spt                  0.2268      0.2064      0.2581
    lpt                  0.3659      0.3238      0.4208

Candidate 58 of run job_shop-20261126-015837-9432, written by: no LLM (built-in operators); 5 steps
from gap 0.1258 to 0.0937. Exported 2026-11-26. Certificate: not better (2026-11-26: test: gap
+0.0644 [+0.0502, +0.0797] against tabu at 0.994 (8 won, 1 equal, 103 lost)). Licence: derived from
the problem's seed program, whose licence applies.

`python job_shop.py` (this file) asks it again what it was asked on 3 small instances and compares
the answers.
"""

# The search judged this code by its decisions alone: it is kept as it was found, not as linters like it.
# ruff: noqa
# mypy: ignore-errors

import json
import math
from typing import Any

__all__ = ["MEASURED", "PROVENANCE", "schedule"]


# Constants that may be tuned: name and range.
TUNABLE = {'delay': (0.0, 1.0), 'alpha': (0.0, 2.0)}
delay = 0.28346
alpha = 1.41536

def priority(p: int, work: int, left: int, past: int, ready: int, start: int, next_p: int, load: int, next_load: int, mean_p: float) -> float:
    """Priority of one of the operations that compete for a machine; the one with the least value goes next. All are numbers.

    p          duration of the operation
    work       durations of the job's operations from this one on
    left       number of the job's operations from this one on
    past       durations of the job's operations before this one
    ready      when the job's operation before this one ends
    start      when the operation could start
    next_p     duration of the job's next operation, 0 behind its last
    load       durations of all operations that wait for this machine
    next_load  durations of all operations that wait for the machine of the job's next operation, 0 behind its last
    mean_p     mean duration of all operations of the shop
    """
    if start < alpha - p:
        return alpha * p / max(work, 1) + 2.0 * (p - delay)
    return alpha * p / max(work, 1)


def schedule(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
    """Order the operations of a job shop so that all jobs are done as early as possible.

    Each job is a chain of operations; each operation takes its machine for its duration, without interruption. A machine
    works on one operation at a time. The order that is returned makes the schedule: one after the other, operations start
    as early as their job and their machine are free.

    Parameters
    ----------
    durations
        By job: the duration of each of its operations, in time units (0 or more).
    machines
        By job: the machine of each of its operations, numbered from 0. A job may come back to a machine.

    Returns
    -------
    list[int]
        Job indices, each as often as the job has operations; the k-th mention of a job is its k-th operation.

    Examples
    --------
    >>> schedule([[3, 2], [2, 4]], [[0, 1], [1, 0]])  # job 0: 0-3 on machine 0, 3-5 on 1; job 1: 0-2 on 1, 3-7 on 0
    [1, 0, 0, 1]

    Problem: Job shop (scheduling/job_shop, version 9c73fc00e62a). In which order should
    machines work on the operations of jobs so that all jobs are done soonest?

    Objective: minimised, in time units of makespan.

    Reference: proven optimum for most; best known (published, or CP-SAT from tabu search)
    elsewhere; a bound for the largest
    """
    work = [sum(row) for row in durations]
    total = sum(work)
    mean_p = total / max(sum([len(row) for row in durations]), 1)
    load: dict[int, int] = {}
    for row, route in zip(durations, machines, strict=True):
        for p, machine in zip(row, route, strict=True):
            load[machine] = load.get(machine, 0) + p
    free = dict.fromkeys(load, 0)  # when each machine is
    done = [0] * len(durations)
    past = [0] * len(durations)
    ready = [0] * len(durations)
    waiting = [j for j, row in enumerate(durations) if row]
    order = []
    while waiting:
        # The operation that could end first names the machine, and others there may go ahead of it.
        end = -1
        for j in waiting:
            k = done[j]
            start = max(ready[j], free[machines[j][k]])
            if end < 0 or start + durations[j][k] < end:
                machine, end = machines[j][k], start + durations[j][k]
        starts = {j: max(ready[j], free[machine]) for j in waiting if machines[j][done[j]] == machine}
        least = min(starts.values())
        # delay 0: only those that could start first (non-delay schedules); 1: all before that end (Giffler and Thompson 1960).
        limit = least + delay * (end - least)
        rivals = [j for j, start in starts.items() if start == least or start < limit]
        job = rivals[0]
        if len(rivals) > 1:
            values = []
            for j in rivals:
                k = done[j]
                row, left = durations[j], len(durations[j]) - k
                next_p = row[k + 1] if left > 1 else 0
                next_load = load[machines[j][k + 1]] if left > 1 else 0
                values.append(
                    priority(row[k], work[j], left, past[j], ready[j], starts[j], next_p, load[machine], next_load, mean_p)
                )
            job = rivals[values.index(min(values))]  # a tie goes to the lower index
        p = durations[job][done[job]]
        ready[job] = free[machine] = starts[job] + p
        work[job] -= p
        past[job] += p
        load[machine] -= p
        done[job] += 1
        if done[job] == len(durations[job]):
            waiting.remove(job)
        order.append(job)
    return order


PROVENANCE: dict[str, Any] = {
    "problem": "scheduling/job_shop",
    "version": "9c73fc00e62a",
    "run": "job_shop-20261126-015837-9432",
    "candidate": 58,
    "lineage": [
        (0, "seed", 0.1258058431992318), (1, "tune", 0.11032117674138531),
        (18, "simplify", 0.09733997493662948), (50, "statement", 0.0969525891272961),
        (58, "tune", 0.09366416829076107),
    ],
    "models": "no LLM",
    "date": "2026-11-26",
    "verdict": "not better",
    "reason": "2026-11-26: test: gap +0.0644 [+0.0502, +0.0797] against tabu at 0.994 (8 won, 1 equal, 103 lost)",
    "licence": "derived from the problem's seed program, whose licence applies",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED: dict[str, dict[str, float]] = {
    "this program": {"train": 0.09366416829076107, "validation": 0.09779637186780937, "test": 0.16176708694430333},
    "tabu": {"train": 0.02561156546908805, "validation": 0.02290636108854932, "test": 0.0973476160320316},
    "fdd_mwkr": {"train": 0.1258058431992318, "validation": 0.12438126514913038, "test": 0.2127122996043451},
    "atc": {"train": 0.1285189053620144, "validation": 0.12632318377325177, "test": 0.2199841931380129},
    "mwkr": {"train": 0.14138849378094737, "validation": 0.13962286248714426, "test": 0.21854634327620456},
    "mopnr": {"train": 0.1449724467941572, "validation": 0.1557817670210922, "test": 0.24357957771482566},
    "fdd_mwkr_active": {"train": 0.17322136373328118, "validation": 0.16872908311290963, "test": 0.2836333389479682},
    "mwkr_active": {"train": 0.20048134797222605, "validation": 0.20180280016549032, "test": 0.2891003020576948},
    "spt": {"train": 0.22675352423807188, "validation": 0.2064489636919209, "test": 0.25810902461138946},
    "lpt": {"train": 0.3658860191905962, "validation": 0.3238167217763748, "test": 0.4207888249977689},
}

# What the program was asked on small instances, and what it answered when it was exported.
CASES: list[dict[str, Any]] = [
    {
        "instance": "la04", "family": "la-10x5",
        "calls": (
            (
                "__call__",
                [
                    [
                        [12, 94, 92, 91, 7], [19, 11, 66, 21, 87], [14, 75, 13, 16, 20],
                        [95, 66, 7, 7, 77], [45, 6, 89, 15, 34], [77, 20, 76, 88, 53],
                        [74, 88, 52, 27, 9], [88, 69, 62, 98, 52], [61, 9, 62, 52, 90],
                        [54, 5, 59, 15, 88],
                    ],
                    [
                        [0, 2, 3, 4, 1], [1, 3, 4, 2, 0], [1, 0, 3, 4, 2], [2, 4, 0, 3, 1],
                        [1, 3, 4, 0, 2], [3, 2, 0, 4, 1], [2, 1, 0, 3, 4], [1, 3, 0, 4, 2],
                        [2, 4, 0, 1, 3], [2, 4, 3, 1, 0],
                    ],
                ],
                [
                    0, 1, 5, 2, 8, 8, 4, 4, 1, 9, 2, 4, 2, 5, 7, 8, 9, 4, 1, 6, 8, 7, 0, 2, 5, 9, 6,
                    1, 9, 7, 3, 5, 6, 0, 5, 6, 7, 2, 3, 1, 4, 8, 9, 0, 7, 3, 3, 3, 6, 0,
                ],
            ),
        ),
        "total": 1, "objective": 651.0,
    },
    {
        "instance": "la08", "family": "la-15x5",
        "calls": (
            (
                "__call__",
                [
                    [
                        [92, 94, 12, 91, 7], [21, 19, 87, 11, 66], [14, 13, 75, 16, 20],
                        [95, 66, 7, 77, 7], [34, 89, 6, 45, 15], [88, 77, 20, 53, 76],
                        [9, 27, 52, 88, 74], [69, 52, 62, 88, 98], [90, 62, 9, 61, 52],
                        [5, 54, 59, 88, 15], [41, 50, 78, 53, 23], [38, 72, 91, 68, 71],
                        [45, 95, 52, 25, 6], [30, 66, 23, 36, 17], [95, 71, 76, 8, 88],
                    ],
                    [
                        [3, 2, 0, 4, 1], [2, 1, 0, 3, 4], [1, 3, 0, 4, 2], [2, 4, 0, 1, 3],
                        [2, 4, 3, 1, 0], [4, 3, 2, 1, 0], [4, 3, 0, 1, 2], [3, 2, 0, 1, 4],
                        [3, 0, 4, 2, 1], [4, 2, 3, 0, 1], [0, 1, 4, 3, 2], [0, 4, 2, 3, 1],
                        [0, 3, 4, 2, 1], [3, 1, 0, 4, 2], [2, 0, 3, 1, 4],
                    ],
                ],
                [
                    9, 2, 6, 1, 13, 11, 1, 2, 4, 6, 10, 11, 13, 9, 12, 7, 6, 10, 14, 5, 0, 13, 10,
                    7, 6, 14, 8, 4, 7, 3, 5, 8, 3, 4, 11, 7, 1, 8, 9, 5, 4, 13, 3, 0, 14, 2, 5, 3,
                    1, 8, 7, 0, 2, 9, 11, 14, 12, 2, 6, 0, 8, 4, 9, 0, 10, 13, 1, 5, 11, 3, 10, 12,
                    12, 12, 14,
                ],
            ),
        ),
        "total": 1, "objective": 887.0,
    },
    {
        "instance": "train-n10m10-8", "family": "n10m10",
        "calls": (
            (
                "__call__",
                [
                    [
                        [10, 13, 83, 45, 96, 33, 35, 7, 48, 29],
                        [92, 18, 81, 55, 11, 62, 36, 93, 36, 50],
                        [90, 8, 33, 17, 61, 49, 8, 20, 5, 11],
                        [44, 80, 63, 77, 27, 44, 54, 11, 65, 6],
                        [78, 97, 2, 4, 66, 56, 96, 98, 75, 90],
                        [40, 57, 88, 30, 53, 7, 66, 58, 86, 77],
                        [77, 79, 3, 4, 85, 80, 57, 31, 16, 3],
                        [84, 66, 51, 66, 8, 14, 74, 73, 15, 97],
                        [63, 2, 50, 93, 43, 90, 98, 41, 38, 14],
                        [84, 16, 45, 30, 31, 27, 12, 96, 9, 16],
                    ],
                    [
                        [9, 1, 0, 6, 7, 8, 5, 2, 4, 3], [0, 9, 7, 2, 4, 8, 3, 5, 1, 6],
                        [1, 7, 3, 5, 6, 4, 8, 2, 9, 0], [0, 7, 8, 5, 1, 3, 4, 9, 6, 2],
                        [1, 6, 5, 9, 3, 7, 8, 4, 2, 0], [6, 2, 9, 8, 4, 7, 1, 3, 5, 0],
                        [3, 0, 7, 1, 8, 5, 4, 6, 9, 2], [7, 4, 6, 1, 9, 5, 8, 2, 0, 3],
                        [5, 2, 8, 3, 0, 1, 4, 9, 6, 7], [0, 6, 2, 8, 4, 3, 5, 9, 1, 7],
                    ],
                ],
                [
                    0, 4, 5, 3, 8, 5, 6, 7, 0, 8, 1, 8, 7, 5, 3, 4, 4, 2, 2, 4, 1, 3, 6, 1, 8, 7, 5,
                    4, 0, 6, 7, 6, 7, 3, 5, 5, 7, 3, 2, 8, 0, 1, 1, 2, 4, 7, 3, 5, 2, 9, 3, 9, 3, 1,
                    5, 7, 0, 7, 8, 2, 1, 4, 9, 3, 3, 5, 9, 8, 2, 7, 2, 8, 9, 5, 0, 2, 1, 2, 9, 0, 8,
                    1, 0, 8, 9, 6, 4, 1, 0, 9, 6, 9, 4, 0, 9, 6, 6, 4, 6, 6,
                ],
            ),
        ),
        "total": 1, "objective": 893.0,
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
    target: Any = schedule
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = schedule(*given)
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
