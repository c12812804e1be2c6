"""Problems: statement, instances, baseline results and references."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from ui import actions, data, parts, theme
from workbench.analysis.compare import of_baselines
from workbench.errors import WorkbenchError
from workbench.formatting import percent, points
from workbench.model import Split
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.problem.shipped import exhibit
from workbench.report import comparison_charts as charts
from workbench.store import RunSummary
from workbench.values import is_unverified

SHOWN = [Split.VALIDATION.value, Split.TRAIN.value]
"""Splits whose instances are listed; test and stress are for certificates."""
TABS = ("Statement", "Instances", "Baselines", "Programs")


def page() -> None:
    """Show one problem; problems of runs in this folder can be chosen too."""
    store = data.own()
    rows = store.runs() if store is not None else []
    folders = {row.problem: row.folder for row in reversed(rows)}
    slugs = [slug for slug in dict.fromkeys([*catalog.slugs(), *folders]) if not is_unverified(slug)]
    asked = st.query_params.get("problem")
    wanted = asked if asked else next((row.problem for row in rows if row.problem in slugs), slugs[0])
    left, right = st.columns([3, 1], vertical_alignment="center")
    if wanted not in slugs:
        parts.say_error(f"There is no problem {wanted}.")
    with right:
        index = slugs.index(wanted) if wanted in slugs else None
        picked = st.selectbox("Problem", slugs, index, key=f"problem-{wanted}", label_visibility="collapsed",
                              placeholder="Choose a problem")  # fmt: skip
    if picked is None:
        st.stop()
    if picked != wanted or asked is None:
        st.query_params["problem"] = picked
        if picked != wanted:
            st.rerun()
    try:
        loaded = opened(picked, folders.get(picked))
    except WorkbenchError as error:
        with left:
            theme.heading(picked, [theme.chip("cannot be used", "bad")])
        parts.say_error(error)
        st.stop()
    with left:
        theme.heading(loaded.problem.title, [theme.chip(loaded.slug), theme.chip(f"version {loaded.version}")])
    st.html(f"<div>{escape(loaded.problem.question)}</div>")
    own = [row for row in rows if row.problem == loaded.slug]
    theme.kpis(figures(loaded, own))
    for tab, show in zip(st.tabs(TABS, key="tab", bind="query-params"), (statement, instances, baselines, programs), strict=True):
        if tab.open:
            with tab:
                show(loaded)


def opened(slug: str, folder: str | None) -> LoadedProblem:
    """Load a problem with its references; one that is not installed is loaded from the folder its run recorded."""
    loaded = catalog.load(slug) if slug in catalog.slugs() or folder is None else catalog.load_recorded(folder, slug)
    loaded.references.ranking  # noqa: B018  report missing references here, not half-way through the page
    return loaded


def figures(loaded: LoadedProblem, rows: list[RunSummary]) -> list[str]:
    """Return the cards with key figures."""
    kinds = loaded.references.kinds(Split.VALIDATION)
    total = sum(kinds.values())
    ranking = data.baselines(loaded, Split.VALIDATION)
    same = [row for row in rows if row.version == loaded.version]
    scored = [(row.validation_gap, row) for row in same if row.validation_gap is not None]
    best, champion = min(scored, key=lambda pair: pair[0], default=(0.0, None))
    cards = [
        theme.kpi("Instances", str(sum(len(loaded.instances(s)) for s in Split)),
                  ", ".join(f"{len(loaded.instances(s))} {s}" for s in Split)),
        theme.kpi("Proven optimal", f"{kinds.get('optimal', 0) / total:.0%}" if total else "–", "of validation",
                  help=loaded.problem.bound),
        theme.kpi("Best baseline", percent(ranking[0][2]) if ranking else "–", ranking[0][0] if ranking else "",
                  help=ranking[0][1] if ranking else ""),
    ]  # fmt: skip
    if champion is None:
        cards.append(theme.kpi("Best candidate", "–", "no run in this folder"))
    else:
        behind = best - ranking[0][2] if ranking else 0.0
        tone: theme.Tone = "better" if behind < 0 else "worse" if behind > 0 else "plain"
        own = f"{loaded.slug.partition('/')[2]}-"  # IDs of runs begin with the problem's name
        whole = f"{points(behind)} to the best baseline; candidate of {champion.id}"
        cards.append(theme.kpi("Best candidate", percent(best),
                               f"{points(behind)}, {champion.id.removeprefix(own)}", tone, whole))  # fmt: skip
    limits = loaded.problem.limits
    cards.append(theme.kpi("Runs here", str(len(rows)), f"{len(rows) - len(same)} not comparable" if len(rows) > len(same) else ""))
    cards.append(theme.kpi("Limits", f"{limits.seconds:g} s", f"{limits.memory_mb} MB per instance"))
    return cards


# --------------------------------------------------------------------------- tabs


def statement(loaded: LoadedProblem) -> None:
    """Show the statement as in prompts, and the permitted APIs."""
    left, right = st.columns([7, 4], gap="large")
    with left:
        st.markdown(loaded.statement)
    with right:
        shipped(loaded)
    with right, st.container(border=True):
        p = loaded.problem
        rows = [["objective", "minimize" if p.sense == "min" else "maximize"], ["unit", escape(p.unit)],
                ["reference", escape(p.bound)], ["entry point", theme.text_code(p.entry)],
                ["may import", escape(", ".join(p.modules) or "the default modules")]]  # fmt: skip
        rows += [[theme.text_code(name), escape(meaning)] for name, meaning in p.features.items()]
        st.html(theme.table(["", ""], rows))
        if st.button("Open in playground", icon=":material/science:"):
            st.switch_page(parts.PLAYGROUND, query_params={"problem": loaded.slug})


def shipped(loaded: LoadedProblem) -> None:
    """Show the best heuristic that ships with the project, with its verdict."""
    try:
        found = exhibit(loaded.slug)
    except WorkbenchError as error:
        parts.say_error(error)
        return
    if found is None:
        st.caption("Best here: not certified yet.")
        return
    gaps = found.certificate.gaps
    shown = [[split.value, percent(gaps[split])] for split in (Split.TRAIN, Split.VALIDATION, Split.TEST)]
    by = found.found
    start = f", from {', '.join(by.starts)}" if by.attempts else ""
    how = f"{found.found_by}{start}, {found.made}"
    reason = escape(found.certificate.reason)
    rows = [["verdict", escape(found.verdict.words)], *shown, ["reason", reason], ["found by", escape(how)]]
    if gain := found.certificate.gain:
        rows.append(["start", escape(gain)])
    if stale := found.stale(loaded.version):
        rows.append(["outdated", escape(stale)])
    with st.container(border=True):
        st.html(theme.table(["best here", "gap and verdict"], rows))
        made = actions.module_with(found.files)
        st.download_button("Module and certificate", made.content, made.name, made.mime, icon=":material/download:",
                           on_click="ignore")  # fmt: skip


def the_split(choices: list[str]) -> Split:
    """Return the split chosen in the URL."""
    return Split(st.segmented_control("Split", choices, default=choices[0], key="split", bind="query-params", required=True,
                                      label_visibility="collapsed"))  # fmt: skip


def instances(loaded: LoadedProblem) -> None:
    """Show every instance of a split with its reference and the baselines' gaps."""
    split = the_split(SHOWN)
    frame = listed(str(loaded.folder), loaded.version, split.value, loaded)
    kinds = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in loaded.references.kinds(split).items())
    test, stress = (len(loaded.instances(held_out)) for held_out in (Split.TEST, Split.STRESS))
    st.caption(
        f"{len(frame)} instances: {kinds}. The {test} of the held-out test set and {stress} of the robustness tests are not shown."
    )
    columns = {name: st.column_config.NumberColumn(name, format="%.2f%%", help="gap")
               for name, _, _ in data.baselines(loaded, split)}  # fmt: skip
    st.dataframe(
        frame, hide_index=True, height=min(36 * len(frame) + 40, 560), key="instances",
        column_config={"value": st.column_config.NumberColumn(f"reference, {loaded.problem.unit}", format="%.5g"),
                       "kind": st.column_config.TextColumn("reference is"), "family": st.column_config.TextColumn("class"),
                       "seconds": st.column_config.NumberColumn("solved in", format="%.3g s"), **columns},
    )  # fmt: skip
    name = f"{loaded.slug.replace('/', '-')}-{split}.csv"
    st.download_button("CSV", data.as_csv(frame), name, "text/csv", icon=":material/download:", on_click="ignore")


