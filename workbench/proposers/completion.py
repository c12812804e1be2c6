"""One model call through LiteLLM: what is sent, where, what it cost. Runs in the process that calls models."""

from __future__ import annotations

import contextlib
import functools
import os
from typing import Any, NamedTuple

import httpx

from workbench.errors import UsageError
from workbench.formatting import valid
from workbench.proposers.answers import EndpointClient
from workbench.proposers.exchange import ModelAnswer, ModelRequest
from workbench.proposers.failures import failure
from workbench.proposers.headers import with_values
from workbench.proposers.keys import OPEN_ROUTES, is_loopback, is_own_host

_OWN_ROUTE = "hosted_vllm"
"""LiteLLM's route that speaks OpenAI's protocol and changes nothing, at two thirds of the CPU time of `openai`."""
_LEAST_ROOM = 256
"""Tokens for an answer below which a context is too small for a prompt."""
_LISTING_SECONDS = 5.0
_ONLY_TOOLS = "the model called a tool ({}) instead of answering, though it was offered none"


class Route(NamedTuple):
    """Where a request goes: LiteLLM's name of the model, the name that is sent, the endpoint if it speaks OpenAI's protocol, its
    key, and the name under which LiteLLM's table has the price (empty: none)."""

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
        answer = _answer(request, route, _response(request, arguments))
    except _Fault as fault:
        answer = fault.answer
    except UsageError as error:
        answer = ModelAnswer(kind="refused", error=str(error))
    except Exception as error:
        answer = failure(error)
    return answer._replace(asked=asked, name=name, text=valid(answer.text), error=valid(answer.error))


# --------------------------------------------------------------------------- where to


def _route(request: ModelRequest) -> Route:
    import litellm

    if request.api_base is None:
        name, provider = request.model, ""
        with contextlib.suppress(Exception):  # of an unknown provider, which the call itself will report
            name, provider, *_ = litellm.get_llm_provider(request.model)
        base = _set_for_openai() if provider == "openai" else None
        if base is None:
            return Route(request.model, name, priced_as=request.model)
        return Route(f"{_OWN_ROUTE}/{name}", name, base, os.environ.get("OPENAI_API_KEY") or "none", f"openai/{name}")
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
    return Route(f"{_OWN_ROUTE}/{name}", name, request.api_base, key or "none", priced_as)


def _set_for_openai() -> str | None:
    """The endpoint that the environment sets for OpenAI's models, unless it is OpenAI's own."""
    base = os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")
    return base if base and not is_own_host("openai", base) else None


@functools.cache
def _is_provider(name: str) -> bool:
    import litellm

    return name in set(litellm.provider_list)


def _whole(request: ModelRequest, key: str | None) -> bool:
    """Whether an endpoint serves a model under its whole name, by what it was found to do or by its list of models."""
    assert request.api_base
    if request.whole_name is not None:
        return request.whole_name
    if request.variable is None and request.model.partition("/")[0] not in OPEN_ROUTES and not is_loopback(request.api_base):
        return False
    return request.model in _listed(request.api_base, key or "none")


@functools.cache
def _listed(base: str, key: str) -> frozenset[str]:
    with contextlib.suppress(httpx.HTTPError, ValueError, KeyError, TypeError):
        headers = {"authorization": f"Bearer {key}"}
        found = _client(is_loopback(base)).get(f"{base.rstrip('/')}/models", headers=headers, timeout=_LISTING_SECONDS).json()
        return frozenset(str(model["id"]) for model in found["data"])
    return frozenset()


