"""Program: source, diff, lineage, results and certificate of one attempt."""

from __future__ import annotations

import math
import time
from html import escape
from typing import Any, Literal

import pandas as pd
import streamlit as st

from ui import actions, data, parts, theme
from workbench.certificate import Check, Verdict
from workbench.errors import WorkbenchError
from workbench.formatting import dollars, measure_of, percent, points, span, tokens
from workbench.model import Call, Split
from workbench.program.changes import Change, changes
from workbench.report import diff
from workbench.store import Attempt, CertificateRecord, Reader, Run

TABS = ("Code", "Diff", "Ancestors", "Instances", "Prompt & response", "Certificate")


def page() -> None:
    """Show heading, figures and tabs of one attempt."""
    store = parts.store_or_stop(st.query_params.get("run"))
    row = parts.chosen_run(store)
    number = chosen(store, row)
    attempt = store.attempt(row.id, number)
    if attempt is None:
        parts.say_error(f"Run {row.id} has no attempt {number}.")
        st.page_link(parts.RUN, label="The run", icon=":material/monitoring:", query_params={"run": row.id})
        st.stop()
    left, right = st.columns(2, vertical_alignment="center")
    with left:
        chips = [theme.status_chip(attempt.status), theme.chip(attempt.operator), theme.chip(row.id)]
        if number == row.champion:
            chips.insert(0, theme.chip("best candidate", "live"))
        if note := measure_of(row.problem).note:
            chips.append(theme.chip(note, "bad"))
        theme.heading(f"Program {number}", chips)
    with right, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="bottom"):
        other = st.number_input("Attempt", 0, None, number, key=f"number-{number}", label_visibility="collapsed", width=110)
        if other != number:
            parts.open_program(row.id, int(other))
        if attempt.parent is not None and st.button("Parent", icon=":material/arrow_upward:"):
            parts.open_program(row.id, attempt.parent)
        if st.button("Run", icon=":material/monitoring:"):
            st.switch_page(parts.RUN, query_params={"run": row.id})
        if attempt.status == "ok":
            name = f"{row.id}:{number}"
            verified = not measure_of(row.problem).note
            if verified and st.button("Compare", icon=":material/compare_arrows:"):
                st.switch_page(parts.COMPARE, query_params={"p": name})
            if verified and st.button("Playground", icon=":material/science:", key="play"):
                st.switch_page(parts.PLAYGROUND, query_params={"problem": row.problem, "source": name})
            parts.export(store, row, number, "program")
    loaded, note = data.problem(row)
    parts.changed_problem(store, row, number, note, loaded is not None)
    theme.kpis(figures(store, row, attempt, loaded))
    if attempt.idea:
        st.caption(f"Idea: {parts.literal(attempt.idea)}")
    for words in (words for of, words in store.remarks(row.id) if of == number):
        st.caption(f"It {parts.literal(words)}.")
    if attempt.status != "ok":
        parts.say_error(f"{attempt.status.replace('_', ' ')}: {attempt.message}")
    if (wanted := st.session_state.pop("open_tab", "")) in TABS:
        st.session_state["tab"] = wanted
    tabs = st.tabs(TABS, key="tab", bind="query-params")
    shows = (code, difference, chain, instances, conversation, certificate)
    for tab, show in zip(tabs, shows, strict=True):
        if tab.open:
            with tab:
                show(store, row, attempt, loaded)


def chosen(store: Reader, row: Run) -> int:
    """Return the attempt in the URL, else the champion, else the first."""
    given = st.query_params.get("n")
    if given is not None and given.isdecimal() and len(given) < 10:
        return int(given)
    if given is not None:
        parts.say_error(f"{given} is not the number of an attempt.")
        st.page_link(parts.RUN, label="The run", icon=":material/monitoring:", query_params={"run": row.id})
        st.stop()
    number = row.champion or 0
    st.query_params["n"] = str(number)
    return number


