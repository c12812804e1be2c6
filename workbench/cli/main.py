"""`evolve`: the command line. Wrong use ends with one line and exit code 2, a failed run with 1."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from workbench.cli import certify, compare, control, evaluate, export, machine, new, problems, references, report, run, show
from workbench.cli.listing import Listing
from workbench.errors import RunFailed, WorkbenchError
from workbench.formatting import visible

app = typer.Typer(
    name="evolve",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Discover heuristics with LLMs (or without), judged by verifiers that cannot be gamed.\n\nFirst time? Try: evolve demo",
)


@app.callback(invoke_without_command=True)
def _top(show: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False) -> None:
    if show:
        try:
            typer.echo(f"evolve {version('evolve-workbench')}")
        except PackageNotFoundError:
            typer.echo("evolve (not installed)")
        raise typer.Exit


_MAKE, _LOOK, _JUDGE, _STEER = "Make runs", "Look", "Judge and take home", "While a run goes on"
_OWN, _SYSTEM = "Problems of your own", "This machine"
for panel, name, command in (
    (_MAKE, "demo", run.demo),
    (_MAKE, "run", run.run),
    (_MAKE, "resume", run.resume_),
    (_LOOK, "problems", problems.problems),
    (_LOOK, "list", show.list_),
    (_LOOK, "show", show.show),
    (_LOOK, "compare", compare.compare_),
    (_LOOK, "ui", machine.ui),
    (_JUDGE, "eval", evaluate.eval_),
    (_JUDGE, "certify", certify.certify_),
    (_JUDGE, "recheck", certify.recheck_),
    (_JUDGE, "export", export.export_),
    (_JUDGE, "report", report.report_),
    (_STEER, "stop", control.stop),
    (_STEER, "pause", control.pause),
    (_STEER, "continue", control.continue_),
    (_STEER, "steer", control.steer),
    (_STEER, "inject", control.inject),
    (_OWN, "new", new.new),
    (_OWN, "references", references.references),
    (_SYSTEM, "doctor", machine.doctor),
):
    app.command(name, cls=Listing if name == "run" else None, rich_help_panel=panel)(command)


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except RunFailed as error:
        _fail(error, 1)
    except WorkbenchError as error:
        _fail(error, 2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)  # the reader (head, say) has seen enough


def _fail(error: WorkbenchError, code: int) -> None:
    sys.stderr.write(visible(f"error: {error}") + "\n")
    sys.exit(code)
