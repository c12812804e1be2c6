"""Settings & cost: spending on models, and checks of the setup."""

from __future__ import annotations

import time
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from ui import actions, data, parts, theme
from workbench.errors import StoreError, UsageError
from workbench.formatting import dollars, measure_of, tokens
from workbench.report import charts
from workbench.store import Reader, RunSummary

TABS = ("Cost", "Setup")
PARTS = {"isolation": "This machine", "python": "This machine", "sqlite": "This machine", "runs folder": "This machine",
         "proposer": "Models"}  # fmt: skip
"""Group of each check of `evolve doctor`; problem IDs and packages are recognised by name."""


def page() -> None:
    """Show both tabs, also in a folder without runs."""
    theme.heading("Settings & cost", [theme.chip(str(data.folder()))])
    try:
        store = data.own()
    except StoreError as error:
        parts.say_error(error)
        store = None
    for tab, show in zip(st.tabs(TABS, key="tab", bind="query-params"), (cost, setup), strict=True):
        if tab.open:
            with tab:
                show(store)


# --------------------------------------------------------------------------- cost


def cost(store: Reader | None) -> None:
    """Show dollars by day, model and run."""
    rows = store.runs() if store is not None else []
    groups = data.spent(store) if store is not None else pd.DataFrame()
    if groups.empty:
        st.caption("No model calls in this folder.")
        return
    today = groups.loc[groups["day"] == time.strftime("%Y-%m-%d"), "usd"].sum()
    unpriced, failed = int(groups["unpriced"].sum()), int(groups["failed"].sum())
    calls, estimated = int(groups["calls"].sum()), int(groups["estimated"].sum())
    unknown = f"{unpriced:,} calls of unknown price" if unpriced else "every call has a price"
    theme.kpis(
        [
            theme.kpi("Spent", dollars(float(groups["usd"].sum())), unknown, "worse" if unpriced else "plain"),
            theme.kpi("Today", dollars(float(today)), time.strftime("%d %B")),
            theme.kpi("Calls", f"{calls:,}", f"{failed:,} failed"),
            theme.kpi(
                "Tokens in", tokens(int(groups["tokens_in"].sum()), estimated), f"{groups['tokens_in'].sum() / calls:,.0f} per call"
            ),
            theme.kpi(
                "Tokens out",
                tokens(int(groups["tokens_out"].sum()), estimated),
                f"{groups['tokens_out'].sum() / calls:,.0f} per call",
            ),
        ]
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown("**Dollars by day and model**")
        parts.chart(charts.by_day(groups, theme.current()), "by-day")
    with right:
        st.markdown("**By model**")
        st.html(by_model(groups))
    st.markdown("**By run**")
    st.html(by_run(groups, rows))


def by_model(groups: pd.DataFrame) -> str:
    """Return a table of models, by cost."""
    made = (
        groups.groupby("model")[["usd", "calls", "unpriced", "tokens_out", "estimated"]].sum().sort_values("usd", ascending=False)
    )
    body = []
    for model, one in made.iterrows():
        known = one["calls"] - one["unpriced"]
        each = dollars(one["usd"] / known) if known else "unknown"
        body.append([escape(str(model)), dollars(one["usd"]) if known else "unknown", f"{int(one['calls']):,}", each,
                     tokens(int(one["tokens_out"]), int(one["estimated"]))])  # fmt: skip
    return theme.table(["model", "spent", "calls", "per call", "tokens out"], body, {1, 2, 3, 4})


def by_run(groups: pd.DataFrame, rows: list[RunSummary], most: int = 50) -> str:
    """Return a table of runs with their budgets, by cost."""
    by_id = {row.id: row for row in rows}
    made = groups.groupby("run")[["usd", "calls", "unpriced", "tokens_out"]].sum().sort_values("usd", ascending=False)
    body = []
    for run, one in made.head(most).iterrows():
        row = by_id.get(str(run))
        cap = row.options.max_usd if row else None
        spent = dollars(one["usd"]) + (f" and {int(one['unpriced']):,} calls of unknown price" if one["unpriced"] else "")
        share = f", {one['usd'] / cap:.0%} used" if cap else ""
        body.append([theme.link("run", escape(str(run)), run=str(run), tab="Spend & models"), escape(row.problem if row else ""),
                     escape(row.proposer if row else ""), spent, f"{dollars(cap)}{share}" if cap else "none",
                     f"{int(one['calls']):,}", measure_of(row.problem).value(row.validation_gap) if row else "–"])  # fmt: skip
    return theme.table(["run", "problem", "proposer", "spent", "budget", "calls", "validation gap or score"], body, {3, 4, 5, 6})


# --------------------------------------------------------------------------- setup


@st.cache_data(show_spinner="Checking the setup…", ttl=300, max_entries=4)
def checked(folder: str) -> dict[str, Any]:
    """Return the checks of `evolve doctor`."""
    return actions.doctor(Path(folder))


def setup(store: Reader | None) -> None:
    """Show isolation, versions, models, problems and the database."""
    try:
        found = checked(str(data.folder()))
    except UsageError as error:
        parts.say_error(error)
        return
    checks = found["checks"]
    bad = [c for c in checks if not c["ok"]]
    size = sum(p.stat().st_size for p in data.folder().glob("evolve.db*"))
    wal = data.folder() / "evolve.db-wal"
    log = f"{wal.stat().st_size / 1e6:.1f} MB not yet merged" if wal.exists() else ""
    rows = store.runs() if store is not None else []
    attempts, full = sum(row.attempts for row in rows), found["isolation"] == "full"
    theme.kpis(
        [
            theme.kpi("Isolation", found["isolation"], "of candidates' code", "plain" if full else "worse"),
            theme.kpi("Checks", f"{len(checks) - len(bad)} of {len(checks)}", "all ok" if not bad else f"{len(bad)} failed",
                      "worse" if bad else "plain"),
            theme.kpi("Database", f"{size / 1e6:.1f} MB", log),
            theme.kpi("Recorded", f"{attempts:,}", f"attempts in {len(rows):,} runs"),
        ]
    )  # fmt: skip
    groups: dict[str, list[list[str]]] = {"Failed": [], "This machine": [], "Models": [], "Problems": [], "Packages": []}
    for check in checks:
        name = check["name"]
        home = PARTS.get(name) or ("Problems" if "/" in name else "Packages")
        groups["Failed" if not check["ok"] else home].append([escape(name), escape(check["detail"])])
    left, right = st.columns(2, gap="medium")
    for title, body in groups.items():
        if body:
            with right if title in ("Problems", "Models") else left:
                st.markdown(f"**{title}**")
                st.html(theme.table(["check", "result"], body))
    if left.button("Check again", icon=":material/refresh:"):
        checked.clear()
        st.rerun()
    st.caption("API keys are read from the environment of the process that started the dashboard; they are never shown or stored.")


page()
