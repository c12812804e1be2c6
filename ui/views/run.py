"""Run: progress, candidates, failures and cost of one run."""

from __future__ import annotations

import time
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from ui import data, parts, theme
from ui.messages import log, messages
from workbench.analysis.attempts import spending, thinned, timed
from workbench.analysis.makers import divisions, population
from workbench.formatting import Measure, dollars, duration, level, measure_of, percent, points, span, tokens
from workbench.model import Split
from workbench.protocols import SecondObjective
from workbench.report import charts
from workbench.report.cpu_chart import against_cpu
from workbench.store import Mark, Reader, RunSummary

TABS = ("Progress", "Programs", "Lineage", "Archive", "Failures", "Spend & models", "Messages", "Log")
USELESS = 30  # attempts in a row without a new valid program before the page warns
LISTED = 1000  # maximum number of rows in the table of programs
_MOVE = "Drag to pan, Shift + wheel to zoom, double-click to reset."
FOLLOWING = 8.0
"""Seconds between redraws of the charts of a live run; redrawing slows the run down."""


def page() -> None:
    """Show heading and tabs; those of a live run refresh automatically, charts unless they are not to follow."""
    store = parts.store_or_stop(st.query_params.get("run"))
    row = store.summary(parts.chosen_run(store).id)
    state = data.state(store, row)
    st.session_state[f"state-{row.id}"] = state  # not an argument of `pulse`, which may still be called with the one before
    live = row.live
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left:
        chips = [theme.status_chip(state), theme.chip(row.problem), theme.chip(row.proposer)]
        if note := measure_of(row.problem).note:
            chips.append(theme.chip(note, "bad"))
        chips.append(theme.chip(f"isolation {row.isolation}", "" if row.isolation == "full" else "bad"))
        theme.heading(row.id, chips)
    with right:
        parts.controls(store, row, state)
    if row.status in ("failed", "abandoned"):
        why = data.first_error(store, row.id) if row.status == "failed" else "its process was killed; recorded attempts are kept."
        parts.say_error(f"{row.status}: {why}")
    elif row.status == "paused" and row.message:
        parts.say_error(f"paused: {row.message}")
    if fault := store.fault(row.id):
        parts.say_error(fault)
    if row.live and (useless := store.useless(row.id)) >= USELESS:
        st.warning(f"The last {useless:,} attempts yielded no new valid program: see Failures for what they have in common.")
    loaded, note = data.problem(row)
    parts.changed_problem(store, row, row.champion, note, loaded is not None)
    mark = pinned(store, row.id, live)  # before the figures, which count what is new since this mark
    st.fragment(pulse, run_every=2.0 if live else None)(row.id)
    tabs = st.tabs(TABS, key="tab", bind="query-params")
    shows = (progress, programs, lineage, archive, failures, spend, messages, log)
    for tab, show in zip(tabs, shows, strict=True):
        if tab.open:
            with tab:
                show(store, row, mark, loaded)


def pinned(store: Reader, run: str, live: bool) -> Mark:
    """Return the mark at which charts are drawn: for a live run that is not followed, the one at which they were drawn last."""
    now = store.mark(run)
    key = f"mark-{run}"
    follow = st.session_state.get("follow", True)
    if not live or key not in st.session_state or follow or st.session_state.pop("refresh", False):
        st.session_state[key] = now
        st.session_state[f"drawn-{run}"] = time.monotonic()
    return st.session_state[key]


# --------------------------------------------------------------------------- automatic refresh


def pulse(run: str) -> None:
    """Show the key figures, and the number of new attempts since the charts were drawn."""
    store = data.reader(run)
    row = next((r for r in store.runs() if r.id == run), None) if store else None
    if store is None or row is None or data.state(store, row) != st.session_state.get(f"state-{run}"):
        st.rerun(scope="app")
    theme.kpis(figures(store, row))
    if not row.live:
        return
    new = store.mark(run).attempts - st.session_state.get(f"mark-{run}", store.mark(run)).attempts
    with st.container(horizontal=True, vertical_alignment="center"):
        follow = st.toggle("Follow", value=True, key="follow", help="Redraw the charts as attempts come in; what you zoomed stays.")
        if new and follow and time.monotonic() - st.session_state.get(f"drawn-{run}", 0.0) > FOLLOWING:
            st.rerun(scope="app")
        if st.button(f"{new:,} new, refresh" if new else "charts are up to date", key="renew", disabled=not new, type="tertiary",
                     icon=":material/refresh:"):  # fmt: skip
            st.session_state["refresh"] = True
            st.rerun(scope="app")


