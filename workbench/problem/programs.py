"""Programs of a problem: complete files, and blocks that are completed from another file, their frame."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from workbench.errors import ProblemError
from workbench.program.edits import Positions, first_line
from workbench.program.names import Definition
from workbench.program.source import split_block

BLOCK = ".block.py"
"""File name suffix of a block: the part of a program that differs from its frame."""
_LAST = re.compile(r"# The rest is from (\w+)\.py(?:: ([\w., ]+?))?\.")


def program_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the programs in a folder, sorted."""
    return tuple(sorted({p.name.removesuffix(BLOCK).removesuffix(".py") for p in folder.glob("*.py")} - {"__init__"}))


def find_program(folder: Path, name: str) -> Path:
    """Return the path of a program: its block if there is one, otherwise its complete file, which need not exist.

    Raises
    ------
    ProblemError
        Both files exist.
    """
    whole, block = folder / f"{name}.py", folder / f"{name}{BLOCK}"
    if whole.is_file() and block.is_file():
        raise ProblemError(f"{whole} and {block.name} define the same program: delete one of them")
    return block if block.is_file() else whole


def read_program(path: Path) -> str:
    """Read a program; a block is completed from its frame.

    The last line of a block is `# The rest is from seed.py.` (everything after the EVOLVE-BLOCK of that file) or
    `# The rest is from spt.py: dispatch.` (the listed functions, classes and methods, in this order).

    Raises
    ------
    OSError, UnicodeDecodeError
        The file cannot be read.
    ProblemError
        A block names no frame, or the frame lacks a listed part.
    """
    if not path.name.endswith(BLOCK):
        return path.read_bytes().decode("utf-8-sig")  # a program is its exact text: line ends stay what they are
    text = path.read_text("utf-8-sig")
    head, _, last = text.rstrip("\n").rpartition("\n")
    found = _LAST.fullmatch(last.strip())
    if not found:
        raise ProblemError(
            f"{path}: the last line of a block must name its frame, like '# The rest is from seed.py.', got {last[:80]!r}"
        )
    frame = path.with_name(f"{found[1]}.py")
    if not frame.is_file():
        raise ProblemError(f"{path}: its frame {frame.name} does not exist; a frame is a complete program in the same folder")
    rest = frame.read_text("utf-8-sig")
    wanted = [name.strip() for name in found[2].split(",")] if found[2] else None
    return f"{head}\n{_after_block(path, head, frame, rest) if wanted is None else _definitions(path, frame, rest, wanted)}"


def _after_block(path: Path, head: str, frame: Path, rest: str) -> str:
    """Return the text after the EVOLVE-BLOCK of a frame."""
    if split_block(head) is None:
        raise ProblemError(f"{path} has no EVOLVE-BLOCK-START and EVOLVE-BLOCK-END to mark the part of {frame.name} it replaces")
    block = split_block(rest)
    if block is None:
        raise ProblemError(f"{path}: its frame {frame.name} has no EVOLVE-BLOCK-START and EVOLVE-BLOCK-END")
    return block.after.partition("\n")[2]


def _definitions(path: Path, frame: Path, rest: str, wanted: list[str]) -> str:
    """Return definitions of a frame by name (`function`, `Class`, `Class.method`), spaced as in a complete program."""
    try:
        tree = ast.parse(rest)
    except SyntaxError as error:
        raise ProblemError(f"{path}: its frame {frame.name} is not valid Python: {error.msg} (line {error.lineno})") from error
    positions, text = Positions(rest), ""
    for name in wanted:
        body: list[ast.stmt] = tree.body
        node: Definition | None = None
        for part in name.split("."):
            node = next((n for n in body if isinstance(n, Definition) and n.name == part), None)
            body = node.body if node else []
        if node is None:
            raise ProblemError(f"{path}: its frame {frame.name} does not define {name}")
        _, found, _ = positions.cut(positions.lines(first_line(node), node.end_lineno or node.lineno))
        between = ("\n" if "." in name else "\n\n") if text else ""
        text += between + found.rstrip("\n") + "\n"
    return text