@st.cache_data(show_spinner=False, max_entries=30)
def listed(folder: str, version: str, split: str, _loaded: LoadedProblem) -> pd.DataFrame:
    """Return one row per instance: class, reference with kind and solver, and each baseline's gap in percent."""
    references, wanted = _loaded.references, Split(split)
    gaps = {name: references.gaps(name, wanted) for name, _, _ in data.baselines(_loaded, wanted)}
    rows = []
    for instance in _loaded.instances(wanted):
        r = references.reference(wanted, instance.id)
        known = {"instance": instance.id, "family": instance.family, "value": r.value, "kind": r.status.replace("_", " ")}
        theirs = {name: by_instance[instance.id] * 100 for name, by_instance in gaps.items()}
        rows.append({**known, "solver": r.solver, "seconds": r.seconds, **theirs})
    return pd.DataFrame(rows)


def baselines(loaded: LoadedProblem) -> None:
    """Show the gap by baseline and instance class, with citations, and gaps by instance."""
    split = the_split(SHOWN)
    ranking = data.baselines(loaded, split)
    if not ranking:
        st.caption("This problem has no baselines.")
        return
    families = list(dict.fromkeys(i.family for i in loaded.instances(split)))
    citations = {b.name: b.citation for b in loaded.problem.baselines}
    by_family = {name: loaded.references.families(name, split) for name, _, _ in ranking}
    least = {family: min(gaps[family] for gaps in by_family.values()) for family in families}
    rows = []
    for name, title, gap in ranking:
        cells = [f"<b>{percent(g)}</b>" if (g := by_family[name][f]) <= least[f] else percent(g) for f in families]
        rows.append([f'<span title="{escape(title, quote=True)}">{escape(name)}</span>', percent(gap), *cells,
                     escape(f"{title}. {citations[name]}")])  # fmt: skip
    numbers = set(range(1, len(families) + 2))
    st.html(theme.table(["baseline", "mean gap", *families, "method"], rows, numbers))
    st.caption("Bold: best of the instance class. 0 is the reference; a failed instance gets the worst baseline's gap plus 1.")
    contenders = of_baselines(loaded, split)
    kinds = {i.id: loaded.references.reference(split, i.id).status for i in loaded.instances(split)}
    st.markdown("**Gap by instance**")
    made = charts.arrange([], contenders)
    parts.chart(charts.heat(made, {c.name: c.name for c in contenders}, theme.current(), None, kinds), f"baselines-{split.value}")
    st.caption("References: filled, proven optimum; hollow, proven bound; dash, best-known solution.")


def programs(loaded: LoadedProblem) -> None:
    """Show the source of a program of the problem."""
    seeds = set(loaded.problem.seeds)
    names = [*loaded.problem.seeds, *(n for n in loaded.programs if n not in seeds)]
    picked = st.selectbox("Program", names, key="program", bind="query-params", width=320,
                          format_func=lambda n: f"{n} (initial)" if n in seeds else n)  # fmt: skip
    st.code(loaded.program(picked).source, "python", line_numbers=True)


page()
