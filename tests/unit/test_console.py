"""No text of a candidate can steer the terminal, whichever way it is printed."""

from __future__ import annotations

import io
import re

import pytest
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from workbench.cli.console import SafeConsole
from workbench.formatting import visible

EVIL = {
    "colour": "\x1b[31mred", "title": "\x1b]0;owned\x07", "clear": "\x1b[2J", "c1": "\x9b31m", "carriage": "safe\rEVIL",
    "backspace": "a\bb",
    "bidi": "\u202ereversed", "isolate": "\u2066x", "zero width": "a\u200bb", "half surrogate": "a\ud800b", "del": "a\x7fb",
}  # fmt: skip
OWN = re.compile(r"\x1b\[[0-9;]*m")  # colours, which rich itself adds


def printed(thing: object) -> str:
    out = io.StringIO()
    SafeConsole(file=out, force_terminal=True, width=70, color_system="standard", highlight=False, markup=False).print(thing)
    return OWN.sub("", out.getvalue())


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("way", ["line", "text", "table", "code"])
def test_it_is_shown_by_its_escapes(name: str, way: str) -> None:
    evil = EVIL[name]
    table = Table("column", box=None)
    table.add_row(evil)
    thing = {"line": evil, "text": Text(evil), "table": table, "code": Syntax(f"x = '{evil}'", "python")}[way]
    shown = printed(thing)
    assert not {c for c in shown if (ord(c) < 32 and c not in "\n\t") or c in "\x7f\x9b\u202e\u2066\u200b\ud800"}, shown
    assert "\\" in shown or way in ("text", "code"), "nothing is hidden, but for what rich strips of texts made before"


def test_other_text_is_left_alone() -> None:
    text = "Prüfung ⟨äöü⟩ 日本語 🙂 → x\ty\n"
    assert visible(text) == text
