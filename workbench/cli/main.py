"""`evolve`, the command line. Errors are one line; the exit code is 2 for wrong usage, 1 for what failed when it ran."""

from __future__ import annotations

import gc
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from workbench.cli import (
    adopt,
    agent,
    certify,
    compare,
    control,
    evaluate,
    export,
    gallery,
    gate,
    import_,
    machine,
    mcp,
    new,
    precheck,
    problems,
    references,
    report,
    run,
    show,
    source,
    track,
    tune,
    verify,
)
from workbench.cli.common import emit
from workbench.cli.console import settle_streams
from workbench.cli.listing import Listing
from workbench.errors import ProblemFault, RunFailed, WorkbenchError
from workbench.formatting import visible

app = typer.Typer(
    name="evolve",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Discover heuristics with LLMs, and certify them on held-out tests.\n\nFirst time? Try: evolve demo",
)


@app.callback(invoke_without_command=True)
def _top(show: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False) -> None:
    if show:
        try:
            typer.echo(f"evolve {version('evolve-workbench')}")
        except PackageNotFoundError:
            typer.echo("evolve (not installed)")
        raise typer.Exit


_RUN, _INSPECT, _EVALUATE, _CONTROL = "Run", "Inspect", "Evaluate and export", "Control a running run"
_OWN, _SYSTEM = "Your own problem", "This machine"
for panel, name, command in (
    (_RUN, "demo", run.demo),
    (_RUN, "run", run.run),
    (_RUN, "resume", run.resume_),
    (_RUN, "import", import_.import_),
    (_RUN, "mcp", mcp.mcp),
    (_INSPECT, "problems", problems.problems),
    (_INSPECT, "source", source.source_),
    (_INSPECT, "gallery", gallery.gallery_),
    (_INSPECT, "list", show.list_),
    (_INSPECT, "show", show.show),
    (_INSPECT, "compare", compare.compare_),
    (_INSPECT, "ui", machine.ui),
    (_EVALUATE, "eval", evaluate.eval_),
    (_EVALUATE, "gate", gate.gate_),
    (_EVALUATE, "tune", tune.tune_),
    (_EVALUATE, "precheck", precheck.precheck_),
    (_EVALUATE, "certify", certify.certify_),
    (_EVALUATE, "recheck", certify.recheck_),
    (_EVALUATE, "export", export.export_),
    (_EVALUATE, "verify", verify.verify_),
    (_EVALUATE, "report", report.report_),
    (_EVALUATE, "track", track.track_),
    (_CONTROL, "stop", control.stop),
    (_CONTROL, "pause", control.pause),
    (_CONTROL, "continue", control.continue_),
    (_CONTROL, "steer", control.steer),
    (_CONTROL, "inject", control.inject),
    (_OWN, "new", new.new),
    (_OWN, "adopt", adopt.adopt),
    (_OWN, "references", references.references),
    (_SYSTEM, "doctor", machine.doctor),
):
    app.command(name, cls=Listing if name == "run" else None, rich_help_panel=panel)(command)
app.add_typer(agent.app, name="agent", rich_help_panel=_RUN)


def main() -> None:
    """Entry point of the console script."""
    settle_streams()
    gc.freeze()  # modules are no garbage, and syntax trees are many small objects that seldom form cycles
    gc.set_threshold(50_000, 20, 50)
    try:
        app()
    except (RunFailed, ProblemFault) as error:
        _fail(error, 1)
    except WorkbenchError as error:
        _fail(error, 2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)  # the reader, such as head, closed the pipe


def _fail(error: WorkbenchError, code: int) -> None:
    line = visible(" ".join(f"error: {error}".split("\n")))
    if "--json" in sys.argv:
        emit({"error": line.removeprefix("error: ")})
    sys.stderr.write(line + "\n")
    sys.exit(code)
