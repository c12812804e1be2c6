"""Weights and prices of models as a person gives them; prices otherwise by LiteLLM's table, read without importing LiteLLM."""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from workbench.errors import UsageError

LOCAL = "local"
"""Name of the model that a run starts itself; `local:/path/to.gguf` names another file."""

_TABLE = "model_prices_and_context_window_backup.json"


class Price(NamedTuple):
    """Dollars for a million tokens."""

    tokens_in: float
    tokens_out: float

    def of(self, tokens_in: float, tokens_out: float) -> float:
        """Dollars for so many tokens."""
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1e6


def is_local(model: str) -> bool:
    """Whether a run starts this model itself."""
    return model == LOCAL or model.startswith(f"{LOCAL}:")


def parse_models(models: str | Sequence[str | tuple[str, float]]) -> list[tuple[str, float]]:
    """Parse one or several models given as `NAME`, `NAME=WEIGHT` or pairs; the default weight is 1."""
    return [_weighted(model) if isinstance(model, str) else model for model in ([models] if isinstance(models, str) else models)]


def parse_prices(texts: Iterable[str]) -> dict[str, Price]:
    """Parse prices given as `IN/OUT` (for all models, under the empty name) or `MODEL=IN/OUT`.

    Raises
    ------
    UsageError
        It is no price.
    """
    found = {}
    for text in texts:
        name, _, numbers = text.rpartition("=")
        into, slash, out = numbers.partition("/")
        try:
            price = Price(float(into), float(out))
        except ValueError:
            price = Price(-1.0, -1.0)
        if not slash or not all(0 <= number < 1e6 for number in price):
            raise UsageError(
                f"--price takes IN/OUT or MODEL=IN/OUT, in dollars for a million tokens (0.25/2 or small=0.25/2), not {text!r}"
            )
        found[name] = price
    return found


def price_of(model: str, api_base: str | None, given: Mapping[str, Price]) -> Price | None:
    """Return a model's price: the user's, else that of LiteLLM's table unless the model is asked elsewhere; None: unknown."""
    price = given.get(model, given.get(""))
    if price is None and is_local(model):
        return Price(0.0, 0.0)
    return price or (None if api_base else _listed(model))


def _listed(model: str) -> Price | None:
    table = _table()
    row = table.get(model) or table.get(model.partition("/")[2])
    costs = [row.get(f"{way}_cost_per_token") for way in ("input", "output")] if row else []
    numbers = [float(cost) * 1e6 for cost in costs if isinstance(cost, int | float)]
    return Price(*numbers) if len(numbers) == 2 and any(numbers) else None


@functools.cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    found = importlib.util.find_spec("litellm")
    for place in found.submodule_search_locations or () if found else ():
        try:
            table: dict[str, Mapping[str, Any]] = json.loads((Path(place) / _TABLE).read_bytes())
        except (OSError, ValueError):
            continue
        return table
    return {}


def _weighted(text: str) -> tuple[str, float]:
    name, _, weight = text.rpartition("=")
    try:
        return (name, float(weight)) if name else (text, 1.0)
    except ValueError:
        return text, 1.0