def figures(store: Reader, row: Run, attempt: Attempt, loaded: Any) -> list[str]:
    """Return the cards with key figures."""
    run, number = row.id, attempt.number
    reports = {split: store.report(run, number, split) for split in (Split.TRAIN, Split.VALIDATION)}
    cards, measure = [], measure_of(row.problem)
    for split, report in reports.items():
        base = data.baselines(loaded, split)
        note, tone = measure.note, "plain"
        if report is not None and report.status == "ok" and base:
            behind = report.gap - base[0][2]
            note, tone = f"{points(behind)} vs {base[0][0]}", "better" if behind < 0 else "worse" if behind > 0 else "plain"
        gap = report.gap if report and report.status == "ok" else None
        cards.append(
            theme.kpi(
                f"{split.value.capitalize()} {measure.word}",
                measure.value(gap),
                note or ("not evaluated" if gap is None else ""),
                tone,
            )
        )
    certified = data.certificate(run, number)
    cards.append(theme.kpi("Test gap", percent(certified.test_gap), certified.verdict, help=certified.reason))
    above = store.attempt(run, attempt.parent) if attempt.parent is not None else None
    step = attempt.gap - above.gap if above and above.gap is not None and attempt.gap is not None else None
    cards.append(
        theme.kpi("Against its parent", measure.difference(step),
                  (f"no. {above.number}" if above else parts.origin_of(attempt)) + noise_of(attempt),
                  "plain" if not step else "better" if step < 0 else "worse")
    )  # fmt: skip
    made = [recorded.call for recorded in store.conversation(run, number)]
    models = ", ".join(dict.fromkeys(call.model for call in made)) or ("injected" if attempt.operator == "inject" else "no model")
    cost = None if any(call.cost_usd is None for call in made) else sum(call.cost_usd or 0.0 for call in made)
    cards.append(theme.kpi("Proposed by", models, attempt.operator))
    cards.append(
        theme.kpi(
            "Cost",
            dollars(cost, model=bool(made)),
            f"{tokens(sum(c.tokens_out for c in made), sum(c.estimated for c in made))} tokens" if any(map(counted, made)) else "",
        )
    )
    lines = len(attempt.source.splitlines())
    longest = f", longest instance {attempt.per_instance.longest:.2g} s" if attempt.per_instance else ""
    took = f"{attempt.seconds:.3f} s" if attempt.seconds else "–"
    cards.append(theme.kpi("Evaluation", took, f"on train, {lines} lines{longest}" if lines else "no program"))
    return cards


def noise_of(attempt: Attempt) -> str:
    """Return how much of the difference to the parent is noise."""
    effect = attempt.effect
    if effect is None or not math.isfinite(effect.error):
        return ""
    return f", ± {points(2 * effect.error)[1:]}" + (" (within noise)" if effect.within_noise else "")


# --------------------------------------------------------------------------- tabs


def code(store: Reader, row: Run, attempt: Attempt, loaded: Any) -> None:
    """Show the source, and the changes since its parent in words."""
    if not attempt.source:
        where = "what was sent is under Messages of the run" if attempt.operator == "inject" else "see Prompt & response"
        st.caption(f"No program was accepted here; {where}.")
        return
    left, right = st.columns([7, 3], gap="medium")
    with left:
        if attempt.status != "ok":
            parts.failing(attempt.source, attempt.message)
        st.code(attempt.source, "python", line_numbers=True)
        on_train = store.report(row.id, attempt.number, Split.TRAIN)
        parts.printed(on_train.printed if on_train else "")
    above = store.attempt(row.id, attempt.parent) if attempt.parent is not None else None
    with right, st.container(border=True):
        if above is None or not above.source:
            st.markdown(f"**{parts.origin_of(attempt).capitalize()}**")
        else:
            st.markdown(f"**Changes since its parent, no. {above.number}**")
            told(changes(above.source, attempt.source))


def told(found: list[Change], most: int = 14) -> None:
    """Show changes as a list of sentences."""
    st.html(in_words(found, most))


