"""The command new: create a problem, strategy or proposer."""

from __future__ import annotations

import contextlib
import keyword
import re
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from workbench.api.loading import load
from workbench.cli.console import console
from workbench.errors import UsageError
from workbench.problem.make_references import make_references
from workbench.sandbox import open_sandbox

_TEMPLATES = Path(__file__).parent / "template"
_NAME = "[a-z][a-z0-9_]*"


def new(
    slug: Annotated[str | None, typer.Argument(metavar="[DOMAIN/NAME]", help="ID of the new problem, lower case.")] = None,
    strategy: Annotated[str | None, typer.Option("--strategy", help="Create a search strategy of this name instead.")] = None,
    proposer: Annotated[str | None, typer.Option("--proposer", help="Create a proposer of this name instead.")] = None,
    into: Annotated[Path, typer.Option("--into", help="Folder to create it in.")] = Path(),
) -> None:
    """Create a problem, strategy or proposer from a template, with tests.

    [bold]Examples[/bold]

      evolve new packing/my_knapsack
      evolve run ./my_knapsack --proposer builtin -n 100
      evolve new --strategy patient
      evolve run ./my_knapsack --proposer builtin --strategy patient.py:Patient -n 100
    """
    if (slug is not None) + (strategy is not None) + (proposer is not None) != 1:
        raise UsageError("give exactly one of: DOMAIN/NAME of a problem, --strategy NAME, --proposer NAME")
    if slug is not None:
        _problem(slug, into)
    else:
        _plugin("strategy" if strategy is not None else "proposer", strategy or proposer or "", into)


def _problem(slug: str, into: Path) -> None:
    if not re.fullmatch(rf"[a-z0-9_]+/{_NAME}", slug):
        raise UsageError(f"{slug!r} is not a problem ID: use domain/name, with lower case letters, digits and underscores")
    name = slug.partition("/")[2]
    folder = into / name
    if folder.exists():
        raise UsageError(f"{folder} already exists; nothing was changed")
    write_template("problem", folder, name, slug)
    loaded = load(folder)
    with contextlib.closing(open_sandbox(loaded.problem.modules)) as sandbox:
        make_references(loaded, sandbox)
    place = typed(folder)
    console().print(
        f"created {folder}\n"
        f"  try it             evolve run {place} --proposer builtin -n 100\n"
        f"  check it           pytest {place}\n"
        f"  edit it            statement.md, instances.py, verifier.py, programs/ (see its README.md)\n"
        f"  then, once         evolve references {place} --make"
    )


def _plugin(kind: str, name: str, into: Path) -> None:
    if not re.fullmatch(_NAME, name) or keyword.iskeyword(name):
        raise UsageError(f"{name!r} is not a module name: use lower case letters, digits and underscores")
    file, test = into / f"{name}.py", into / f"test_{name}.py"
    for path in (file, test):
        if path.exists():
            raise UsageError(f"{path} already exists; nothing was changed")
    write_template(kind, into, name)
    console().print(
        f"created {file} and {test.name}\n"
        f"  try it     evolve run PROBLEM --{kind} {typed(file)}:{_camel(name)} -n 100\n"
        f"  check it   pytest {typed(test)}"
    )


def write_template(kind: str, folder: Path, name: str, slug: str = "", **more: str) -> None:
    """Fill in a template: contents and names of files.

    Parameters
    ----------
    **more
        Further words of the template.

    Raises
    ------
    UsageError
        The folder cannot be written.
    """
    words = {"slug": slug, "name": name, "camel": _camel(name), "title": name.replace("_", " ").capitalize(), **more}
    root = _TEMPLATES / kind
    try:
        for source in sorted(root.rglob("*.txt")):
            target = folder / Template(source.relative_to(root).with_suffix("").as_posix()).substitute(words)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(Template(source.read_text("utf-8")).substitute(words), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from error


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def typed(path: Path) -> str:
    """Return a path as it is typed on a command line."""
    return str(path) if path.is_absolute() else f"./{path}"
