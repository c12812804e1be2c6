"""The verdict on a discovery: held-out test, stress, determinism, growth, constants and what could be left out."""

from workbench.certify.evidence import Certificate, Check, Comparison, Progress, Verdict
from workbench.certify.examine import CONFIDENCE, FEWEST_INSTANCES, TOLERANCE, certify, require

__all__ = [
    "CONFIDENCE", "FEWEST_INSTANCES", "TOLERANCE", "Certificate", "Check", "Comparison", "Progress", "Verdict", "certify",
    "require",
]  # fmt: skip