@functools.cache
def _client(direct: bool) -> EndpointClient:
    """The HTTP client for endpoints. This machine is never asked through a proxy, and no redirect takes headers elsewhere."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    return EndpointClient(trust_env=not direct, verify=httpx.create_ssl_context(), limits=limits, follow_redirects=False)


@functools.cache
def _handler(direct: bool) -> Any:
    from litellm.llms.custom_httpx.http_handler import HTTPHandler

    return HTTPHandler(client=_client(direct))


# --------------------------------------------------------------------------- what


def _arguments(request: ModelRequest, route: Route) -> dict[str, Any]:
    import litellm

    messages = [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}]
    if not request.system_role:
        messages = [{"role": "user", "content": f"{request.system}\n\n{request.user}"}]
    arguments: dict[str, Any] = {"model": route.model, "messages": messages, "timeout": request.timeout}
    if request.max_tokens is not None:
        arguments[request.tokens_name] = _room(request)
    if request.temperature is not None:
        arguments["temperature"] = request.temperature
    if request.effort is not None:
        arguments["reasoning_effort"] = request.effort
    if request.headers:
        arguments["extra_headers"] = with_values(request.headers, os.environ)
    extra_body = dict(request.extra_body)
    if request.api_base and not route.base:
        arguments["api_base"] = request.api_base
        arguments |= {"api_key": route.key} if route.key else {}
    elif route.base:
        if request.stream:  # read by the client, so that LiteLLM sees a whole answer
            extra_body |= {"stream": True} | ({"stream_options": {"include_usage": True}} if request.stream_usage else {})
        arguments |= {"api_base": route.base, "api_key": route.key, "client": _handler(is_loopback(route.base))}
        _without_price(route.model)
    elif request.max_tokens is not None:
        with contextlib.suppress(Exception):  # an unknown model has no known limit
            most = int(litellm.get_model_info(request.model)["max_output_tokens"])
            arguments[request.tokens_name] = min(arguments[request.tokens_name], most)
    if extra_body:
        arguments["extra_body"] = extra_body
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
    import litellm

    return int(litellm.token_counter(model="", text=text))


def _response(request: ModelRequest, arguments: dict[str, Any]) -> Any:
    import litellm

    if not request.stream or "client" in arguments:
        return litellm.completion(max_retries=0, num_retries=0, **arguments)
    usage = {"stream_options": {"include_usage": True}} if request.stream_usage else {}
    pieces = list(litellm.completion(max_retries=0, num_retries=0, stream=True, **usage, **arguments))
    whole = litellm.stream_chunk_builder(pieces, messages=arguments["messages"])
    if whole is None:
        raise ValueError("invalid response object: a stream without pieces")
    return whole


# --------------------------------------------------------------------------- what came of it


def _answer(request: ModelRequest, route: Route, response: Any) -> ModelAnswer:
    choice, usage = response.choices[0], getattr(response, "usage", None)
    message = choice.message
    text = message.content if isinstance(message.content, str) else ""
    reasoning = str(getattr(message, "reasoning_content", None) or "")
    tokens_in, tokens_out = (int(getattr(usage, name, 0) or 0) for name in ("prompt_tokens", "completion_tokens"))
    estimated = tokens_in <= 0 or (tokens_out <= 0 and bool(text or reasoning))
    if estimated:
        tokens_in, tokens_out = count(request.system) + count(request.user), count(text) + count(reasoning)
    refusal = getattr(message, "refusal", None)
    tools = ", ".join(str(call.function.name) for call in getattr(message, "tool_calls", None) or [])
    return ModelAnswer(
        text=text,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        estimated=estimated,
        cost_usd=_cost(request, route, response, (tokens_in, tokens_out), estimated),
        finish=str(choice.finish_reason or ""),
        reasoned=bool(reasoning),
        error=f"the model refused: {refusal}" if refusal and not text else _ONLY_TOOLS.format(tools) if tools and not text else "",
    )


def _cost(request: ModelRequest, route: Route, response: Any, tokens: tuple[int, int], estimated: bool) -> float | None:
    """Dollars, by the user's price, LiteLLM's table or what the endpoint itself says; None if none of them knows."""
    import litellm

    if request.price is not None:
        return (tokens[0] * request.price[0] + tokens[1] * request.price[1]) / 1e6
    cost: float | None = None
    if route.priced_as and not estimated and not route.base and not request.stream:
        cost = (getattr(response, "_hidden_params", None) or {}).get("response_cost")
    elif route.priced_as:
        with contextlib.suppress(Exception):  # not in the table
            given = {} if estimated else {"usage_object": response.usage}
            cost = sum(litellm.cost_per_token(route.priced_as, prompt_tokens=tokens[0], completion_tokens=tokens[1], **given))
    if not cost and route.base:
        cost = getattr(getattr(response, "usage", None), "cost", None)
    return float(cost) if cost else None  # LiteLLM says 0 for a model without a price


@functools.cache
def _without_price(model: str) -> None:
    """Register an endpoint's model with price 0, which saves LiteLLM a search of its tables at every call."""
    import litellm

    litellm.register_model({model: {"mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0}})
