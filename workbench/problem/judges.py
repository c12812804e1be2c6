"""Modules outside a problem's folder that affect its scores: the evaluators that it imports."""

from __future__ import annotations

import ast
from pathlib import Path

from workbench import checks


def evaluators_of(files: list[Path], root: Path) -> list[tuple[str, Path]]:
    """Return the modules below `root` that files of a problem import, directly or indirectly, by name."""
    found: dict[str, Path] = {}
    queue = list(files)
    while queue:
        try:
            tree = ast.parse(queue.pop().read_bytes())  # in the encoding that the file declares
        except (OSError, SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                path = _judge(name, root)
                if path and name not in found:
                    found[name] = path
                    queue.append(path)
    return sorted(found.items())


def _judge(module: str, root: Path) -> Path | None:
    """Return the file of a module that affects scores; None for other modules."""
    if module == checks.__name__:
        return Path(checks.__file__)
    path = root / (module.replace(".", "/") + ".py")
    return path if module.startswith("evaluators.") and path.is_file() else None
