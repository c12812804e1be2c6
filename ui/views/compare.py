"""Compare: is A significantly better than B, and where is it worse?"""

from __future__ import annotations

from html import escape
from typing import Any, NamedTuple, NoReturn

import streamlit as st

from ui import data, parts, theme
from workbench.analysis.compare import Comparison, Contender, address, compare, differing, of_baselines, of_run
from workbench.errors import UsageError, WorkbenchError
from workbench.formatting import dollars, duration, percent, points
from workbench.model import Split
from workbench.problem.catalog import LoadedProblem
from workbench.report import comparison_charts as charts
from workbench.report import diff
from workbench.store import Reader, RunSummary
from workbench.values import is_unverified

MOST = 12  # maximum number of programs
SPLITS = [Split.VALIDATION.value, Split.TRAIN.value]
DIFFERENCE, GAP = "Difference", "Gap"
TIME, DOLLARS = "time to decide", "dollars"


class Topic(NamedTuple):
    """The run that determines problem and version, comparable runs by ID, and the problem (None if it has changed)."""

    row: RunSummary
    peers: dict[str, RunSummary]
    loaded: LoadedProblem | None


def page() -> None:
    """Show the choices, the verdicts and their details."""
    store = parts.store_or_stop(st.query_params.get("p", "").partition(":")[0])
    topic = chosen(store)
    programs, against, split, colour = choices(store, topic)
    baselines = of_baselines(topic.loaded, split) if topic.loaded else []
    everyone = [*programs, *baselines]
    if not programs:
        st.info("Choose a program: the best candidate of a run, or RUN:N for attempt N.")
        return
    base = next((c for c in everyone if c.name == against), everyone[-1])
    names = {**charts.short_names([c.name for c in programs]), **{c.name: c.name for c in baselines}}
    verdicts(store, topic, everyone, base, split, names)
    heat_map(topic, programs, baselines, base, split, colour, names)
    panels(store, topic, programs, baselines, base, split, names)
    settings, code = st.tabs(["Run settings", "Code"], key="below", bind="query-params")
    if settings.open:
        with settings:
            configuration(topic, programs, names)
    if code.open:
        with code:
            sources(store, topic, everyone, base, names)


# --------------------------------------------------------------------------- choices


def chosen(store: Reader) -> Topic:
    """Return the topic of the first program in the URL, else of the last run opened."""
    wanted = st.query_params.get_all("p")
    if wanted:
        try:
            name = address(wanted[0]).run
        except UsageError as error:
            unknown(error)
        named = data.find(store, name)
        if named is None:
            unknown(f"There is no run {name} in {data.folder()}.")
        st.session_state["last_run"] = named.id  # used when all programs are removed
    else:
        named = parts.chosen_run(store)
        del st.query_params["run"]
    rows = store.runs()
    row = next(r for r in rows if r.id == named.id)
    if is_unverified(row.problem):
        unknown(f"{row.id} is of a foreign task, with one score for each program: there are no instances to compare.")
    peers = {r.id: r for r in rows if (r.problem, r.version) == (row.problem, row.version)}
    left, right = st.columns([3, 1], vertical_alignment="center")
    with left:
        theme.heading("Compare", [theme.chip(row.problem), theme.chip(f"version {row.version}")])
    problems = list(dict.fromkeys(r.problem for r in rows if not is_unverified(r.problem)))
    with right:
        picked = st.selectbox("Problem", problems, problems.index(row.problem), key=f"problem-{row.problem}",
                              label_visibility="collapsed")  # fmt: skip
    if picked != row.problem:
        newest = next(r for r in rows if r.problem == picked)
        st.query_params["p"] = [newest.id]
        st.rerun()
    loaded, note = data.problem(row)
    if note:
        st.caption(f"{parts.literal(note)}, so none is shown here.")
    return Topic(row, peers, None if note else loaded)


def unknown(error: object) -> NoReturn:
    """Show what is wrong with the URL and stop the page."""
    parts.say_error(error)
    st.page_link(parts.RUNS, label="All runs", icon=":material/list_alt:")
    st.stop()


