"""Single-machine total tardiness, 1||sum T_j."""

from __future__ import annotations

from evaluators.single_machine import SequencingVerifier
from evaluators.total_tardiness.exact import solve_total_tardiness
from workbench.model import Baseline, Instance, Limits, Problem, Reference, Tier

from .instances import instances

_CETINKAYA = (
    "Cetinkaya, Buyuktahtakin, Shojaee, Reddy, Discovering heuristics with large language models (LLMs) for mixed-integer "
    "programs: single-machine scheduling, arXiv 2510.24013 (2025)"
)


def _solve(instance: Instance) -> Reference:
    result = solve_total_tardiness(instance.data["processing"], instance.data["due"])
    solver = "decomposition"
    if result.status == "best_known":
        solver = f"search over optimal windows; decomposition proves {result.bound} at least"
    return Reference(float(result.value), result.status, solver, round(result.seconds, 3))


PROBLEM = Problem(
    slug="scheduling/total_tardiness",
    title="Single-machine total tardiness",
    question="In which order should a single machine process jobs to minimise total tardiness?",
    entry="order",
    verifier=SequencingVerifier(("processing", "due")),
    instances=instances,
    solve=_solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline(
            "edd",
            "EDD, earliest due date",
            "Jackson, Scheduling a production line to minimize maximum tardiness, "
            "Management Science Research Project 43, UCLA (1955)",
        ),
        Baseline(
            "spt",
            "SPT, shortest processing time",
            "Smith, Various optimizers for single-stage production, Naval Research Logistics Quarterly 3 (1956) 59-66",
        ),
        Baseline(
            "mdd",
            "MDD, modified due date",
            "Baker, Bertrand, A dynamic priority rule for scheduling against due-dates, "
            "Journal of Operations Management 3 (1982) 37-42",
        ),
        Baseline(
            "psk",
            "PSK, n passes",
            "Panwalkar, Smith, Koulamas, A heuristic for the single machine tardiness problem, "
            "European Journal of Operational Research 70 (1993) 304-310",
        ),
        Baseline("eddc", "EDDC, EDD challenger", _CETINKAYA),
        Baseline("mddc", "MDDC, MDD challenger", _CETINKAYA),
        Baseline("mddc_augmented", "MDDC, augmented", _CETINKAYA),
    ),
    features={
        "p": "processing time of the job",
        "d": "due date of the job",
        "t": "time at which the machine is free",
        "mean_p": "mean processing time of the waiting jobs",
        "max_p": "longest processing time among the waiting jobs",
        "work": "sum of the processing times of the waiting jobs",
        "left": "number of waiting jobs",
    },
    unit="time units of tardiness",
    bound="proven optimum; best known where the proof takes longer than 15 s (6 of 20 at n = 500, 1 of 4 at n = 1000; "
    "17 of 40 at the tier large)",
    limits=Limits(seconds=3 * 0.5),
    tiers=(
        Tier(
            "large",
            ("n200", "n500", "n1000"),
            "instances have 200, 500 and 1,000 jobs of the cells that are hardest to solve exactly; an answer may take 0.5 s.",
        ),
    ),
    # Optima are 0 here, so the small tardiness of one published rule (28 time units per instance) is the scale.
    stress_tolerance={"loose": 1.0},
)
