"""Entry point of sandbox processes; `launch.py` executes its text, so that no frame or module in them names a file.

Parts are loaded by path, because the `__init__` of a package would import more than the standard library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import NoReturn


def load(folder: str, name: str) -> ModuleType:
    """Load the file `name`.py from a folder as a module that does not know its path."""
    with open(f"{folder}/{name}.py", encoding="utf-8") as file:  # noqa: PTH123 (no pathlib in the zygote)
        code = compile(file.read(), name, "exec")
    module = ModuleType(name)
    exec(code, vars(module))
    return module


def main(folder: str, kind: str, fd: str, parent: str) -> Callable[[], NoReturn] | None:
    """Become a zygote, or prepare to serve one program without isolation, or one together with the evaluator of a foreign task.

    Returns
    -------
    Callable or None
        Function that serves the program; None at the end of the zygote. The caller calls it, after this function has returned,
        because a program can read the local variables of all calling functions.
    """
    child, confine, wipe = load(folder, "child"), load(folder, "confine"), load(folder, "wipe")
    if sys.platform == "linux":
        confine.die_with_parent(int(parent))
    if kind == "foreign":
        score = load(folder, "foreign_score")
        begun: Callable[[], NoReturn] = load(folder, "foreign_child").prepare(int(fd), int(parent), child, confine, score)
        return begun
    if kind == "plain":
        prepared: Callable[[], NoReturn] = child.prepare_plainly(int(fd), confine, wipe)
        return prepared
    born: Callable[[], NoReturn] | None = load(folder, "zygote").main(int(fd), child, confine, wipe, int(parent))
    return born
