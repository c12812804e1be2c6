"""Calls of solvers in a separate process if this one has loaded an incompatible library."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def call_ortools(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function that imports OR-Tools: in this process, or in a separate one if HiGHS is loaded here.

    OR-Tools and HiGHS define the same symbols, and PuLP imports HiGHS: after `import pulp`, OR-Tools cannot be loaded. In the
    other order, PuLP works without HiGHS.

    Parameters
    ----------
    function
        Importable function whose arguments and result can be pickled.
    """
    if "highspy" in sys.modules and "ortools.sat.python.cp_model" not in sys.modules:
        return _worker().submit(function, *args, **kwargs).result()
    return function(*args, **kwargs)


@cache
def _worker() -> ProcessPoolExecutor:
    # Spawned, not forked: a fork would inherit the library.
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))
