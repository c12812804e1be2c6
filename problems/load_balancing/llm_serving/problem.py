"""LLM serving on several replicas: routing, admission and preemption of requests."""

from evaluators.llm_serving.bound import solve
from evaluators.llm_serving.verifier import Serving
from workbench.model import Baseline, Limits, Problem

from .instances import instances

_VLLM = "Kwon et al., Efficient Memory Management for Large Language Model Serving with PagedAttention, SOSP 2023"
_LLUMNIX = "Sun et al., Llumnix: Dynamic Scheduling for Large Language Model Serving, OSDI 2024"

PROBLEM = Problem(
    slug="load_balancing/llm_serving",
    title="Serving a language model in time",
    question="Which replica should serve each request, which should it admit next, and which preempt when memory is full?",
    entry="Policy",
    verifier=Serving(),
    instances=instances,
    solve=solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline("round_robin", "Round robin, first come first served", _VLLM + " (queue); round robin as in " + _LLUMNIX),
        Baseline(
            "join_shortest",
            "Join the shortest queue",
            "Winston, Optimality of the shortest line discipline, Journal of Applied Probability 14 (1977) 181-189",
        ),
        Baseline(
            "power_of_two",
            "Power of two choices",
            "Mitzenmacher, The power of two choices in randomized load balancing, IEEE TPDS 12 (2001) 1094-1104",
        ),
        Baseline("least_kv", "Least KV: the replica with the fewest tokens in memory or queued", _LLUMNIX + ", as its INFaaS++"),
        Baseline("llumnix", "Llumnix: highest freeness by virtual usage", _LLUMNIX + ", dispatching without migration"),
        Baseline("vtc", "VTC: least served client first", "Sheng et al., Fairness in Serving Large Language Models, OSDI 2024"),
        Baseline(
            "mlfq",
            "Skip-join multi-level feedback queue",
            "Wu et al., Fast Distributed Inference Serving for Large Language Models, arXiv 2305.05920 (2023), FastServe",
        ),
        Baseline(
            "sjf_guess",
            "Shortest job first by guessed length",
            "Fu et al., Efficient LLM Scheduling by Learning to Rank, NeurIPS 2024; the rule: Smith, "
            "Various optimizers for single-stage production, Naval Research Logistics Quarterly 3 (1956) 59-66",
        ),
        Baseline(
            "shortest_prompt",
            "Shortest prompt first",
            "Schrage, A proof of the optimality of the shortest remaining processing time discipline, Operations Research 16 "
            "(1968) 687-690; by the work before the first token",
        ),
    ),
    features={
        "turn": "requests that go elsewhere, in round robin, before it is this replica's turn; 0: it is",
        "running": "requests that run on the replica",
        "waiting": "requests that wait there",
        "held": "share of the replica's memory that is in use or reserved",
        "backlog": "seconds that computing the prompts takes that wait there or are being computed",
        "owed": "tokens still to come of the answers there, by the guesses, as a share of the replica's memory",
        "prompt": "tokens of the request's prompt",
        "guess": "tokens of its answer, as a predictor guesses",
        "age": "seconds since the request came",
        "slack": "seconds that it may still wait and keep the promised first token; negative when late or begun",
        "todo": "tokens to compute before its next token: the prompt, and what was generated before it was preempted",
        "done": "tokens of its answer so far",
        "left": "tokens of its answer still to come, by the guess; at least 1",
        "client_served": "tokens of prompts and answers that its client has been served so far",
    },
    unit="% of credit",
    bound="upper bound from an offline transportation relaxation; not necessarily attainable",
    sense="max",
    limits=Limits(seconds=30.0),  # 3,000 requests on 40 replicas
    # Set before any policy was run on these: at overload or with misleading guesses, a specialised policy is likely to be best.
    stress_tolerance={"overload": 0.10, "misled": 0.10},
    disclosed="windows of different loads share requests, so intervals on test are somewhat too narrow; twelve of the 32 test "
    "windows had decided the certificate of a policy written by hand before",
)
