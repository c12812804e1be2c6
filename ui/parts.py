"""Parts of several pages: empty folders, cards of programs, controls of runs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Literal

import altair as alt
import streamlit as st

from ui import actions, data, models, theme
from workbench.analysis.makers import population
from workbench.errors import StoreError, UsageError
from workbench.formatting import counted as counted
from workbench.formatting import measure_of, percent
from workbench.model import Split
from workbench.report.vega import PICK, ZOOM, specification
from workbench.store import AttemptSummary, Reader, Run

RUNS, RUN, PROGRAM, COMPARE = "views/runs.py", "views/run.py", "views/program.py", "views/compare.py"
PLAYGROUND = "views/playground.py"
_ACTIVE = re.compile(r"://|www\.|\w@\w|:material/", re.IGNORECASE)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def literal(text: object) -> str:
    """Escape text for Streamlit functions that render markdown.

    Words that Streamlit turns into links or symbols even when escaped are set as code.
    """
    return " ".join(_coded(word) if _ACTIVE.search(word) else _MARKDOWN.sub(r"\\\1", word) for word in str(text).split())


def _coded(word: str) -> str:
    ticks = "`" * (1 + max(map(len, re.findall("`+", word)), default=0))
    space = " " if len(ticks) > 1 else ""
    return f"{ticks}{space}{word}{space}{ticks}"


def say_error(error: object) -> None:
    """Show an error as one line."""
    st.error(literal(error), icon=":material/error:")


def store_or_stop(run: str | None = None) -> Reader:
    """Return the store with a run (see `data.reader`); without any run, show how to start one and stop the page."""
    try:
        store = data.reader(run)
    except StoreError as error:
        say_error(error)
        st.stop()
    if store is None or not store.runs():
        empty()
        st.stop()
    if data.recorded(store):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("An example run that ships with evolve (read-only).", width="stretch")
            run_the_demo()
    return store


def empty() -> None:
    """Show how to start in a folder without runs."""
    with st.container(border=True):
        st.markdown("**No runs yet.** Evolve a scheduling rule in about two minutes; needs no API key, network or model.")
        st.caption(f"Runs folder: {literal(data.folder())}")
        run_the_demo("primary")


def run_the_demo(kind: Literal["primary", "tertiary"] = "tertiary") -> None:
    """Show a button that starts the demo."""
    if st.button("Run the demo", type=kind, icon=":material/play_arrow:", key="demo"):
        launched(actions.demo(data.folder()))


def launched(launch: actions.Launch, seconds: float = 30.0) -> None:
    """Wait until a started process has recorded its run, then open it; or show why it has none."""
    with st.spinner("Starting: loading the problem and evaluating the initial programs…"):
        said, run, why = st.empty(), None, ""
        until = time.monotonic() + seconds
        while not (run or why) and time.monotonic() < until:
            said.caption(literal(launch.last_line()))
            run, why = actions.wait_for_run(launch, data.folder(), 0.5)
    if run:
        st.switch_page(RUN, query_params={"run": run})
    if why:
        say_error(why)
    else:
        st.info(f"Still starting; the run will appear under Runs. Log: {literal(launch.log)}")


def chosen_run(store: Reader) -> Run:
    """Return the run in the URL, else the last one opened, else the newest; stop the page if it is unknown."""
    name = st.query_params.get("run") or st.session_state.get("last_run")
    row = data.find(store, name) if name else None
    if row is None and st.query_params.get("run"):
        say_error(f"There is no run {name} in {data.folder()}.")
        st.page_link(RUNS, label="All runs", icon=":material/list_alt:")
        st.stop()
    row = row or store.run("latest")
    if st.query_params.get("run") != row.id:
        st.query_params["run"] = row.id
    st.session_state["last_run"] = row.id
    return row


def changed_problem(store: Reader, row: Run, number: int | None, note: str, usable: bool) -> None:
    """Show the note on the run's problem, if any, with the program's re-evaluation on the current version."""
    if not note:
        return
    found = data.today(store, row, number)
    hint = (
        f" To evaluate the best candidate again: evolve recheck {row.id}"
        if usable and number is not None and number == row.champion
        else ""
    )
    st.caption(literal(f"{note}. Candidate {number}: {found}." if found else f"{note}.{hint}"))


def try_to(action: Any, *words: Any) -> bool:
    """Call an action with the runs folder, and show the error if it fails; return whether it succeeded."""
    try:
        action(data.folder(), *words)
    except UsageError as error:
        say_error(error)
        return False
    return True


def open_program(run: str, number: int, tab: str = "") -> None:
    """Open the page of a program, on one of its tabs.

    The tab is passed in the session, because a page with tabs of its own in the URL must not write that parameter.
    """
    if tab:
        st.session_state["open_tab"] = tab
    st.switch_page(PROGRAM, query_params={"run": run, "n": str(number)})


def program_card(store: Reader, row: Run, number: int, key: str) -> None:
    """Show a summary of a program: gaps by split, origin, source, and a link to its page."""
    attempt = store.attempt(row.id, number)
    if attempt is None:
        st.caption(f"There is no attempt {number}.")
        return
    with st.container(border=True):
        chips = [theme.status_chip(attempt.status), theme.chip(attempt.operator)]
        if number == row.champion:
            chips.insert(0, theme.chip("best candidate", "live"))
        chips.append(theme.chip(origin_of(attempt) if attempt.parent is None else f"parent {attempt.parent}"))
        if attempt.island is not None and (name := population(row)(attempt.island)):
            chips.append(theme.chip(name))
        theme.heading(f"no. {number}", chips)
        if attempt.idea:
            st.caption(literal(attempt.idea))
        rows, measure = [], measure_of(row.problem)
        for split in (Split.TRAIN, Split.VALIDATION):
            report = store.report(row.id, number, split)
            if report is not None:
                worst = max((r.gap for r in report.results), default=None)
                rows.append([split.value, measure.value(report.gap), measure.value(worst), str(len(report.results))])
        if (test := data.certificate(row.id, number).test_gap) is not None:
            rows.append(["test", percent(test), "", ""])
        if rows:
            st.html(theme.table(["split", measure.word, "worst", "instances"], rows, {1, 2, 3}))
        if measure.note:
            st.caption(f"{measure.note.capitalize()}; higher is better.")
        if attempt.status != "ok":
            st.html(f'<div class="worse">{escape(attempt.message)}</div>')
        if attempt.source:
            st.code(attempt.source, "python", height=230)
        if st.button("Open", key=f"open-{key}", icon=":material/open_in_new:"):
            open_program(row.id, number)


def matching(text: str, options: Sequence[str]) -> str:
    """Return the option that a text names: itself, else the first that begins or whose last part begins with it, or that has it.

    RUN:N names a program, whatever the options.
    """
    if text in options or re.fullmatch(r".+:\d+", text):
        return text
    wanted = text.strip().lower()
    tests = (
        lambda name: name == wanted or name.rpartition("/")[2] == wanted,
        lambda name: name.startswith(wanted) or name.rpartition("/")[2].startswith(wanted),
        lambda name: wanted in name,
    )
    found = (name for test in tests for name in options if wanted and test(name.lower()))
    return next(found, text)


def settled(key: str, options: Sequence[str]) -> None:
    """Replace what was typed into a box that takes new names by the options that it matches."""
    value = st.session_state[key]
    if isinstance(value, list):
        st.session_state[key] = list(dict.fromkeys(matching(name, options) for name in value))
    elif value:
        st.session_state[key] = matching(value, options)


def origin_of(attempt: AttemptSummary) -> str:
    """Return where a program without a parent comes from."""
    return {"seed": "initial program", "inject": "injected", "submit": "submitted"}.get(attempt.operator, "without a parent")


def chart(made: alt.LayerChart, key: str) -> None:
    """Show a chart in the full width of its container."""
    st.vega_lite_chart(None, specification(made), theme=None, key=key)


def clicked(made: alt.LayerChart, key: str, *, zooms: bool = False) -> dict[str, Any]:
    """Show a chart with clickable marks and return the fields of the selected mark; empty without one.

    Parameters
    ----------
    zooms
        Whether it can be zoomed: then it stays so when it is drawn anew, which Streamlit does only for selections that it reports.
    """
    modes = [PICK, ZOOM] if zooms else [PICK]
    event: Any = st.vega_lite_chart(None, specification(made), theme=None, key=key, on_select="rerun", selection_mode=modes)
    found = event.selection.get(PICK) or [{}]
    return dict(found[0])


def chosen_cell(event: Any, rows: int) -> tuple[int, str] | None:
    """Return row and column of the selected cell in a table with `rows` rows; None without one.

    Tables open a page only from one column, so that the arrow keys can move through the rows of the others.
    """
    return next(((row, column) for row, column in event.selection.cells if row < rows), None)


def failing(source: str, message: str) -> None:
    """Show the line named in a message, with its context."""
    found = re.search(r"\bline (\d+)", message)
    lines = source.splitlines()
    if not found or not 1 <= (at := int(found[1])) <= len(lines):
        return
    body = "".join(
        f'<tr><td class="no">{k}</td><td class="{"old" if k == at else ""}">{escape(lines[k - 1])}</td></tr>'
        for k in range(max(1, at - 3), min(len(lines), at + 3) + 1)
    )
    st.html(f'<div class="scroll"><table class="diff"><tbody>{body}</tbody></table></div>')


def printed(text: str) -> None:
    """Show the end of what a program printed on train."""
    if text.strip():
        st.caption("The end of what it printed on train")
        st.code(text.strip("\n"), None, wrap_lines=True)


def controls(store: Reader, row: Run, state: str) -> None:
    """Show the buttons to pause, stop, steer, resume and export a run."""
    run = row.id
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        if row.live:
            paused = row.status == "paused" and state != "resuming"
            icon = ":material/play_arrow:" if paused else ":material/pause:"
            if st.button("Continue" if paused else "Pause", key="pause", icon=icon,
                         disabled=state in ("stopping", "pausing", "resuming")):  # fmt: skip
                try_to(actions.tell, run, "resume" if paused else "pause")
                st.rerun()
            if st.button("Stop", icon=":material/stop:", disabled=state == "stopping"):
                try_to(actions.tell, run, "stop")
                st.rerun()
            with st.popover("Steer", icon=":material/explore:", disabled=state == "stopping" or not row.uses_model,
                            help="Only runs with a model can be steered." if not row.uses_model else None):  # fmt: skip
                text = st.text_area("What should the model try or avoid?", key="steer-text", max_chars=2000)
                attempts = st.number_input("Number of attempts (empty: all that follow)", 1, 100_000, None, key="steer-next")
                if st.button("Send", type="primary", key="steer-send") and try_to(actions.steer, run, text, attempts):
                    st.toast("Sent; part of the prompts from the next attempt on.")
        elif not data.recorded(store) and st.button("Resume", icon=":material/play_arrow:", key="resume"):
            go_on(row)
        export(store, row, row.champion, "run", report=True)


@st.dialog("Resume the run", width="large")
def go_on(row: Run) -> None:
    """Show the form to resume a run."""
    options = models.resume_options(row.options, more=100 if row.status == "done" else 0)
    if st.button("Resume run", type="primary", key="go-on"):
        launched(actions.resume(data.folder(), row.id, options))


def export(store: Reader, row: Run, number: int | None, key: str, *, report: bool = False) -> None:
    """Show the downloads: a program as a standalone module, and a run as a self-contained page."""
    with st.popover("Export", icon=":material/download:"):
        if number is not None:
            name = f"{row.problem.partition('/')[2]}_{number}"
            st.caption(f"Candidate {number} as a standalone Python module with a self-test; with its certificate, if it has one.")
            _made("Create module", f"module-{row.id}-{number}", key,
                  lambda: actions.export(store.folder, row.id, number, name, data.folder()))  # fmt: skip
        if report:
            st.caption("The run as a self-contained HTML page.")
            _made("Create report", f"report-{row.id}", f"report-{key}",
                  lambda: actions.report(store.folder, row.id, data.folder()))  # fmt: skip


def _made(label: str, what: str, key: str, make: Callable[[], actions.Download]) -> None:
    """Show a button that creates a file, then one that downloads it."""
    kept = f"made-{what}"
    if st.button(label, key=f"make-{key}"):
        with st.spinner("Writing…"):
            try:
                st.session_state[kept] = make()
            except (UsageError, OSError) as error:
                say_error(error)
    if made := st.session_state.get(kept):
        st.download_button(
            f"Download {literal(made.name)}", made.content, made.name, made.mime, key=f"get-{key}", on_click="ignore"
        )
