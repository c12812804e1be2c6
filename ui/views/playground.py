"""Playground: edit and evaluate a program."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from ui import actions, data, editor, parts, theme
from workbench.analysis.compare import address, compare, of_baselines, of_report
from workbench.errors import UsageError, WorkbenchError
from workbench.formatting import level, percent, points, span
from workbench.model import InstanceResult, Report, Split, Status
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.problem.gap import family_gaps, mean_gap
from workbench.store import Reader, RunSummary
from workbench.values import is_unverified

SPLITS = [Split.VALIDATION.value, Split.TRAIN.value]
"""Splits to evaluate on; only a certificate may use test."""


def page() -> None:
    """Show the editor and the result of the last evaluation."""
    store = data.reader(st.query_params.get("source", "").rpartition(":")[0])
    rows = store.runs() if store is not None else []
    loaded, origin, text = begun(store, rows)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        version = f"{loaded.slug}-{loaded.version}-{origin}"
        source = editor.edit("Program", text, version)
        limit = f"{loaded.problem.limits.seconds:g} s per instance"
        st.caption(f"Must define {parts.literal(loaded.problem.entry)}; {limit}, in the sandbox of a run. "
                   "Tab indents; press Escape before Tab to leave the editor.")  # fmt: skip
    key, trying = f"tried-{version}", f"trying-{version}"
    with right:
        with st.container(horizontal=True, vertical_alignment="center"):
            split = st.segmented_control("Split", SPLITS, default=SPLITS[0], key="split", bind="query-params", required=True,
                                         label_visibility="collapsed")  # fmt: skip
            busy = trying in st.session_state
            if st.button("Evaluate", type="primary", icon=":material/play_arrow:", disabled=busy or not source.strip()):
                st.session_state[trying] = (source, split, actions.evaluate(loaded.folder, source, split))
                st.rerun()
            own = [] if store is None or data.recorded(store) else rows
            peers = [row for row in own if (row.problem, row.version) == (loaded.slug, loaded.version)]
            inject(sorted(peers, key=lambda row: not row.live), source, st.session_state.get(key))
        if busy:
            st.fragment(coming_in, run_every=0.5)(loaded, trying, key)
            return
        if key not in st.session_state:
            st.caption("Edit the program and evaluate it to see its gap per instance and a comparison with the best baseline.")
            return
        outcome(loaded, source, st.session_state[key])


# --------------------------------------------------------------------------- initial program


def begun(store: Reader | None, rows: list[RunSummary]) -> tuple[LoadedProblem, str, str]:
    """Return the problem, the name of the initial program and its text, as given by `problem` and `source` in the URL."""
    asked, given = st.query_params.get("problem"), st.query_params.get("source")
    folders = {row.problem: row.folder for row in reversed(rows)}
    slugs = [slug for slug in dict.fromkeys([*catalog.slugs(), *folders]) if not is_unverified(slug)]
    wanted = asked if asked else next((row.problem for row in rows if row.problem in slugs), slugs[0])
    title, first, second = st.columns([2, 2, 2], vertical_alignment="center")
    with title:
        theme.heading("Playground", [])
    picked = first.selectbox("Problem", slugs, slugs.index(wanted) if wanted in slugs else None, key=f"problem-{wanted}",
                             label_visibility="collapsed", placeholder="Choose a problem")  # fmt: skip
    if wanted not in slugs:
        parts.say_error(f"There is no problem {wanted}.")
    if picked is None:
        st.stop()
    if picked != wanted:
        st.query_params.from_dict({"problem": picked})
        st.rerun()
    try:
        loaded = catalog.load(picked) if picked in catalog.slugs() else catalog.load_recorded(folders[picked], picked)
        loaded.references.ranking  # noqa: B018  without references nothing can be scored
    except WorkbenchError as error:
        parts.say_error(error)
        st.stop()
    champions = [f"{r.id}:{r.champion}" for r in rows if r.problem == loaded.slug and r.champion is not None]
    options = list(dict.fromkeys([*([given] if given else []), *loaded.problem.seeds, *loaded.programs, *champions]))
    key = f"source-{loaded.slug}"
    origin = second.selectbox("Initial program", options, key=key, label_visibility="collapsed", accept_new_options=True,
                              help="A program of the problem, or RUN:N.", on_change=parts.settled, args=(key, options))  # fmt: skip
    st.query_params.update({"problem": loaded.slug, "source": origin or ""})
    try:
        return loaded, str(origin), text_of(store, loaded, str(origin))
    except WorkbenchError as error:
        parts.say_error(error)
        return loaded, "", loaded.program(loaded.problem.seeds[0]).source


def text_of(store: Reader | None, loaded: LoadedProblem, origin: str) -> str:
    """Return the source of a problem's program by name, or of a run's by `RUN:N`."""
    if origin in loaded.programs:
        return loaded.program(origin).source
    named = address(origin)
    row = data.find(store, named.run) if store is not None else None
    if store is None or row is None or row.problem != loaded.slug:
        raise UsageError(f"{origin} is not a program of {loaded.slug} or of one of its runs.")
    number = row.champion if named.number is None else named.number
    attempt = store.attempt(row.id, number) if number is not None else None
    if attempt is None or not attempt.source:
        raise UsageError(f"Run {row.id} has no program {number}.")
    return attempt.source


# --------------------------------------------------------------------------- evaluation


def coming_in(loaded: LoadedProblem, trying: str, key: str) -> None:
    """Show results per instance as they arrive; redraw the whole page after the last."""
    if trying not in st.session_state:
        st.rerun(scope="app")
    source, split, going = st.session_state[trying]
    if going.ended():
        del st.session_state[trying]
        st.session_state[key] = (source, split, *judged(split, going))
        st.rerun(scope="app")
    found = report_of(split, Status.OK, going.results())
    total = len(loaded.instances(Split(split)))
    with st.container(horizontal=True, vertical_alignment="center"):
        told = f"{len(found.results)} of {total} instances of {split}" if found.results else "Preparing the sandbox…"
        st.progress(len(found.results) / total, told)
        if st.button("Stop", icon=":material/stop:", key="stop-trying"):
            going.stop()
    wrong = next((r for r in found.results if r.status is not Status.OK), None)
    if wrong is not None:
        parts.say_error(f"{wrong.status.value} on {wrong.id}: {wrong.message}")
        parts.failing(source, wrong.message)
    if found.results:
        by_instance(loaded, found)


def judged(split: str, ended: actions.Evaluation) -> tuple[Report | None, str, str]:
    """Return the report of an evaluation (None if it failed), the reason of a failure, and the isolation level."""
    try:
        made = ended.outcome()
    except UsageError as error:
        return None, str(error), ""
    found = report_of(split, Status(made["status"]), made["instances"], made["message"], made["seconds"])
    return replace(found, printed=made["printed"]), "", made["isolation"]


def report_of(split: str, status: Status, rows: list[dict[str, Any]], message: str = "", seconds: float = 0.0) -> Report:
    """Return the report in the JSON of `evolve eval`, possibly of some instances only."""
    results = tuple(
        InstanceResult(r["id"], r["family"], Status(r["status"]), r["gap"], r["objective"], r["reference"], {}, r["message"],
                       r["cpu_seconds"]) for r in rows
    )  # fmt: skip
    families = family_gaps(results)
    return Report(Split(split), status, mean_gap(families) if families else 0.0, families, results, message, seconds)


def outcome(loaded: LoadedProblem, source: str, made: tuple[str, str, Report | None, str, str]) -> None:
    """Show verdict, failing line and results per instance of the last evaluation."""
    judged, split, report, why, isolation = made
    if judged != source:
        st.caption("The program has been edited since; these are the results of the version before.")
    if report is None:
        parts.say_error(why)
        parts.failing(judged, why)
        return
    if report.status is not Status.OK:
        parts.say_error(f"{report.status.value}: {report.message}")
        parts.failing(judged, report.message)
    else:
        verdict(loaded, report, isolation)
    parts.printed(report.printed)
    by_instance(loaded, report)
    if report.status is Status.OK and split == Split.VALIDATION:
        st.caption("Choosing among many programs by their validation gap makes it optimistic; use train for experiments.")


def by_instance(loaded: LoadedProblem, report: Report) -> None:
    """Show results per instance, next to the best baseline's."""
    frame = data.instances(loaded, report)
    columns = ["instance", "family", "gap", "baseline", "difference", "objective", "reference", "kind", "seconds"]
    if (frame["status"] != "ok").any():
        columns[2:2] = ["status", "message"]
    palette = theme.current()
    scaled = frame.assign(**{name: pd.to_numeric(frame[name]) * 100 for name in ("gap", "baseline", "difference")})[columns]
    styled = scaled.style.map(
        lambda v: f"color: {palette.better}" if v < -1e-9 else f"color: {palette.worse}" if v > 1e-9 else "", subset=["difference"]
    )
    percents = {name: st.column_config.NumberColumn(title, format=form)
                for name, title, form in (("gap", "gap", "%.2f%%"), ("baseline", "best baseline", "%.2f%%"),
                                          ("difference", "difference", "%.2f pp"))}  # fmt: skip
    st.dataframe(styled, hide_index=True, height=min(36 * len(frame) + 40, 380), key="results", column_config={
        **percents, "kind": st.column_config.TextColumn("reference is"), "family": st.column_config.TextColumn("class"),
        "objective": st.column_config.NumberColumn(format="%.4g", help=loaded.problem.unit),
        "reference": st.column_config.NumberColumn(format="%.4g"),
        "seconds": st.column_config.NumberColumn("CPU, s", format="%.4f"),
    })  # fmt: skip


