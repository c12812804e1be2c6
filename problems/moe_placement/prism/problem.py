"""Placement of language models on shared GPUs with minimum KV-cache pressure."""

from __future__ import annotations

from evaluators.prism.exact import solve
from evaluators.prism.verifier import PlacementVerifier
from workbench.model import Baseline, Instance, Limits, Problem, Reference

from .instances import instances


def _solve(instance: Instance) -> Reference:
    # Published cases get enough time for a proof; above 40 models a proof is out of reach.
    return solve(instance, time_limit=120.0 if len(instance.data["models"]) < 40 else 2.0)


PROBLEM = Problem(
    slug="moe_placement/prism",
    title="Models on shared GPUs",
    question="On which GPU should each language model run to minimise the largest KV-cache pressure?",
    entry="place",
    verifier=PlacementVerifier(),
    instances=instances,
    solve=_solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline("kvpr_greedy", "Greedy KVPR", "Prism, arXiv 2505.04021 (2025); starting program of the published placement task"),
        Baseline(
            "ffd",
            "First-fit decreasing on weights",
            "Johnson, Demers, Ullman, Garey, Graham, SIAM Journal on Computing 3 (1974) 299-325",
        ),
        Baseline("lpt", "LPT on load", "Graham, Bounds on multiprocessing timing anomalies, SIAM J. Appl. Math. 17 (1969) 416-429"),
        Baseline(
            "multifit",
            "MULTIFIT on pressure",
            "Coffman, Garey, Johnson, An application of bin-packing to multiprocessor scheduling, "
            "SIAM Journal on Computing 7 (1978) 1-17",
        ),
        Baseline("local_search", "Greedy, then moves and swaps", "Finn, Horowitz, BIT 19 (1979) 312-320"),
    ),
    features={
        "size": "GB of the model's weights",
        "load": "request rate of the model over its latency target",
        "mean_size": "mean size of all models",
        "mean_load": "mean load of all models",
        "free": "GB that are free on the GPU now, before the model",
        "gpu_load": "sum of the loads on the GPU now",
        "even": "the pressure that an even spread of all models would have",
        "target": "the pressure that no GPU may exceed in this attempt",
        "room": "target * free - gpu_load: what the GPU can still take",
    },
    unit="load per GB of KV cache",
    bound="proven optimum below 40 models; best known, up to 12 % above the proven bound, for most larger instances",
    limits=Limits(seconds=3 * 0.3),
    disclosed="test gaps of the initial programs are in the README of the problem",
)