def in_words(found: list[Change], most: int, *, inline: bool = False) -> str:
    """Return changes as HTML; all text of programs is escaped."""
    if not found:
        return "Only layout or comments."
    items = []
    for k, change in enumerate(found[:most]):
        said = [escape(change.text if inline and k else change.text[:1].upper() + change.text[1:])]
        if change.before and change.after:
            said.append(f"{theme.text_code(change.before)} → {theme.text_code(change.after)}")
        elif change.before or change.after:
            said.append(theme.text_code(change.after or change.before))
        where = f" in {theme.text_code(change.where)}" if change.where and change.kind != "function" else ""
        items.append(f"{' '.join(said)}{where}")
    if len(found) > most:
        items.append(f"and {len(found) - most} more")
    if inline:
        return f'<span class="words">{"; ".join(items)}</span>'
    return f'<ul class="words">{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def difference(store: Reader, row: Run, attempt: Attempt, loaded: Any) -> None:
    """Show the differences from another program."""
    if not attempt.source:
        st.caption("The response contained no program.")
        return
    run, number = row.id, attempt.number
    with st.container(horizontal=True, vertical_alignment="center"):
        choices = [*(["parent"] if attempt.parents else []), "start", "champion", "baseline", "another"]
        against = st.segmented_control("Against", choices, default=choices[0], key="against", bind="query-params", required=True,
                                       label_visibility="collapsed")  # fmt: skip
        names = [b.name for b in loaded.problem.baselines] if loaded else []
        if against == "another":
            entered = st.number_input(
                "Attempt", 0, None, 0, key="other", bind="query-params", label_visibility="collapsed", width=130
            )
        if against == "baseline" and names:
            baseline = st.selectbox("Baseline", names, key="baseline", bind="query-params", label_visibility="collapsed", width=260)
        split = st.segmented_control("Layout", ["Side by side", "Unified"], default="Side by side", key="layout",
                                     bind="query-params", required=True, label_visibility="collapsed")  # fmt: skip
        whole = st.toggle("Show equal lines", key="whole", bind="query-params")
    measure = measure_of(row.problem)
    other, name = None, ""
    if against == "baseline":
        if not names:
            st.caption("The baselines of the problem cannot be loaded.")
            return
        try:
            other, name = loaded.program(baseline).source, f"baseline {baseline}"
        except WorkbenchError as error:
            parts.say_error(error)
            return
    else:
        wanted = {"parent": attempt.parent, "start": store.ancestors(run, number)[0].number,
                  "champion": row.champion, "another": entered if against == "another" else None}[against]  # fmt: skip
        found = store.attempt(run, wanted) if wanted is not None else None
        if found is None or not found.source:
            st.caption(f"No program {wanted if wanted is not None else against} to compare with.")
            return
        other, name = found.source, f"no. {wanted}, {measure.named(found.gap)}"
    if other == attempt.source:
        st.caption(f"Identical to {parts.literal(name)}.")
        return
    show = diff.side_by_side if split == "Side by side" else diff.unified
    st.html(show(other, attempt.source, (name, f"no. {number}, {measure.named(attempt.gap)}"), whole=whole))
    with st.container(border=True):
        st.markdown("**Summary of changes**")
        told(changes(other, attempt.source), 30)


def chain(store: Reader, row: Run, attempt: Attempt, loaded: Any) -> None:
    """Show the lineage from the initial program, with the change in gap at each step."""
    steps = store.ancestors(row.id, attempt.number)
    if len(steps) == 1:
        st.caption("This program has no ancestors.")
        return
    shown, hidden = steps[-60:], max(0, len(steps) - 60)
    rows, measure = [], measure_of(row.problem)
    for k, step in enumerate(shown):
        before = steps[hidden + k - 1] if hidden + k else None
        moved = step.gap - before.gap if before and step.gap is not None and before.gap is not None else None
        tone = "" if not moved else "better" if moved < 0 else "worse"
        words = ""
        if before and step.source and before.source:
            words = in_words(changes(before.source, step.source), 3, inline=True)
        link = theme.link("program", str(step.number), run=row.id, n=str(step.number), tab="Diff")
        rows.append([link, escape(step.operator), escape(step.idea), measure.value(step.gap),
                     f'<span class="{tone}">{measure.difference(moved) if moved is not None else ""}</span>', words])  # fmt: skip
    gained = [s.gap for s in steps if s.gap is not None]
    if len(gained) > 1:
        st.caption(f"{len(steps) - 1} steps, {measure.difference(gained[-1] - gained[0])} on train from no. {steps[0].number}."
                   + (f" The last {len(shown)} are shown." if hidden else ""))  # fmt: skip
    st.html(theme.table(["no.", "operator", "idea", f"train {measure.word}", "step", "changes"], rows[::-1], {0, 3, 4}, grow=5))


