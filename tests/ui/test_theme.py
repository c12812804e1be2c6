"""Small pieces of HTML, and whether the style sheets of the pages leave text that can be read."""

from __future__ import annotations

import re

import pytest

from tests.ui.conftest import NASTY
from tests.unit.test_palette import THEMES, contrast
from ui import editor, theme
from workbench.report import diff
from workbench.report.palette import Palette, named

RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
TINT = re.compile(r"background: color-mix\(in srgb, (currentColor|var\((--[\w-]+)\)) (\d+)%, transparent\)")
STREAMLITS = {"--st-text-color": "--ink"}
"""Variables of Streamlit's own, which get our colours (see the test of its theme)."""


def test_cards_and_chips_escape_what_they_are_given() -> None:
    nasty = f"{NASTY}'\""
    for made in (theme.kpi(nasty, nasty, nasty), theme.chip(nasty), theme.text_code(nasty), theme.table([nasty], [["x"]])):
        assert "<script>" not in made


def mixed(colour: str, share: float, base: str) -> str:
    """A colour that lets what lies below through."""
    parts = [share * int(colour[k : k + 2], 16) + (1 - share) * int(base[k : k + 2], 16) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(part):02x}" for part in parts)


def rules() -> list[tuple[str, str]]:
    """Selectors and declarations of all style sheets of the pages."""
    css = re.sub(r"/\*.*?\*/", "", "".join((theme.CSS.partition("}")[2], diff.STYLE, editor._CSS)))
    return [(selector.strip(), body) for selector, body in RULE.findall(css)]


@THEMES
def test_every_colour_of_text_has_enough_contrast_to_what_may_lie_behind_it(palette: Palette) -> None:
    colours, used, faint = named(palette), set(), {}
    for selector, body in rules():
        for name in re.findall(r"(?<![-\w])color: var\((--[\w-]+)\)", body):
            text = colours[STREAMLITS.get(name, name)]
            used.add(text)
            grounds = [palette.primary] if name == "--paper" else [palette.paper, palette.soft]
            faint |= {(selector, name, ground): found for ground in grounds if (found := contrast(text, ground)) < 4.5}
    assert {palette.ink, palette.muted, palette.better, palette.worse, palette.bound, palette.paper} <= used, "code included"
    for selector, body in rules():
        for kind, name, percentage in TINT.findall(body):
            share = int(percentage) / 100
            on = {palette.worse, palette.better} if ".live" in selector else {palette.ink} if "chip" in selector else used - {
                palette.paper, palette.bound}  # fmt: skip
            for text in on if kind == "currentColor" else {palette.ink}:
                ground = mixed(text if kind == "currentColor" else colours[name], share, palette.paper)
                if "mark" in selector:  # in a line that is tinted itself
                    ground = mixed(colours[name], share, mixed(colours[name], 0.13, palette.paper))
                if (found := contrast(text, ground)) < 4.5:
                    faint[selector, text, ground] = found
    assert not faint


def test_no_text_is_set_below_12_pixels() -> None:
    sizes = [float(size) for _, body in rules() for size in re.findall(r"font(?:-size)?: ([\d.]+)rem", body)]
    assert len(sizes) > 10 and 14 * min(sizes) >= 12


@pytest.mark.parametrize(
    "token", ["string", "triple-quoted-string", "keyword", "function", "builtin", "operator", "number", "comment", "punctuation"]
)
def test_every_kind_of_token_in_code_has_a_colour_of_ours(token: str) -> None:
    assert any(token in re.split(r"[^\w-]+", selector) and "color: var(--" in body for selector, body in rules())
