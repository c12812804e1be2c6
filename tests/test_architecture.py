"""Imports point one way between packages, and the way is short. `python -m tests.test_architecture` prints the floors."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST = 7
"""Packages on the longest path of imports: what a reader has to climb at most from the ground to the command line."""
AT_THE_TOP = 12
"""Files that may lie directly in workbench/."""
FILE_LINES, FUNCTION_LINES = 500, 80

OUTSIDE = {"problems", "evaluators", "ui", "tests"}
SEEN = {f"workbench.{name}" for name in ("model", "errors", "protocols", "checks", "problem.programs")}
"""What problems and evaluators may know of the workbench."""
UI = set(
    "api analysis certificate errors formatting model options prices problem program protocols report search store values".split()
)
"""What pages may know: what is recorded and what it means, nothing that runs a program."""
BESIDE_THE_CANDIDATE = {"boot.py", "child.py", "zygote.py", "confine.py", "wipe.py", "landlock.py", "seccomp.py", "frames.py"}

Graph = Mapping[str, set[str]]


def imports(path: Path) -> set[str]:
    """Modules that a file imports anywhere, also within functions and for types alone."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            if node.module == "workbench":
                found.update(f"workbench.{alias.name}" for alias in node.names)
    return found


def files(folder: str) -> list[Path]:
    """Python files of a top-level folder."""
    return sorted(p for p in (ROOT / folder).rglob("*.py") if "__pycache__" not in p.parts)


def package(name: str) -> str:
    """The package of `workbench.<name>`: its folder, `api`, or the ground that all files directly in workbench/ form."""
    return name if name == "api" or (ROOT / "workbench" / name).is_dir() else "(ground)"


def packages() -> dict[str, set[str]]:
    """Each package of workbench/ with those that it imports."""
    graph: dict[str, set[str]] = {}
    for path in files("workbench"):
        here = package(path.relative_to(ROOT / "workbench").parts[0].removesuffix(".py"))
        known = graph.setdefault(here, set())
        if path == ROOT / "workbench" / "__init__.py":
            continue  # the public names: handed on, and only when they are asked for
        for name in imports(path):
            top, _, rest = name.partition(".")
            if top == "workbench" and rest:
                known.add(package(rest.partition(".")[0]))
        known.discard(here)
    return graph


def floors(graph: Graph) -> dict[str, int]:
    """The floor of each package: one above the highest that it imports, from 1.

    Raises
    ------
    ValueError
        Packages import each other in a circle.
    """
    found: dict[str, int] = {}

    def floor(name: str, way: tuple[str, ...]) -> int:
        if name in way:
            raise ValueError(" -> ".join([*way[way.index(name) :], name]))
        if name not in found:
            found[name] = 1 + max((floor(other, (*way, name)) for other in sorted(graph[name])), default=0)
        return found[name]

    for name in sorted(graph):
        floor(name, ())
    return found


def test_packages_import_one_way_and_the_way_is_short() -> None:
    found = floors(packages())
    assert max(found.values()) <= LONGEST, found


def test_a_circle_and_a_long_way_are_found() -> None:
    with pytest.raises(ValueError, match="a -> b -> a"):
        floors({"a": {"b"}, "b": {"a"}})
    assert floors({"a": set(), "b": {"a"}, "c": {"a", "b"}}) == {"a": 1, "b": 2, "c": 3}


def test_the_engine_imports_nothing_around_it() -> None:
    for path in files("workbench"):
        strangers = {name for name in imports(path) if name.partition(".")[0] in OUTSIDE}
        assert not strangers, f"{path.name} imports {sorted(strangers)}: the catalog loads problems, nothing else does"


def test_few_files_lie_at_the_top() -> None:
    assert len([p for p in (ROOT / "workbench").iterdir() if p.is_file()]) <= AT_THE_TOP


@pytest.mark.parametrize("folder", ["evaluators", "problems"])
def test_problems_and_evaluators_see_only_the_model(folder: str) -> None:
    for path in files(folder):
        for name in imports(path):
            if name.startswith("workbench") and name != "workbench":
                assert name in SEEN, f"{path.relative_to(ROOT)} imports {name}"
            assert name.partition(".")[0] != "ui"
            assert not (folder == "evaluators" and name.startswith("problems")), f"{path.name} imports {name}"


def test_evaluators_are_named_after_the_problems_they_judge() -> None:
    slugs = {p.parent.name for p in (ROOT / "problems").glob("*/*/problem.py")}
    assert {p.name for p in (ROOT / "evaluators").iterdir() if p.is_dir() and p.name != "__pycache__"} <= slugs


def test_what_runs_beside_the_candidate_is_standard_library_alone() -> None:
    own = {p.removesuffix(".py") for p in BESIDE_THE_CANDIDATE}
    for path in files("workbench/sandbox"):
        if path.name in BESIDE_THE_CANDIDATE:
            strangers = {n.partition(".")[0] for n in imports(path)} - sys.stdlib_module_names - own
            assert not strangers, f"{path.name} imports {sorted(strangers)}"


def test_pages_read_the_store_and_never_run_a_program() -> None:
    for path in files("ui"):
        found = imports(path)
        assert not found & {"sqlite3", "litellm"}, path
        strangers = {name for name in found if name.startswith("workbench.") and name.split(".")[1] not in UI}
        assert not strangers, f"{path.name} imports {sorted(strangers)}: runs and evaluations are processes of their own"


def test_files_and_functions_stay_small_enough_to_hold_one_idea() -> None:
    long = []
    for path in [p for folder in ("workbench", "evaluators", "ui", "problems", "tests") for p in files(folder)]:
        text = path.read_text()
        where = path.relative_to(ROOT)
        if (lines := len(text.splitlines())) > FILE_LINES:
            long.append(f"{where}: {lines} lines")
        if where.parts[0] in ("problems", "tests"):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or 0) - node.lineno + 1
                if size > FUNCTION_LINES:
                    long.append(f"{where}: {node.name} has {size} lines")
    assert not long


if __name__ == "__main__":
    graph = packages()
    levels = floors(graph)
    for level in range(max(levels.values()), 0, -1):
        print(level, " ".join(sorted(name for name, floor in levels.items() if floor == level)))
    print(f"{len(graph)} packages, {sum(map(len, graph.values()))} arrows, longest path {max(levels.values())}")


def test_test_files_outside_packages_have_names_of_their_own() -> None:
    """Otherwise pytest takes one for the other as soon as both are collected."""
    names = [p.name for p in (ROOT / "tests").rglob("test_*.py") if not (p.parent / "__init__.py").exists()]
    assert sorted(names) == sorted(set(names))