def instances(store: Reader, row: Run, attempt: Attempt, loaded: Any) -> None:
    """Show the results on all instances it was evaluated on."""
    reports = [store.report(row.id, attempt.number, split) for split in (Split.TRAIN, Split.VALIDATION)]
    frames = [data.instances(loaded, report) for report in reports if report is not None and report.results]
    if not frames:
        st.caption("This attempt was not evaluated.")
        return
    frame = pd.concat(frames, ignore_index=True)
    if note := measure_of(row.problem).note:
        st.caption(f"{note.capitalize()}; higher is better.")
        scores = frame[["instance", "split", "status", "objective", "seconds", "message"]].rename(columns={"objective": "score"})
        st.dataframe(scores, hide_index=True, key="instances")
        return
    known = frame["difference"].notna()
    if known.any():
        delta = frame.loc[known, "difference"]
        st.caption(f"Against the best baseline of each split: better on {(delta < -1e-9).sum()}, equal on "
                   f"{(delta.abs() <= 1e-9).sum()}, worse on {(delta > 1e-9).sum()} of {len(delta)} instances.")  # fmt: skip
    palette = theme.current()
    unit = f", {loaded.problem.unit}" if loaded else ""
    told = (frame["status"] != "ok").any()  # constant columns are omitted
    columns = ["instance", "family", "split", *(["status"] if told else []), "gap", "baseline", "difference", "objective",
               "reference", "kind", "seconds", *(["message"] if told else [])]  # fmt: skip
    scale = {column: frame[column] * 100 for column in ("gap", "baseline", "difference")}
    styled = frame.assign(**scale)[columns].style.map(
        lambda v: f"color: {palette.better}" if v < -1e-9 else f"color: {palette.worse}" if v > 1e-9 else "", subset=["difference"]
    )
    st.dataframe(
        styled, hide_index=True, height=min(36 * len(frame) + 40, 560), key="instances",
        column_config={
            "gap": st.column_config.NumberColumn("gap", format="%.2f%%"),
            "baseline": st.column_config.NumberColumn("best baseline", format="%.2f%%"),
            "difference": st.column_config.NumberColumn("difference", format="%.2f pp", help="Below 0: better"),
            "objective": st.column_config.NumberColumn(f"objective{unit}", format="%.4g"),
            "reference": st.column_config.NumberColumn("reference", format="%.4g"),
            "kind": st.column_config.TextColumn("reference is", help="optimal (proven), bound (proven), or best known"),
            "family": st.column_config.TextColumn("class"),
            "seconds": st.column_config.NumberColumn("seconds", format="%.4f"),
        },
    )  # fmt: skip
    name = f"{row.id}-{attempt.number}.csv"
    st.download_button("CSV", data.as_csv(frame), name, "text/csv", icon=":material/download:", on_click="ignore")


def conversation(store: Reader, row: Run, attempt: Attempt, loaded: Any) -> None:
    """Show the prompts and answers of the model, unchanged."""
    made = [recorded.call for recorded in store.conversation(row.id, attempt.number)]
    if not made:
        words = {"seed": "Initial program: no model call.", "inject": "Injected by a person: no model call."}
        st.caption(words.get(attempt.operator, f"AST mutation operator {attempt.operator}: no model call."))
        return
    for call in made:
        used = [tokens(number, call.estimated) for number in (call.tokens_in, call.tokens_out)]
        bits = [call.model, dollars(call.cost_usd), *([f"{used[0]} tokens in, {used[1]} out"] if counted(call) else []),
                *([f"{call.seconds:.1f} s"] if call.seconds else []), *([f"{call.retries} retries"] if call.retries else []),
                *(["cut at its longest length"] if call.finish == "length" else [])]  # fmt: skip
        st.html(f'<div class="head">{"".join(theme.chip(b) for b in bits)}</div>')
        if call.error:
            parts.say_error(call.error)
        if not (call.prompt.system or call.prompt.user):
            st.caption("Submitted without a ticket: there was no prompt, and its author did not say what it took to write.")
            st.code(call.text or "(empty)", None, wrap_lines=True)
            continue
        left, right = st.columns(2, gap="medium")
        with left:
            st.caption("Prompt")
            st.code(call.prompt.system, None, wrap_lines=True, height=tall(call.prompt.system, 120))
            st.code(call.prompt.user, None, wrap_lines=True, height=tall(call.prompt.user, 460))
        with right:
            st.caption("Response")
            st.code(call.text or "(empty)", None, wrap_lines=True, height=tall(call.text, 600))


