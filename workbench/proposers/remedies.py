"""One line for a model call that failed: what is wrong, where, and what to do."""

from __future__ import annotations

from workbench.proposers.exchange import ModelAnswer
from workbench.proposers.keys import endpoint, is_loopback, own_variable
from workbench.proposers.providers import served


def complaint(model: str, api_base: str | None, variable: str | None, answer: ModelAnswer, timeout: float) -> str:
    """Say what is wrong with a model, and the remedy.

    Parameters
    ----------
    variable
        Environment variable whose key the endpoint gets; None: none.
    timeout
        Of the call, in seconds.
    """
    where = f"{model} at {api_base}" if api_base else model
    said = answer.error[:200]
    return f"{where}: {_fault(model, api_base, variable, answer, timeout, said)}"


def _fault(model: str, api_base: str | None, variable: str | None, answer: ModelAnswer, timeout: float, said: str) -> str:
    match answer.kind:
        case "key" if api_base and variable is None:
            host, other = endpoint(api_base)[1], own_variable(model)
            return (
                f"it wants a key and gets none: {other} goes to its provider's own hosts. If it may go to {host}, "
                f"name the endpoint on a command line (--api-base), or set {other.removesuffix('_API_KEY')}_BASE_URL ({said})"
            )
        case "key":
            return f"the API key is missing or was refused; set the environment variable {variable or own_variable(model)} ({said})"
        case "funds":
            return f"no credit is left, or too little for such long answers; add some, or use --answer-tokens ({said})"
        case "model" if "LLM Provider NOT provided" in answer.error:
            return "unknown provider; write provider/model (openai/gpt-5-mini), or add --api-base URL"
        case "model":
            return f"no such model (404); {_where_it_is(api_base)}"
        case "long":
            return f"{said}; use --style block, whose prompts are short, or serve the model with a larger context"
        case "unreachable":
            hint = "start the server or correct --api-base" if api_base else "check the network"
            return f"cannot be reached; {hint} ({said})"
        case "moved":
            target = (
                f"; try --api-base {said.removesuffix('/chat/completions')}" if said.startswith(("http://", "https://")) else ""
            )
            return f"it redirects to {said}{target}"
        case "proxy":
            return f"the proxy that the environment names (ALL_PROXY, HTTPS_PROXY) cannot be used; unset it ({said})"
        case "timeout":
            return f"no answer within {timeout:g} s; try a longer --timeout or a smaller model"
        case "broken":
            return f"the answer is not a chat completion; --api-base usually ends in /v1 ({said})"
    return f"the call failed ({said})"


def _where_it_is(api_base: str | None) -> str:
    if api_base and is_loopback(api_base):
        if known := served(api_base)[:6]:
            return f"it serves {', '.join(known)}"
        if not api_base.rstrip("/").endswith("/v1") and served(f"{api_base.rstrip('/')}/v1"):
            return f"use --api-base {api_base.rstrip('/')}/v1"
    return "check --model and --api-base (which usually ends in /v1)"
