"""The command adopt: turns a foreign task into the scaffold of a problem."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from workbench.api.loading import load
from workbench.cli.console import console
from workbench.cli.new import typed, write_template
from workbench.errors import UsageError
from workbench.program.source import MODULES


def adopt(
    task: Annotated[Path, typer.Argument(metavar="TASK", help="Folder with an initial program and an evaluator.")],
    slug: Annotated[str, typer.Argument(metavar="DOMAIN/NAME", help="ID of the new problem, lower case.")],
    into: Annotated[Path, typer.Option("--into", help="Folder to create it in.")] = Path(),
) -> None:
    """Make a problem of a task of another project, so that its programs can be certified.

    What the task says is taken over: program, statement, limits. What it cannot say is asked for in the new files: splits,
    a verifier that does not run beside the candidate, references.

    [bold]Example[/bold]

      evolve adopt ./circle_packing packing/circles
    """
    loaded = load(task)
    if loaded.evaluator is None:
        raise UsageError(f"{task} is a problem already: {loaded.slug}")
    if not re.fullmatch(r"[a-z0-9_]+/[a-z][a-z0-9_]*", slug):
        raise UsageError(f"{slug!r} is not a problem ID: use domain/name, with lower case letters, digits and underscores")
    name = slug.partition("/")[2]
    folder = into / name
    if folder.exists():
        raise UsageError(f"{folder} already exists; nothing was changed")
    problem, limits = loaded.problem, loaded.problem.limits
    program = loaded.program(problem.seeds[0])
    further = sorted(_imported(program.source) - MODULES)
    installed = tuple(module for module in further if module not in sys.stdlib_module_names)
    write_template(
        "adopt", folder, name, slug,
        task=loaded.slug.partition("/")[2], entry=problem.entry, seconds=f"{limits.seconds:g}", memory=str(limits.memory_mb),
        modules=repr(installed),
    )  # fmt: skip
    evaluator = Path(loaded.evaluator.path).read_text("utf-8-sig")
    for file, text in (("statement.md", problem.statement), ("evaluator.txt", evaluator), ("programs/seed.py", program.source)):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(text.rstrip() + "\n", encoding="utf-8")
    place = typed(folder)
    words = console()
    words.print(
        f"created {folder} with the task's program, statement and limits; to be answered there:\n"
        f"  splits             instances.py: which cases drive the search, choose, and are held out?\n"
        f"  verifier           verifier.py: what is decided, by which rules, and what is the objective?\n"
        f"  references         solve() in problem.py: how good can an instance be solved?\n"
        f"  then, once         evolve references {place} --make\n"
        f"  check it           pytest {place}"
    )
    if forbidden := [module for module in further if module not in installed]:
        words.print(f"programs/seed.py imports {', '.join(forbidden)}, which programs of problems may not: write it without")


def _imported(source: str) -> set[str]:
    """Return the top-level modules that a program imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found
