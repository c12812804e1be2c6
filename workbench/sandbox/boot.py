"""Entry point of sandbox processes: `python boot.py zygote|plain DESCRIPTOR PARENT`, in a clean environment.

It is run by path and loads its parts by path, because a package's `__init__` would import more than the standard library.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType


def load(name: str) -> ModuleType:
    """Load the file `name`.py from this folder."""
    spec = importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(__file__), f"{name}.py"))  # noqa: PTH118, PTH120
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(kind: str, fd: int, parent: int) -> None:
    """Become a zygote, or serve one program without isolation."""
    child, confine = load("child"), load("confine")
    if sys.platform == "linux":
        confine.die_with_parent(parent)
    if kind == "zygote":
        load("zygote").main(fd, child, confine, parent)
    else:
        child.serve_plainly(fd, confine)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
