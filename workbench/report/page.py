"""A run as one HTML page without scripts: what was found, how sure that is, where it loses, how it came about."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from workbench.analysis.compare import Comparison, Contender, compare_all, of_baselines, of_run, within
from workbench.certificate import Certificate, Verdict
from workbench.errors import WorkbenchError
from workbench.formatting import dollars, duration, level, percent, points, span
from workbench.model import Report, Split
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.program.changes import Change, changes
from workbench.report import charts, diff, palette
from workbench.store import DailySpending, Reader, Run, RunSummary

_LEFT_OUT = ("api_base", "allow_unsafe")
"""Settings that tell more about a person's machine than about the run."""

# Nothing is fetched and nothing runs: the page says so to the browser itself.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
* {box-sizing: border-box;} body {margin: 0 auto; max-width: 68rem; padding: 1.5rem 1.25rem 4rem; color: var(--ink);
  background: var(--paper); font: 15px/1.5 system-ui, sans-serif;}
h1 {font-size: 1.5rem; margin: 0 0 .2rem;} h2 {font-size: 1.1rem; margin: 2.2rem 0 .6rem;} p {margin: .5rem 0; max-width: 60rem;}
.muted, figcaption {color: var(--muted); font-size: .88rem;} figure {margin: 0; overflow-x: auto;}
.better {color: var(--better);} .worse {color: var(--worse);}
.cards {display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .5rem; margin: 1rem 0;}
.cards div {border: 1px solid var(--grid); border-radius: 6px; padding: .45rem .7rem;}
.cards span {display: block; font-size: .82rem; color: var(--muted);} .cards b {font-size: 1.25rem;}
.scroll {overflow-x: auto; border: 1px solid var(--grid); border-radius: 6px; margin: .6rem 0;}
table {border-collapse: collapse; width: 100%; font-size: .88rem;} td, th {padding: .26rem .6rem; text-align: left;
  vertical-align: top; border-bottom: 1px solid var(--grid);} tr:last-child td {border-bottom: 0;}
th {font-weight: 500; color: var(--muted); white-space: nowrap;} .n {text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap;} code, pre {font: .82rem/1.5 ui-monospace, monospace;} code {background: var(--soft); padding: 0 .25rem;
  border-radius: 3px; overflow-wrap: anywhere;} pre {background: var(--soft); padding: .8rem; border-radius: 6px; overflow-x: auto;}