def figures(store: Reader, row: RunSummary) -> list[str]:
    """Return the cards with key figures."""
    run, made = row.id, row.attempts
    found = data.verdict(store, row)
    against = f"{points(found.difference.mean)} vs {found.against}" if found else "not compared"
    interval = f"{level(found.confidence)} CI {span(*found.difference[1:])}: {found.verdict}" if found else ""
    certified = data.certificate(run, row.champion)
    best = store.best(run)
    failing = {k: v for k, v in store.counts(run).items() if k != "ok"}
    commonest = max(failing, key=failing.__getitem__, default="")
    pace = store.rate(run, 60, time.time()) if row.live else made / row.active_seconds * 60 if row.active_seconds else 0.0
    measure = measure_of(row.problem)
    if measure.note:
        against, interval = "higher is better", measure.note
    model, cap, used = row.uses_model, row.options.max_usd, tokens(row.spending.tokens_out, row.spending.estimated)
    return [
        theme.kpi(f"Best validation {measure.word}", measure.value(row.validation_gap), against, theme.tone(found),
                  f"{against}. {interval}"),
        theme.kpi("Its test gap", percent(certified.test_gap), measure.note or certified.verdict,
                  help=certified.reason or "Measured when the best candidate is certified (on its page)."),
        theme.kpi(f"Best train {measure.word}", measure.value(row.best_gap), f"no. {best.number}" if best else ""),
        theme.kpi("Attempts", f"{made:,}", f"of {row.options.candidates:,}"),
        theme.kpi("Spend", dollars(row.spending.cost_usd, model=model),
                  f"budget {dollars(cap)}" if cap else f"{used} tokens out" if model else ""),
        theme.kpi("Valid", f"{row.valid / made:.0%}" if made else "–",
                  f"{failing[commonest]:,} {commonest.replace('_', ' ')}" if commonest and made else ""),
        theme.kpi("Since improvement", f"{max(0, made + 1 - best.number) if best else 0:,}", "attempts"),
        theme.kpi("Pace", f"{pace:,.0f}/min" if pace >= 1 else f"{pace * 60:,.0f}/h" if pace else "–",
                  f"{row.options.evaluators}, {duration(row.active_seconds)}"),
    ]  # fmt: skip


# --------------------------------------------------------------------------- tabs


def progress(store: Reader, row: RunSummary, mark: Mark, loaded: Any) -> None:
    """Show every attempt and the best so far; a click shows an attempt beside the chart."""
    frame = data.attempts(store, row.id, mark)
    plot, card = st.columns([7, 3], gap="medium")
    with plot:
        with st.container(horizontal=True, vertical_alignment="center"):
            axes = {"Attempts": "attempts", "Dollars": "usd", "Time": "time", "CPU time": "cpu"}
            if not frame["usd"].iloc[-1]:
                del axes["Dollars"]
            own = loaded.second if loaded else None
            if own:
                axes[own.title] = "second"
            axis = axes[st.segmented_control("x", list(axes), default="Attempts", key="x", bind="query-params", required=True,
                                             format_func=parts.literal, label_visibility="collapsed")]  # fmt: skip
            split = Split(st.segmented_control("Split", ["train", "validation"], default="train", key="split", bind="query-params",
                                               required=True, label_visibility="collapsed"))  # fmt: skip
            rug = axis not in ("cpu", "second") and st.toggle("Failures", value=True, key="rug", bind="query-params")
            levels = [charts.Level(title, gap) for _, title, gap in data.baselines(loaded, split)]
            log = not measure_of(row.problem).note and logarithmic(frame, [level.gap for level in levels])
        validation = frame["number"].map(store.gaps(row.id, split)) if split is Split.VALIDATION else None
        if axis in ("cpu", "second"):
            if objective := own if axis == "second" else None:
                frame = frame.assign(longest=frame["number"].map(data.second(store, row.id, mark, objective)))
            picked = cpu(frame, frame["gap"] if validation is None else validation, loaded, split, objective, log=log,
                         measure=measure_of(row.problem))  # fmt: skip
        else:
            shown = thinned(frame, frame["gap"] if validation is None else validation)
            steered = [told.at for told in data.steering(store, shown, row) if told.at is not None]
            figure = charts.progress(
                shown, theme.current(), axis=axis, rug=rug, log=log, steered=steered,
                levels=levels, validation=validation, population=population(row), measure=measure_of(row.problem),
            )  # fmt: skip
            picked = parts.clicked(figure, f"progress-{axis}-{split}", zooms=True).get("number")
            st.caption(_MOVE)
            drawn(shown, frame, "improvements")
    with card:
        first = row.champion if picked is None else picked
        if first is None:
            st.caption("No candidate has been evaluated on validation yet.")
        else:
            parts.program_card(store, row, int(first), "progress")


