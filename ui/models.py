"""Fields of the forms that start and resume runs: models, how they are asked, and what a run will cost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import streamlit as st

from ui import data
from workbench import search
from workbench.errors import UsageError
from workbench.formatting import dollars
from workbench.options import RunOptions
from workbench.prices import Price, parse_models, parse_prices, price_of
from workbench.store import Reader

BUILTIN, MODELS, OTHERS = "AST mutation operators (no model)", "Language models", "Several, or others"
"""Kinds of proposers, as the form for a new run calls them."""
NAMES = "LiteLLM model names, separated by commas; NAME=2 uses a model twice as often."
OWN = "OpenAI-compatible server of your own models. No API key is sent to it: keys go to their provider's own hosts only."
PRICE = (
    "Dollars for a million tokens in and out, for all models or as MODEL=IN/OUT, separated by commas. Without it, LiteLLM's "
    "table holds."
)
LONGEST = "Reasoning included. An answer that is cut is asked for once more with twice as many."
STYLES = {"full": "whole programs or edits", "block": "one block, for weak models"}
ANSWER_TOKENS = 16_384
"""Length of the longest answer unless another is given; weak models get less."""


class Asked(NamedTuple):
    """What a form says about models: options for the command, the models with their weights, the endpoint, and the prices."""

    options: tuple[str, ...] = ()
    models: tuple[tuple[str, float], ...] = ()
    base: str = ""
    prices: Mapping[str, Price] = {}
    answer_tokens: int = ANSWER_TOKENS


def proposer() -> tuple[str, str]:
    """Show the choice of a new run's proposers; return its kind, and its name on the command line, empty if it has none yet."""
    kind = st.segmented_control("Proposer", [BUILTIN, MODELS, OTHERS], default=BUILTIN, key="new-proposer", required=True)
    if kind != OTHERS:
        return kind, "builtin" if kind == BUILTIN else "litellm"
    named = st.text_input(
        "Proposers with their shares", key="new-others", placeholder="litellm:openai/gpt-5-mini*0.5 + local*0.3 + builtin*0.2",
        help="local: a small model without a server. agents: programs that agents and people submit. agent:claude: a coding "
        "agent's command. Shares are where a run begins; they follow what pays.",
    )  # fmt: skip
    return kind, named.strip()


def ask(key: str, before: RunOptions | None = None) -> Asked:
    """Show the fields for the models of a run; wrong input is told under them.

    Parameters
    ----------
    before
        Options of the run that is resumed; those of the result are what differs.
    """
    was = before or RunOptions()
    left, right = st.columns(2)
    given = left.text_input(
        "Models", ", ".join(was.models), key=f"{key}-models", placeholder="gpt-5-mini, anthropic/claude-haiku-4-5=2", help=NAMES
    )
    base = right.text_input(
        "Endpoint", was.api_base or "", key=f"{key}-base", placeholder="http://127.0.0.1:8080/v1", help=OWN
    ).strip()
    with st.expander("How they are asked, and prices"):
        left, right = st.columns(2)
        fallbacks = left.text_input(
            "Fallbacks", ", ".join(was.fallbacks), key=f"{key}-fallbacks",
            help="Models to ask, in this order, while another is down: PROVIDER/NAME or NAME@URL.",
        )  # fmt: skip
        price = right.text_input("Price", ", ".join(was.prices), key=f"{key}-price", placeholder="0.25/2", help=PRICE)
        longest = left.number_input(
            "Longest answer (tokens)", 16, 1_000_000, was.answer_tokens, key=f"{key}-answer", placeholder=f"{ANSWER_TOKENS:,}",
            help=LONGEST,
        )  # fmt: skip
        effort = right.text_input(
            "Reasoning effort", was.reasoning_effort or "", key=f"{key}-effort", placeholder="the model's own",
            help="low, medium, high, ...",
        )  # fmt: skip
        headers = left.text_area(
            "Headers", "\n".join(was.headers), key=f"{key}-headers", placeholder="X-Team: scheduling", height=68,
            help="One a line, for every call. Headers with a key are given on the command line.",
        )  # fmt: skip
        body = right.text_area(
            "Extra body", json.dumps(was.extra_body) if was.extra_body else "", key=f"{key}-body", placeholder='{"top_k": 20}',
            height=68, help="Fields for the body of every call, as JSON.",
        )  # fmt: skip
        first, second, third = st.columns(3)
        style = first.selectbox(
            "Reply format", list(STYLES), list(STYLES).index(was.style) if was.style in STYLES else None, key=f"{key}-style",
            format_func=lambda name: f"{name}: {STYLES[name]}", placeholder="chosen by the model's name",
        )  # fmt: skip
        temperature = second.number_input(
            "Temperature", 0.0, 2.0, was.temperature, step=0.1, key=f"{key}-temperature", placeholder="its own"
        )
        timeout = third.number_input(
            "Timeout of a call (s)",
            1.0,
            86_400.0,
            was.timeout,
            step=30.0,
            key=f"{key}-timeout",
            help="Increase it for slow models.",
        )
    options = [
        *_each("model", _parts(given), was.models), *([f"--api-base={base}"] if base != (was.api_base or "") else []),
        *_each("fallback", _parts(fallbacks), was.fallbacks), *_each("price", _parts(price), was.prices),
        *_one("reasoning-effort", effort.strip(), was.reasoning_effort),
        *_one("extra-body", body.strip(), json.dumps(was.extra_body) if was.extra_body else ""),
        *_each("header", [line.strip() for line in headers.splitlines() if line.strip()], was.headers),
        *_one("answer-tokens", longest, was.answer_tokens), *_one("style", style, was.style),
        *_one("temperature", temperature, was.temperature), *_one("timeout", timeout, was.timeout),
    ]  # fmt: skip
    try:
        prices = parse_prices(_parts(price))
    except UsageError as error:
        st.caption(f":red[{error}]")
        prices = {}
    return Asked(tuple(options), tuple(parse_models(_parts(given))), base, prices, int(longest or ANSWER_TOKENS))