def choices(store: Reader, topic: Topic) -> tuple[list[Contender], str, Split, str]:
    """Return the programs, the one to compare with, split and colour mode; all are kept in the URL."""
    champions = {r.id: f"{r.id}:{r.champion}" for r in topic.peers.values() if r.champion is not None}
    given = [champions.get(p, p) for p in st.query_params.get_all("p") or [topic.row.id]]
    given = list(dict.fromkeys(given))[:MOST]
    row = st.container(horizontal=True, vertical_alignment="bottom")  # wraps in a narrow window
    first, second = row.container(width=520), row.container(width=220)
    third, fourth = row.container(width="content"), row.container(width="content")
    key = f"programs-{topic.row.problem}-{topic.row.version}"
    st.session_state.setdefault(key, given)
    options = list(dict.fromkeys([*st.session_state[key], *given, *champions.values()]))
    prefix = f"{topic.row.problem.partition('/')[2]}-"  # IDs of runs begin with the problem's name
    named = first.multiselect("Programs", options, key=key, accept_new_options=True, max_selections=MOST,
                              help="Choose best candidates of runs, or type RUN:N for attempt N.",
                              on_change=parts.settled, args=(key, list(champions.values())),
                              format_func=lambda name: str(name).removeprefix(prefix))  # fmt: skip
    if named != st.query_params.get_all("p"):
        st.query_params["p"] = named
    split = Split(third.segmented_control("Split", SPLITS, default=SPLITS[0], key="split", bind="query-params", required=True))
    programs: list[Contender] = []
    for name in named:
        try:
            programs.append(program(store, topic, name, split))
        except WorkbenchError as error:
            parts.say_error(error)
    ranking = [name for name, _, _ in data.baselines(topic.loaded, Split.VALIDATION)]
    rivals = [*ranking, *(c.name for c in programs)]
    against = second.selectbox("Against", rivals, key="base", bind="query-params") if rivals else ""
    colour = fourth.segmented_control("Colour", [DIFFERENCE, GAP], default=DIFFERENCE, key="colour", bind="query-params",
                                      required=True)  # fmt: skip
    return list({c.name: c for c in programs}.values()), against or "", split, colour


def program(store: Reader, topic: Topic, name: str, split: Split) -> Contender:
    """Return a program by `RUN` or `RUN:N`; it must be of the same problem and version as the page."""
    named = address(name)
    row = data.find(store, named.run)
    if row is None:
        raise UsageError(f"There is no run {named.run} in {data.folder()}.")
    if row.id not in topic.peers:
        raise UsageError(f"{row.id} is of {row.problem}, version {row.version}: its gaps are not comparable with these.")
    return of_run(store, row, named.number, split)


# --------------------------------------------------------------------------- verdicts


@st.cache_data(show_spinner=False, max_entries=500)
def paired(place: str, version: str, split: str, a: str, b: str, _own: Contender, _other: Contender) -> Comparison:
    """As `compare`, cached: recorded gaps never change."""
    return compare(_own, _other)


def verdicts(store: Reader, topic: Topic, everyone: list[Contender], base: Contender, split: Split, names: dict[str, str]) -> None:
    """Show the forest plot and the table of wins, ties and losses."""
    made = [
        paired(str(store.folder), topic.row.version, split.value, c.name, base.name, c, base) for c in everyone if c is not base
    ]
    made.sort(key=lambda c: c.difference.mean)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.markdown(f"**Paired difference to {parts.literal(names[base.name])}**, {split.value}, 95% CI of each")
        if made:
            parts.chart(charts.forest(made, names, theme.current()), "forest")
        else:
            st.caption("Choose a second program to compare with.")
    with right:
        st.markdown("**Won, equal, lost**")
        rows = []
        numbers = {c.name: c.number for c in everyone}
        for c in made:
            name = escape(names[c.name])
            if numbers[c.name] is not None:
                run, number = c.name.rpartition(":")[::2]
                name = theme.link("program", name, c.name, run=run, n=number)
            tone = c.verdict if c.verdict in ("better", "worse") else ""
            worst = f'<span title="{escape(c.worst.instance, quote=True)}">{points(c.worst.difference)}</span>'
            rows.append([name, percent(c.gap), points(c.difference.mean),
                         f"{c.record.wins} / {c.record.ties} / {c.record.losses}", worst,
                         f'<span class="{tone}">{c.verdict}</span>'])  # fmt: skip
        rows.append([f"<b>{escape(names[base.name])}</b>", percent(base.gap), "", "", "", "compared against"])
        st.html(theme.table(["", "gap", "difference", "won / equal / lost", "largest loss", ""], rows, {1, 2, 3, 4}))
        if split is Split.VALIDATION:
            st.caption("Best candidates are selected on validation, so their gaps there are optimistic. A certificate uses the "
                       "held-out test set.")  # fmt: skip


