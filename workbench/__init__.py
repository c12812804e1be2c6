"""A workbench for discovering heuristics with LLMs.

>>> import workbench as wb
>>> problem = wb.load("total_tardiness")
>>> result = wb.run(problem, proposer=wb.Builtin(), strategy=wb.Islands(), attempts=50, seed=0)  # doctest: +SKIP
>>> result.best.source, result.best.gap  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.api.describing import Description as Description
    from workbench.api.describing import describe as describe
    from workbench.api.exhibits import Exhibited as Exhibited
    from workbench.api.exhibits import exhibits as exhibits
    from workbench.api.gating import Robustness as Robustness
    from workbench.api.gating import gate as gate
    from workbench.api.judging import certify as certify
    from workbench.api.judging import evaluate as evaluate
    from workbench.api.loading import load as load
    from workbench.api.modules import export as export
    from workbench.api.prechecking import precheck as precheck
    from workbench.api.result import Best as Best
    from workbench.api.result import Result as Result
    from workbench.api.running import open_run as open_run
    from workbench.api.running import resume as resume
    from workbench.api.running import run as run
    from workbench.api.sources import Source as Source
    from workbench.api.sources import source as source
    from workbench.api.sources import sources as sources
    from workbench.api.tuning import tune as tune
    from workbench.api.verifying import verify as verify
    from workbench.certificate import Certificate as Certificate
    from workbench.certification.precheck import Precheck as Precheck
    from workbench.errors import Infeasible as Infeasible
    from workbench.errors import WorkbenchError as WorkbenchError
    from workbench.loop.tune import Tuned as Tuned
    from workbench.model import Baseline as Baseline
    from workbench.model import Candidate as Candidate
    from workbench.model import Instance as Instance
    from workbench.model import Limits as Limits
    from workbench.model import Measurement as Measurement
    from workbench.model import Problem as Problem
    from workbench.model import Program as Program
    from workbench.model import Reference as Reference
    from workbench.model import Report as Report
    from workbench.model import Selection as Selection
    from workbench.model import Split as Split
    from workbench.model import Status as Status
    from workbench.model import Task as Task
    from workbench.proposers.builtin import Builtin as Builtin
    from workbench.proposers.litellm import LiteLLM as LiteLLM
    from workbench.search.adaptive import Adaptive as Adaptive
    from workbench.search.best_of_n import BestOfN as BestOfN
    from workbench.search.greedy import Greedy as Greedy
    from workbench.search.islands import Islands as Islands
    from workbench.search.openevolve import OpenEvolve as OpenEvolve
    from workbench.search.portfolio import Portfolio as Portfolio

_HOMES = {
    "api.describing": "Description describe",
    "api.exhibits": "Exhibited exhibits",
    "api.gating": "Robustness gate",
    "api.judging": "certify evaluate",
    "api.loading": "load",
    "api.modules": "export",
    "api.prechecking": "precheck",
    "api.result": "Best Result",
    "api.running": "open_run resume run",
    "api.sources": "Source source sources",
    "api.tuning": "tune",
    "api.verifying": "verify",
    "certificate": "Certificate",
    "certification.precheck": "Precheck",
    "errors": "Infeasible WorkbenchError",
    "loop.tune": "Tuned",
    "model": "Baseline Candidate Instance Limits Measurement Problem Program Reference Report Selection Split Status Task",
    "proposers.builtin": "Builtin",
    "proposers.litellm": "LiteLLM",
    "search.adaptive": "Adaptive",
    "search.best_of_n": "BestOfN",
    "search.greedy": "Greedy",
    "search.islands": "Islands",
    "search.openevolve": "OpenEvolve",
    "search.portfolio": "Portfolio",
}
_HOME = {name: f"workbench.{module}" for module, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name on first access, because the command line and the workers need few of them."""
    if name not in _HOME:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