def resume_options(was: RunOptions, *, more: int) -> list[str]:
    """Show the fields of a run that is resumed; return the options that differ from what it recorded.

    Parameters
    ----------
    was
        Its options so far.
    more
        Further attempts that are proposed.
    """
    left, right = st.columns(2)
    attempts = left.number_input("Total attempts", 1, 1_000_000, was.candidates + more, key="budget")
    usd = right.number_input("Total dollars", 0.01, None, was.max_usd, key="budget-usd", placeholder="no limit")
    tokens = left.number_input("Total tokens", 1, None, was.max_tokens, key="budget-tokens", placeholder="no limit")
    before = was.max_seconds / 60 if was.max_seconds else None
    minutes = right.number_input("Total minutes", 0.5, None, before, key="budget-minutes", placeholder="no limit")
    options = [f"--candidates={attempts}", *_one("max-usd", usd, was.max_usd), *_one("max-tokens", tokens, was.max_tokens)]
    options += [*_one("max-minutes", minutes, before), *ask("resume", was).options, *_machine(was)]
    st.caption("What is left empty stays as it was. Isolation is changed on the command line only.")
    return options


def _machine(was: RunOptions) -> list[str]:
    """Show the fields for strategy, proposer, workers and problem of a run that is resumed; return what differs."""
    pairs = "NAME=VALUE, separated by commas; see evolve run --help."
    with st.expander("Strategy, proposer and machine"):
        left, right = st.columns(2)
        names = list(dict.fromkeys([*search.names(), was.strategy]))
        strategy = left.selectbox("Search strategy", names, names.index(was.strategy), key="resume-strategy")
        tuned = right.text_input("Strategy options", _pairs(was.strategy_options), key="resume-opt", help=pairs)
        proposer = left.text_input(
            "Proposer", was.proposer, key="resume-proposer", help="builtin, litellm, agents, agent:COMMAND or a class of your own."
        )
        set_up = right.text_input("Proposer options", _pairs(was.proposer_options), key="resume-proposer-opt", help=pairs)
        workers = left.number_input("Evaluation processes", 1, None, max(1, was.workers), key="resume-workers")
        folder = right.text_input("Problem folder", key="resume-problem", placeholder="as recorded", help="If it has moved.")
        executor = left.text_input("Executor", was.executor, key="resume-executor", help="processes, ray or a class of your own.")
        cluster = str(was.executor_options.get("address") or "")
        address = right.text_input("Ray cluster", cluster, key="resume-ray", placeholder="HOST:PORT or auto", help="For ray only.")
        track = left.text_input("Experiment tracker", was.track or "", key="resume-track", placeholder="mlflow or mlflow:URI")
    return [
        *_one("strategy", strategy, was.strategy), *_each("opt", _parts(tuned), _parts(_pairs(was.strategy_options))),
        *_one("proposer", proposer.strip(), was.proposer),
        *_each("proposer-opt", _parts(set_up), _parts(_pairs(was.proposer_options))),
        *_one("workers", workers, was.workers), *_one("problem", folder.strip(), ""),
        *_one("executor", executor.strip(), was.executor), *_one("ray-address", address.strip(), cluster),
        *_one("track", track.strip(), was.track or ""),
    ]  # fmt: skip


def _pairs(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in options.items())


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


def _each(option: str, texts: Sequence[str], before: Sequence[str]) -> list[str]:
    return [] if list(texts) == list(before) else [f"--{option}={text}" for text in texts]


def _one(option: str, value: object, before: object) -> list[str]:
    return [f"--{option}={value}"] if value not in (None, "", before) else []
