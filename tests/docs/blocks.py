"""Reads the code blocks of a page, and compares what one printed with what the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")))
"""Every page whose blocks run; the changelog shows none."""

_FENCE = re.compile(r"^```(\S*)\s*$")
_FILE = re.compile(r"^\*\*`([^`]+)`\*\*")
_MARK = re.compile(r"^<!-- not run(.*)-->$")
DRAWN = "diagram"
"""Language of a block that is a drawing."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Attributes
    ----------
    language
        What stands behind the fence.
    line
        Of the opening fence, counted from 1.
    file
        Path in bold right above the block: the text is saved there instead of being run.
    excuse
        Why it is not run; None where it is.
    """

    language: str
    text: str
    line: int
    file: str | None
    excuse: str | None


def read(path: Path) -> Iterator[Block]:
    """The blocks of a page in order.

    Raises
    ------
    ValueError
        A fence is not closed, or a mark gives no reason.
    """
    lines = path.read_text().splitlines()
    above, start, language = "", 0, ""
    inside: list[str] | None = None
    for number, line in enumerate(lines, 1):
        fence = _FENCE.match(line)
        if inside is not None:
            if line == "```":
                file, mark = _FILE.match(above), _MARK.match(above)
                excuse = mark[1].lstrip(":").strip() if mark else None
                if excuse == "":
                    raise ValueError(f"{path.name}:{start}: a block that is not run needs a reason: <!-- not run: why -->")
                yield Block(language, "\n".join(inside) + "\n", start, file[1] if file else None, excuse)
                inside, above = None, ""
            else:
                inside.append(line)
        elif fence:
            inside, start, language = [], number, fence[1]
        elif line.strip():
            above = line
    if inside is not None:
        raise ValueError(f"{path.name}:{start}: the block is not closed")


def missing(expected: str, printed: str) -> str | None:
    """The first line that a page shows and the output lacks; None if all are there, in this order.

    Three dots stand for anything, a line of three dots for any lines, and runs of spaces count as one. The output may hold
    further lines: pages quote what matters.
    """
    rest = iter([" ".join(line.split()) for line in printed.splitlines()])
    for line in expected.splitlines():
        if line.strip() in ("", "..."):
            continue
        pattern = re.compile(re.escape(" ".join(line.split())).replace(r"\.\.\.", ".*"))
        if not any(pattern.fullmatch(one) for one in rest):
            return line
    return None
