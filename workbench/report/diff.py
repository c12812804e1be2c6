"""Differences between two sources as HTML, side by side or unified, with differing characters marked."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

CONTEXT = 4
"""Number of equal lines shown around a change; other equal lines are folded."""
_MOST_CELLS = 1_000_000
"""Maximum size of one comparison: the matcher's time grows with the product of both lengths, and candidates choose these."""

STYLE = """
table.diff {border-collapse: collapse; width: 100%; font-family: "Source Code Pro", ui-monospace, monospace; font-size: .86rem;
  line-height: 1.5;}
table.diff td {padding: 0 .5rem; white-space: pre; vertical-align: top; border: 0;}
table.diff td.no {text-align: right; color: var(--muted); user-select: none; width: 1%;}
table.diff.two {table-layout: fixed; min-width: 34rem;} table.diff.two th.no {width: 3.2em;} table.diff.two td.no {width: auto;}
table.diff.two td:not(.no) {white-space: pre-wrap; overflow-wrap: anywhere;}
table.diff th {text-align: left; padding: .3rem .5rem; font-weight: 600; border-bottom: 1px solid var(--grid);}
table.diff .old {background: color-mix(in srgb, var(--worse) 13%, transparent);}
table.diff .new {background: color-mix(in srgb, var(--better) 13%, transparent);}
table.diff .old mark {background: color-mix(in srgb, var(--worse) 38%, transparent);}
table.diff .new mark {background: color-mix(in srgb, var(--better) 38%, transparent);}
table.diff mark {color: inherit; border-radius: 2px;}
table.diff .skip td {color: var(--muted); padding: .15rem .5rem; text-align: center; background: var(--soft);}
"""
"""Long lines wrap, so that both columns stay visible. Colours are variables of `report.palette`."""


class Line(NamedTuple):
    """One row: line numbers from 1 (None: no line on that side) and the HTML of both sides."""

    old: int | None
    left: str
    new: int | None
    right: str
    changed: bool


def lines(before: str, after: str) -> list[Line]:
    """Return the rows of a side-by-side comparison; everything is escaped, differing characters are in `<mark>`."""
    a, b = before.splitlines(), after.splitlines()
    rows: list[Line] = []
    left_over = _MOST_CELLS
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, a, b, autojunk=len(a) * len(b) > _MOST_CELLS).get_opcodes():
        if tag == "equal":
            rows += [
                Line(i + 1, escape(a[i]), j + 1, escape(b[j]), False) for i, j in zip(range(i1, i2), range(j1, j2), strict=True)
            ]
            continue
        for k in range(max(i2 - i1, j2 - j1)):
            i, j = i1 + k, j1 + k
            if i < i2 and j < j2:
                left_over -= len(a[i]) * len(b[j])
                left, right = marked(a[i], b[j]) if left_over > 0 else (escape(a[i]), escape(b[j]))
                rows.append(Line(i + 1, left, j + 1, right, True))
            elif i < i2:
                rows.append(Line(i + 1, escape(a[i]), None, "", True))
            else:
                rows.append(Line(None, "", j + 1, escape(b[j]), True))
    return rows


def marked(a: str, b: str) -> tuple[str, str]:
    """Return two lines as HTML with their differences marked; nothing is marked if they have little in common."""
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    if matcher.ratio() < 0.55:
        return escape(a), escape(b)
    left, right = [], []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        old, new = escape(a[i1:i2]), escape(b[j1:j2])
        left.append(old if tag == "equal" or not old else f"<mark>{old}</mark>")
        right.append(new if tag == "equal" or not new else f"<mark>{new}</mark>")
    return "".join(left), "".join(right)


def folded(rows: Sequence[Line], context: int = CONTEXT) -> list[Line | int]:
    """Return the rows near a change; an int is the number of equal rows omitted."""
    near = set[int]()
    for k, row in enumerate(rows):
        if row.changed:
            near.update(range(k - context, k + context + 1))
    shown: list[Line | int] = []
    skipped = 0
    for k, row in enumerate(rows):
        if k in near:
            if skipped == 1:  # the row is as short as the note that would replace it
                shown.append(rows[k - 1])
            elif skipped:
                shown.append(skipped)
            skipped = 0
            shown.append(row)
        else:
            skipped += 1
    return [*shown, rows[-1] if skipped == 1 else skipped] if skipped else shown


def side_by_side(before: str, after: str, names: tuple[str, str], *, whole: bool = False) -> str:
    """Return an HTML table with two columns of code."""
    rows = lines(before, after)
    body = []
    for row in rows if whole else folded(rows):
        if isinstance(row, int):
            body.append(f'<tr class="skip"><td colspan="4">{row} equal lines</td></tr>')
            continue
        old, new = (("old" if row.old else ""), ("new" if row.new else "")) if row.changed else ("", "")
        body.append(
            f'<tr><td class="no">{row.old or ""}</td><td class="{old}">{row.left}</td>'
            f'<td class="no">{row.new or ""}</td><td class="{new}">{row.right}</td></tr>'
        )
    head = f'<tr><th class="no"></th><th>{escape(names[0])}</th><th class="no"></th><th>{escape(names[1])}</th></tr>'
    return f'<div class="scroll"><table class="diff two"><thead>{head}</thead><tbody>{"".join(body)}</tbody></table></div>'


def unified(before: str, after: str, names: tuple[str, str], *, whole: bool = False) -> str:
    """Return an HTML table with one column of code: removed lines above added ones."""
    rows = lines(before, after)
    body = []
    pending: list[str] = []
    for row in rows if whole else folded(rows):
        if isinstance(row, Line) and row.changed:
            if row.old:
                body.append(f'<tr><td class="no">{row.old}</td><td class="no"></td><td class="old">− {row.left}</td></tr>')
            if row.new:
                pending.append(f'<tr><td class="no"></td><td class="no">{row.new}</td><td class="new">+ {row.right}</td></tr>')
            continue
        body += pending
        pending = []
        if isinstance(row, int):
            body.append(f'<tr class="skip"><td colspan="3">{row} equal lines</td></tr>')
        else:
            body.append(f'<tr><td class="no">{row.old}</td><td class="no">{row.new}</td><td>  {row.left}</td></tr>')
    head = f"<tr><th></th><th></th><th>{escape(names[0])} → {escape(names[1])}</th></tr>"
    return f'<div class="scroll"><table class="diff"><thead>{head}</thead><tbody>{"".join([*body, *pending])}</tbody></table></div>'
