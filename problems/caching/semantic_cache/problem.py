"""Semantic caching of the answers of a language model."""

from evaluators.semantic_cache.bound import solve
from evaluators.semantic_cache.verifier import SemanticCache
from workbench.model import Baseline, Limits, Problem

from .instances import instances

_VCACHE = "Schroeder et al., vCache: Verified Semantic Prompt Caching, arXiv 2502.03771, 2025"

PROBLEM = Problem(
    slug="caching/semantic_cache",
    title="Semantic cache",
    question="Which stored answers of a language model should be reused for similar queries, and which should be kept?",
    entry="Policy",
    verifier=SemanticCache(),
    instances=instances,
    solve=solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline(
            "exact",
            "Same text only, LRU",
            "Markatos, On caching search engine query results, Computer Communications 24(2), 2001",
        ),
        Baseline(
            "gptcache", "Threshold 0.8, LRU", "Bang, GPTCache: An Open-Source Semantic Cache for LLM Applications, NLP-OSS 2023"
        ),
        Baseline("time_to_live", "Threshold 0.8, expiry, LRU", "Regmi and Pun, GPT Semantic Cache, arXiv 2411.05276, 2024"),
        Baseline(
            "category_aware",
            "Thresholds, expiry and quotas by category",
            "Wang et al., Category-Aware Semantic Caching for Heterogeneous LLM Workloads, arXiv 2510.26835, 2025",
        ),
        Baseline("vcache", "vCache, a threshold for each entry, LRU", _VCACHE),
        Baseline("vcache_global", "vCache with one learnt threshold, LRU", _VCACHE + ", its comparison with a global threshold"),
    ),
    features={
        "similarity": "cosine of the query to the stored one, 1.0 for the same text",
        "rival": "greatest similarity to a stored query with another answer, among the nearest; 0.0 if there is none",
        "support": "of the nearest stored queries, how many have this answer, this one included",
        "age": "steps since the answer was given, or found to be right again",
        "life": "steps for which answers of the category last, by what was seen so far; 60.0 at first",
        "near_right": "share of right ones among answers of the category checked at about this similarity; 0.5 at first",
        "right": "times that the entry was checked and had the right answer",
        "wrong": "times that it was checked at a similarity above 0.7 and had a wrong one",
        "idle": "steps since the entry was reused, or stored if it never was",
        "uses": "times that the entry was reused",
        "crowd": "similarity to the nearest stored query when it came; 0.0 for the first",
    },
    unit="% of the calls of the model saved, wrong answers deducted",
    sense="max",
    bound="proven upper bound: all queries known, every answer recognised (minimum cost flow); not attainable",
    limits=Limits(seconds=4.0),
    # On each of these classes a different baseline is best, which is behind elsewhere (table in README.md).
    stress_tolerance={
        "long": 0.1,
        "crowd": 0.15,
        "verbatim": 0.4,
        "roomy": 0.15,
        "turned": 0.1,
        "fleeting": 0.25,
        "lasting": 0.15,
        "dear": 0.15,
        "cheap": 0.1,
        "strange": 0.1,
        "personal": 0.35,
        "one-category": 0.1,
    },
    disclosed="Streams of a split share texts. Stress tolerances were set after the stress results of the baselines had been seen.",
)
