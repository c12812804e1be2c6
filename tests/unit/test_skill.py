"""The skill for coding agents names commands that exist, is found by its front matter, and leaves what others wrote alone."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer

from workbench.api.agents import Submitted, Ticket, skill
from workbench.cli.main import app
from workbench.errors import UsageError

TEXT = Path(skill.__file__).with_name("skill.md").read_text()
COMMANDS = sorted({" ".join(found.split()) for found in re.findall(r"`(evolve [^`]+)`", TEXT)})


def test_commands_are_found_in_it() -> None:
    assert len(COMMANDS) >= 11 and "evolve certify" in COMMANDS


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_that_it_names_exists_with_these_options(line: str) -> None:
    found: Any = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while hasattr(found, "commands"):
        assert words[0] in found.commands, f"{line}: no command {words[0]}"
        found = found.commands[words.pop(0)]
    known = {name: option for option in found.params for name in option.opts}
    given = [word for word in words if word.startswith("-")]
    assert not [name for name in given if name not in known], line
    if words:  # one that is only mentioned has no arguments
        values = sum(not getattr(known[name], "is_flag", False) for name in given)
        arguments = [p for p in found.params if p.param_type_name == "argument"]
        assert sum(p.required for p in arguments) <= len(words) - len(given) - values <= len(arguments), line
        options = [p for p in found.params if p.param_type_name == "option"]
        assert not [p.opts for p in options if p.required and not {*p.opts} & {*given}], line


@pytest.mark.parametrize(("command", "record"), [("agent next", Ticket), ("agent submit", Submitted)])
def test_the_fields_that_it_promises_are_in_the_answer(command: str, record: type) -> None:
    promised = re.search(rf"`evolve {command} [^`]+` gives ((?:`\w+`,?\s+)*`\w+`)", TEXT)
    assert promised is not None
    assert {*re.findall(r"\w+", promised[1])} <= {field.name for field in fields(record)}


def test_it_is_short_and_coding_agents_can_read_its_front_matter() -> None:
    assert len(TEXT.splitlines()) < 100
    front = TEXT.split("---\n")[1].splitlines()
    assert front[0] == "name: evolve" and front[1].startswith("description: ") and len(front) == 2
    assert len(front[1]) < 1024 and ": " not in front[1].removeprefix("description: "), "a colon would end a plain YAML value"


def test_written_twice_it_is_there_once_and_what_others_wrote_stays(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    assert skill.write(folder) == [folder / "SKILL.md", folder / "AGENTS.md"]
    assert (folder / "SKILL.md").read_text() == TEXT
    agents = folder / "AGENTS.md"
    section = agents.read_text()
    assert section.startswith(skill.BEGIN) and "\n## Propose heuristics" in section and "name: evolve" not in section
    agents.write_bytes(f"# Ours\r\n\r\nTabs, please.\r\n\r\n{section}\nAnd tests.\n".encode())
    skill.write(folder)
    assert agents.read_bytes() == f"# Ours\r\n\r\nTabs, please.\r\n\r\n{section}\nAnd tests.\n".encode()
    agents.write_text("# Ours\n\nTabs, please.\n")
    skill.write(folder)
    assert agents.read_text() == f"# Ours\n\nTabs, please.\n\n{section}"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("SKILL.md", b"---\nname: other\n---\nText\n", "another skill"),
        ("AGENTS.md", f"{skill.BEGIN}\ncut".encode(), "each stand there once"),
        ("AGENTS.md", f"{skill.END}\n{skill.BEGIN}\n".encode(), "in this order"),
        ("AGENTS.md", b"\xff\xfe", "not UTF-8"),
    ],
)
def test_what_it_cannot_replace_is_left_as_it_is(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=words):
        skill.write(tmp_path)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [(name, content)]
