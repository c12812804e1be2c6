"""Expert-parallel load balancing: replication and placement of experts on GPUs."""

from evaluators.eplb.bounds import solve
from evaluators.eplb.verifier import ExpertPlacementVerifier
from workbench.model import Baseline, Limits, Problem

from .instances import BUDGET_S, instances

_EPLB = (
    "DeepSeek-AI, Expert Parallelism Load Balancer, github.com/deepseek-ai/EPLB (2025); "
    "DeepSeek-V3 Technical Report, arXiv 2412.19437 (2024)"
)

PROBLEM = Problem(
    slug="moe_placement/eplb",
    title="Expert-parallel load balancing",
    question="On which GPUs should the experts of a mixture-of-experts model be placed, in how many copies, for future traffic?",
    entry="place",
    verifier=ExpertPlacementVerifier(),
    instances=instances,
    solve=solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline(
            "contiguous", "Contiguous placement", "Lepikhin et al., GShard, arXiv 2006.16668 (2020): the layout without balancing"
        ),
        Baseline("eplb_hierarchical", "EPLB, hierarchical", _EPLB),
        Baseline("eplb_global", "EPLB, global", _EPLB),
        Baseline(
            "zigzag",
            "Zigzag assignment",
            "Cheng et al., Barbarians at the gate: how AI is upending systems research, arXiv 2510.06189 (2025)",
        ),
        Baseline("persistence", "Latest window + greedy", _EPLB + "; Graham, SIAM J. Appl. Math. 17 (1969) 416-429"),
        Baseline(
            "ewma_greedy",
            "EWMA + greedy",
            "Brown, Exponential smoothing for predicting demand, Arthur D. Little (1956); packing as in EPLB (2025)",
        ),
    ),
    features={
        "last": "forecast: the expert's tokens in the latest window (1 = an average expert's share)",
        "before": "forecast: in the window before the latest",
        "mean": "forecast: mean over all windows",
        "smooth": "forecast: exponentially weighted mean, each window counts half of the one after it",
        "spread": "standard deviation of the expert's (or copy's) tokens over the windows",
        "load": "tokens that the expert (or copy) is forecast to get",
        "copies": "urgency: how many copies the expert has now",
        "gpu_load": "fit: sum of the loads on the GPU now",
        "gpu_spread": "fit: sum of the spreads on the GPU now",
        "gpu_used": "fit: slots of the GPU that are taken",
        "even": "fit: the load that each GPU would have if all were alike",
    },
    unit="time of the busiest GPU / time of an even spread",
    bound="proven offline bound: mean load, or the load of an expert that cannot be replicated further",
    limits=Limits(seconds=3 * BUDGET_S),
    # In these classes the next window is unrelated to the history, so which baseline is best is chance; in the last one, the best
    # baseline is the slowest to react to the latest window, which is worse elsewhere (README.md).
    stress_tolerance={"reversal": 0.3, "few_values": 0.2, "sparse": 0.6, "outlier": 0.2},
    disclosed="four stress tolerances were set after stress results of the baselines",
)
