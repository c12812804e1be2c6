"""One model call, to an endpoint or through LiteLLM: what is sent, where, what it cost. Runs in the process that calls models."""

from __future__ import annotations

import contextlib
import functools
import os
from typing import Any, NamedTuple

from workbench.errors import UsageError
from workbench.formatting import valid
from workbench.proposers import chat
from workbench.proposers.exchange import ModelAnswer, ModelRequest
from workbench.proposers.failures import failure
from workbench.proposers.headers import with_values
from workbench.proposers.keys import OPEN_ROUTES, is_loopback, is_own_host
from workbench.proposers.library import litellm

_LEAST_ROOM = 256
"""Tokens for an answer below which a context is too small for a prompt."""
_ONLY_TOOLS = "the model called a tool ({}) instead of answering, though it was offered none"


class Route(NamedTuple):
    """Where a request goes: the name that LiteLLM gets or that is sent, the endpoint if it speaks OpenAI's protocol (it is then
    called without LiteLLM), its key, and the name under which LiteLLM's table has the price (empty: none)."""

    model: str
    name: str
    base: str | None = None
    key: str | None = None
    priced_as: str = ""


class _Fault(Exception):
    """A request that is not sent; carries the answer to it."""

    def __init__(self, answer: ModelAnswer) -> None:
        super().__init__(answer.error)
        self.answer = answer


def complete(request: ModelRequest) -> ModelAnswer:
    """Make one call. Failures are reported in the answer."""
    asked, name = request.max_tokens, request.model
    try:
        route = _route(request)
        name = route.name
        arguments = _arguments(request, route)
        asked = arguments.get(request.tokens_name)
        found, cost = _posted(request, route, arguments) if route.base else _through_litellm(request, route, arguments)
        answer = _answer(request, route, found, cost)
    except _Fault as fault:
        answer = fault.answer
    except UsageError as error:
        answer = ModelAnswer(kind="refused", error=str(error))
    except Exception as error:
        answer = failure(error)
    return answer._replace(asked=asked, name=name, text=valid(answer.text), error=valid(answer.error))


# --------------------------------------------------------------------------- where to


def _route(request: ModelRequest) -> Route:
    if request.api_base is None:
        name, provider = request.model, ""
        with contextlib.suppress(Exception):  # of an unknown provider, which the call itself will report
            name, provider, *_ = litellm().get_llm_provider(request.model)
        base = _set_for_openai() if provider == "openai" else None
        if base is None:
            return Route(request.model, name, priced_as=request.model)
        return Route(name, name, base, os.environ.get("OPENAI_API_KEY") or "none", f"openai/{name}")
    key = os.environ.get(request.variable or "")
    provider, _, rest = request.model.partition("/")
    own = provider not in OPEN_ROUTES
    if not rest or not _is_provider(provider) or _whole(request, key):
        name = request.model
    elif not own:
        name = rest
    elif request.variable is None:  # its client may find credentials outside the environment
        raise _Fault(ModelAnswer(kind="key", error=f"credentials for {provider} are sent to its own hosts only"))
    else:
        return Route(request.model, rest, key=key or None)
    priced_as = f"openai/{name}" if is_own_host("openai", request.api_base) else ""
    return Route(name, name, request.api_base, key or "none", priced_as)


def _set_for_openai() -> str | None:
    """The endpoint that the environment sets for OpenAI's models, unless it is OpenAI's own."""
    base = os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")
    return base if base and not is_own_host("openai", base) else None


@functools.cache
def _is_provider(name: str) -> bool:
    return name in OPEN_ROUTES or name in set(litellm().provider_list)


def _whole(request: ModelRequest, key: str | None) -> bool:
    """Whether an endpoint serves a model under its whole name, by what it was found to do or by its list of models."""
    assert request.api_base
    if request.whole_name is not None:
        return request.whole_name
    if request.variable is None and request.model.partition("/")[0] not in OPEN_ROUTES and not is_loopback(request.api_base):
        return False
    return request.model in chat.listed(request.api_base, key or "none")


# --------------------------------------------------------------------------- what


def _arguments(request: ModelRequest, route: Route) -> dict[str, Any]:
    messages = [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}]
    if not request.system_role:
        messages = [{"role": "user", "content": f"{request.system}\n\n{request.user}"}]
    arguments: dict[str, Any] = {"model": route.model, "messages": messages}
    if request.max_tokens is not None:
        arguments[request.tokens_name] = _room(request)
    if request.temperature is not None:
        arguments["temperature"] = request.temperature
    if request.effort is not None:
        arguments["reasoning_effort"] = request.effort
    if request.max_tokens is not None and not request.api_base and not route.base:
        with contextlib.suppress(Exception):  # an unknown model has no known limit
            most = int(litellm().get_model_info(request.model)["max_output_tokens"])
            arguments[request.tokens_name] = min(arguments[request.tokens_name], most)
    return arguments


