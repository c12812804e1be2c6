"""Runs: status, results and cost of all runs."""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from ui import actions, data, discoveries, models, parts, theme
from workbench import search
from workbench.errors import StoreError
from workbench.formatting import dollars, duration, measure_of, points
from workbench.problem import catalog
from workbench.store import Reader, RunSummary

FEW = 5
"""Number of runs above which they can be filtered."""


def page() -> None:
    """Show the table of runs; it refreshes while a run is live."""
    title, action = st.columns([3, 1], vertical_alignment="center")
    with title:
        theme.heading("Runs", [theme.chip(str(data.folder()))])
    with action, st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("New run", type="primary", icon=":material/add:"):
            new_run()
    try:
        store = data.own()
    except StoreError as error:
        parts.say_error(error)
        return
    rows = store.runs() if store is not None else []
    if rows:
        live = any(row.live for row in rows)
        st.fragment(listing, run_every=3.0 if live else None)()
    else:
        parts.empty()
        discoveries.show(folded=False)
    shipped(bool(rows))
    if rows:
        discoveries.show(folded=True)


def shipped(link: bool) -> None:
    """Show the example runs: as links if the folder has runs, else as a table."""
    store = data.gallery()
    if store is None:
        return
    if link:
        for row in store.runs():
            st.page_link(parts.RUN, label=f"Example run: {parts.literal(row.problem)}",
                         icon=":material/history:", query_params={"run": row.id})  # fmt: skip
        return
    st.markdown("**Example runs (read-only)**")
    table(store, store.runs())


def listing() -> None:
    """Show key figures over all runs, and the table."""
    store = data.own()
    if store is None:
        st.rerun()
    rows = store.runs()
    live = [row for row in rows if row.live]
    spent = sum(row.spending.dollars for row in rows)
    unknown = sum(row.spending.unpriced for row in rows)
    attempts = sum(row.attempts for row in rows)
    theme.kpis(
        [
            theme.kpi("Running", str(len(live)), ", ".join(sorted({row.problem.partition("/")[2] for row in live}))),
            theme.kpi("Runs", f"{len(rows):,}", parts.counted(len({row.problem for row in rows}), "problem")),
            theme.kpi("Attempts", f"{attempts:,}", f"{sum(row.valid for row in rows):,} valid"),
            theme.kpi("Spent on models", dollars(spent), f"{unknown:,} calls of unknown price" if unknown else ""),
        ]
    )
    words = ""
    if len(rows) > FEW:
        words = st.text_input("Filter", key="filter", placeholder="Filter by name, problem, status or proposer", width=420,
                              label_visibility="collapsed").lower()  # fmt: skip
    table(store, rows, words.split())


def table(store: Reader, every: list[RunSummary], words: Sequence[str] = ()) -> None:
    """Show one row per run with all `words`: a click on its ID opens it, a click on another cell or a tick selects it."""
    rows = [
        row for row in every if all(word in " ".join((row.id, row.problem, row.status, row.proposer)).lower() for word in words)
    ]
    ticked = set(st.session_state.get("ticked", ()))
    if not rows:
        st.caption("No run has all these words.")
        marked([row for row in every if row.id in ticked])
        return
    frame = pd.DataFrame([line(store, row) for row in rows])
    frame = frame.drop(columns=[name for name in ("note", "score") if not frame[name].any()])
    # Streamlit selects by position: another list of runs is another table, in which the same runs are ticked.
    names = [row.id for row in rows]
    before = [k for k, name in enumerate(names) if name in ticked]
    event = st.dataframe(
        frame, key=f"runs-{zlib.crc32(' '.join(names).encode())}", hide_index=True, on_select="rerun",
        selection_mode=["multi-row", "single-cell"], selection_default={"selection": {"rows": before}}, row_height=34,
        height="auto" if len(frame) <= 10 else 640, placeholder="–",
        column_config={
            "gap": st.column_config.NumberColumn("val. gap", format="%.2f%%", help="Gap of the best candidate on validation"),
            "score": st.column_config.TextColumn("val. score", help="Of a foreign task, by its own evaluator: higher is better"),
            "test": st.column_config.NumberColumn("test gap", format="%.2f%%", help="Known once the best candidate is certified"),
            "verdict": st.column_config.TextColumn("vs best baseline", help="On validation: paired bootstrap, 95% CI"),
            "curve": st.column_config.LineChartColumn("best so far", width=90, help="Best train gap by attempt"),
            "progress": st.column_config.ProgressColumn("progress", min_value=0, max_value=1, format="percent", width=100),
            "valid": st.column_config.NumberColumn("valid", format="%.0f%%"),
            "note": st.column_config.TextColumn("note", width=230),
            "proposer": st.column_config.TextColumn("proposer", width=170),
        },
    )  # fmt: skip
    cell = parts.chosen_cell(event, len(rows))
    if cell and cell[1] == "run":
        st.switch_page(parts.RUN, query_params={"run": rows[cell[0]].id})
    ticked = ticked - set(names) | {names[k] for k in event.selection.rows if k < len(rows)}
    st.session_state["ticked"] = sorted(ticked)
    marked([row for row in every if row.id in ticked] or ([rows[cell[0]]] if cell else []))
    if hidden := ticked - set(names):
        st.caption(f"{parts.counted(len(hidden), 'run')} that the filter hides {'is' if len(hidden) == 1 else 'are'} ticked too.")


