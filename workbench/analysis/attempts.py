"""Data frames of the attempts of a run: best gap so far, improvements, and thinning for charts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from workbench.store import Point

CHARTED = 2500
"""Maximum number of points in a chart; a browser draws this many in half a second."""


def so_far(gaps: pd.Series) -> pd.Series:
    """Return the best gap up to each attempt; failed attempts change nothing."""
    return gaps.cummin().ffill()


def improves(gaps: pd.Series) -> pd.Series:
    """Return which attempts are better than all before them."""
    return gaps < so_far(gaps).shift().fillna(math.inf)


def frame(points: Sequence[Point]) -> pd.DataFrame:
    """Return one row per attempt, in order: the columns of `Point`, the best train gap so far, whether the attempt improved it."""
    made = pd.DataFrame(points, columns=Point._fields)
    made["gap"] = made["gap"].astype(float)
    made["best"] = so_far(made["gap"])
    made["improved"] = improves(made["gap"])
    made["parent"] = made["parent"].astype(float)
    for column in ("status", "operator"):
        made[column] = made[column].astype("category")
    return made


def thinned(attempts: pd.DataFrame, gaps: pd.Series, most: int = CHARTED) -> pd.DataFrame:
    """Thin out attempts for a chart of these gaps: all improvements are kept, about `most` of the others, evenly spaced."""
    return _sampled(attempts, improves(gaps), most)


def _sampled(attempts: pd.DataFrame, kept: pd.Series, most: int) -> pd.DataFrame:
    if len(attempts) <= most:
        return attempts
    return attempts[kept | (attempts["number"] % (1 + len(attempts) // most) == 0)]


def front(seconds: pd.Series, gaps: pd.Series) -> pd.Series:
    """Return which attempts are on the Pareto front: none is as fast and as good, and better in one; the first of equals."""
    order = pd.DataFrame({"seconds": seconds, "gap": gaps}).sort_values(["seconds", "gap"], kind="stable")
    return improves(order["gap"]).reindex(gaps.index)


def timed(attempts: pd.DataFrame, gaps: pd.Series, most: int = CHARTED) -> pd.DataFrame:
    """Return attempts with these gaps and known CPU times, and which are on the `front`, thinned out for a chart.

    The whole front is kept, and about `most` of the others, evenly spaced.
    """
    made = attempts[["number", "operator", "longest"]].assign(gap=gaps).astype({"gap": float, "longest": float}).dropna()
    made["front"] = front(made["longest"], made["gap"])
    return _sampled(made, made["front"], most)


def spending(attempts: pd.DataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    """Return calls, valid attempts, dollars and improvement by model and operator.

    `gained` sums the steps by which attempts of the group lowered the best train gap; `per_dollar` is `gained` per dollar.

    Parameters
    ----------
    attempts
        As returned by `frame`.
    calls
        One row per call, with the columns of `store.PaidCall`.
    """
    known = attempts.set_index("number")
    last = calls.drop_duplicates("number", keep="last")
    step = (known["best"].shift() - known["best"]).where(known["improved"], 0.0).fillna(0.0)
    rows = calls.assign(
        valid=calls["number"].map(known["status"].astype(str).isin(["ok", "behind"])).fillna(False).astype(bool),
        unpriced=calls["cost_usd"].isna() & ((calls["error"] == "") | (calls["tokens_out"] > 0)),
        gained=0.0, better=0,
    )  # fmt: skip
    rows.loc[last.index, "gained"] = last["number"].map(step).fillna(0.0)
    rows.loc[last.index, "better"] = last["number"].map(known["improved"]).fillna(False).astype(int)
    grouped = rows.groupby(["model", "operator"], observed=True).agg(
        calls=("number", "size"), valid=("valid", "mean"), better=("better", "sum"), gained=("gained", "sum"),
        usd=("cost_usd", "sum"), unpriced=("unpriced", "sum"), tokens=("tokens_out", "sum"), estimated=("estimated", "sum"),
        seconds=("seconds", "mean"),
    ).reset_index()  # fmt: skip
    grouped["per_dollar"] = (grouped["gained"] / grouped["usd"]).where(grouped["usd"] > 0)
    return grouped.sort_values("gained", ascending=False)
