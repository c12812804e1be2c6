"""Writes down for coding agents how to propose programs here: a skill, and a section of AGENTS.md."""

from __future__ import annotations

import re
from pathlib import Path

from workbench.errors import UsageError

SKILL, AGENTS = "SKILL.md", "AGENTS.md"
BEGIN, END = "<!-- evolve: begin -->", "<!-- evolve: end -->"
"""Lines around the section of AGENTS.md. What stands between them is replaced, all else is kept."""
_TEXT = Path(__file__).with_name("skill.md")


def write(folder: Path | str) -> list[Path]:
    """Write the skill to `SKILL.md`, and the same text to a marked section of `AGENTS.md`, in a folder that is made if need be.

    Written again, the skill and the section are replaced.

    Returns
    -------
    list[Path]
        The files written.

    Raises
    ------
    UsageError
        There is another `SKILL.md`, the section has lost one of its marks, or a file cannot be read or written. Nothing is
        changed then.
    """
    folder = Path(folder)
    text = _TEXT.read_text("utf-8")
    skill, agents = folder / SKILL, folder / AGENTS
    try:
        if skill.exists() and _name(skill.read_text("utf-8")) != _name(text):
            raise UsageError(f"{skill} is another skill; choose a folder of its own, such as .claude/skills/{_name(text)}")
        section = _with_section(agents, text)
        folder.mkdir(parents=True, exist_ok=True)
        skill.write_bytes(text.encode())
        agents.write_bytes(section.encode())
    except UnicodeDecodeError as error:
        raise UsageError(f"a file in {folder} is not UTF-8: {error}") from error
    except OSError as error:
        raise UsageError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    return [skill, agents]


def _name(text: str) -> str:
    """Name of a skill by its front matter; empty without one."""
    found = re.match(r"---\r?\n(?:.*\r?\n)*?name: *(\S+)", text)
    return found[1] if found else ""


def _with_section(path: Path, text: str) -> str:
    """Text of AGENTS.md with the section in the place of the old one, or at its end."""
    body = text.split("---\n", 2)[2].strip()
    section = f"{BEGIN}\n{re.sub(r'(?m)^#', '##', body)}\n{END}"
    if not path.exists():
        return f"{section}\n"
    known = path.read_bytes().decode("utf-8")  # line ends stay what they are
    marks = known.count(BEGIN), known.count(END)
    if marks == (0, 0):
        return f"{known.rstrip()}\n\n{section}\n".lstrip()
    begin, end = known.find(BEGIN), known.find(END)
    if marks != (1, 1) or end < begin:
        raise UsageError(f"{path}: {BEGIN} and {END} must each stand there once, in this order; mend or remove them")
    return known[:begin] + section + known[end + len(END) :]
