"""Small SVG drawings in the project's palette, which follow the colour scheme of whoever looks at them."""

from __future__ import annotations

from html import escape

from workbench.report.palette import DARK, LIGHT, variables

WIDTH = 720
FONT = "system-ui, sans-serif"


class Drawing:
    """Shapes one below the other; colours are names of the palette: `ink`, `muted`, `better`, `worse`, `bound`, `series-0`, ..."""

    def __init__(self, label: str) -> None:
        self.label, self.height, self.parts = label, 0.0, list[str]()

    def rect(self, x: float, y: float, width: float, height: float, colour: str, title: str = "") -> None:
        """A filled rectangle."""
        inside = f"<title>{escape(title)}</title>" if title else ""
        size = f'width="{max(width, 0.4):.1f}" height="{height:.1f}"'
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="var(--{colour})">{inside}</rect>')

    def line(self, x: float, y: float, to_x: float, to_y: float, colour: str, width: float = 1, dash: str = "") -> None:
        """A line."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
        self.parts.append(f'<line {ends} stroke="var(--{colour})" stroke-width="{width:g}"{dashed}/>')

    def circle(self, x: float, y: float, radius: float, colour: str, title: str = "") -> None:
        """A filled circle."""
        inside = f"<title>{escape(title)}</title>" if title else ""
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="var(--{colour})">{inside}</circle>')

    def text(self, x: float, y: float, words: str, colour: str = "ink", anchor: str = "start", bold: bool = False) -> None:
        """A line of text."""
        weight = ' font-weight="600"' if bold else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" fill="var(--{colour})" text-anchor="{anchor}"{weight}>{escape(words)}</text>'
        )

    def svg(self) -> str:
        """The whole file."""
        style = f"svg {{{variables(LIGHT)} font: 13px {FONT};}} @media (prefers-color-scheme: dark) {{svg {{{variables(DARK)}}}}}"
        size = f'viewBox="0 0 {WIDTH} {self.height:.0f}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(self.label)}">'
        paper = f'<rect width="{WIDTH}" height="{self.height:.0f}" fill="var(--paper)"/>'
        return "\n".join([head, f"<style>{style}</style>", paper, *self.parts, "</svg>"]) + "\n"
