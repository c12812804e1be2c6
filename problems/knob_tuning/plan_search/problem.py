"""Search for the fastest plan of a training job: degrees of parallelism and what is traded for memory, in a few runs."""

from evaluators.plan_search.verifier import PlanSearch
from workbench.model import Baseline, Limits, Problem

from .instances import instances

VERIFIER = PlanSearch()

PROBLEM = Problem(
    slug="knob_tuning/plan_search",
    title="Plans for training a language model",
    question="How should the training of a language model be split over GPUs, given a small budget of measured runs?",
    entry="suggest",
    verifier=VERIFIER,
    instances=instances,
    solve=VERIFIER.solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline(
            "start",
            "The careful plan from before the search",
            "Chen, Xu, Zhang, Guestrin, Training deep nets with sublinear memory cost, 2016",
        ),
        Baseline(
            "random_search", "Random search", "Bergstra, Bengio, Random search for hyper-parameter optimization, JMLR 13, 2012"
        ),
        Baseline("tpe", "TPE", "Bergstra, Bardenet, Bengio, Kégl, Algorithms for hyper-parameter optimization, NIPS 2011"),
        Baseline(
            "gaussian_process",
            "Gaussian process with expected improvement",
            "Snoek, Larochelle, Adams, Practical Bayesian optimization of machine learning algorithms, NIPS 2012",
        ),
        Baseline(
            "annealing",
            "Markov chain Monte Carlo on measured times",
            "Jia, Zaharia, Aiken, Beyond data and model parallelism for deep neural networks, MLSys 2019",
        ),
        Baseline(
            "deepspeed",
            "DeepSpeed's autotuner: stages of ZeRO, then micro-batches",
            "Microsoft, DeepSpeed documentation, Autotuning, 2021; ZeRO: Rajbhandari et al., SC 2020",
        ),
        Baseline(
            "megatron_rules",
            "Megatron's rules, then a sweep",
            "Narayanan et al., Efficient large-scale language model training on GPU clusters using Megatron-LM, SC 2021; "
            "Korthikanti et al., Reducing activation recomputation in large transformer models, MLSys 2023",
        ),
        Baseline(
            "amp",
            "AMP: ranked by a cost model from the data sheet",
            "Li, Wang, Xing, Zhang, AMP: automatically finding model parallel strategies with heterogeneity awareness, "
            "NeurIPS 2022",
        ),
    ),
    features={
        "tensor": "GPUs that share a layer",
        "pipeline": "stages",
        "data": "copies of the model, each with its share of the batch",
        "micro_batch": "sequences that go through the pipeline together",
        "chunks": "parts of a stage",
        "recompute": "0: none, 1: selective, 2: full",
        "sharding": "stage of ZeRO, 0 to 3",
        "split": "1: sequence_parallel",
        "bubble": "stages less one over chunks and micro-batches: idle time of a pipeline, as a share",
        "tokens": "thousands of tokens of a micro-batch on a GPU: those of its sequences over tensor",
        "across": "1: GPUs that share a layer are on more than one node",
        "states": "rough share of memory for weights, gradients and optimizer",
        "kept": "rough share of memory for what the backward pass needs",
        "hopeless": "runs that were out of memory with a plan that takes no more of anything",
        "size": "how many settings differ from the fastest plan",
        "tried": "runs so far with one of these settings",
        "gained": "share of the time that these runs saved on average; 0 if none",
        "left": "share of the budget that is left",
        "luck": "a random number in 0..1",
    },
    unit="% of the ideal time, geometric mean over the runs",
    bound="optimum: the fastest of all plans, which a policy would have to choose in the first run",
    limits=Limits(seconds=10.0),
)
