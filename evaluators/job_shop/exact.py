"""Exact job-shop solvers: a constraint model for CP-SAT, and an independent branch and bound."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import process_time
from typing import Any, Literal

from evaluators.job_shop.verifier import Matrix, check_schedule, trivial_bound


@dataclass(frozen=True, slots=True)
class JobShopResult:
    """Result of CP-SAT.

    Attributes
    ----------
    makespan
        Makespan of `starts`, computed by the independent check.
    bound
        Proven lower bound.
    starts
        Start times by job and operation.
    status
        `optimal` if `makespan == bound`, else `best_known`.
    """

    makespan: int
    bound: int
    starts: list[list[int]]
    status: Literal["optimal", "best_known"]


def solve_job_shop(
    durations: Matrix, machines: Matrix, seconds: float, workers: int = 1, repeatable: bool = True, hint: Matrix | None = None
) -> JobShopResult:
    """Minimise the makespan: one interval per operation, no overlap on machines, precedence within jobs.

    Parameters
    ----------
    seconds
        Time limit. By default in CP-SAT's deterministic time, which is close to seconds on an idle core and makes results
        reproducible.
    workers
        Number of threads.
    repeatable
        If False, `seconds` is CPU time of this process over all threads.
    hint
        Start times by job and operation of an initial schedule.

    Raises
    ------
    TimeoutError
        No schedule was found.
    """
    from ortools.sat.python import cp_model  # imported here: call this function through evaluators/own_process.py

    horizon = sum(map(sum, durations))
    model = cp_model.CpModel()
    end = model.new_int_var(trivial_bound(durations, machines), horizon, "makespan")
    starts: list[list[cp_model.IntVar]] = []
    busy: dict[int, list[cp_model.IntervalVar]] = {}
    for job, (row, route) in enumerate(zip(durations, machines, strict=True)):
        starts.append([])
        for k, (duration, machine) in enumerate(zip(row, route, strict=True)):
            start = model.new_int_var(0, horizon, f"start_{job}_{k}")
            if k:
                model.add(start >= starts[job][-1] + row[k - 1])
            starts[job].append(start)
            busy.setdefault(machine, []).append(model.new_fixed_size_interval_var(start, duration, f"run_{job}_{k}"))
        model.add(end >= starts[job][-1] + row[-1])
    for intervals in busy.values():
        model.add_no_overlap(intervals)
    model.minimize(end)
    if hint is not None:
        for variables, values in zip(starts, hint, strict=True):
            for variable, value in zip(variables, values, strict=True):
                model.add_hint(variable, value)
        model.add_hint(end, check_schedule(hint, durations, machines))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = 1
    ended = threading.Event()
    if repeatable:
        solver.parameters.max_deterministic_time = seconds
    else:
        threading.Thread(target=_stop_at, args=(solver, process_time() + seconds, ended), daemon=True).start()
    outcome = solver.solve(model)
    ended.set()
    if outcome not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise TimeoutError(f"CP-SAT found no schedule within {seconds:g} s")
    found = [[solver.value(start) for start in row] for row in starts]
    makespan, bound = check_schedule(found, durations, machines), round(solver.best_objective_bound)
    return JobShopResult(makespan, bound, found, "optimal" if makespan == bound else "best_known")


def _stop_at(solver: Any, cpu: float, ended: threading.Event) -> None:
    # CP-SAT itself can only limit wall-clock time, which is unsuitable on a busy machine.
    while not ended.wait(0.02):
        if process_time() > cpu:
            solver.stop_search()
            return


def branch_and_bound(durations: Matrix, machines: Matrix) -> int:
    """Return the optimal makespan by enumerating active schedules (Giffler and Thompson 1960); for about a dozen operations.

    Some optimal schedule is active. Of the available operations, take one with the earliest completion time and branch on
    each operation on its machine that could start before that time.
    """
    best = sum(map(sum, durations)) + 1

    def extend(done: tuple[int, ...], job_free: tuple[int, ...], machine_free: dict[int, int]) -> None:
        nonlocal best
        open_jobs = [j for j, k in enumerate(done) if k < len(durations[j])]
        if not open_jobs:
            best = min(best, max(job_free))
            return
        if max(job_free[j] + sum(durations[j][done[j] :]) for j in range(len(done))) >= best:
            return
        start = {j: max(job_free[j], machine_free.get(machines[j][done[j]], 0)) for j in open_jobs}
        first = min(open_jobs, key=lambda j: start[j] + durations[j][done[j]])
        end, machine = start[first] + durations[first][done[first]], machines[first][done[first]]
        for j in open_jobs:
            if machines[j][done[j]] == machine and (start[j] < end or j == first):
                free = start[j] + durations[j][done[j]]
                extend(
                    (*done[:j], done[j] + 1, *done[j + 1 :]),
                    (*job_free[:j], free, *job_free[j + 1 :]),
                    {**machine_free, machine: free},
                )

    extend((0,) * len(durations), (0,) * len(durations), {})
    return best
