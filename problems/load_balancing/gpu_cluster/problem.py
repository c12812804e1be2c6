"""Online packing of pods into a GPU-sharing cluster."""

from evaluators.gpu_cluster.bound import solve
from evaluators.gpu_cluster.verifier import GpuCluster
from workbench.model import Baseline, Limits, Problem

from .instances import instances

_PAPER = (
    "Weng et al., Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent, USENIX ATC 2023"
)

PROBLEM = Problem(
    slug="load_balancing/gpu_cluster",
    title="Filling a GPU cluster",
    question="To which node and GPU should each arriving pod be bound to allocate as much GPU capacity as possible?",
    entry="Policy",
    verifier=GpuCluster(),
    instances=instances,
    solve=solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline("random_fit", "Random", _PAPER + ", Random-fit"),
        Baseline("worst_fit", "Worst fit: the emptiest node", _PAPER + ", WorstFit of its simulator"),
        Baseline("best_fit", "Best fit: the fullest node", _PAPER + ", BestFit"),
        Baseline(
            "first_fit",
            "First fit",
            "Johnson, Demers, Ullman, Garey, Graham, Worst-case performance bounds for simple one-dimensional packing algorithms, "
            "SIAM Journal on Computing 3 (1974) 299-325",
        ),
        Baseline(
            "dot_product",
            "Dot product of demand and free capacity",
            "Grandl et al., Multi-resource packing for cluster schedulers, SIGCOMM 2014; as DotProd of " + _PAPER,
        ),
        Baseline("packing", "GPU packing", "Weng et al., MLaaS in the Wild, NSDI 2022; as Packing of " + _PAPER),
        Baseline("fgd", "FGD, fragmentation gradient descent", _PAPER),
        Baseline("fgd_integer", "FGD with the integer scores of its simulator", _PAPER),
    ),
    features={
        "pod_cpu": "cores that the pod takes",
        "pod_gpu": "GPUs that the pod takes in all: 0.46, 1, 8; 0 for a pod without GPU",
        "cpu_left": "cores left on the node once the pod is there",
        "memory_left": "GiB left on the node once the pod is there",
        "gpu_left": "GPUs left on the node once the pod is there, parts added up",
        "rest": "what is left of the very GPU that the pod takes a part of; 0 if it takes whole ones or none",
        "whole_left": "untouched GPUs left on the node once the pod is there",
        "cpu_total": "cores of the node",
        "gpu_total": "GPUs of the node",
        "stranded_before": "GPUs left on the node that a popular pod, drawn at random, could not use, before this pod",
        "stranded_after": "GPUs left on the node that a popular pod, drawn at random, could not use, once this pod is there",
    },
    unit="% of the cluster's GPU capacity",
    bound="upper bound from an offline linear relaxation; not necessarily attainable",
    sense="max",
    limits=Limits(seconds=20.0),  # the whole trace: 9,420 pods on 1,213 nodes
    disclosed="the classes of the whole trace, which contain pods of train, were left out of the score after certificates that "
    "counted them",
)
