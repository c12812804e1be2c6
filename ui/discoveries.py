"""The heuristics that ship, as a short list: in full on an empty page of runs, folded beside runs of one's own."""

from __future__ import annotations

from html import escape

import streamlit as st

from ui import parts, theme
from workbench.certificate import Verdict
from workbench.errors import WorkbenchError
from workbench.formatting import percent
from workbench.problem.shipped import Exhibit, ranked

COLUMNS = ["problem", "gap on test", "best human", "verdict", "found by"]


def show(*, folded: bool) -> None:
    """Show the list, with links to the problems; nothing if nothing ships."""
    try:
        found = shipped()
    except WorkbenchError as error:
        parts.say_error(error)
        return
    if not found:
        return
    certified = sum(one.verdict is Verdict.CERTIFIED for one in found)
    title = f"Heuristics that ship: {certified} of {len(found)} are certified improvements"
    if folded:
        with st.expander(title, icon=":material/workspace_premium:"):
            listing(found)
    else:
        st.markdown(f"**{title}**")
        listing(found)


@st.cache_data(show_spinner=False, ttl=60)
def shipped() -> tuple[Exhibit, ...]:
    """Return what ships, the certified first."""
    return ranked()


def listing(found: tuple[Exhibit, ...]) -> None:
    """Show one row for each heuristic."""
    rows = []
    for one in found:
        verdict = escape(one.verdict.words)
        certified = one.verdict is Verdict.CERTIFIED
        problem = theme.link("problems", escape(one.problem), "Statement, certificate and module", problem=one.problem)
        gaps = percent(one.gap), percent(one.best_human)
        rows.append([problem, *gaps, f"<b>{verdict}</b>" if certified else verdict, escape(one.found_by)])
    st.html(theme.table(COLUMNS, rows, {1, 2}))
    st.caption("Gaps on the held-out test set; 0 is the reference, lower is better. In code, import them from workbench.gallery.")
