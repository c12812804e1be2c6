"""Language models as a proposer: of any provider, through LiteLLM, or of this machine; in processes of their own."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast, get_args

from workbench.errors import ModelError, UsageError
from workbench.model import Brief, Call, Program, Prompt, Reply, Task
from workbench.plugins import keeps_its_options
from workbench.prices import is_local, parse_models, parse_prices
from workbench.proposers import local_model
from workbench.proposers.asking import Asking, Patience
from workbench.proposers.exchange import ModelAnswer, ModelRequest
from workbench.proposers.gateway import Gateway
from workbench.proposers.headers import parse_body, parse_headers, variables_in
from workbench.proposers.keys import own_variable
from workbench.proposers.prompt import Style, asked_for, build, style_for
from workbench.proposers.providers import PROVIDERS
from workbench.proposers.remedies import complaint
from workbench.proposers.targets import Target, parse_fallback, target

_TEMPERATURE: dict[Style, float | None] = {"full": None, "block": 0.8}
_ANSWER_TOKENS: dict[Style, int] = {"full": 16_384, "block": 640}
_CHECK = Prompt("You answer in one word.", "Say OK.")
_PASSING = {"busy"}
"""Failures of a check that still indicate a working model."""
_LOCAL_CALLS = 2
"""Calls at the same time of a model that this machine runs: more would only wait."""
_LOCAL_SECONDS = 1800.0
"""Shortest timeout of such calls: on a busy machine they are slow, and one that is given up goes on and slows the next."""
_TRANSIENT = {"busy", "server", "timeout", "unreachable", "lost"}


@keeps_its_options
class LiteLLM:
    """Language models of any provider, of an OpenAI-compatible endpoint, or of this machine (`local`).

    Every call is recorded in full; failures are reported in `Reply.call.error`. What a model or its endpoint refuses (a name of
    the token limit, a temperature, the system role, ...) is left out or replaced for the rest of the run, and told once in `news`.

    Parameters
    ----------
    models
        One or several names, optionally with weights (`("gpt-5", 0.8)`, `"gpt-5=0.8"`); each attempt draws one. A name without
        provider (`qwen2.5-coder`) requires `api_base`; `local` and `local:/path/to.gguf` are run by this machine.
    api_base
        URL of an OpenAI-compatible endpoint; a local one needs no key.
    temperature
        None: the provider's default for `full` prompts, 0.8 for `block` prompts (below that, weak models repeat themselves).
    answer_tokens
        Length of an answer including reasoning; None: 16,384 for `full` and 640 for `block` prompts. An answer that is cut there
        is asked for once more with twice the length.
    reasoning_effort
        `low`, `medium`, `high`, or what else a model knows; None: its default.
    concurrency
        Maximum number of concurrent calls.
    timeout
        Timeout of one try, in seconds. A call fails after four tries or after twice this time.
    style
        `full` (whole programs or edits) or `block` (only the evolving part, for weak models); None: chosen by model name.
    fallbacks
        Models to ask, in this order, while another is down: `PROVIDER/NAME`, `NAME@URL`, or `NAME` at `api_base`.
    headers
        Headers for every call, as `NAME: VALUE`; `$VARIABLE` stands for an environment variable.
    extra_body
        Fields for the body of every call.
    prices
        `IN/OUT` or `MODEL=IN/OUT`, in dollars for a million tokens; for models that LiteLLM's table does not have.
    named
        Which of `api_base`, `fallbacks` and `headers` the user gave in the current command: endpoints then get the key of their
        model's provider, and headers environment variables. Otherwise a key goes only to hosts of its provider, and to those that
        the environment sets for it (`OPENAI_BASE_URL`).
    backoff
        Wait before the second try, in seconds; doubled for each further try, with jitter.
    gateway
        Gateway shared with other proposers; the caller must close it.

    Raises
    ------
    UsageError
        There is no model, a weight is not positive, the style is unknown, an endpoint is not a plain URL, or a header, field or
        price is none.
    """

    repairs = True
    uses_model = True
    ordered = False

    def __init__(
        self,
        models: str | Sequence[str | tuple[str, float]],
        api_base: str | None = None,
        temperature: float | None = None,
        answer_tokens: int | None = None,
        concurrency: int = 4,
        timeout: float = 180.0,
        style: str | None = None,
        backoff: float = 1.0,
        gateway: Gateway | None = None,
        reasoning_effort: str | None = None,
        fallbacks: Sequence[str] = (),
        headers: Sequence[str] = (),
        extra_body: str | Mapping[str, Any] | None = None,
        prices: Sequence[str] = (),
        named: Collection[str] = ("api_base", "fallbacks", "headers"),
    ) -> None:
        weighted = parse_models(models)
        if not weighted:
            raise UsageError("no model given: name one with --model (for example --model openai/gpt-5-mini)")
        for name, weight in weighted:
            if not name or not 0 < weight < float("inf"):
                raise UsageError(f"--model {name}={weight:g}: a model needs a name and a weight above 0")
        self.label = ", ".join(dict.fromkeys(name for name, _ in weighted))
        self.models = weighted
        ours = [name for name, _ in weighted if is_local(name)]
        self.concurrency = concurrency if len(ours) < len(weighted) else min(concurrency, _LOCAL_CALLS)
        self._temperature, self._answer_tokens, self._effort = temperature, answer_tokens, reasoning_effort
        self._timeout, self._style = timeout, parse_style(style)
        self._headers, self._extra_body = parse_headers(headers), parse_body(extra_body or {})
        self._prices = parse_prices(prices)
        if (hidden := variables_in(self._headers)) and "headers" not in named:
            raise UsageError(
                f"--header names the environment variable {min(hidden)}: it is sent only where this command gives the header; "
                "repeat --header on the command line"
            )
        self._mains = {name: target(name, api_base, "api_base" in named) for name, _ in weighted}
        self._fallbacks = [parse_fallback(text, self._mains[weighted[0][0]], "fallbacks" in named) for text in fallbacks]
        if any(is_local(one.model) for one in (*self._mains.values(), *self._fallbacks)):
            local_model.check_installed()
        self._gateway, self._owned = gateway or self._own_gateway(), gateway is None
        self._local: dict[str, Gateway] = {}
        self._loading = threading.Lock()
        self._closed = threading.Event()
        self._asking = Asking(Patience(timeout, backoff, self._closed))

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Store the problem for the prompts."""
        self._brief = brief
        if self._closed.is_set():  # used by an earlier run
            self._closed.clear()
            self._gateway = self._own_gateway() if self._owned else self._gateway

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Call one of the models, and its fallbacks while it is down. Always draws from `rng` exactly once."""
        names, weights = zip(*self.models, strict=True)
        (model,) = rng.choices(names, weights)
        call, faults, retries, seconds = None, [], -1, 0.0
        for one in self._asking.up([self._mains[model], *self._fallbacks]):
            style = self._style or style_for(one.model)
            prompt = build(self._brief, task, style)
            try:
                answer, calls, took = self._asking.ask(self._gateway_of(one), one, self._request(one, prompt, style))
            except ModelError as error:
                call = Call(one.model, prompt, "", error=str(error))
                break
            retries, seconds = retries + calls, seconds + took
            call = self._record(one, prompt, answer, retries, seconds)
            if not self._asking.is_down(one, answer, alone=not self._fallbacks):
                break
            faults.append(call.error)
        assert call is not None
        if len(faults) > 1 and call.error:
            call = replace(call, error="; ".join(faults))
        operator = "repair" if task.failure else task.kind.value if style == "full" else "rewrite"
        idea = asked_for(self._brief, task, style)
        return Reply(operator, call.text, call=call, parents=(task.selection.parent.number,), idea=idea)

    def check(self) -> tuple[Call, ...]:
        """Call each model once with a short prompt and the parameters of the run, to detect what is wrong before it starts.

        A model that is down is no fault while another answers.

        Returns
        -------
        tuple of Call
            The calls made, which may have a cost.

        Raises
        ------
        ModelError
            A model cannot be called: invalid key, unknown name, unreachable or invalid endpoint.
        """
        made, down = [], []
        for one in dict.fromkeys([*self._mains.values(), *self._fallbacks]):
            style = self._style or style_for(one.model)
            answer, calls, seconds = self._asking.ask(self._gateway_of(one), one, self._request(one, _CHECK, style), checking=True)
            if answer.kind and answer.kind not in _PASSING:
                fault = complaint(*one, answer, self._seconds(one))
                if answer.kind not in _TRANSIENT or not self._fallbacks:
                    raise ModelError(fault)
                down.append(fault)
            made.append(self._record(one, _CHECK, answer, calls - 1, seconds))
        if len(down) == len(made):
            raise ModelError("; ".join(down))
        return tuple(made)

    def reflect(self, prompt: Prompt, rng: random.Random) -> Call:
        """Ask one of the models something about the search, beside the attempts."""
        names, weights = zip(*self.models, strict=True)
        one = self._asking.up([self._mains[rng.choices(names, weights)[0]], *self._fallbacks])[0]
        try:
            answer, calls, seconds = self._asking.ask(self._gateway_of(one), one, self._request(one, prompt, "full"))
        except ModelError as error:
            return Call(one.model, prompt, "", error=str(error))
        return self._record(one, prompt, answer, calls - 1, seconds)

    def news(self) -> tuple[str, ...]:
        """What was learned of the models since the last call of this method, a line each."""
        return self._asking.news()

    def close(self) -> None:
        """End the gateways, unless they are shared, and all waits between tries."""
        self._closed.set()
        with self._loading:
            ours, self._local = list(self._local.values()), {}
        for gateway in ours:
            gateway.close()
        if self._owned:
            self._gateway.close()

    def _gateway_of(self, one: Target) -> Gateway:
        """The process that calls a model; one that this machine runs has its own, without any key."""
        if not is_local(one.model):
            return self._gateway
        with self._loading:
            if one.model not in self._local:
                self._local[one.model] = Gateway(frozenset(), local_model.ready(one.model))
            return self._local[one.model]

    def _own_gateway(self) -> Gateway:
        """A gateway that holds only the keys of its endpoints, so that nothing else can be sent there."""
        targets = [one for one in (*self._mains.values(), *self._fallbacks) if not is_local(one.model)]
        if not any(one.api_base for one in targets):
            return Gateway()
        variables = frozenset(filter(None, (one.variable if one.api_base else own_variable(one.model) for one in targets)))
        known = variables <= {provider.variable for provider in PROVIDERS}  # others may need more than one variable
        return Gateway(variables | variables_in(self._headers) if known else None)

    def _seconds(self, one: Target) -> float:
        return max(self._timeout, _LOCAL_SECONDS) if is_local(one.model) else self._timeout

    def _request(self, one: Target, prompt: Prompt, style: Style) -> ModelRequest:
        return ModelRequest(
            one.model,
            prompt.system,
            prompt.user,
            self._answer_tokens or _ANSWER_TOKENS[style],
            self._seconds(one),
            _TEMPERATURE[style] if self._temperature is None else self._temperature,
            one.api_base,
            one.variable,
            self._effort,
            self._headers,
            self._extra_body,
            self._prices.get(one.model, self._prices.get("")),
        )

    def _record(self, one: Target, prompt: Prompt, answer: ModelAnswer, retries: int, seconds: float) -> Call:
        error = f"{answer.kind}: {complaint(*one, answer, self._seconds(one))}" if answer.kind else answer.error
        if not error and not answer.text.strip() and prompt is not _CHECK:
            error = _emptiness(answer)
        return Call(
            one.model,
            prompt,
            answer.text,
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
            cost_usd=answer.cost_usd,
            seconds=seconds,
            retries=retries,
            error=error,
            finish=answer.finish,
            estimated=answer.estimated,
        )


def _emptiness(answer: ModelAnswer) -> str:
    finish = f" (finish reason: {answer.finish})" if answer.finish else ""
    if answer.reasoned:
        hint = "--answer-tokens gives it more room, --reasoning-effort low needs less"
        return f"the model returned reasoning but no answer{finish}; {hint}"
    return f"the model returned an empty answer{finish}"


def parse_style(text: str | None) -> Style | None:
    """Parse a prompt style.

    Raises
    ------
    UsageError
        The text is neither `full` nor `block`.
    """
    if text is None:
        return None
    for style in get_args(Style):
        if text == style:
            return cast(Style, style)
    raise UsageError(f"--style must be full (whole programs or edits) or block (only the evolving part), got {text!r}")