def _room(request: ModelRequest) -> int:
    """Tokens for the answer: as many as wanted, or as fit beside the prompt."""
    assert request.max_tokens is not None
    if request.context is None:
        return request.max_tokens
    prompt = count(request.system) + count(request.user)
    room = request.context - prompt - prompt // 20 - 32
    if room < min(_LEAST_ROOM, request.max_tokens):
        why = f"the prompt has about {prompt:,} tokens and the context {request.context:,}"
        raise _Fault(ModelAnswer(kind="long", error=why))
    return min(request.max_tokens, room)


def count(text: str) -> int:
    """Estimate the tokens of a text, with a tokenizer that needs no network."""
    return int(litellm().token_counter(model="", text=text))


_Found = tuple[dict[str, Any], float | None]
"""A chat completion, and the dollars that whoever answered says it cost, if anything."""


def _posted(request: ModelRequest, route: Route, arguments: dict[str, Any]) -> _Found:
    assert route.base
    body = {**arguments, **request.extra_body}
    if request.stream:
        body |= {"stream": True} | ({"stream_options": {"include_usage": True}} if request.stream_usage else {})
    headers = with_values(request.headers, os.environ)
    found = chat.post(route.base, route.key or "none", body, headers, request.timeout)
    return found, found.get("usage", {}).get("cost")


def _through_litellm(request: ModelRequest, route: Route, arguments: dict[str, Any]) -> _Found:
    options = {**arguments, "timeout": request.timeout, "max_retries": 0, "num_retries": 0}
    if request.headers:
        options["extra_headers"] = with_values(request.headers, os.environ)
    if request.extra_body:
        options["extra_body"] = dict(request.extra_body)
    if request.api_base:
        options |= {"api_base": request.api_base} | ({"api_key": route.key} if route.key else {})
    if not request.stream:
        whole = litellm().completion(**options)
    else:
        usage = {"stream_options": {"include_usage": True}} if request.stream_usage else {}
        pieces = list(litellm().completion(stream=True, **usage, **options))
        whole = litellm().stream_chunk_builder(pieces, messages=arguments["messages"])
        if whole is None:
            raise ValueError("invalid response object: a stream without pieces")
    told = (getattr(whole, "_hidden_params", None) or {}).get("response_cost") if not request.stream else None
    return whole.model_dump(), told


# --------------------------------------------------------------------------- what came of it


def _answer(request: ModelRequest, route: Route, found: dict[str, Any], told: float | None) -> ModelAnswer:
    choice, usage = found["choices"][0], found.get("usage") or {}
    message = choice["message"]
    content = message.get("content")
    text, reasoning = content if isinstance(content, str) else "", str(message.get("reasoning_content") or "")
    tokens_in, tokens_out = (int(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens"))
    estimated = tokens_in <= 0 or (tokens_out <= 0 and bool(text or reasoning))
    if estimated:
        tokens_in, tokens_out = count(request.system) + count(request.user), count(text) + count(reasoning)
    refusal = message.get("refusal")
    tools = ", ".join(str(call["function"]["name"]) for call in message.get("tool_calls") or [])
    return ModelAnswer(
        text=text,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        estimated=estimated,
        cost_usd=_cost(request, route, (tokens_in, tokens_out), {} if estimated else usage, told),
        finish=str(choice.get("finish_reason") or ""),
        reasoned=bool(reasoning),
        error=f"the model refused: {refusal}" if refusal and not text else _ONLY_TOOLS.format(tools) if tools and not text else "",
    )


def _cost(request: ModelRequest, route: Route, tokens: tuple[int, int], usage: dict[str, Any], told: float | None) -> float | None:
    """Dollars, by the user's price, LiteLLM's table or what the endpoint itself says; None if none of them knows."""
    if request.price is not None:
        return (tokens[0] * request.price[0] + tokens[1] * request.price[1]) / 1e6
    cost = told if usage and route.priced_as and not route.base else None
    if cost is None and route.priced_as:
        with contextlib.suppress(Exception):  # not in the table
            given = {"usage_object": litellm().Usage(**usage)} if usage else {}
            cost = sum(litellm().cost_per_token(route.priced_as, prompt_tokens=tokens[0], completion_tokens=tokens[1], **given))
    if not cost and route.base:
        cost = told
    return float(cost) if cost else None  # LiteLLM says 0 for a model without a price