def counted(call: Call) -> bool:
    """Whether anything is known of its tokens."""
    return bool(call.tokens_in or call.tokens_out)


def tall(text: str, most: int) -> int | Literal["content"]:
    """Return the height of a box: that of its text, at most `most` pixels."""
    return most if len(text) > 3 * most or text.count("\n") * 19 > most else "content"


def certificate(store: Reader, row: Run, attempt: Attempt, loaded: Any) -> None:
    """Show the certificate, or a button to certify the program."""
    run, number = row.id, attempt.number
    made = data.certificate(run, number)
    if made.state in ("none", "failed"):
        if made.state == "failed":
            parts.say_error(made.message)
        opened = ""
        if loaded:
            opened = f" So far, {parts.counted(store.openings(row.problem, loaded.version), 'program')} accessed it."
        st.caption(
            "Certification evaluates the program on the held-out test set and compares it with every baseline (paired bootstrap). "
            "It also checks robustness, determinism, growth of time and memory, and sensitivity to constants. Certify only your "
            f"final program: selecting by test gap would invalidate the test set.{opened}"
        )
        if attempt.status != "ok":
            st.caption("Only valid programs can be certified.")
        elif data.recorded(store):
            st.caption("Example runs are read-only. Open the program in the playground to use it in your own run.")
        elif st.button("Certify", type="primary", icon=":material/verified:"):
            actions.certify(data.folder(), run, number)
            st.rerun()
        return
    if made.kept is None:
        st.fragment(waiting, run_every=2.0)(run, number)
        return
    found = made.kept.certificate
    tone = "better" if found.verdict is Verdict.CERTIFIED else "worse"
    st.html(
        f'<div class="head"><b class="{tone}">{escape(found.verdict.words)}</b></div>'
        f"{escape(found.reason)}<br>{escape(found.origin)}"
    )
    st.caption(parts.literal(about(made.kept)))
    checks = [
        [escape(c.kind), judged(c), escape(c.line)] for c in found.checks if c.kind != "comparison"
    ]  # fmt: skip
    st.html(theme.table(["", "", "check"], checks, grow=2))
    rows = [
        [escape(c.split), escape(c.baseline), points(c.difference.mean),
         span(c.difference.low, c.difference.high), " / ".join(map(str, c.record)),
         toned(c.better, "better", "not significantly better")]
        for c in found.comparisons
    ]  # fmt: skip
    st.html(theme.table(["split", "against", "difference", "interval", "won / equal / lost", ""], rows, {2, 3, 4}))
    if found.cheats:
        with st.expander("Planted cheats, and what became of them"):
            st.html(theme.table(["cheat", "", "check"], [list(map(escape, cheat)) for cheat in found.cheats], grow=2))
    if found.simplified:
        with st.expander("The program without unnecessary parts"):
            st.code(found.simplified, "python", line_numbers=True)


def about(kept: CertificateRecord) -> str:
    """Return date, version of the problem, and number of test-set accesses at that time, in words."""
    found, when = kept.certificate, time.strftime("%Y-%m-%d %H:%M", time.localtime(kept.created))
    said = [f"Certified {when} for version {found.version} of the problem."]
    if opening := found.opening:
        programs = parts.counted(opening.count, "program")
        count = f"Test-set accesses of this version: {programs}, limit {opening.limit}"
        said.append(count + (" (exceeded with --force)." if opening.forced else "."))
    said += [f"Note: {note}." for note in found.notes]
    return " ".join(said)


def toned(good: bool, yes: str, no: str) -> str:
    """Return one of two words in the colour of better or worse."""
    return f'<span class="better">{yes}</span>' if good else f'<span class="worse">{no}</span>'


def judged(check: Check) -> str:
    """Return the outcome of a check as HTML: passed, failed or not judged."""
    return check.word if check.passed is None else toned(check.passed, check.word, check.word)


def waiting(run: str, number: int) -> None:
    """Show the current stage until the certificate is ready."""
    made = data.certificate(run, number)
    if made.state != "running":
        st.rerun(scope="app")
    stage = f" Current stage: {made.message}." if made.message else ""
    st.info(parts.literal(f"Certifying; this takes about a minute for a fast problem.{stage}"))


page()
