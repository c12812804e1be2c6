"""Resolves a program given by a user: a `Program`, source text, a file, or the name of one of the problem's programs."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import ProgramRefused, Rejected, UsageError
from workbench.model import Program
from workbench.problem.catalog import LoadedProblem
from workbench.problem.programs import read_program
from workbench.program.source import screen


def program_of(loaded: LoadedProblem, given: Program | Path | str) -> Program:
    """Return the program. Text of several lines is source; otherwise a file takes precedence over a name.

    Raises
    ------
    UsageError
        There is no such file or name, or the problem does not accept the program.
    """
    if isinstance(given, Program):
        return _screened(loaded, given.source, "the program")
    if isinstance(given, str) and "\n" in given:
        return _screened(loaded, given, "the source")
    path = Path(given)
    if not path.is_file():
        if str(given) in loaded.programs:
            return loaded.program(str(given))
        raise UsageError(f"no file {given}, and {loaded.slug} has no program of that name; available: {', '.join(loaded.programs)}")
    try:
        source = read_program(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{given} cannot be read: {error}") from error
    return _screened(loaded, source, str(given))


def _screened(loaded: LoadedProblem, source: str, what: str) -> Program:
    try:
        return screen(source, loaded.problem.entry, loaded.problem.modules)
    except Rejected as error:
        raise ProgramRefused(f"{what} is not a valid program for {loaded.slug}: {error}") from error
