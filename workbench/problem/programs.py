"""The programs of a problem: whole files, and blocks that take the rest of their text from a whole file, their frame."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from workbench.errors import ProblemError
from workbench.program.source import split_block

BLOCK = ".block.py"
"""How the name of a file ends that holds a block: the part of a program that differs from its frame."""
_LAST = re.compile(r"# The rest is from (\w+)\.py(?:: ([\w., ]+?))?\.")

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def program_names(folder: Path) -> tuple[str, ...]:
    """Names of the programs in a folder, sorted."""
    return tuple(sorted({p.name.removesuffix(BLOCK).removesuffix(".py") for p in folder.glob("*.py")} - {"__init__"}))


def find_program(folder: Path, name: str) -> Path:
    """The file of a program, whole or a block; that of a whole one where there is neither.

    Raises
    ------
    ProblemError
        There are both.
    """
    whole, block = folder / f"{name}.py", folder / f"{name}{BLOCK}"
    if whole.is_file() and block.is_file():
        raise ProblemError(f"{whole} and {block.name} have the same name: keep one of them")
    return block if block.is_file() else whole


def read_program(path: Path) -> str:
    """The text of a program's file; of a block, the whole program that it stands for.

    The last line of a block is `# The rest is from seed.py.` (what follows the EVOLVE-BLOCK there), or
    `# The rest is from spt.py: dispatch.` (the functions, classes and methods named there, in this order).

    Raises
    ------
    OSError, UnicodeDecodeError
        The file cannot be read.
    ProblemError
        A block names no frame, or one that lacks what it is to give.
    """
    text = path.read_text()
    if not path.name.endswith(BLOCK):
        return text
    head, _, last = text.rstrip("\n").rpartition("\n")
    found = _LAST.fullmatch(last.strip())
    if not found:
        raise ProblemError(
            f"{path}: the last line of a block names its frame, like '# The rest is from seed.py.'; it is {last[:80]!r}"
        )
    frame = path.with_name(f"{found[1]}.py")
    if not frame.is_file():
        raise ProblemError(f"{path}: its frame {frame.name} is not there (a frame is a whole program of the same folder)")
    rest = frame.read_text()
    wanted = [name.strip() for name in found[2].split(",")] if found[2] else None
    return f"{head}\n{_after_block(path, head, frame, rest) if wanted is None else _definitions(path, frame, rest, wanted)}"


def _after_block(path: Path, head: str, frame: Path, rest: str) -> str:
    """What follows the EVOLVE-BLOCK of a frame."""
    if split_block(head) is None:
        raise ProblemError(f"{path} has no EVOLVE-BLOCK-START and EVOLVE-BLOCK-END, which tell what of {frame.name} it replaces")
    block = split_block(rest)
    if block is None:
        raise ProblemError(f"{path}: its frame {frame.name} has no EVOLVE-BLOCK-START and EVOLVE-BLOCK-END")
    return block.after.partition("\n")[2]


def _definitions(path: Path, frame: Path, rest: str, wanted: list[str]) -> str:
    """Definitions of a frame by name (`function`, `Class`, `Class.method`), laid out as in a whole program."""
    try:
        tree = ast.parse(rest)
    except SyntaxError as error:
        raise ProblemError(f"{path}: its frame {frame.name} is no Python: {error.msg} (line {error.lineno})") from error
    lines, text = rest.splitlines(), ""
    for name in wanted:
        body: list[ast.stmt] = tree.body
        node: _Definition | None = None
        for part in name.split("."):
            node = next((n for n in body if isinstance(n, _Definition) and n.name == part), None)
            body = node.body if node else []
        if node is None:
            raise ProblemError(f"{path}: its frame {frame.name} does not define {name}")
        start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        between = ("\n" if "." in name else "\n\n") if text else ""
        text += between + "\n".join(lines[start - 1 : node.end_lineno]) + "\n"
    return text
