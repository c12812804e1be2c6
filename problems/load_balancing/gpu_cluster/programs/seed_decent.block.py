"""Bind pods to nodes of a GPU cluster, one at a time, so that few GPUs are stranded, and then the fullest node.

The part between the markers scores one way to place a pod; the classes below it keep the books and try all ways.
"""

import math
from bisect import bisect_right

import numpy as np

# EVOLVE-BLOCK-START
TUNABLE = {"GPU": (-0.5, 0.5), "CPU": (-0.05, 0.05)}
GPU = 0.01  # weight of a GPU that stays free on the node
CPU = 0.0  # weight of a core that stays free on it


def score(
    pod_cpu: float,
    pod_gpu: float,
    cpu_left: float,
    memory_left: float,
    gpu_left: float,
    rest: float,
    whole_left: int,
    cpu_total: float,
    gpu_total: int,
    stranded_before: float,
    stranded_after: float,
) -> float:
    """Score of putting a pod on a node; the least wins. Amounts "left" are those after the pod is there.

    pod_cpu          cores that the pod takes
    pod_gpu          GPUs that it takes in all (0.46, 1, 8; 0 for a pod without)
    cpu_left         cores left on the node
    memory_left      GiB left on the node
    gpu_left         GPUs left on the node, parts added up
    rest             what is left of the very GPU that the pod takes a part of (0 if it takes whole ones or none)
    whole_left       untouched GPUs left on the node
    cpu_total        cores of the node
    gpu_total        GPUs of the node
    stranded_before  GPUs left on the node that a popular pod, drawn at random, could not use, without this pod
    stranded_after   the same with it
    """
    return stranded_after - stranded_before + GPU * gpu_left + CPU * cpu_left


# EVOLVE-BLOCK-END
# The rest is from seed.py.
