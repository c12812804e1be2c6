"""Which experts of a mixture-of-experts model to keep in GPU memory, and which to load ahead."""

from evaluators.expert_cache.bound import solve
from evaluators.expert_cache.verifier import ExpertCache
from workbench.model import Baseline, Limits, Problem

from .instances import instances

_ELISEEV = "Eliseev, Mazur, Fast Inference of Mixture-of-Experts Language Models with Offloading, arXiv 2312.17238, 2023"
_ANALYSIS = "In-Depth Analysis on Caching and Pre-fetching in Mixture of Experts Offloading, arXiv 2511.05814, 2025"
_SPECMD = "Hoang, Jaiswal, Samragh, Cho, SpecMD: A Comprehensive Study on Speculative Expert Prefetching, arXiv 2602.03921, 2026"

PROBLEM = Problem(
    slug="moe_placement/expert_cache",
    title="Expert cache and prefetching",
    question="Which experts should stay in GPU memory, and which should be loaded ahead, while a model decodes token by token?",
    entry="Policy",
    verifier=ExpertCache(),
    instances=instances,
    solve=solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline("lru", "LRU in each layer, on demand", _ELISEEV),
        Baseline("lru_hint", "LRU in each layer, next layer's hint loaded ahead", _ELISEEV),
        Baseline("lfu", "LFU in each layer, on demand", _ANALYSIS),
        Baseline("lfu_hint", "LFU in each layer, next layer's hint loaded ahead", _ANALYSIS),
        Baseline("least_stale", "Least-Stale, on demand", _SPECMD),
        Baseline("least_stale_hint", "Least-Stale, next layer's hint loaded ahead", _SPECMD),
        Baseline(
            "moe_infinity",
            "MoE-Infinity, activations of similar requests",
            "Xue, Fu, Lu, Mai, Marina, MoE-Infinity: Efficient MoE Inference on Personal Machines with Sparsity-Aware Expert "
            "Cache, arXiv 2401.14361, 2024",
        ),
        Baseline(
            "hobbit",
            "HOBBIT's priorities and depth of prefetching",
            "Tang et al., HOBBIT: A Mixed Precision Expert Offloading System for Fast MoE Inference, arXiv 2411.01433, 2024",
        ),
    ),
    features={
        "distance": "layers until the expert's layer comes again, 1 for the next, as many as there are for this one",
        "rank": "place in the hint of its layer, 0 for the likeliest; 99 if not named; -1 without a hint",
        "share": "share of other requests' tokens that used it",
        "recent": "share of the latest tokens that used it, some ten of them",
        "age": "tokens since it was used; 1000 if never",
        "word": "share of the earlier occurrences of this token that used it; -1 if unknown",
        "load": "time to load an expert, over the time of a layer",
        "room": "experts that memory holds, over those that a token uses in all layers",
        "held": "whether it is in memory",
    },
    unit="times the time without any loads",
    bound="lower bound from Belady's loads over the link and the computing; knows all that comes, not necessarily attainable",
    limits=Limits(seconds=3.0, reply_bytes=16 << 20),
    stress_tolerance={"wrong-hints": 0.35, "uniform": 0.30, "slow-link": 0.25},  # argued for in README.md
    disclosed="three stress tolerances were set after stress results of the baselines",
)