# --------------------------------------------------------------------------- details


def heat_map(
    topic: Topic, programs: list[Contender], baselines: list[Contender], base: Contender, split: Split, colour: str,
    names: dict[str, str],
) -> None:  # fmt: skip
    """Show every program on every instance; a click shows the figures of a cell."""
    loaded = topic.loaded
    kinds = {i: loaded.references.reference(split, i).status for i in base.gaps} if loaded else {}
    against = base if colour == DIFFERENCE else None
    said = f"Difference to {parts.literal(names[base.name])}" if against else "Gap"
    st.markdown(f"**{said} by instance**")
    made = charts.heat(charts.arrange(programs, baselines), names, theme.current(), against, kinds)
    picked = parts.clicked(made, f"heat-{split.value}-{colour}")
    who = next((c for c in (*programs, *baselines) if c.name == picked.get("who")), None)
    if who is not None and (instance := picked["instance"]) in who.gaps:
        bits = [f"gap {percent(who.gaps[instance])}"]
        if who is not base:
            bits.append(f"{names[base.name]} {percent(base.gaps[instance])}")
            bits.append(f"difference {points(who.gaps[instance] - base.gaps[instance])}")
        theme.heading(f"{names[who.name]} on {instance}", [theme.chip(who.families[instance]), *map(theme.chip, bits)])
    else:
        st.caption("Click a cell for its figures. References: filled, proven optimum; hollow, proven bound; dash, best-known "
                   "solution.")  # fmt: skip


def panels(
    store: Reader, topic: Topic, programs: list[Contender], baselines: list[Contender], base: Contender, split: Split,
    names: dict[str, str],
) -> None:  # fmt: skip
    """Show the distribution of gaps, gaps by split, and gap against time or dollars."""
    palette = theme.current()
    colour = charts.colours([*programs, *baselines], palette)
    lines, opened = slopes(store, topic, programs, baselines)
    left, middle, right = st.columns(3, gap="medium")
    with left:
        with title():
            st.markdown("**Share of instances within a gap**")
        parts.chart(charts.distribution([*programs, *baselines], names, palette, base.name), "within")
    with middle:
        with title():
            st.markdown(f"**Train to validation{' to test' if opened else ''}**")
        parts.chart(charts.slopes(lines, names, palette, colour), "slopes")
    with right:
        with title():
            st.markdown("**Quality and**", width="content")
            price = st.segmented_control("What it costs", [TIME, DOLLARS], default=TIME, key="price", bind="query-params",
                                         required=True, label_visibility="collapsed")  # fmt: skip
        if price == TIME:
            times = [timed for c in programs if (timed := decision(store, c, split)) is not None]
            parts.chart(charts.latency(times, names, palette, colour, base), "latency")
        elif found := [paid for c in programs if (paid := spent(store, c)) is not None]:
            parts.chart(charts.bought(found, names, palette, colour), "bought")
        else:
            st.caption("None of these runs has paid model calls.")
    legend = "".join(
        f'<span class="chip" title="{escape(c.name, quote=True)}"><span aria-hidden="true" style="color:{colour[c.name]}">●</span> '
        f"{escape(names[c.name])}</span>"
        for c in programs
    )
    darkest = f", boldest {base.name}" if base.number is None else ""
    st.html(f'<div class="head">{legend}{theme.chip(f"dotted: baselines{darkest}")}</div>')


def title() -> Any:
    """Return the container of a chart's title; its height is the same with and without a control."""
    return st.container(horizontal=True, vertical_alignment="center", height=44, border=False)


