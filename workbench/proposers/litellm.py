"""Language models of any provider as a proposer, through LiteLLM in a separate process."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import cast, get_args

from workbench.errors import ModelError, UsageError
from workbench.model import Brief, Call, Program, Prompt, Reply, Task
from workbench.plugins import keeps_its_options
from workbench.proposers.gateway import Gateway, ModelAnswer, ModelRequest
from workbench.proposers.keys import endpoint, is_loopback, own_variable, variable_for
from workbench.proposers.prompt import Style, asked_for, build, style_for
from workbench.proposers.providers import PROVIDERS, served

TRIES = 4
"""Maximum number of calls for one attempt."""
LONGEST_WAIT = 60.0
"""Maximum wait between two tries, in seconds; if a provider requests more, the attempt fails."""

_TEMPERATURE: dict[Style, float | None] = {"full": None, "block": 0.8}
_MAX_TOKENS: dict[Style, int] = {"full": 16_384, "block": 640}
_RETRIED = {"busy", "server", "timeout", "unreachable", "lost"}


@keeps_its_options
class LiteLLM:
    """Language models of any provider, or of an OpenAI-compatible endpoint.

    Every call is recorded in full; failures are reported in `Reply.call.error`.

    Parameters
    ----------
    models
        One or several names, optionally with weights (`("gpt-5", 0.8)`, `"gpt-5=0.8"`); each attempt draws one. A name without
        provider (`qwen2.5-coder`) requires `api_base`.
    api_base
        URL of an OpenAI-compatible endpoint; a local one needs no key.
    endpoint_named
        Whether the user named `api_base` in this very command, so that it may get the provider's key. Otherwise a key goes only
        to hosts of its provider, and to those that the environment sets for it (`OPENAI_BASE_URL`).
    temperature
        None: the provider's default for `full` prompts, 0.8 for `block` prompts (below that, weak models repeat themselves).
    max_tokens
        Maximum length of an answer including reasoning; None: 16,384 for `full` and 640 for `block` prompts.
    concurrency
        Maximum number of concurrent calls.
    timeout
        Timeout of one try, in seconds. A call fails after four tries or after twice this time.
    style
        `full` (whole programs or edits) or `block` (only the evolving part, for weak models); None: chosen by model name.
    backoff
        Wait before the second try, in seconds; doubled for each further try, with jitter.
    gateway
        Gateway shared with other proposers; the caller must close it.

    Raises
    ------
    UsageError
        There is no model, a weight is not positive, the style is unknown, or the endpoint is not a plain URL.
    """

    repairs = True
    uses_model = True
    ordered = False

    def __init__(
        self,
        models: str | Sequence[str | tuple[str, float]],
        api_base: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        concurrency: int = 4,
        timeout: float = 180.0,
        style: str | None = None,
        backoff: float = 1.0,
        gateway: Gateway | None = None,
        endpoint_named: bool = True,
    ) -> None:
        weighted = parse_models(models)
        if not weighted:
            raise UsageError("no model given: name one with --model (for example --model openai/gpt-5-mini)")
        for name, weight in weighted:
            if not name or not 0 < weight < float("inf"):
                raise UsageError(f"--model {name}={weight:g}: a model needs a name and a weight above 0")
        self.label = ", ".join(dict.fromkeys(name for name, _ in weighted))
        self.concurrency = concurrency
        self.models, self._api_base = weighted, api_base
        self._temperature, self._max_tokens, self._style = temperature, max_tokens, parse_style(style)
        self._timeout, self._backoff = timeout, backoff
        self.variables = {name: variable_for(name, api_base, endpoint_named) for name, _ in weighted} if api_base else {}
        self._gateway, self._owned = gateway or self._own_gateway(), gateway is None
        self._closed = threading.Event()
        self._jitter = random.Random()  # independent of the run's seed: waiting does not affect results

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Store the problem for the prompts."""
        self._brief = brief
        if self._closed.is_set():  # used by an earlier run
            self._closed.clear()
            self._gateway = self._own_gateway() if self._owned else self._gateway

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Call one of the models. Always draws from `rng` exactly once."""
        names, weights = zip(*self.models, strict=True)
        (model,) = rng.choices(names, weights)
        style = self._style or style_for(model)
        prompt = build(self._brief, task, style)
        try:
            call = self._call(model, prompt, style)
        except ModelError as error:
            call = Call(model, prompt, "", error=str(error))
        operator = "repair" if task.failure else task.kind.value if style == "full" else "rewrite"
        idea = asked_for(self._brief, task, style)
        return Reply(operator, call.text, call=call, parents=(task.selection.parent.number,), idea=idea)

    def check(self) -> tuple[Call, ...]:
        """Call each model once with a short prompt, to detect an invalid key or name before a run.

        Returns
        -------
        tuple of Call
            The calls made, which may have a cost.

        Raises
        ------
        ModelError
            A model cannot be called: invalid key, unknown name, unreachable or invalid endpoint.
        """
        calls = []
        for model in dict.fromkeys(name for name, _ in self.models):
            prompt = Prompt("You answer in one word.", "Say OK.")
            answer, retries, seconds = self._ask(self._request(model, prompt, 16), TRIES, {"server", "lost", "busy"})
            if answer.kind and not _passes(answer):
                raise ModelError(self._complaint(model, answer))
            calls.append(self._record(model, prompt, answer, retries, seconds))
        return tuple(calls)

    def close(self) -> None:
        """End the gateway, unless it is shared, and all waits between tries."""
        self._closed.set()
        if self._owned:
            self._gateway.close()

    def _own_gateway(self) -> Gateway:
        """A gateway that holds only the keys for the endpoint, so that nothing else can be sent there."""
        variables = frozenset(filter(None, self.variables.values()))
        known = variables <= {provider.variable for provider in PROVIDERS}  # others may need more than one variable
        return Gateway(variables if self._api_base and known else None)

    def _call(self, model: str, prompt: Prompt, style: Style) -> Call:
        temperature = _TEMPERATURE[style] if self._temperature is None else self._temperature
        request = self._request(model, prompt, self._max_tokens or _MAX_TOKENS[style], temperature)
        answer, retries, seconds = self._ask(request, TRIES, _RETRIED)
        if not answer.kind and not answer.text.strip():
            answer = answer._replace(error=_emptiness(answer))
        return self._record(model, prompt, answer, retries, seconds)

    def _request(self, model: str, prompt: Prompt, max_tokens: int, temperature: float | None = None) -> ModelRequest:
        variable = self.variables.get(model)
        return ModelRequest(model, prompt.system, prompt.user, max_tokens, self._timeout, temperature, self._api_base, variable)

    def _ask(self, request: ModelRequest, tries: int, retried: set[str]) -> tuple[ModelAnswer, int, float]:
        """Call with retries until success, a permanent failure or a timeout; return the answer, retries and seconds."""
        began = time.monotonic()
        for attempt in range(tries):
            answer = self._gateway.call(request)
            if answer.kind not in retried:
                break
            wait = self._backoff * 2**attempt * self._jitter.uniform(0.5, 1.5)
            if answer.retry_after is not None:
                wait = answer.retry_after + self._jitter.uniform(0.0, 0.25) * self._backoff
            late = time.monotonic() - began + wait > 2 * self._timeout
            if attempt == tries - 1 or wait > LONGEST_WAIT or late or self._closed.wait(wait):
                break
        return answer, attempt, time.monotonic() - began

    def _record(self, model: str, prompt: Prompt, answer: ModelAnswer, retries: int, seconds: float) -> Call:
        error = f"{answer.kind}: {answer.error}" if answer.kind else answer.error
        return Call(
            model,
            prompt,
            answer.text,
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
            cost_usd=answer.cost_usd,
            seconds=seconds,
            retries=retries,
            error=error,
        )

    def _complaint(self, model: str, answer: ModelAnswer) -> str:
        local = self._api_base is not None and is_loopback(self._api_base)
        where = f"{model} at {self._api_base}" if self._api_base else model
        variable = self.variables.get(model) if self._api_base else own_variable(model)
        said = answer.error[:200]
        match answer.kind:
            case "key" if variable is None:
                host, other = endpoint(self._api_base or "")[1], own_variable(model)
                return (
                    f"{where}: it wants a key and gets none: {other} goes to its provider's own hosts. If it may go to {host}, "
                    f"name the endpoint on a command line (--api-base), or set {other.removesuffix('_API_KEY')}_BASE_URL ({said})"
                )
            case "key":
                return f"{where}: the API key is missing or was refused; set the environment variable {variable} ({said})"
            case "model" if "LLM Provider NOT provided" in answer.error:
                return f"{where}: unknown provider; write provider/model (openai/gpt-5-mini), or add --api-base URL"
            case "model":
                known = ", ".join(served(self._api_base or "")[:6]) if local else ""
                hint = f"it serves {known}" if known else "check --model and --api-base (which usually ends in /v1)"
                return f"{where}: no such model (404); {hint}"
            case "unreachable":
                hint = "start the server or correct --api-base" if self._api_base else "check the network"
                return f"{where}: cannot be reached; {hint} ({said})"
            case "timeout":
                return f"{where}: no answer within {self._timeout:g} s; try a longer --timeout or a smaller model"
            case "broken":
                return f"{where}: the answer is not a chat completion; --api-base usually ends in /v1 ({said})"
        return f"{where}: the call failed ({said})"


def parse_models(models: str | Sequence[str | tuple[str, float]]) -> list[tuple[str, float]]:
    """Parse one or several models given as `NAME`, `NAME=WEIGHT` or pairs; the default weight is 1."""
    return [_weighted(model) if isinstance(model, str) else model for model in ([models] if isinstance(models, str) else models)]


def _weighted(text: str) -> tuple[str, float]:
    name, _, weight = text.rpartition("=")
    try:
        return (name, float(weight)) if name else (text, 1.0)
    except ValueError:
        return text, 1.0


def _passes(answer: ModelAnswer) -> bool:
    """Whether a failed check still indicates a working model: it is busy, or 16 tokens were too few."""
    return answer.kind == "busy" or (answer.kind == "refused" and "max_tokens" in answer.error)


def _emptiness(answer: ModelAnswer) -> str:
    finish = f" (finish reason: {answer.finish})" if answer.finish else ""
    if answer.reasoned:
        return f"the model returned reasoning but no answer{finish}; more tokens may help"
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
