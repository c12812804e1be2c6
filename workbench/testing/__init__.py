"""Contract tests for your own problem, strategy, proposer or executor, as pytest classes.

from workbench.testing import ProblemContract

class TestMine(ProblemContract):
    problem = "."  # its folder, relative to this file; or a problem ID, or a Problem object
"""

# ruff: noqa: E402 - pytest must register modules for assertion rewriting before they are imported
from __future__ import annotations

try:
    import pytest
except ModuleNotFoundError as error:
    raise ImportError("workbench.testing needs pytest: pip install pytest") from error

pytest.register_assert_rewrite(*(f"workbench.testing.{name}" for name in ("problems", "strategies", "proposers", "executors")))

from workbench.proposers.scripted import Scripted
from workbench.testing.executors import ExecutorContract
from workbench.testing.inprocess import InProcess
from workbench.testing.problems import ProblemContract
from workbench.testing.proposers import ProposerContract
from workbench.testing.strategies import StrategyContract

__all__ = ["ExecutorContract", "InProcess", "ProblemContract", "ProposerContract", "Scripted", "StrategyContract"]
