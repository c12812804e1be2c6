"""Report of a run as one HTML page without scripts: result, comparisons, certificate, lineage and all instances."""

from __future__ import annotations

import math
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from workbench.analysis import attempts
from workbench.analysis.compare import Comparison, Contender, compare_all, of_baselines, of_run
from workbench.analysis.finders import finder_of_attempt
from workbench.analysis.makers import divisions, population
from workbench.analysis.rechecked import Rechecked, rechecked
from workbench.certificate import Certificate
from workbench.errors import WorkbenchError
from workbench.formatting import dollars, duration, level, measure_of, percent, span, tokens
from workbench.model import Report, Split
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.program.changes import changes
from workbench.report import charts, comparison_charts, diff, palette
from workbench.report.cpu_chart import against_cpu
from workbench.report.vega import svg
from workbench.store import DailySpending, Reader, Run, RunSummary

TEMPLATE = "page.html.jinja"
WIDTH = 1000
"""Width of a chart in pixels, before the page scales it."""
_LEFT_OUT = ("api_base", "allow_unsafe")
"""Settings omitted because they describe the user's machine."""
_DRAWN = 1500
"""Maximum number of attempts drawn; each is an element of the page."""
_EQUAL = 1e-9


class RunMaterial(NamedTuple):
    """Contents of a report.

    Attributes
    ----------
    run
        The run with its key figures.
    loaded, note
        The problem, and why its baselines cannot be compared with this run, if so (`rivals` is then empty).
    own, rivals
        The champion and the baselines on validation, best first.
    certificate
        The newest certificate of the champion; None without one.
    today
        Re-evaluation of the champion with the current version of the problem; None if there is none.
    """

    run: RunSummary
    loaded: LoadedProblem | None
    note: str
    own: Contender | None
    rivals: list[Contender]
    comparisons: list[Comparison]
    certificate: Certificate | None
    today: Rechecked | None


def gather(store: Reader, name: str, loaded: LoadedProblem | None = None) -> RunMaterial:
    """Read a run and compare its champion with every baseline.

    Parameters
    ----------
    loaded
        The problem of the run; None: the recorded one, if it can be trusted.

    Raises
    ------
    UsageError
        No such run.
    """
    run = store.summary(name)
    loaded, note = _problem(run, loaded)
    own = None
    if run.champion is not None and store.report(run.id, run.champion, Split.VALIDATION) is not None:
        own = of_run(store, run, None, Split.VALIDATION)
    rivals = of_baselines(loaded, Split.VALIDATION) if loaded and not note else []
    certified = store.certificate(run.id, run.champion) if run.champion is not None else None
    today = rechecked(store, run, run.champion, loaded) if loaded and run.champion is not None else None
    made = compare_all(own, rivals) if own else []
    return RunMaterial(run, loaded, note, own, rivals, made, certified.certificate if certified else None, today)


def _problem(run: Run, loaded: LoadedProblem | None) -> tuple[LoadedProblem | None, str]:
    try:
        loaded = loaded or catalog.load_recorded(run.folder, run.problem)
        loaded.references.ranking  # noqa: B018  without references there are no baselines to show
    except WorkbenchError as error:
        return None, f"The problem cannot be loaded here, so baselines are omitted: {error}"
    changed = loaded.version != run.version
    return loaded, f"{loaded.slug} has changed since this run, so baselines are omitted." if changed else ""


