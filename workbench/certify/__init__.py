"""The verdict on a discovery: held-out test, stress, determinism, growth, constants and what could be left out."""

from workbench.certify.evidence import Certificate, Check, Progress, Verdict
from workbench.certify.examine import FEWEST_INSTANCES, TOLERANCE, certify, require

__all__ = ["FEWEST_INSTANCES", "TOLERANCE", "Certificate", "Check", "Progress", "Verdict", "certify", "require"]