def marked(rows: list[RunSummary]) -> None:
    """Show the actions on the selected runs."""
    if not rows:
        st.caption("Click a run's name to open it, or another cell to select it; tick boxes to select several.")
        return
    live = [row for row in rows if row.live]
    with st.container(horizontal=True):
        if len(rows) == 1 and st.button("Open", icon=":material/monitoring:", key="open-run"):
            st.switch_page(parts.RUN, query_params={"run": rows[0].id})
        ready = [f"{row.id}:{row.champion}" for row in rows if row.champion is not None]
        if ready and st.button("Compare", icon=":material/compare_arrows:", key="compare-runs"):
            st.switch_page(parts.COMPARE, query_params={"p": ready})
        if live and st.button(f"Stop {parts.counted(len(live), 'run')}", icon=":material/stop:", key="stop-runs"):
            for row in live:
                parts.try_to(actions.tell, row.id, "stop")
            st.rerun()


def line(store: Reader, row: RunSummary) -> dict[str, Any]:
    """Return one row of the table."""
    found, measure = data.verdict(store, row), measure_of(row.problem)
    state = data.state(store, row)
    silent = time.time() - row.heartbeat
    certified = data.certificate(row.id, row.champion)
    verdict = measure.note if found is None else found.verdict.value
    if found and found.verdict in ("better", "worse"):
        verdict = f"{verdict} than {found.against}, {points(found.difference.mean)}"
    if certified.certificate:
        verdict = f"{certified.verdict}: {verdict}"
    note = row.message
    if row.status in ("failed", "abandoned"):
        note = data.first_error(store, row.id) if row.status == "failed" else f"process ended {duration(silent)} ago"
    elif row.live and silent > 8:
        note = f"no heartbeat for {duration(silent)}"
    return {
        "status": state,
        "run": row.id,
        "problem": row.problem,
        "gap": None if row.validation_gap is None or measure.note else row.validation_gap * 100,
        "score": f"{measure.value(row.validation_gap)} (not verified)" if measure.note else "",
        "test": None if certified.test_gap is None else certified.test_gap * 100,
        "verdict": verdict,
        "curve": [round(measure.number(gap), 6) for gap in data.curve(store, row.id)],
        "progress": min(1.0, row.attempts / row.options.candidates),
        "valid": 100 * row.valid / row.attempts if row.attempts else None,
        "cost": dollars(row.spending.cost_usd, model=row.uses_model),
        "started": f"{duration(time.time() - row.created)} ago",
        "note": note,
        "proposer": row.proposer,
    }


@st.dialog("New run", width="large")
def new_run() -> None:
    """Show the form for a new run: problem, proposer, strategy, budgets and estimated cost."""
    slugs = usable()
    left, right = st.columns(2)
    problem = left.selectbox(
        "Problem", slugs, key="new-problem", accept_new_options=True, help="Or enter the folder of your own problem.",
        on_change=parts.settled, args=("new-problem", slugs),
    )  # fmt: skip
    strategies = search.names()
    strategy = right.selectbox("Search strategy", strategies, strategies.index("islands"), key="new-strategy")
    kind, proposer = models.proposer()
    options = [f"--strategy={strategy}", f"--proposer={proposer}"]
    asked = models.ask("new") if kind == models.MODELS else models.Asked()
    options += asked.options
    columns = st.columns(5)
    attempts = columns[0].number_input("Attempts", 1, 1_000_000, 200, key="new-attempts")
    minutes = columns[1].number_input("Max. minutes", 0.5, None, None, key="new-minutes", placeholder="no limit")
    usd = columns[2].number_input(
        "Max. dollars", 0.01, None, None, key="new-usd", placeholder="no limit", disabled=kind == models.BUILTIN
    )
    tokens = columns[3].number_input(
        "Max. tokens", 1, None, None, key="new-tokens", placeholder="no limit", disabled=kind == models.BUILTIN
    )
    seed = columns[4].number_input("Random seed", 0, 2**31, 0, key="new-seed")
    options += [f"--candidates={attempts}", f"--seed={seed}"]
    options += [f"--max-minutes={minutes}"] if minutes else []
    options += [f"--max-usd={usd}"] if usd and kind != models.BUILTIN else []
    options += [f"--max-tokens={tokens}"] if tokens and kind != models.BUILTIN else []
    st.caption(parts.literal(estimate(problem, asked, int(attempts), usd, kind)))
    missing = not proposer or (kind == models.MODELS and not (models.can_hold(asked, usd) and asked.models))
    if st.button("Start", type="primary", key="new-start", disabled=missing or not problem, icon=":material/play_arrow:"):
        parts.launched(actions.start_run(data.folder(), problem, options))


@st.cache_data(show_spinner=False, ttl=60)
def usable() -> list[str]:
    """Return the IDs of the problems that can be run."""
    found = []
    for slug in catalog.slugs():
        try:
            if catalog.load(slug).references.ranking:
                found.append(slug)
        except catalog.UsageError:
            continue
    return found


def estimate(problem: str | None, asked: models.Asked, attempts: int, usd: float | None, kind: str) -> str:
    """Estimate cost and time of a run, in words."""
    seconds = data.typical_seconds(data.own(), problem or "")
    time_said = (
        f"About {duration(seconds * attempts)}, judging by earlier runs." if seconds else "Duration unknown (no earlier run)."
    )
    if kind == models.BUILTIN:
        return f"No cost (no model). {time_said}"
    cap = f"Budget: {dollars(usd)}." if usd else "No budget in dollars."
    if kind == models.OTHERS:
        return f"The cost is not estimated. {time_said} {cap}"
    return f"{models.estimate(data.own(), asked, attempts)} {time_said} {cap}"


page()
