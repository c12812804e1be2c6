"""Calls a solver in a process of its own where the present one has loaded a library that it cannot live with."""

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
    """Call a function that imports OR-Tools: here, or in a process kept for it where HiGHS is loaded.

    OR-Tools and HiGHS share symbols, and PuLP imports HiGHS: after `import pulp` OR-Tools cannot be loaded any more. The
    other order works, PuLP then does without HiGHS.

    Parameters
    ----------
    function
        Importable by its name, with arguments and result that can be pickled.
    """
    if "highspy" in sys.modules and "ortools.sat.python.cp_model" not in sys.modules:
        return _worker().submit(function, *args, **kwargs).result()
    return function(*args, **kwargs)


@cache
def _worker() -> ProcessPoolExecutor:
    # Spawned, not forked: a fork would have the library as well.
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))