details {margin: .6rem 0;} summary {cursor: pointer;}
@media print {body {max-width: none; padding: 0;} figure, tr, .cards {break-inside: avoid;}}
"""


class Scene(NamedTuple):
    """What a report is made from.

    Attributes
    ----------
    row
        The run, as `Reader.runs` gives it.
    loaded, note
        The problem and, where its baselines cannot stand beside this run, why (then there are no rivals).
    own, rivals
        The champion and the baselines on validation, best first.
    certificate
        The champion's latest, None while it has none.
    """

    row: RunSummary
    loaded: LoadedProblem | None
    note: str
    own: Contender | None
    rivals: list[Contender]
    comparisons: list[Comparison]
    certificate: Certificate | None


def gather(store: Reader, name: str) -> Scene:
    """Read a run and pair its champion with every baseline.

    Raises
    ------
    UsageError
        No such run.
    """
    row = store.summary(name)
    loaded, note = _problem(row)
    own = None
    if row.champion is not None and store.report(row.id, row.champion, Split.VALIDATION) is not None:
        own = of_run(store, row, None, Split.VALIDATION)
    rivals = of_baselines(loaded, Split.VALIDATION) if loaded and not note else []
    certified = store.certificate(row.id, row.champion) if row.champion is not None else None
    made = compare_all(own, rivals) if own else []
    return Scene(row, loaded, note, own, rivals, made, certified.certificate if certified else None)


def _problem(row: Run) -> tuple[LoadedProblem | None, str]:
    try:
        loaded = catalog.load_recorded(row.folder, row.problem)
        loaded.references.ranking  # noqa: B018  without references there are no baselines to show
    except WorkbenchError as error:
        return None, f"The problem cannot be loaded here, so baselines are left out: {error}"
    changed = loaded.version != row.version
    return loaded, f"{loaded.slug} has changed since this run, so today's baselines are left out." if changed else ""


def render(store: Reader, scene: Scene, *, now: float | None = None) -> str:
    """The page. Everything that comes from a program, a model, a person or a problem is escaped."""
    row = scene.row
    title = scene.loaded.problem.title if scene.loaded else row.problem
    body = [
        _head(scene, title), _verdict(scene), _cards(store, scene), _certificate(scene), _progress(store, scene),
        _rivals(scene), _where(scene),
        _program(store, scene), _lineage(store, scene), _instances(store, scene), _failures(store, row), _spending(store, row),
        _settings(row), _foot(now),
    ]  # fmt: skip
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>{escape(row.id)}: {escape(title)}</title>'
        f"<style>{_theme()}{_STYLE}{diff.STYLE}{charts.STYLE}</style></head><body>"
        f"\n{chr(10).join(part for part in body if part)}\n</body></html>\n"
    )


def _theme() -> str:
    light, dark = palette.variables(palette.LIGHT), palette.variables(palette.DARK)
    return f":root {{color-scheme: light dark; {light}}} @media (prefers-color-scheme: dark) {{:root {{{dark}}}}}"


# --------------------------------------------------------------------------- pieces of HTML


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """Cells are HTML already."""
    mark = ['class="n"' if k in numbers else "" for k in range(len(columns))]
    head = "".join(f"<th {m}>{escape(c)}</th>" for c, m in zip(columns, mark, strict=True))
    body = "".join("<tr>" + "".join(f"<td {m}>{c}</td>" for c, m in zip(row, mark, strict=True)) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _section(title: str, *parts: str) -> str:
    kept = [part for part in parts if part]
    return f"<section><h2>{escape(title)}</h2>{''.join(kept)}</section>" if kept else ""


def _figure(svg: str, caption: str = "") -> str:
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>" if svg else ""


def _toned(words: str, verdict: str) -> str:
    kind = verdict if verdict in ("better", "worse") else ""
    return f'<span class="{kind}">{escape(words)}</span>'


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


# --------------------------------------------------------------------------- sections


def _head(scene: Scene, title: str) -> str:
    row = scene.row
    question = f"<p>{escape(scene.loaded.problem.question)}</p>" if scene.loaded else ""
    bits = [row.id, f"{row.problem}, version {row.version}", row.status, f"begun {_clock(row.created)}",
            row.proposer, f"isolation {row.isolation}"]  # fmt: skip
    said = f'<p class="worse">{escape(row.message)}</p>' if row.message and row.status == "failed" else ""
    return f'<h1>{escape(title)}</h1><div class="muted">{escape(" · ".join(bits))}</div>{question}{said}'


def _verdict(scene: Scene) -> str:
    own = scene.own
    if own is None:
        return "<p>No program of this run has been scored on validation, so there is none to judge.</p>"
    by = "the built-in operators (no LLM)" if not scene.row.uses_model else scene.row.proposer
    said = f"Program {own.number}, made by {escape(by)}, lies {percent(own.gap)} from the references on validation"
    if scene.comparisons:
        c = scene.comparisons[0]
        rank = sum(rival.gap < own.gap for rival in scene.rivals)
        standing = "ahead of every baseline" if not rank else f"behind {rank} of {len(scene.rivals)} baselines"
        interval = f"{level(c.confidence)} CI {span(*c.difference[1:])}"
        said += (f", {standing}. Against the best of them, {escape(c.against)} ({percent(c.other)}), that is "
                 f"{_toned(f'{points(c.difference.mean)}: {c.verdict}', c.verdict)} ({interval})")  # fmt: skip
    note = f'<p class="muted">{escape(scene.note)}</p>' if scene.note else ""
    return (
        f'<p>{said}.</p>{note}<p class="muted">The gap is the distance to a proven optimum, a bound or the best known solution: 0 '
        "is the reference, lower is better. Validation also chose the program, so its gap there flatters it; only a certificate "
        "judges on instances that nobody has looked at.</p>"
    )


def _cards(store: Reader, scene: Scene) -> str:
    row = scene.row
    made, valid = row.attempts, row.valid
    cost = dollars(row.spending.cost_usd, model=row.uses_model)
    best = store.best(row.id)
    test = scene.certificate.gaps.get(Split.TEST) if scene.certificate else None
    cards = [("Validation gap", percent(scene.own.gap if scene.own else None)), ("Test gap", percent(test)),
             ("Best train gap", percent(row.best_gap)),
             ("Attempts", f"{made:,}"), ("Valid", f"{valid / made:.0%}" if made else "–"), ("Cost", cost),
             ("Time", duration(row.active_seconds)),
             ("Last improvement", f"no. {best.number:,}" if best else "–")]  # fmt: skip
    inside = "".join(f"<div><span>{escape(name)}</span><b>{escape(value)}</b></div>" for name, value in cards)
    return f'<div class="cards">{inside}</div>'


def _certificate(scene: Scene) -> str:
    found = scene.certificate
    if found is None:
        return ""
    verdict = _toned(found.verdict, "better" if found.verdict is Verdict.CERTIFIED else "worse")
    rows = [[escape(c.kind), _toned("passed", "better") if c.passed else _toned("failed", "worse"), escape(c.line)]
            for c in found.checks]  # fmt: skip
    said = f"<p><b>{verdict}</b>: {escape(found.reason)}</p>"
    return _section("Certificate: the sealed test split, and what else was tried on it", said, _table(("", "", "check"), rows))


def _progress(store: Reader, scene: Scene) -> str:
    made = store.points(scene.row.id, store.mark(scene.row.id))
    attempts = [charts.Attempt(point.number, point.gap) for point in made]
    levels = []
    if scene.loaded and not scene.note:
        levels = [charts.Level(c.name, c.gap) for c in of_baselines(scene.loaded, Split.TRAIN)]
    told = [m for m in store.messages(scene.row.id, pending=False) if m.command == "steer"]
    steered = [sum(point.created <= (m.acknowledged or m.created) for point in made) for m in told]
    return _section("Progress", _figure(
        charts.progress(attempts, levels, steered=steered),
        "Line: best so far. Dotted: people's rules. Marks at the foot: failed attempts." + (" Diamonds: steered." if told else ""),
    ))  # fmt: skip


def _rivals(scene: Scene) -> str:
    bars = [charts.Bar(c.against, c.difference.mean, c.difference.low, c.difference.high, c.verdict) for c in scene.comparisons]
    rows = [
        [escape(c.against), percent(c.other), points(c.difference.mean),
         span(*c.difference[1:]), f"{c.record.wins} / {c.record.ties} / {c.record.losses}",
         f"{escape(c.worst.instance)} {points(c.worst.difference)}", _toned(c.verdict, c.verdict)]
        for c in scene.comparisons
    ]  # fmt: skip
    columns = ("against", "its gap", "difference", "95% CI", "won / equal / lost", "worst", "the program is")
    return _section(
        "Against people's rules",
        _figure(charts.forest(bars), "Paired by instance on validation, intervals by bootstrap."),
        _table(columns, rows, (1, 2, 3, 4)) if rows else "",
    )


def _where(scene: Scene) -> str:
    if scene.own is None:
        return ""
    own = f"program {scene.own.number}"
    everyone = [(own, scene.own), *((c.name, c) for c in scene.rivals)]
    order = list(dict.fromkeys(scene.own.families.values()))
    columns = sorted(scene.own.families.items(), key=lambda pair: order.index(pair[1]))
    rows = [charts.Row(name, dict(c.gaps)) for name, c in everyone]
    shares = [(name, within(c)[0], c is scene.own) for name, c in everyone]
    return _section(
        "Where it wins and loses",
        _figure(charts.heat(rows, columns), "Gap by instance of validation, grouped by family; point at a cell for its figure."),
        _figure(charts.distribution(shares), "Solid: the program. Dashed: people's rules."),
    )


def _said(found: Sequence[Change], most: int) -> str:
    """Changes in words."""
    if not found:
        return "nothing but layout or comments"
    items = []
    for change in found[:most]:
        both = f"<code>{escape(change.before)}</code> → <code>{escape(change.after)}</code>"
        one = f"<code>{escape(change.after or change.before)}</code>"
        code = both if change.before and change.after else one if change.before or change.after else ""
        where = f" in <code>{escape(change.where)}</code>" if change.where and change.kind != "function" else ""
        items.append(f"{escape(change.text)} {code}{where}".strip())
    return "; ".join([*items, *([f"and {len(found) - most} more"] if len(found) > most else [])])


def _program(store: Reader, scene: Scene) -> str:
    if scene.own is None or scene.own.number is None:
        return ""
    chain = store.ancestors(scene.row.id, scene.own.number)
    source, start = chain[-1].source, chain[0]
    body = [f"<pre><code>{escape(source)}</code></pre>"]
    if len(chain) > 1 and start.source:
        names = (f"no. {start.number}, gap {percent(start.gap)}", f"no. {scene.own.number}, gap {percent(chain[-1].gap)}")
        body.append(f"<p>Since its start, no. {start.number}: {_said(changes(start.source, source), 12)}.</p>")
        body.append(f"<details><summary>Line by line</summary>{diff.side_by_side(start.source, source, names)}</details>")
    return _section(f"Program {scene.own.number}", *body)


def _lineage(store: Reader, scene: Scene) -> str:
    if scene.own is None or scene.own.number is None:
        return ""
    chain = store.ancestors(scene.row.id, scene.own.number)
    rows = []
    for k, step in enumerate(chain):
        above = chain[k - 1] if k else None
        moved = step.gap - above.gap if above and step.gap is not None and above.gap is not None else None
        words = _said(changes(above.source, step.source), 3) if above and above.source and step.source else "a start"
        tone = "" if not moved else "better" if moved < 0 else "worse"
        rows.append([str(step.number), escape(step.operator), percent(step.gap),
                     _toned(points(moved) if moved is not None else "", tone), words])  # fmt: skip
    table = _table(("no.", "made by", "train gap", "step", "what it changed"), rows[-60:], (0, 2, 3))
    return _section("How it came about", table) if len(chain) > 1 else ""


def _instances(store: Reader, scene: Scene) -> str:
    if scene.own is None or scene.own.number is None:
        return ""
    body = []
    for split in (Split.VALIDATION, Split.TRAIN):
        report = store.report(scene.row.id, scene.own.number, split)
        if report is None:
            continue
        rivals = of_baselines(scene.loaded, split)[:1] if scene.loaded and not scene.note else []
        body.append(_scored(report, rivals[0] if rivals else None, scene.loaded))
    return _section("Every instance", *body)


def _scored(report: Report, rival: Contender | None, loaded: LoadedProblem | None) -> str:
    unit = f", {loaded.problem.unit}" if loaded else ""
    columns = ["instance", "family", f"objective{unit}", "reference", "gap", *([rival.name, "difference"] if rival else [])]
    rows = []
    for r in report.results:
        other = rival.gaps.get(r.id) if rival else None
        apart = None if other is None else r.gap - other
        tone = "" if apart is None or abs(apart) <= 1e-9 else "better" if apart < 0 else "worse"
        theirs = [percent(other), _toned(points(apart), tone)] if rival else []
        objective = "–" if r.objective is None else f"{r.objective:.6g}"
        rows.append([escape(r.id), escape(r.family), objective, f"{r.reference:.6g}", percent(r.gap), *theirs])
    summary = f"{report.split.value}: {len(rows)} instances, mean gap {percent(report.gap)}"
    return f"<details><summary>{escape(summary)}</summary>{_table(columns, rows, tuple(range(2, len(columns))))}</details>"


def _failures(store: Reader, row: RunSummary) -> str:
    groups = store.failures(row.id)
    rows = [
        [escape(g.status.replace("_", " ")), escape(g.operator), escape(g.model or ""), f"{g.attempts:,}",
         dollars(g.cost_usd) if g.cost_usd is not None else "", escape(g.message[:300])]
        for g in groups[:40]
    ]  # fmt: skip
    if not rows:
        return ""
    total = sum(g.attempts for g in groups)
    table = _table(("class", "made by", "model", "attempts", "cost", "the first one said"), rows, (3, 4))
    return _section("What failed", f"<p>{total:,} of {row.attempts:,} attempts.</p>", table)


def _spending(store: Reader, row: RunSummary) -> str:
    by_model: dict[str, list[DailySpending]] = {}
    for day in store.spent():
        if day.run == row.id:
            by_model.setdefault(day.model, []).append(day)
    rows = [
        [escape(model), f"{sum(day.calls for day in days):,}",
         dollars(None if any(day.unpriced for day in days) else math.fsum(day.usd for day in days)),
         f"{sum(day.tokens_in for day in days):,}", f"{sum(day.tokens_out for day in days):,}"]
        for model, days in by_model.items()
    ]  # fmt: skip
    table = _table(("model", "calls", "cost", "tokens in", "tokens out"), rows, (1, 2, 3, 4))
    return _section("What the models cost", table) if rows else ""


def _settings(row: RunSummary) -> str:
    rows = []
    for name, value in row.settings().items():
        if value in (None, [], (), {}) or name in _LEFT_OUT:
            continue
        said = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        rows.append([escape(name.replace("_", " ")), escape(said)])
    return _section("Settings", _table(("setting", "value"), rows) if rows else "")


def _foot(now: float | None) -> str:
    try:
        made = f"evolve {version('evolve-workbench')}"
    except PackageNotFoundError:
        made = "evolve"
    said = f"Made by {made} on {_clock(time.time() if now is None else now)}. This page needs no network and runs no script."
    return f'<p class="muted">{escape(said)}</p>'