def cpu(
    frame: pd.DataFrame, gaps: pd.Series, loaded: Any, split: Split, second: SecondObjective | None, *, log: bool, measure: Measure
) -> Any:
    """Show gap against CPU time or another second objective, and return the number of the clicked attempt."""
    known = timed(frame, gaps, len(frame))
    if known.empty:
        lacking = parts.literal(second.title) if second else "CPU times"
        st.caption(f"No attempt of this run has both a {split.value} {measure.word} and {lacking}; those that failed have none.")
        return None
    shown = timed(frame, gaps)
    limit = loaded.problem.limits.seconds if loaded and not second else None
    figure = against_cpu(shown, theme.current(), split=split.value, log=log, limit=limit, second=second, measure=measure)
    picked = parts.clicked(figure, f"progress-cpu-{split}{second.metric if second else ''}", zooms=True).get("number")
    what = measure.word.capitalize()
    st.caption(f"{what} against {parts.literal(second.title) if second else 'CPU time'}. Line: no other attempt is as "
               f"{'good in both' if second else 'fast and as good'}; its points have their numbers. {_MOVE}")  # fmt: skip
    drawn(shown, known, "on the line")
    return picked


def drawn(shown: pd.DataFrame, among: pd.DataFrame, whole: str) -> None:
    """Say how many attempts a chart leaves out."""
    if len(shown) < len(among):
        st.caption(f"{len(shown):,} of {len(among):,} attempts are drawn: all {whole}, and an even sample of the others.")


def logarithmic(frame: pd.DataFrame, gaps: list[float]) -> bool:
    """Show the choice of the gap axis; the default is logarithmic if a linear axis would compress the smaller gaps."""
    if charts.far_apart(gaps) and (frame["best"].iloc[-1] or 0.0) > 0:
        return not st.toggle("Linear", key="linear", bind="query-params")
    return st.toggle("Logarithmic", key="log", bind="query-params")


