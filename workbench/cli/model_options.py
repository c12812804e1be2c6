"""Options of the commands that call models: `run` and `resume`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from workbench.errors import UsageError
from workbench.proposers.headers import parse_body

Models = Annotated[
    list[str] | None, typer.Option("--model", help="A LiteLLM model name, local or local:FILE.gguf, or NAME=WEIGHT; repeatable.")
]
Endpoint = Annotated[
    str | None, typer.Option("--api-base", help="An OpenAI-compatible endpoint, e.g. http://127.0.0.1:8080/v1; '' for none.")
]
EndpointKey = Annotated[
    bool, typer.Option(help="Send the provider's API key to --api-base; if off, only to the provider's own hosts.")
]
Fallbacks = Annotated[
    list[str] | None,
    typer.Option("--fallback", help="A model to ask while another is down: PROVIDER/NAME, NAME@URL or NAME; repeatable."),
]
AnswerTokens = Annotated[
    int | None,
    typer.Option("--answer-tokens", help="Longest answer in tokens, reasoning included (default: 16384, weak models 640)."),
]
Effort = Annotated[str | None, typer.Option("--reasoning-effort", help="low, medium, high, or what else the model knows.")]
Headers = Annotated[
    list[str] | None, typer.Option("--header", help="A header 'NAME: VALUE' for every call; $VARIABLE for a key; repeatable.")
]
ExtraBody = Annotated[str | None, typer.Option("--extra-body", help="Fields for the body of every call, as a JSON object.")]
Prices = Annotated[
    list[str] | None,
    typer.Option("--price", help="Dollars for a million tokens, IN/OUT or MODEL=IN/OUT, if LiteLLM's table has none; repeatable."),
]
Style = Annotated[str | None, typer.Option(help="Prompt style: full (whole programs), or block (one block, for weak models).")]
Temperature = Annotated[float | None, typer.Option(help="Sampling temperature of the model.")]
Timeout = Annotated[float, typer.Option(help="Timeout of a model call in seconds; increase it for slow local models.")]
MaxUsd = Annotated[float | None, typer.Option(help="Budget for model calls, in US dollars (in total).")]
MaxTokens = Annotated[int | None, typer.Option(help="Budget for model calls, in tokens (in total).")]
MaxMinutes = Annotated[float | None, typer.Option(help="Time budget, in minutes (in total).")]


def given(
    *,
    model: Sequence[str] | None,
    fallback: Sequence[str] | None,
    header: Sequence[str] | None,
    price: Sequence[str] | None,
    extra_body: str | None,
    **others: Any,
) -> dict[str, Any]:
    """Return the fields of `RunOptions` for the options that were given; those that were not are left out."""
    found = {"models": model, "fallbacks": fallback, "headers": header, "prices": price}
    values: dict[str, Any] = {name: tuple(texts) for name, texts in found.items() if texts}
    if extra_body:
        values["extra_body"] = parse_body(extra_body)
    return values | {name: value for name, value in others.items() if value is not None}


def seconds(minutes: float | None) -> float | None:
    """Minutes as seconds."""
    return None if minutes is None else minutes * 60


def pairs(option: str, texts: Sequence[str] | None) -> dict[str, str]:
    """Parse options given as NAME=VALUE.

    Raises
    ------
    UsageError
        A text is none.
    """
    found = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"{option} takes NAME=VALUE, not {text!r}")
        found[name] = value
    return found