def verdict(loaded: LoadedProblem, report: Report, isolation: str) -> None:
    """Show the figures of a valid program and its comparison with the best baseline."""
    cards = [theme.kpi(f"{report.split.value.capitalize()} gap", percent(report.gap), f"{len(report.results)} instances")]
    rivals = of_baselines(loaded, report.split)
    if rivals:
        found = compare(of_report("this program", 0, report), rivals[0])
        interval = f"{level(found.confidence)} CI {span(*found.difference[1:])}"
        cards += [
            theme.kpi(f"Against {rivals[0].name}", points(found.difference.mean), f"{found.verdict}, {interval}",
                      theme.tone(found),
                      f"{found.verdict} than {rivals[0].name}: paired bootstrap, {interval}"),
            theme.kpi("Won / equal / lost", " / ".join(map(str, found.record)), f"largest loss {points(found.worst.difference)}",
                      help=f"largest loss on {found.worst.instance}"),
        ]  # fmt: skip
    theme.kpis(cards)
    by_family = " · ".join(f"{parts.literal(family)} {percent(gap)}" for family, gap in report.families.items())
    st.caption(f"{by_family}. {report.seconds:.2f} s, isolation {isolation}.")


def inject(peers: list[RunSummary], source: str, made: tuple[str, str, Report | None, str, str] | None) -> None:
    """Show the control that adds a valid program to a run of the problem, live ones first."""
    valid = made is not None and made[0] == source and made[2] is not None and made[2].status is Status.OK
    why = ("There is no run of this version of the problem." if not peers else
           None if valid else "Evaluate the program first: only a valid one can be injected.")  # fmt: skip
    with st.popover("Inject into a run", icon=":material/input:", disabled=why is not None, help=why):
        if not (peers and valid):
            return
        live = {row.id: row.live for row in peers}
        run = st.selectbox("Run", list(live), key="inject-run", format_func=lambda name: name + (" (live)" if live[name] else ""))
        idea = st.text_input("Idea", key="inject-idea", placeholder="What it changes and why, in one line")
        if st.button("Inject", type="primary", key="inject"):
            with st.spinner("Sending…" if live[run] else "Evaluating…"):
                try:
                    st.success(parts.literal(actions.inject(data.folder(), run, source, idea)))
                except UsageError as error:
                    parts.say_error(error)
            st.page_link(parts.RUN, label="Messages to the run", icon=":material/forum:",
                         query_params={"run": run, "tab": "Messages"})  # fmt: skip


page()
