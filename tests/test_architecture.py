"""Imports point one way: each room knows only the rooms before it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"model"}),
    frozenset({"errors", "protocols", "gap", "source", "migrations", "jobs"}),
    frozenset({"references", "options", "stats", "splice", "readable", "changes", "diff", "numbers", "drawing"}),
    frozenset({"catalog", "prompt", "reply", "store", "sandbox", "operators", "tune"}),
    frozenset({"proposers", "search", "evaluate", "budget", "ledger", "queries", "compare", "gallery"}),
    frozenset({"worker", "solve", "pool", "certify", "recheck", "export", "report"}),
    frozenset({"gate", "flight", "champion", "loop", "replay", "start", "progress"}),
    frozenset({"commands", "cli"}),
)
"""Rooms of workbench/ from the ground up; a room imports its own layer and those below."""

OUTSIDE = {"problems", "evaluators", "ui", "tests"}
ALLOWED = {
    "evaluators": {"workbench.model", "workbench.errors", "workbench.protocols"},
    "problems": {"workbench.model", "workbench.errors", "workbench.protocols"},
}


UI = set("catalog changes compare diff drawing errors gallery gap model numbers options queries search stats store".split())
"""Rooms of workbench/ that pages may know: what is recorded and what it means, nothing that works."""


def imports(path: Path) -> set[str]:
    """Modules that a file imports at run time (`if TYPE_CHECKING:` blocks are for types alone)."""
    found: set[str] = set()
    queue: list[ast.AST] = [ast.parse(path.read_text())]
    while queue:
        node = queue.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            if node.module == "workbench":
                found.update(f"workbench.{alias.name}" for alias in node.names)
        queue.extend(ast.iter_child_nodes(node))
    return found


def files(folder: str) -> list[Path]:
    """Python files of a top-level folder."""
    return sorted(p for p in (ROOT / folder).rglob("*.py") if "__pycache__" not in p.parts)


def room(path: Path) -> str:
    """The room a file of workbench/ belongs to."""
    return path.relative_to(ROOT / "workbench").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", files("workbench"), ids=lambda p: str(p.relative_to(ROOT)))
def test_workbench_rooms_know_only_those_below(path: Path) -> None:
    here = room(path)
    if here == "__init__":
        return
    level = next((k for k, layer in enumerate(LAYERS) if here in layer), None)
    assert level is not None, f"{here} has no layer: add it to LAYERS where it belongs"
    known = frozenset().union(*LAYERS[: level + 1])
    for name in imports(path):
        top, _, rest = name.partition(".")
        assert top not in OUTSIDE, f"{path.name} imports {name}: the catalog loads problems, nothing else does"
        if top == "workbench" and rest:
            assert rest.partition(".")[0] in known, f"{here} (layer {level}) imports {name} from above"


@pytest.mark.parametrize("folder", ALLOWED)
def test_problems_and_evaluators_see_only_the_model(folder: str) -> None:
    for path in files(folder):
        for name in imports(path):
            if name.startswith("workbench") and name != "workbench":
                assert name in ALLOWED[folder], f"{path.relative_to(ROOT)} imports {name}"
            assert name.partition(".")[0] != "ui"
            assert not (folder == "evaluators" and name.startswith("problems")), f"{path.name} imports {name}"


def test_what_runs_beside_the_candidate_is_standard_library_alone() -> None:
    inside = {"child.py", "zygote.py", "confine.py", "landlock.py", "seccomp.py", "frames.py"}
    for path in files("workbench/sandbox"):
        if path.name in inside:
            strangers = (
                {n.partition(".")[0] for n in imports(path)} - sys.stdlib_module_names - {p.removesuffix(".py") for p in inside}
            )
            assert not strangers, f"{path.name} imports {sorted(strangers)}"


def test_ui_reads_the_store_and_never_the_loop() -> None:
    for path in files("ui"):
        found = imports(path)
        assert not found & {"sqlite3", "litellm"}, path
        strangers = {name for name in found if name.startswith("workbench.") and name.split(".")[1] not in UI}
        assert not strangers, f"{path.name} imports {sorted(strangers)}: runs and evaluations are processes of their own"


def test_files_stay_small_enough_to_hold_one_idea() -> None:
    long = {str(p.relative_to(ROOT)): n for f in ("workbench", "evaluators", "ui", "problems", "tests") for p in files(f)
            if (n := len(p.read_text().splitlines())) > 520}  # fmt: skip
    assert not long
