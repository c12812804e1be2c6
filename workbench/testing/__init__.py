"""Contract tests for your own problem, strategy, proposer, executor or engine, as pytest classes.

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

_CONTRACTS = ("problems", "strategies", "proposers", "executors", "engines")
pytest.register_assert_rewrite(*(f"workbench.testing.{name}" for name in _CONTRACTS))

from workbench.proposers.scripted import Scripted
from workbench.testing.engines import EngineContract
from workbench.testing.executors import ExecutorContract
from workbench.testing.inprocess import InProcess
from workbench.testing.problems import ProblemContract
from workbench.testing.proposers import ProposerContract
from workbench.testing.strategies import StrategyContract

__all__ = ["EngineContract", "ExecutorContract", "InProcess", "ProblemContract", "ProposerContract", "Scripted", "StrategyContract"]