def render(store: Reader, material: RunMaterial, *, now: float | None = None) -> str:
    """Return the page. The template escapes everything that comes from a program, a model, a user or a problem."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    measure = measure_of(material.run.problem)
    environment.filters |= {
        "percent": measure.value, "points": measure.difference,
        "level": level, "span": lambda interval: span(interval.low, interval.high),
    }  # fmt: skip
    run, loaded = material.run, material.loaded
    title = loaded.problem.title if loaded else run.problem
    return environment.get_template(TEMPLATE).render(
        run=run, measure=measure, title=title, question=loaded.problem.question if loaded else "", note=material.note,
        about=[run.id, f"{run.problem}, version {run.version}", run.status, f"started {_clock(run.created)}", run.proposer,
               f"isolation {run.isolation}{run.options.elsewhere}"],
        finder=str(finder_of_attempt(store, run, run.champion, loaded)) if run.champion is not None else "",
        own=material.own, comparisons=material.comparisons, standing=_standing(material), cards=_cards(store, material),
        certificate=material.certificate, today=material.today,
        unit=f", {loaded.problem.unit}" if loaded else "",
        **_progress(store, material), **_drawn(material), **_program(store, material), scored=_scored(store, material),
        **_failures(store, run), spending=_spending(store, run), divisions=divisions(store, run), settings=_settings(run),
        light=Markup(palette.variables(palette.LIGHT)), dark=Markup(palette.variables(palette.DARK)), diff_style=Markup(diff.STYLE),
        foot=f"Made by {_version()} on {_clock(time.time() if now is None else now)}.",
    )  # fmt: skip


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _version() -> str:
    try:
        return f"evolve {version('evolve-workbench')}"
    except PackageNotFoundError:
        return "evolve"


# --------------------------------------------------------------------------- template variables


def _standing(material: RunMaterial) -> str:
    if material.own is None or measure_of(material.run.problem).note:
        return ""
    ahead = sum(rival.gap < material.own.gap for rival in material.rivals)
    return f"behind {ahead} of {len(material.rivals)} baselines" if ahead else "ahead of every baseline"


def _cards(store: Reader, material: RunMaterial) -> list[tuple[str, str]]:
    run, best, measure = material.run, store.best(material.run.id), measure_of(material.run.problem)
    test = material.certificate.gaps.get(Split.TEST) if material.certificate else None
    return [
        (f"Validation {measure.word}", measure.value(material.own.gap if material.own else None)),
        *([] if measure.note else [("Test gap", percent(test))]),
        (f"Best train {measure.word}", measure.value(run.best_gap)), ("Attempts", f"{run.attempts:,}"),
        ("Valid", f"{run.valid / run.attempts:.0%}" if run.attempts else "–"),
        ("Cost", dollars(run.spending.cost_usd, model=run.uses_model)), ("Time", duration(run.active_seconds)),
        ("Last improvement", f"no. {best.number:,}" if best else "–"),
    ]  # fmt: skip


def _progress(store: Reader, material: RunMaterial) -> dict[str, Any]:
    """Charts of all attempts, by number and against CPU time, and whether the run was steered."""
    frame = attempts.frame(store.points(material.run.id, store.mark(material.run.id)))
    if not frame["gap"].notna().any():
        return {"progress": "", "steered": False, "cpu": ""}
    levels = []
    if material.loaded and not material.note:
        levels = [charts.Level(c.name, c.gap) for c in of_baselines(material.loaded, Split.TRAIN)]
    shown = attempts.thinned(frame, frame["gap"], _DRAWN)
    told = [m for m in store.messages(material.run.id, pending=False) if m.command == "steer"]
    steered = [int((shown["created"] <= (m.acknowledged or m.created)).sum()) for m in told]
    best, measure = float(frame["best"].iloc[-1]), measure_of(material.run.problem)
    drawn = charts.progress(
        shown, levels=levels, steered=steered, population=population(material.run), height=320, width=WIDTH, measure=measure
    )  # fmt: skip
    timed = attempts.timed(frame, frame["gap"], _DRAWN // 3)
    limit = material.loaded.problem.limits.seconds if material.loaded else None
    cpu = ""
    if len(timed):
        against = against_cpu(timed, limit=limit, height=320, width=WIDTH, measure=measure)
        cpu = svg(against, f"Train {measure.word} against CPU time")
    whole = svg(drawn, f"Mean train {measure.word} of {len(frame)} attempts, best {measure.value(best)}")
    return {"progress": Markup(whole), "steered": bool(told), "cpu": Markup(cpu)}


def _drawn(material: RunMaterial) -> dict[str, Any]:
    """Charts of the champion and the baselines: paired differences, gap by instance, share of instances within a gap."""
    own, rivals = material.own, material.rivals
    if own is None or measure_of(material.run.problem).note:  # one instance, without a reference
        return {"forest": "", "heat": "", "distribution": ""}
    names = {**{c.name: c.name for c in rivals}, own.name: f"program {own.number}"}
    forest = comparison_charts.forest(material.comparisons, names, against=True, width=WIDTH) if material.comparisons else None
    heat = comparison_charts.heat(comparison_charts.arrange([own], rivals), names, width=WIDTH)
    within = comparison_charts.distribution([own, *rivals], names, named=True, width=WIDTH)
    return {
        "forest": Markup(svg(forest, "Paired differences to each baseline")) if forest else "",
        "heat": Markup(svg(heat, f"Gap of {len(names)} programs on {len(own.gaps)} instances")),
        "distribution": Markup(svg(within, "Share of instances within a gap")),
    }


def _program(store: Reader, material: RunMaterial) -> dict[str, Any]:
    """Lineage of the champion from its initial program, with the changes at each step."""
    if material.own is None or material.own.number is None:
        return {"chain": [], "steps": [], "since_start": [], "line_by_line": ""}
    chain, measure = store.ancestors(material.run.id, material.own.number), measure_of(material.run.problem)
    steps = []
    for k, step in enumerate(chain):
        above = chain[k - 1] if k else None
        moved = step.gap - above.gap if above and step.gap is not None and above.gap is not None else None
        steps.append({
            "number": step.number, "operator": step.operator, "gap": step.gap, "idea": step.idea,
            "moved": None if moved is None else measure.with_error(moved, step.effect.error if step.effect else None),
            "noise": not measure.note and step.effect is not None and math.isfinite(step.effect.error) and step.effect.within_noise,
            "tone": "" if not moved else "better" if moved < 0 else "worse",
            "changes": changes(above.source, step.source) if above and above.source and step.source else None,
        })  # fmt: skip
    start, last = chain[0], chain[-1]
    names = (f"no. {start.number}, {measure.named(start.gap)}", f"no. {last.number}, {measure.named(last.gap)}")
    apart = len(chain) > 1 and start.source
    return {
        "chain": chain, "steps": steps[-60:],
        "since_start": changes(start.source, last.source) if apart else [],
        "line_by_line": Markup(diff.side_by_side(start.source, last.source, names)) if apart else "",
    }  # fmt: skip


def _scored(store: Reader, material: RunMaterial) -> list[dict[str, Any]]:
    """Results of the champion on every instance, with those of the best baseline on the split."""
    if material.own is None or material.own.number is None:
        return []
    found = []
    for split in (Split.VALIDATION, Split.TRAIN):
        report = store.report(material.run.id, material.own.number, split)
        if report is not None:
            known = of_baselines(material.loaded, split) if material.loaded and not material.note else []
            found.append(_on_split(report, known[0] if known else None))
    return found


def _on_split(report: Report, rival: Contender | None) -> dict[str, Any]:
    rows = []
    for r in report.results:
        other = rival.gaps.get(r.id) if rival else None
        apart = None if other is None else r.gap - other
        tone = "" if apart is None or abs(apart) <= _EQUAL else "better" if apart < 0 else "worse"
        rows.append({"id": r.id, "family": r.family, "objective": r.objective, "reference": r.reference, "gap": r.gap,
                     "other": other, "apart": apart, "tone": tone})  # fmt: skip
    return {"split": report.split.value, "gap": report.gap, "results": rows, "rival": rival.name if rival else ""}


def _failures(store: Reader, run: RunSummary) -> dict[str, Any]:
    groups = store.failures(run.id)
    rows = [
        [g.status.replace("_", " "), g.operator, g.model or "", f"{g.attempts:,}",
         dollars(g.cost_usd) if g.cost_usd is not None else "", g.message[:300]]
        for g in groups[:40]
    ]  # fmt: skip
    return {"failures": rows, "failed": sum(g.attempts for g in groups)}


def _spending(store: Reader, run: RunSummary) -> list[list[str]]:
    by_model: dict[str, list[DailySpending]] = {}
    for day in store.spent():
        if day.run == run.id:
            by_model.setdefault(day.model, []).append(day)
    return [
        [model, f"{sum(day.calls for day in days):,}",
         dollars(None if any(day.unpriced for day in days) else math.fsum(day.usd for day in days)),
         *(tokens(sum(getattr(d, way) for d in days), sum(d.estimated for d in days)) for way in ("tokens_in", "tokens_out"))]
        for model, days in by_model.items()
    ]  # fmt: skip


def _settings(run: RunSummary) -> list[tuple[str, str]]:
    kept = {name: value for name, value in run.settings().items() if value not in (None, "", [], (), {}) and name not in _LEFT_OUT}
    return [
        (name.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
        for name, value in kept.items()
    ]
