"""What crosses the channel to the process that calls models: a request, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Kind = Literal[
    "", "key", "model", "refused", "funds", "long", "busy", "server", "timeout", "unreachable", "broken", "moved", "proxy", "lost"
]
"""Cause of a failed call: invalid key, unknown model, other 4xx, no credit, prompt longer than the context, rate limit, 5xx,
timeout, no connection, invalid response, redirect, unusable proxy, gateway died."""


class ModelRequest(NamedTuple):
    """One model call: the model's name as given by the user, messages, limits, endpoint, and how this endpoint wants them."""

    model: str
    system: str
    user: str
    max_tokens: int | None
    timeout: float
    temperature: float | None = None
    api_base: str | None = None
    variable: str | None = None
    """Environment variable with the key for `api_base`; None: no key. Without `api_base` LiteLLM finds the provider's own."""
    effort: str | None = None
    headers: Mapping[str, str] = {}
    """Further headers; `$NAME` stands for an environment variable."""
    extra_body: Mapping[str, Any] = {}
    price: tuple[float, float] | None = None
    """Dollars for a million tokens in and out, if the user gave them."""
    tokens_name: str = "max_tokens"
    context: int | None = None
    """Size of the context in tokens, if known: `max_tokens` is what fits beside the prompt."""
    system_role: bool = True
    stream: bool = False
    stream_usage: bool = True
    whole_name: bool | None = None
    """Whether an endpoint serves the model under its whole name although it begins like a provider; None: to be found out."""


class ModelAnswer(NamedTuple):
    """Result of one call. `kind` is empty on success; `cost_usd` is None if the price is unknown."""

    text: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    estimated: bool = False
    """Whether the tokens are counted here, since the endpoint does not say."""
    cost_usd: float | None = None
    finish: str = ""
    reasoned: bool = False
    asked: int | None = None
    """Largest answer that was asked for, in tokens."""
    name: str = ""
    """Name that was sent."""
    kind: Kind = ""
    error: str = ""
    status: int | None = None
    retry_after: float | None = None
