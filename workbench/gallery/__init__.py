"""The heuristics that ship, for your own code: `from workbench.gallery import cloudcast` is the function.

`dir(workbench.gallery)` lists them, and `evolve gallery NAME` tells of one: what it does, how good it is, how to call it. A policy
with memory is a class; an object of it decides. Only the module of what is asked for is imported; it stands alone.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

from workbench.problem.shipped import names, near, path_of, place
from workbench.program.exported import entry

__path__.append(str(place()))  # the modules become this package's own, so that what they define can be pickled


def __getattr__(name: str) -> Callable[..., Any]:
    """Import the heuristic that ships for a problem, on first access."""
    known = names()
    if name not in known:
        asked = sys._getframe(1).f_code.co_name == "_handle_fromlist"
        if asked and not (place() / f"{name}.py").is_file():
            raise ImportError(near(name))  # of an AttributeError, `from workbench.gallery import` would keep nothing
        raise AttributeError(near(name))
    path = path_of(known[name]).with_suffix(".py")
    found: Callable[..., Any] = getattr(importlib.import_module(f"{__name__}.{path.stem}"), entry(path.read_text("utf-8")))
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(names())
