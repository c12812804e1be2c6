"""Styles of the pages, and small HTML elements."""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from typing import Literal
from urllib.parse import urlencode

import streamlit as st

from workbench.analysis.compare import Comparison, Standing
from workbench.report import diff
from workbench.report.palette import DARK, LIGHT, Palette, themed

Tone = Literal["better", "worse", "plain"]


# Text has at least 12 px: .86rem of the 14 px set in ui/.streamlit/config.toml. Code has its own colours because
# Streamlit's are too faint on a light background.
CSS = (
    "<style>:root {"
    + themed()
    + "}"
    + diff.STYLE
    + """
[data-testid="stMainBlockContainer"] {padding-left: 1.75rem; padding-right: 1.75rem;}
header a:focus-visible, [data-testid="stMain"] a:focus-visible {outline: 2px solid var(--better) !important;
       outline-offset: 1px;}
.kpis {display: grid; grid-template-columns: repeat(auto-fit, minmax(8.6rem, 1fr)); gap: .5rem;}
.kpi {border: 1px solid var(--grid); border-radius: 6px; padding: .5rem .7rem; min-width: 0;}
.kpi .name {font-size: .86rem; color: var(--muted); white-space: nowrap; overflow: hidden; text-overflow: ellipsis;}
.kpi .value {font-size: 1.35rem; font-weight: 620; line-height: 1.35; white-space: nowrap; overflow: hidden;
       text-overflow: ellipsis;}
.kpi .note {font-size: .86rem; color: var(--muted); min-height: 1.15em; white-space: nowrap; overflow: hidden;
       text-overflow: ellipsis;}
.better, .kpi .better {color: var(--better);}
.worse, .kpi .worse {color: var(--worse);}
.head {display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .5rem; min-height: 2.5rem;}
.head b {font-size: 1.15rem; font-weight: 630; overflow-wrap: anywhere;}
.chip {font-size: .86rem; padding: .08rem .45rem; border-radius: 5px; white-space: nowrap; max-width: 22rem; overflow: hidden;
       text-overflow: ellipsis; background: color-mix(in srgb, currentColor 9%, transparent);}
.chip.live {color: var(--better); font-weight: 600;}
.chip.bad {color: var(--worse); font-weight: 600;}
.chip:is(.live, .bad) {background: color-mix(in srgb, currentColor 5%, transparent);}
.scroll {overflow-x: auto; border: 1px solid var(--grid); border-radius: 6px;}
table.plain {border-collapse: collapse; width: 100%; font-size: .88rem;}
table.plain td, table.plain th {padding: .28rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid);}
table.plain th {font-weight: 500; color: var(--muted); white-space: nowrap;}
table.plain tr:last-child td {border-bottom: none;}
table.plain .n {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap;}
table.plain .grow {width: 100%; min-width: 14rem; overflow-wrap: anywhere;} table.plain .fit {white-space: nowrap;}
table.plain .wrap {min-width: 22rem; overflow-wrap: anywhere;}
table.plain code, .words code {font-size: .86rem; background: color-mix(in srgb, currentColor 8%, transparent); padding: 0 .25rem;
       border-radius: 3px; white-space: pre-wrap; overflow-wrap: anywhere; color: inherit;}
table.plain a {color: var(--better); text-decoration: none;} table.plain a:hover {text-decoration: underline;}
@media (max-width: 1000px) {  /* cards in full rows; what is wide goes below each other where the window is narrow */
  .kpis:has(> :nth-child(6)) {grid-template-columns: repeat(3, 1fr);}
  .kpis:has(> :nth-child(7)) {grid-template-columns: repeat(4, 1fr);}
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] :is([data-testid="stVegaLiteChart"], table.plain,
    [data-testid="stCode"], [data-testid^="stBidiComponent"])) {flex-wrap: wrap;
    > [data-testid="stColumn"] {min-width: min(28rem, 100%);}}
}
[data-testid="stMarkdownContainer"] code {font-size: .86rem !important;}
#vg-tooltip-element {font-size: .86rem !important;}
[data-testid="stCaptionContainer"] {opacity: 1; color: var(--muted);}
[data-testid="stBaseButton-primary"]:not(:disabled) *, [data-testid="stMultiSelectTagsContainer"] span {color: var(--paper);}
[data-testid="stButtonGroup"] button[data-selected] * {color: var(--ink);}
ul.words {font-size: .9rem; margin: 0; padding-left: 1.1rem;} .words li {margin: .12rem 0;}
[data-testid="stCode"] .token:is(.string, .char, .attr-value, .triple-quoted-string) {color: var(--bound);}
[data-testid="stCode"] .token:is(.keyword, .tag, .function, .class-name, .builtin) {color: var(--better);}
[data-testid="stCode"] .token:is(.operator, .decorator, .number, .boolean) {color: var(--worse);}
[data-testid="stCode"] .token:is(.comment, .punctuation) {color: var(--muted);}
[data-testid="stCode"] .linenumber {color: var(--muted) !important; font-size: .86rem !important;}
</style>"""
)


