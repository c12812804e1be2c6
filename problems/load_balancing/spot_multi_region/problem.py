"""Spot scheduling across regions: a job with a hard deadline, machines in several zones, and a checkpoint that costs to move."""

from evaluators.spot_multi_region.optimum import solve
from evaluators.spot_multi_region.verifier import MultiRegionMarket
from workbench.model import Baseline, Limits, Problem

from .instances import instances

_WU = 'Wu et al., "Can\'t Be Late: Optimizing Spot Instance Savings under Deadlines", NSDI 2024'
_LI = 'Li et al., "SkyNomad: On Using Multi-Region Spot Instances to Minimize AI Batch Job Cost", NSDI 2027 (arXiv 2601.06520)'
_YANG = 'Yang et al., "SkyPilot: An Intercloud Broker for Sky Computing", NSDI 2023'

PROBLEM = Problem(
    slug="load_balancing/spot_multi_region",
    title="Spot machines in several regions",
    question="In which zone, and on spot or on demand, should a job with a hard deadline run, and when should it move or wait?",
    entry="Policy",
    verifier=MultiRegionMarket(),
    instances=instances,
    solve=solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline("on_demand", "On demand only", "cost without spot machines. " + _WU),
        Baseline("greedy", "Greedy: spot until no slack is left", _WU + ", greedy policy, in the zone cheapest for the rest"),
        Baseline("up_one_zone", "Uniform Progress in one zone", _WU),
        Baseline("up_threshold", "Uniform Progress in any zone", _LI + ", multi_region_rc_cr_threshold of its simulator"),
        Baseline("up_failover", "Uniform Progress with failover", _LI + ", baseline UP(S)"),
        Baseline("up_availability", "Uniform Progress by probes", _LI + ", baseline UP(A)"),
        Baseline("up_cost_ratio", "Uniform Progress by probes per dollar", _LI + ", baseline UP(AP)"),
        Baseline(
            "up_transfer", "Uniform Progress by price and move", "pace of " + _WU + "; zone by price and egress as in " + _YANG
        ),
        Baseline("skynomad", "SkyNomad", _LI + ", as it runs on these recordings (--config v100)"),
        Baseline("skynomad_reference", "SkyNomad, value by reference cost", _LI + ", unified_cost_model_risk of its simulator"),
    ),
    features={
        "price": "price of the machine in this tick, $/h",
        "on_demand": "whether the machine is on demand (otherwise spot)",
        "here": "whether the machine is the one that is running",
        "launch": "hours it would be paid without working: overhead, or what is left of it where it runs",
        "move": "price of moving the checkpoint to its region, $; 0 where the checkpoint is there",
        "work_left": "hours of work still to do",
        "time_left": "hours to the deadline",
        "slack": "hours that may still be wasted: time_left - work_left - overhead that the running machine has yet to sit out",
        "ahead": "hours of work done beyond an even pace from start to deadline; negative when behind",
        "overhead": "hours that every launch wastes",
        "availability": "share of the ticks so far that had spot in this zone; 1 for on demand",
        "recent": "share of the last 3 hours that had spot in this zone; 1 for on demand",
        "streak": "hours for which there has been spot in this zone without a break; hours since the start for on demand",
        "mean_up": "mean length so far of a spell with spot in this zone, hours; time_left for on demand",
        "mean_down": "mean length so far of a spell without spot in this zone, hours; 0 before the first and for on demand",
        "cheapest": "lowest price of a spot machine that can be had now, $/h; 0 if there is none",
        "dear": "lowest on-demand price, $/h",
    },
    unit="$",
    bound="proven offline optimum (exact dynamic programming)",
    limits=Limits(seconds=3.0),  # 2,100 decisions in the longest stress instance
    # What the third best baseline is behind the best, where that is more than the default (table in README.md).
    stress_tolerance={
        "late-drought": 0.10,
        "early-drought": 0.20,
        "heavy": 0.15,
        "weightless": 0.15,
        "crowd": 0.25,
        "ten-times": 0.25,
        "tiny": 0.15,
    },
    disclosed="seven stress tolerances were set after stress results of the baselines",
)
