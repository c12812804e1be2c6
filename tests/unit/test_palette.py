"""Colours of both themes: text can be read, and no colour is written down a second time."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields

import pytest

from workbench.problem import catalog
from workbench.report.palette import DARK, LIGHT, VIRIDIS, Palette, named, themed, variables

TEXT = ("ink", "muted", "better", "worse", "bound")
THEMES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """Of two colours, 1 to 21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@THEMES
def test_text_can_be_read_on_both_backgrounds_and_marks_be_seen(palette: Palette) -> None:
    faint = {
        (name, ground): contrast(getattr(palette, name), getattr(palette, ground)) for name in TEXT for ground in ("paper", "soft")
    }
    assert all(value >= 4.5 for value in faint.values()), faint
    assert all(contrast(colour, palette.paper) >= 4.5 for colour in palette.series), "charts name lines in their colours"
    assert contrast(palette.paper, palette.primary) >= 4.5, "on buttons"
    assert len(set(palette.series)) == len(palette.series)


def test_every_colour_has_a_variable_in_both_themes() -> None:
    assert named(LIGHT).keys() == named(DARK).keys()
    assert len(named(LIGHT)) == len(fields(Palette)) - 1 + len(LIGHT.series)
    assert f"--ink: {DARK.ink};" in variables(DARK) and f"--ink: light-dark({LIGHT.ink}, {DARK.ink});" in themed()


def test_streamlits_own_theme_has_the_same_colours() -> None:
    theme = tomllib.loads((catalog.root() / "ui" / ".streamlit" / "config.toml").read_text())["theme"]
    roles = {
        "primaryColor": "primary", "backgroundColor": "paper", "secondaryBackgroundColor": "soft", "textColor": "ink",
        "borderColor": "grid", "dataframeHeaderBackgroundColor": "soft", "codeBackgroundColor": "soft", "codeTextColor": "ink",
    }  # fmt: skip
    for name, palette in (("light", LIGHT), ("dark", DARK)):
        assert theme[name] == {option: getattr(palette, role) for option, role in roles.items()}


def test_no_colour_is_written_down_elsewhere() -> None:
    root = catalog.root()
    known = {*named(LIGHT).values(), *named(DARK).values(), *VIRIDIS}
    for path in [*(root / "ui").rglob("*.py"), *(root / "workbench").rglob("*.py")]:
        if path.name != "palette.py":
            assert not known & set(re.findall(r"#[0-9a-f]{6}", path.read_text())), path