def style() -> None:
    """Add the styles to a page; dialogs and popovers, which lie outside of what Streamlit gives its theme to, get it too."""
    st.html(f"{CSS}<style>:root {{color-scheme: {st.context.theme.type or 'light'};}}</style>")


def tone(found: Comparison | None) -> Tone:
    """Return the tone of a verdict."""
    if found is None or found.verdict not in (Standing.BETTER, Standing.WORSE):
        return "plain"
    return "better" if found.better else "worse"


def current() -> Palette:
    """Return the palette of the browser's theme."""
    return DARK if st.context.theme.type == "dark" else LIGHT


# --------------------------------------------------------------------------- HTML elements; all text is escaped


def kpi(name: str, value: str, note: str = "", tone: Tone = "plain", help: str = "") -> str:
    """Return a card with a key figure."""
    title = escape(help or f"{name}: {value} {note}".strip(), quote=True)
    note_class = "note" if tone == "plain" else f"note {tone}"
    return (
        f'<div class="kpi" title="{title}"><div class="name">{escape(name)}</div><div class="value">{escape(value)}</div>'
        f'<div class="{note_class}">{escape(note)}</div></div>'
    )


def kpis(cards: list[str]) -> None:
    """Show a strip of cards, which wraps in a narrow window."""
    st.html(f'<div class="kpis">{"".join(cards)}</div>')


def chip(text: str, kind: str = "") -> str:
    """Return a small label with its full text as tooltip."""
    return f'<span class="chip {kind}" title="{escape(text, quote=True)}">{escape(text)}</span>'


def heading(title: str, chips: list[str]) -> None:
    """Show the heading of a page."""
    st.html(f'<div class="head"><b>{escape(title)}</b>{"".join(chips)}</div>')


def status_chip(status: str) -> str:
    """Return a label with the status of a run or an attempt."""
    return chip(
        status,
        "live" if status in ("running", "paused", "stopping") else "" if status in ("done", "stopped", "ok", "recorded") else "bad",
    )


def table(
    columns: list[str], rows: list[list[str]], numbers: Collection[int] = (), grow: int | None = None, wrap: Collection[int] = ()
) -> str:
    """Return a table of HTML cells.

    Columns in `numbers` are right-aligned, column `grow` takes the remaining width; beside it, those in `wrap` are broken.
    """
    mark = ['class="n"' if i in numbers else 'class="grow"' if i == grow else 'class="wrap"' if i in wrap else ""
            for i in range(len(columns))]  # fmt: skip
    mark = [m or 'class="fit"' if grow is not None else m for m in mark]
    head = "".join(f"<th {m}>{escape(c)}</th>" for c, m in zip(columns, mark, strict=True))
    body = "".join("<tr>" + "".join(f"<td {m}>{c}</td>" for c, m in zip(row, mark, strict=True)) + "</tr>" for row in rows)
    return f'<div class="scroll"><table class="plain"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def link(page: str, text: str, title: str = "", **query: str) -> str:
    """Return a link to a page with query parameters; `text` is HTML."""
    hint = f' title="{escape(title, quote=True)}"' if title else ""
    return f'<a href="{escape(f"{page}?{urlencode(query)}", quote=True)}" target="_self"{hint}>{text}</a>'


def text_code(text: str) -> str:
    """Return inline code."""
    return f"<code>{escape(text)}</code>"
