"""Job-shop scheduling, J||C_max."""

from __future__ import annotations

import math
import random
from time import process_time

from evaluators.job_shop.exact import solve_job_shop
from evaluators.job_shop.search import tabu_search
from evaluators.job_shop.verifier import JobShopVerifier, trivial_bound
from evaluators.own_process import call_ortools
from workbench.model import Baseline, Instance, Limits, Problem, Reference

from .instances import instances, published

_CORRECTED = {"abz8": 667}
"""Corrections of published values: abz8 is listed with 665, but 667 has been proven optimal (README.md)."""

_MOVES_TIMES_OPERATIONS = 800_000
"""Effort of the tabu search, about a second for any size."""
_PROOF = 4.0
"""Deterministic time limit of CP-SAT, to improve and prove that result."""
_LONGER = 4
"""Effort of the second tabu search, without a proof, in multiples of the first."""
_LARGE = 1000
"""Number of operations above which the trivial bound is the reference: with many jobs per machine, it is nearly attained."""

_CONWAY = "Conway, Maxwell, Miller, Theory of Scheduling, Addison-Wesley (1967)"
_SELS = (
    "Sels, Gheysen, Vanhoucke, A comparison of priority rules for the job shop scheduling problem under different flow time- and "
    "tardiness-related objective functions, International Journal of Production Research 50 (2012) 4255-4270"
)
_GIFFLER = "Giffler, Thompson, Algorithms for solving production-scheduling problems, Operations Research 8 (1960) 487-503"


def _solve(instance: Instance) -> Reference:
    if instance.id in published():
        return _published(instance.id)
    durations, machines = instance.data["durations"], instance.data["machines"]
    began, bound, operations = process_time(), trivial_bound(durations, machines), sum(map(len, durations))

    def seconds() -> float:
        return round(process_time() - began, 3)

    if operations > _LARGE:
        return Reference(float(bound), "bound", "work of a job or a machine")
    moves = _MOVES_TIMES_OPERATIONS // operations
    value, starts = tabu_search(durations, machines, random.Random(instance.id), moves, time_limit=math.inf)
    if value == bound:
        return Reference(float(value), "optimal", "tabu search, meets the trivial bound", seconds())
    found = call_ortools(solve_job_shop, durations, machines, _PROOF, hint=starts)
    if found.status == "optimal":
        return Reference(float(found.makespan), "optimal", "CP-SAT from tabu search", seconds())
    moves = _LONGER * moves
    again, _ = tabu_search(durations, machines, random.Random(f"{instance.id}, longer"), moves, time_limit=math.inf)
    best = min(found.makespan, again)
    if best == found.bound:
        return Reference(float(best), "optimal", "tabu search, meets the bound of CP-SAT", seconds())
    return Reference(float(best), "best_known", f"best of CP-SAT and tabu search; lower bound {found.bound}", seconds())


def _published(name: str) -> Reference:
    known = published()[name]["metadata"]
    low, high = known["lower_bound"], known["upper_bound"]
    if name in _CORRECTED:
        return Reference(float(_CORRECTED[name]), "best_known", "published, corrected (README.md)")
    solver = "published" if low == high else f"published; lower bound {low}"
    return Reference(float(high), "optimal" if low == high else "best_known", solver)


PROBLEM = Problem(
    slug="scheduling/job_shop",
    title="Job shop",
    question="In which order should machines process the operations of jobs to minimise the makespan?",
    entry="schedule",
    verifier=JobShopVerifier(),
    instances=instances,
    solve=_solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline("spt", "SPT, shortest processing time", _CONWAY),
        Baseline("lpt", "LPT, longest processing time", _CONWAY),
        Baseline("mopnr", "MOPNR, most operations remaining", _CONWAY),
        Baseline("mwkr", "MWKR, most work remaining", _CONWAY),
        Baseline("mwkr_active", "MWKR in active schedules", f"{_CONWAY}; {_GIFFLER}"),
        Baseline("fdd_mwkr", "FDD/MWKR, flow due date over work remaining", _SELS),
        Baseline("fdd_mwkr_active", "FDD/MWKR in active schedules", f"{_SELS}; {_GIFFLER}"),
        Baseline(
            "atc",
            "ATC, apparent tardiness cost against a bound on the makespan",
            "Vepsalainen, Morton, Priority rules for job shops with weighted tardiness costs, "
            "Management Science 33 (1987) 1035-1047",
        ),
        Baseline(
            "tabu",
            "FDD/MWKR, then 500 moves of tabu search",
            f"{_SELS}; Nowicki, Smutnicki, A fast taboo search algorithm for the job shop problem, "
            "Management Science 42 (1996) 797-813",
        ),
    ),
    features={
        "p": "duration of the operation",
        "work": "durations of the job's operations from this one on",
        "left": "number of the job's operations from this one on",
        "past": "durations of the job's operations before this one",
        "ready": "when the job's operation before this one ends",
        "start": "when the operation could start",
        "next_p": "duration of the job's next operation, 0 behind its last",
        "load": "durations of all operations that wait for this machine",
        "next_load": "durations of all operations that wait for the machine of the job's next operation",
        "mean_p": "mean duration of all operations of the shop",
    },
    unit="time units of makespan",
    bound="proven optimum for most instances; best known (published, or CP-SAT and tabu search) or a lower bound for the others",
    limits=Limits(seconds=3 * 1.0),
    # Set before any result on these classes was seen. No priority rule is designed for a common route, and with few jobs a
    # single decision changes the whole result.
    stress_tolerance={"flow_shop": 0.1, "few_jobs": 0.1},
)