def programs(store: Reader, row: RunSummary, mark: Mark, loaded: Any) -> None:
    """Show a table of attempts, best first."""
    frame = data.attempts(store, row.id, mark)
    with st.container(horizontal=True, vertical_alignment="center"):
        kinds = ["valid", "failed", *frame["operator"].cat.categories]
        kind = st.pills("Which", kinds, default="valid", key="which", bind="query-params", format_func=parts.literal,
                        label_visibility="collapsed")  # fmt: skip
    failed = frame["status"] != "ok"
    chosen = frame[failed if kind == "failed" else ~failed if kind in ("valid", None) else frame["operator"] == kind]
    chosen = chosen.sort_values(["gap", "number"], na_position="last").head(LISTED)
    validation = store.gaps(row.id, Split.VALIDATION)
    measure = measure_of(row.problem)
    factor = -1 if measure.note else 100
    listed = chosen.assign(gap=chosen["gap"] * factor, validation=chosen["number"].map(validation) * factor)
    listed = listed.assign(change=listed["change"] * factor, error=listed["error"] * 200)
    chooser = "strategy" if row.options.strategy == "portfolio" else "island"
    if chooser == "strategy":
        listed["strategy"] = [population(row)(0 if pd.isna(island) else int(island)) for island in listed["island"]]
    shown = f"number status operator idea gap validation parent change error {chooser} longest seconds".split()
    form, unit = ("%.6g", "") if measure.note else ("%.3f", ", %")
    if measure.note:  # one instance: the noise of a difference is not known
        shown.remove("error")
    plot, card = st.columns([7, 3], gap="medium")
    with plot:
        event = st.dataframe(
            listed[shown], key="programs", hide_index=True, on_select="rerun", selection_mode="single-cell", height=560,
            placeholder="",
            column_config={
                "number": st.column_config.NumberColumn("no.", format="%d"),
                "gap": st.column_config.NumberColumn(f"train {measure.word}{unit}", format=form),
                "validation": st.column_config.NumberColumn(f"validation {measure.word}{unit}", format=form),
                "parent": st.column_config.NumberColumn("parent", format="%d"),
                "island": st.column_config.NumberColumn("island", format="%d"),
                "idea": st.column_config.TextColumn("idea", width="medium"),
                "change": st.column_config.NumberColumn(
                    "against parent" if measure.note else "against parent, pp", format="%+.5g" if measure.note else "%+.3f"
                ),
                "error": st.column_config.NumberColumn("noise, ± pp", format="%.3f", help="Two standard errors of the difference."),
                "longest": st.column_config.NumberColumn("longest instance, s", format="%.3f"),
                "seconds": st.column_config.NumberColumn("evaluation, s", format="%.3f"),
            },
        )  # fmt: skip
        most = f"The best {LISTED:,} are listed; open others by number on the page Program. " if len(chosen) == LISTED else ""
        st.caption(f"{most}Click a number to open the program, or another cell for a preview.")
    place, column = cell = parts.chosen_cell(event, len(chosen)) or (0, "")
    clicked, number = st.session_state.get(f"previewed-{row.id}", ((0, ""), None))
    if cell != clicked or not column:  # else the cell was clicked when it held this number: others may have come in above it
        number = int(chosen["number"].iloc[place]) if len(chosen) else None
        st.session_state[f"previewed-{row.id}"] = cell, number
    if column == "number" and cell != clicked and number is not None:
        parts.open_program(row.id, number)
    with card:
        if number is not None:
            parts.program_card(store, row, number, "programs")


def lineage(store: Reader, row: RunSummary, mark: Mark, loaded: Any) -> None:
    """Show the lineage of the champion among all parents."""
    frame = data.attempts(store, row.id, mark)
    number = row.champion if row.champion is not None else int(frame["number"].iloc[0])
    path = ancestors(frame, number)
    with st.container(horizontal=True, vertical_alignment="center"):
        steps = parts.counted(len(path) - 1, "step")
        st.caption(f"Lineage of candidate {number}: {steps} from no. {path[0]}. Hollow: other attempts that became parents. "
                   "Click a step to see its diff.", width="stretch")  # fmt: skip
        drawn_gaps = list(frame.loc[frame["number"].isin([*path, *frame["parent"].dropna()]), "gap"].dropna())
        log = not measure_of(row.problem).note and logarithmic(frame, drawn_gaps)
    figure = charts.lineage(frame, path, theme.current(), log=log, measure=measure_of(row.problem))
    picked = parts.clicked(figure, "lineage", zooms=True).get("number")
    if picked is not None:
        parts.open_program(row.id, int(picked), tab="Diff")
    st.caption(_MOVE)


def ancestors(frame: pd.DataFrame, number: int) -> list[int]:
    """Return the chain of main parents from the initial program to an attempt, the attempt included."""
    parents = dict(zip(frame["number"], frame["parent"], strict=True))
    path = [number]
    while pd.notna(above := parents.get(path[-1])) and int(above) not in path and len(path) < 5000:
        path.append(int(above))
    return path[::-1]


