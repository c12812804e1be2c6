"""The verdict on a discovery: held-out test, stress, determinism, growth, constants and what could be left out."""

from workbench.certificate import BaselineComparison, Certificate, Check, Verdict
from workbench.certification.examine import FEWEST_INSTANCES, TOLERANCE, certify, require
from workbench.certification.start import Start
from workbench.certification.verdict import Progress

__all__ = [
    "FEWEST_INSTANCES", "TOLERANCE", "BaselineComparison", "Certificate", "Check", "Progress", "Start", "Verdict", "certify",
    "require",
]  # fmt: skip
