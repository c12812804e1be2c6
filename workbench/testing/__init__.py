"""Checks for a problem, strategy or proposer of your own, as classes for pytest.

from workbench.testing import ProblemContract

class TestMine(ProblemContract):
    problem = "."  # its folder, seen from this file; or a slug, or a Problem
"""

# ruff: noqa: E402 - pytest must hear of the modules whose assertions it is to explain before they are imported
from __future__ import annotations

try:
    import pytest
except ModuleNotFoundError as error:
    raise ImportError("workbench.testing needs pytest: pip install pytest") from error

pytest.register_assert_rewrite("workbench.testing.problems", "workbench.testing.strategies", "workbench.testing.proposers")

from workbench.proposers.scripted import Scripted
from workbench.testing.inprocess import InProcess
from workbench.testing.problems import ProblemContract
from workbench.testing.proposers import ProposerContract
from workbench.testing.strategies import StrategyContract

__all__ = ["InProcess", "ProblemContract", "ProposerContract", "Scripted", "StrategyContract"]