def archive(store: Reader, row: RunSummary, mark: Mark, loaded: Any) -> None:
    """Show the best program of each cell of the archive."""
    frame = data.attempts(store, row.id, mark)
    sizes = data.sizes(str(store.folder), row.id, mark, store)
    kinds = {"Strongest class": "strongest", "Evaluation time": "seconds"}
    rows = kinds[st.segmented_control("Rows", list(kinds), default="Strongest class", key="rows", bind="query-params",
                                      required=True, label_visibility="collapsed")]  # fmt: skip
    made = charts.grid(sizes, frame.set_index("number")["gap"], rows)
    if not made.cells:
        st.caption("No valid candidate yet.")
        return
    measure = measure_of(row.problem)
    plot, card = st.columns([7, 3], gap="medium")
    with plot:
        picked = parts.clicked(charts.archive(made, theme.current(), rows, measure=measure), f"archive-{rows}").get("number")
        total = len(made.columns) * len(made.rows)
        among = f" among the best {len(sizes):,} attempts" if len(sizes) == data.SIZED else ""
        st.caption(f"{len(made.cells)} of {total} cells are filled{among}; colour: best train {measure.word} in the cell.")
    best = min(made.cells, key=lambda cell: cell[2])
    with card:
        parts.program_card(store, row, int(picked) if picked is not None else best[4], "archive")


def failures(store: Reader, row: RunSummary, mark: Mark, loaded: Any) -> None:
    """Show failed attempts by status, operator and model, with their cost."""
    groups = data.failures(store, row.id, mark)
    if not groups:
        st.caption("No failed attempts.")
        return
    wasted = sum(group.cost_usd or 0.0 for group in groups)
    total = sum(group.attempts for group in groups)
    lost = f", {dollars(wasted)} of model calls" if wasted else ""
    st.caption(parts.literal(f"{total:,} failed attempts{lost}. The first message of each group is shown."))
    parts.chart(charts.failures(pd.DataFrame(groups), theme.current()), "failures")
    table = [
        [escape(g.status.replace("_", " ")), escape(g.operator), escape(g.model or ""), f"{g.attempts:,}",
         dollars(g.cost_usd) if g.cost_usd is not None else "",
         theme.link("program", str(g.first), run=row.id, n=str(g.first)),
         escape(g.message)]
        for g in groups[:60]
    ]  # fmt: skip
    st.html(theme.table(["status", "operator", "model", "attempts", "wasted", "first", "message"], table, {3, 4, 5}, grow=6))


def divided(store: Reader, row: RunSummary, mark: Mark) -> None:
    """Show what each of several proposers, and each of several strategies, did over time."""
    for division in divisions(store, row, mark):
        cells = [[escape(cell) for cell in texts] for texts in division.rows]
        st.html(theme.table(list(division.columns), cells, set(range(2, len(division.columns)))))


def spend(store: Reader, row: RunSummary, mark: Mark, loaded: Any) -> None:
    """Show improvement and cost by proposer and by strategy, if the run has several, and by model and operator."""
    divided(store, row, mark)
    frame = data.attempts(store, row.id, mark)
    made = data.calls(store, row.id, mark)
    asked = len(made) > 0
    if not asked:
        made = frame[["number", "operator", "seconds"]].astype({"operator": str})
        made = made.assign(model="", cost_usd=0.0, tokens_in=0, tokens_out=0, estimated=0, error="")
        made = made[made["operator"] != "seed"]
    groups = spending(frame, made)
    if not (groups["gained"] > 0).any():
        st.caption("No improvement on the initial programs yet.")
    else:
        parts.chart(charts.worth(groups, theme.current()), "worth")
    table = [
        [escape(g.model) or "no model", escape(str(g.operator)), f"{g.calls:,}", f"{g.valid:.0%}", f"{g.better:,}",
         points(g.gained).lstrip("+"), dollars(None if g.unpriced and not g.usd else g.usd),
         points(g.per_dollar).lstrip("+").replace("–", ""), tokens(int(g.tokens), int(g.estimated)), f"{g.seconds:.2f}"]
        for g in groups.itertuples()
    ]  # fmt: skip
    columns = ["model", "operator", "attempts", "valid", "improved", "gap reduced by", "spent", "per dollar", "tokens out",
               "seconds each"]  # fmt: skip
    shown = [k for k, name in enumerate(columns) if asked or name not in ("model", "spent", "per dollar", "tokens out")]
    numbers = {k for k, name in enumerate(shown) if name >= 2}
    st.html(theme.table([columns[k] for k in shown], [[cells[k] for k in shown] for cells in table], numbers))


page()