def slopes(store: Reader, topic: Topic, programs: list[Contender], baselines: list[Contender]) -> tuple[list[charts.Slope], bool]:
    """Return gaps by split, on test for certified programs only, and whether there are any of these."""
    lines = []
    for c in programs:
        run, number = c.name.rpartition(":")[0], int(c.number or 0)
        reports = {s: store.report(run, number, s) for s in (Split.TRAIN, Split.VALIDATION)}
        gaps = {s.value: r.gap for s, r in reports.items() if r is not None and r.status == "ok"}
        if (test := data.certificate(run, number).test_gap) is not None:
            gaps["test"] = test
        lines.append(charts.Slope(c.name, True, gaps))
    opened = any("test" in line.gaps for line in lines)
    shown = (Split.TRAIN, Split.VALIDATION, *([Split.TEST] if opened else []))
    known = {s: {name: gap for name, _, gap in data.baselines(topic.loaded, s)} for s in shown}
    lines += [charts.Slope(c.name, False, {s.value: known[s][c.name] for s in shown}) for c in baselines]
    return lines, opened


def decision(store: Reader, c: Contender, split: Split) -> charts.Timed | None:
    """Return seconds per instance and gap of a program; None if it was not evaluated on the split."""
    report = store.report(c.name.rpartition(":")[0], int(c.number or 0), split)
    if report is None or not report.results:
        return None
    return charts.Timed(c.name, sum(r.seconds for r in report.results) / len(report.results), c.gap)


def spent(store: Reader, c: Contender) -> charts.Paid | None:
    """Return the dollars spent at each improvement of a program's run; None if no model was paid."""
    run = c.name.rpartition(":")[0]
    frame = data.attempts(store, run, store.mark(run))
    own = frame[frame["number"] == c.number]
    if not frame["usd"].iloc[-1] or own.empty:
        return None
    steps = frame[frame["improved"] | (frame.index == frame.index[-1])].dropna(subset=["best"])
    return charts.Paid(c.name, list(steps["usd"]), list(steps["best"]), (float(own["usd"].iloc[0]), float(own["gap"].iloc[0])))


def configuration(topic: Topic, programs: list[Contender], names: dict[str, str]) -> None:
    """Show the settings and results in which the runs differ."""
    runs = list(dict.fromkeys(c.name.rpartition(":")[0] for c in programs))
    rows = [topic.peers[run] for run in runs]
    if len(rows) < 2:
        st.caption("All programs are from one run.")
        return
    told = [
        {**row.settings(), "proposer": row.proposer, "isolation": row.isolation, "status": row.status,
         "attempts": row.attempts, "valid": row.valid, "time": duration(row.active_seconds),
         "cost": dollars(row.spending.cost_usd, model=row.uses_model)}
        for row in rows
    ]  # fmt: skip
    found = differing(told)
    if not found:
        st.caption("The runs have the same settings and results.")
        return
    body = [[escape(name), *(escape(shown(value)) for value in values)] for name, values in found.items()]
    st.html(theme.table(["setting", *runs], body))


def shown(value: Any) -> str:
    """Format a setting."""
    if value is None or value in ([], (), {}):
        return "–"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def sources(store: Reader, topic: Topic, everyone: list[Contender], base: Contender, names: dict[str, str]) -> None:
    """Show two programs or baselines side by side."""
    options = [c.name for c in everyone]
    left, right = st.columns(2)
    before = left.selectbox("From", options, options.index(base.name), key="from", bind="query-params",
                            format_func=names.__getitem__)  # fmt: skip
    others = [name for name in options if name != before]
    if not others:
        st.caption("Choose a second program to compare with.")
        return
    after = right.selectbox("To", others, key="to", bind="query-params", format_func=names.__getitem__)
    texts = []
    for name in (before, after):
        who = next(c for c in everyone if c.name == name)
        try:
            texts.append(code_of(store, topic, who))
        except WorkbenchError as error:
            parts.say_error(error)
            return
    if texts[0] == texts[1]:
        st.caption("The programs are identical.")
        return
    st.html(diff.side_by_side(texts[0], texts[1], (names[before], names[after])))


def code_of(store: Reader, topic: Topic, who: Contender) -> str:
    """Return the source of a contender."""
    if who.number is None:
        if topic.loaded is None:
            raise UsageError("the problem cannot be loaded")
        return topic.loaded.program(who.name).source
    attempt = store.attempt(who.name.rpartition(":")[0], who.number)
    return attempt.source if attempt else ""


page()
