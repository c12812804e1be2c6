"""Colours of both themes, used by pages, reports and charts."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme. Blue is better, orange worse, green a proven bound; safe for colour-blind readers.

    All but `grid`, `paper` and `soft` are text colours with a contrast of at least 4.5 on `paper`, and all but `series` on
    `soft` too.

    Attributes
    ----------
    ink, muted
        Text, and secondary text.
    grid
        Grid lines and borders.
    paper, soft
        Backgrounds of the page, and of code and table headings.
    primary
        Buttons and links.
    series
        Colours of islands, programs and models, in order of use.
    """

    ink: str
    muted: str
    grid: str
    paper: str
    soft: str
    primary: str
    better: str
    worse: str
    bound: str
    series: tuple[str, ...]


LIGHT = Palette(
    ink="#1b2430", muted="#5b6675", grid="#e1e5ea", paper="#ffffff", soft="#f6f7f9", primary="#3b5bdb",
    better="#3b5bdb", worse="#c4410c", bound="#087f5b",
    series=("#4263eb", "#0b7f91", "#ae3ec9", "#c2255c", "#5f3dc4", "#155263", "#a86200", "#495057"),
)  # fmt: skip
DARK = Palette(
    ink="#e6eaf0", muted="#9aa7b7", grid="#2a3442", paper="#0f141b", soft="#171e28", primary="#748ffc",
    better="#91a7ff", worse="#ff922b", bound="#38d9a9",
    series=("#748ffc", "#22b8cf", "#cc5de8", "#f06595", "#9775fa", "#66d9e8", "#fcc419", "#ced4da"),
)  # fmt: skip

VIRIDIS = ("#fde725", "#b5de2b", "#6ece58", "#35b779", "#1f9e89", "#26828e", "#31688e", "#3e4989", "#482878", "#440154")
"""Colour scale of gaps, from small to large; the same in both themes."""


def named(palette: Palette) -> dict[str, str]:
    """Return every colour by its CSS variable: `--ink`, ..., `--series-0`, ..."""
    single = {f"--{field.name}": getattr(palette, field.name) for field in fields(palette) if field.name != "series"}
    return single | {f"--series-{k}": colour for k, colour in enumerate(palette.series)}


def variables(palette: Palette) -> str:
    """Return CSS declarations of all colours of one theme."""
    return " ".join(f"{name}: {colour};" for name, colour in named(palette).items())


def themed() -> str:
    """Return CSS declarations of colours that follow the colour scheme of their element."""
    dark = named(DARK)
    return " ".join(f"{name}: light-dark({colour}, {dark[name]});" for name, colour in named(LIGHT).items())
