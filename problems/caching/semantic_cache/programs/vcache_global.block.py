"""vCache with one model for all entries, which learns sooner and knows less.

The learnt global threshold that L. G. Schroeder et al., "vCache: Verified Semantic Prompt Caching" (2025), arXiv 2502.03771,
compare with, with vCache's chance to explore; the latest 200 observations count.
"""

import math
import random
from statistics import NormalDist

SHARED = True
# The rest is from vcache.py: logistic, fit, Model, Policy.
