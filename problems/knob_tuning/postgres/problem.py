"""PostgreSQL tuning: knobs and indexes with a small budget of measured runs."""

from evaluators.postgres.verifier import KnobTuning
from workbench.model import Baseline, Limits, Problem

from .instances import instances, tables

VERIFIER = KnobTuning(tables())

PROBLEM = Problem(
    slug="knob_tuning/postgres",
    title="Tuning PostgreSQL",
    question="Which knob settings and indexes should a PostgreSQL server have, given a small budget of measured runs?",
    entry="suggest",
    verifier=VERIFIER,
    instances=instances,
    solve=VERIFIER.solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline("default", "PostgreSQL's defaults", "PostgreSQL Global Development Group, PostgreSQL 16 documentation, 2023"),
        Baseline("pgtune", "PGTune's rules", "Vasiliev, PGTune, pgtune.leopard.in.ua, rules for data warehouses, 2023"),
        Baseline(
            "lhs",
            "Latin hypercube sampling",
            "McKay, Beckman, Conover, A comparison of three methods for selecting values of input variables, "
            "Technometrics 21(2), 1979",
        ),
        Baseline("tpe", "TPE", "Bergstra, Bardenet, Bengio, Kégl, Algorithms for hyper-parameter optimization, NIPS 2011"),
        Baseline(
            "cmaes", "CMA-ES", "Hansen, Ostermeier, Evolutionary Computation 9(2), 2001; constants of Hansen, arXiv 1604.00772"
        ),
        Baseline(
            "smac",
            "SMAC-like: random forest with expected improvement",
            "Hutter, Hoos, Leyton-Brown, Sequential model-based optimization for general algorithm configuration, LION 2011",
        ),
        Baseline(
            "llamatune",
            "LlamaTune: random projection, special values, buckets",
            "Kanellis et al., LlamaTune: sample-efficient DBMS configuration tuning, PVLDB 15(11), 2022",
        ),
        Baseline("drop", "Drop", "Whang, Index selection in relational databases, Foundations of Data Organization, 1987"),
        Baseline(
            "autoadmin",
            "AutoAdmin",
            "Chaudhuri, Narasayya, An efficient cost-driven index selection tool for Microsoft SQL Server, VLDB 1997",
        ),
        Baseline(
            "extend",
            "Extend",
            "Schlosser, Kossmann, Boissier, Efficient scalable multi-attribute index selection using recursive strategies, "
            "ICDE 2019",
        ),
    ),
    features={
        "saving": "share of the cost that the new indexes would save if the planner's estimates held; below 0: lose",
        "mb": "MB of indexes more than now",
        "upkeep": "share of the cost spent in transactions that change tables of added indexes, added up; dropped ones negative",
        "writes": "share of the cost spent in transactions",
        "buffers": "levels by which shared_buffers rises; 0: no change, below 0: falls",
        "memory": "levels by which work_mem and hash_mem_multiplier rise",
        "page_cost": "levels by which random_page_cost rises",
        "cache": "levels by which effective_cache_size rises",
        "nestloop": "1: enable_nestloop on, -1: off, 0: unchanged",
        "commit": "1: synchronous_commit on, -1: off, 0: unchanged",
        "compress": "1: wal_compression on, -1: off, 0: unchanged",
        "size": "how many knobs and indexes the change touches",
        "tried": "runs so far that touched any of them",
        "gained": "share of the cost that these runs saved on average; 0 if none",
        "left": "share of the budget that is left",
        "luck": "a random number in 0..1",
    },
    unit="% of the default's cost, mean over the runs",
    bound="minimum cost over all configurations of the measured table, which a policy would have to choose in the first run",
    limits=Limits(seconds=20.0),
)
