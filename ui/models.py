"""Fields of the forms that start and resume runs: models, how they are asked, and what a run will cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from ui import data
from workbench.errors import UsageError
from workbench.formatting import dollars
from workbench.options import RunOptions
from workbench.prices import Price, parse_models, parse_prices, price_of
from workbench.store import Reader

NAMES = "LiteLLM model names, separated by commas; NAME=2 uses a model twice as often."
OWN = "OpenAI-compatible server of your own models. No API key is sent to it: keys go to their provider's own hosts only."
ANSWER_TOKENS = 16_384
"""Length of the longest answer unless another is given; weak models get less."""


class Asked(NamedTuple):
    """What a form says about models: options for the command, the models with their weights, the endpoint, and the prices."""

    options: tuple[str, ...] = ()
    models: tuple[tuple[str, float], ...] = ()
    base: str = ""
    prices: Mapping[str, Price] = {}
    answer_tokens: int = ANSWER_TOKENS


def ask(key: str) -> Asked:
    """Show the fields for the models of a new run; wrong input is told under them."""
    left, right = st.columns(2)
    given = left.text_input("Models", key=f"{key}-models", placeholder="gpt-5-mini, anthropic/claude-haiku-4-5=2", help=NAMES)
    base = right.text_input("Endpoint", key=f"{key}-base", placeholder="http://127.0.0.1:8080/v1", help=OWN).strip()
    options = [*_each("model", given), *_one("api-base", base)]
    with st.expander("How they are asked, and prices"):
        left, right = st.columns(2)
        fallbacks = left.text_input(
            "Fallbacks",
            key=f"{key}-fallbacks",
            help="Models to ask, in this order, while another is down: PROVIDER/NAME or NAME@URL.",
        )
        price = right.text_input(
            "Price", key=f"{key}-price", placeholder="0.25/2",
            help="Dollars for a million tokens in and out, for all models or as MODEL=IN/OUT, separated by commas. "
            "Without it, LiteLLM's table holds.",
        )  # fmt: skip
        longest = left.number_input(
            "Longest answer (tokens)", 16, 1_000_000, None, key=f"{key}-answer", placeholder=f"{ANSWER_TOKENS:,}",
            help="Reasoning included. An answer that is cut is asked for once more with twice as many.",
        )  # fmt: skip
        effort = right.text_input(
            "Reasoning effort", key=f"{key}-effort", placeholder="the model's own", help="low, medium, high, ..."
        )
        headers = left.text_area(
            "Headers", key=f"{key}-headers", placeholder="X-Team: scheduling", height=68,
            help="One a line, for every call. Headers with a key are given on the command line.",
        )  # fmt: skip
        body = right.text_area(
            "Extra body",
            key=f"{key}-body",
            placeholder='{"top_k": 20}',
            height=68,
            help="Fields for the body of every call, as JSON.",
        )
    options += [*_each("fallback", fallbacks), *_each("price", price), *_one("reasoning-effort", effort), *_one("extra-body", body)]
    options += [f"--header={line.strip()}" for line in headers.splitlines() if line.strip()]
    options += [f"--answer-tokens={longest}"] if longest else []
    try:
        prices = parse_prices(_parts(price))
    except UsageError as error:
        st.caption(f":red[{error}]")
        prices = {}
    return Asked(tuple(options), tuple(parse_models(_parts(given))), base, prices, int(longest or ANSWER_TOKENS))


def resume_options(row_options: RunOptions, made: int, *, more: int) -> list[str]:
    """Show the fields of a run that is resumed; return the options that differ from what it recorded.

    Parameters
    ----------
    made
        Attempts that the run allows by now.
    more
        Further attempts that are proposed.
    """
    left, right = st.columns(2)
    attempts = left.number_input("Total attempts", 1, 1_000_000, made + more, key="budget")
    usd = right.number_input("Total dollars", 0.01, None, row_options.max_usd, key="budget-usd", placeholder="no limit")
    tokens = left.number_input("Total tokens", 1, None, row_options.max_tokens, key="budget-tokens", placeholder="no limit")
    before = row_options.max_seconds / 60 if row_options.max_seconds else None
    minutes = right.number_input("Total minutes", 0.5, None, before, key="budget-minutes", placeholder="no limit")
    models = st.text_input("Models", ", ".join(row_options.models), key="resume-models", help=NAMES)
    base = st.text_input("Endpoint", row_options.api_base or "", key="resume-base", help=OWN).strip()
    options = [f"--candidates={attempts}"]
    options += [f"--max-usd={usd}"] if usd and usd != row_options.max_usd else []
    options += [f"--max-tokens={tokens}"] if tokens and tokens != row_options.max_tokens else []
    options += [f"--max-minutes={minutes}"] if minutes and minutes != before else []
    options += _each("model", models) if tuple(_parts(models)) != row_options.models else []
    return options + ([f"--api-base={base}"] if base != (row_options.api_base or "") else [])


def estimate(store: Reader | None, asked: Asked, attempts: int) -> str:
    """Estimate the cost of a run, in words: by earlier calls of its models, or by their prices and the tokens of earlier calls."""
    if not asked.models:
        return "Enter at least one model."
    spent = data.spent(store) if store is not None else None
    total, each, unknown = sum(weight for _, weight in asked.models), 0.0, []
    for model, weight in asked.models:
        price = price_of(model, asked.base or None, asked.prices)
        cost = None if spent is None or spent.empty else data.typical_cost(spent, model, price)
        each += weight / total * (cost or 0.0)
        unknown += [] if cost is not None else [(model, price)]
    if not unknown:
        return f"About {dollars(each * attempts)} ({dollars(each)} per call, judging by earlier runs)."
    dearest = [price for _, price in unknown if price is not None]
    if len(dearest) == len(unknown):
        most = max(price.of(0, asked.answer_tokens) for price in dearest) * attempts
        limit = f"{asked.answer_tokens:,} tokens each"
        return f"Cost unknown (no earlier calls); answers at most {dollars(most)}, at {limit}, and prompts."
    names = ", ".join(model for model, price in unknown if price is None)
    return f"Cost unknown: no price of {names} is known here, and a limit in dollars needs one; it can be given below Endpoint."


def can_hold(asked: Asked, usd: float | None) -> bool:
    """Whether a limit in dollars can hold with these models; if not, say which prices are missing."""
    names = [model for model, _ in asked.models if price_of(model, asked.base or None, asked.prices) is None]
    if not usd or not names:
        return True
    st.caption(
        f":red[A limit in dollars needs the price of {', '.join(map(repr, names))}: give it below Endpoint, or limit tokens.]"
    )
    return False


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _each(option: str, text: str) -> Sequence[str]:
    return [f"--{option}={part}" for part in _parts(text)]


def _one(option: str, text: str) -> Sequence[str]:
    return [f"--{option}={text.strip()}"] if text.strip() else []
