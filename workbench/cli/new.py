"""The command that begins a problem: new."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from workbench.cli.common import console
from workbench.errors import UsageError
from workbench.problem import catalog
from workbench.problem.make_references import make_references
from workbench.sandbox import open_sandbox

_TEMPLATE = Path(__file__).parent.parent / "problem" / "template"


def new(
    slug: Annotated[str, typer.Argument(help="family/name of the new problem, lower case.")],
    into: Annotated[Path, typer.Option("--into", help="The folder that the problem's folder is made in.")] = Path(),
) -> None:
    """Begin a problem of your own: a small one that works, to be replaced piece by piece.

    [bold]Example[/bold]

      evolve new packing/my_knapsack
      evolve run ./my_knapsack --proposer builtin -n 100
    """
    if not re.fullmatch(r"[a-z0-9_]+/[a-z][a-z0-9_]*", slug):
        raise UsageError(f"{slug!r} is no slug: it takes the form family/name, in lower case letters, digits and underscores")
    name = slug.partition("/")[2]
    folder = into / name
    if folder.exists():
        raise UsageError(f"{folder} is there already; nothing was changed")
    words = {"slug": slug, "title": name.replace("_", " ").capitalize()}
    try:
        for source in sorted(_TEMPLATE.rglob("*.txt")):
            target = folder / source.relative_to(_TEMPLATE).with_suffix("")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(Template(source.read_text()).substitute(words))
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}") from error
    loaded = catalog.load(folder)
    with contextlib.closing(open_sandbox(loaded.problem.modules)) as sandbox:
        make_references(loaded, sandbox)
    place = folder if folder.is_absolute() else f"./{folder}"
    console().print(
        f"made {folder}\n"
        f"  try it             evolve run {place} --proposer builtin -n 100\n"
        f"  make it your own   statement.md, instances.py, verifier.py, programs/ (see its README.md)\n"
        f"  new references     evolve references {place} --make"
    )
