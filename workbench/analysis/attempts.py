"""Frames of a run's attempts: the best so far, what improved it, and what a chart can take of many."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from workbench.store import Point

CHARTED = 2500
"""Points drawn of a longer run. A browser draws so many in half a second."""


def so_far(gaps: pd.Series) -> pd.Series:
    """The best gap up to each attempt; a failed one changes nothing."""
    return gaps.cummin().ffill()


def improves(gaps: pd.Series) -> pd.Series:
    """Which attempts are better than all before them."""
    return gaps < so_far(gaps).shift().fillna(math.inf)


def frame(points: Sequence[Point]) -> pd.DataFrame:
    """One row an attempt, in order: the columns of `Point`, the best train gap so far, and whether it was improved."""
    made = pd.DataFrame(points, columns=Point._fields)
    made["gap"] = made["gap"].astype(float)
    made["best"] = so_far(made["gap"])
    made["improved"] = improves(made["gap"])
    made["parent"] = made["parent"].astype(float)
    for column in ("status", "operator"):
        made[column] = made[column].astype("category")
    return made


def thinned(attempts: pd.DataFrame, gaps: pd.Series, most: int = CHARTED) -> pd.DataFrame:
    """So many attempts as a chart of these gaps can take: all that were ever best, the others thinned evenly."""
    if len(attempts) <= most:
        return attempts
    return attempts[improves(gaps) | (attempts["number"] % (1 + len(attempts) // most) == 0)]


def spending(attempts: pd.DataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    """Calls, valid attempts, dollars and improvement by model and operator.

    `gained` is the sum of the steps by which attempts of the group lowered the best train gap; `per_dollar` is that a dollar.

    Parameters
    ----------
    attempts
        As of `frame`.
    calls
        The columns of `store.PaidCall`.
    """
    known = attempts.set_index("number")
    last = calls.drop_duplicates("number", keep="last")
    step = (known["best"].shift() - known["best"]).where(known["improved"], 0.0).fillna(0.0)
    rows = calls.assign(
        valid=calls["number"].map(known["status"].astype(str) == "ok").fillna(False).astype(bool),
        unpriced=calls["cost_usd"].isna() & (calls["error"] == ""),
        gained=0.0, better=0,
    )  # fmt: skip
    rows.loc[last.index, "gained"] = last["number"].map(step).fillna(0.0)
    rows.loc[last.index, "better"] = last["number"].map(known["improved"]).fillna(False).astype(int)
    grouped = rows.groupby(["model", "operator"], observed=True).agg(
        calls=("number", "size"), valid=("valid", "mean"), better=("better", "sum"), gained=("gained", "sum"),
        usd=("cost_usd", "sum"), unpriced=("unpriced", "sum"), tokens=("tokens_out", "sum"), seconds=("seconds", "mean"),
    ).reset_index()  # fmt: skip
    grouped["per_dollar"] = (grouped["gained"] / grouped["usd"]).where(grouped["usd"] > 0)
    return grouped.sort_values("gained", ascending=False)
