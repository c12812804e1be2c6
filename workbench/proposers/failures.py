"""Says what a failed model call failed of. Runs in the process that calls models."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from workbench.proposers.answers import Moved
from workbench.proposers.exchange import Kind, ModelAnswer
from workbench.proposers.quoting import one_line

# For errors whose status is not specific enough, or whose message is too long.
_NOISE = re.compile(r"Traceback \(most|Learn more:|This looks like a bug in LiteLLM|, Original Response:")
_PREFIXES = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception): )+(?:\w+Exception -\s?)?")
_KEYLESS = re.compile(r"API key not valid|Missing credentials|Missing \w+ API key|api_key client option must be set", re.IGNORECASE)
_BROKEN = re.compile(
    r"invalid response (?:from|object)|Unable to get json response|list index out of range|no 'choices'|'choices' that is not",
    re.IGNORECASE,
)
_FUNDS = re.compile(
    r"insufficient.{0,3}(?:quota|balance|funds|credit)|credit balance|requires more credits|out of credits", re.IGNORECASE
)
_CUT_OFF = {"ReadError", "WriteError", "CloseError", "RemoteProtocolError"}
"""Errors of httpx for a connection that ended before the answer did."""
_MARKUP = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.{1,80}?)</title>", re.IGNORECASE | re.DOTALL)


def failure(error: Exception) -> ModelAnswer:
    """Return the answer that stands for a call which raised."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and len(chain) < 12:
        chain.append(link)
        link = link.__cause__ or link.__context__
    names = {type(e).__name__ for e in chain}
    whole = str(error)
    text = " ".join(_NOISE.split(whole)[0].split())
    status = _status(error, chain)
    text = one_line(_told(_PREFIXES.sub("", text)))
    text = text or (f"status {status}, and no word of why" if status else type(error).__name__)
    if moved := next((link for link in chain if isinstance(link, Moved)), None):
        return ModelAnswer(kind="moved", error=str(moved), status=status)
    if _MARKUP.search(whole):
        title = _TITLE.search(whole)
        text = f"a web page ({' '.join(title[1].split())})" if title else "a web page"
        if status is None or status < 400:
            return ModelAnswer(kind="broken", error=text, status=status)
    return ModelAnswer(
        kind="funds" if _FUNDS.search(whole) or status == 402 else _kind(status, names, text),
        error=text,
        status=status,
        retry_after=_retry_after(chain),
    )


def _told(text: str) -> str:
    """Return what an error object within a text says; other text as it is."""
    start = text.find("{")
    if start < 0:
        return text
    try:
        given: Any = json.JSONDecoder().raw_decode(text[start:])[0]
    except (ValueError, RecursionError):
        return text
    fault = given.get("error", given.get("errors", given)) if isinstance(given, dict) else given
    fault = fault[0] if isinstance(fault, list) and fault else fault
    if not isinstance(fault, dict):
        return str(fault) or text
    words = [fault[name] for name in ("message", "detail", "msg") if fault.get(name)][:1]
    metadata = fault.get("metadata")
    words += [metadata["raw"]] if isinstance(metadata, dict) and metadata.get("raw") else []  # of the provider behind a router
    words += [f"n_ctx {fault['n_ctx']}"] if fault.get("n_ctx") else []
    return "; ".join(word if isinstance(word, str) else json.dumps(word) for word in words) or text


def _status(error: Exception, chain: list[BaseException]) -> int | None:
    """The HTTP status: of the response itself where there is one, since LiteLLM says 500 where it knows none."""
    for link in chain:
        code = getattr(getattr(link, "response", None), "status_code", None)
        if type(link).__module__.startswith("httpx") and isinstance(code, int):
            return code
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _kind(status: int | None, names: set[str], text: str) -> Kind:
    if "ProxyError" in names or ("socksio" in text and "proxy" in text):
        return "proxy"
    if names & {"ConnectError", "ConnectionRefusedError", "gaierror"}:
        return "unreachable"
    if names & {"JSONDecodeError", "APIResponseValidationError"} or _BROKEN.search(text):
        return "broken"
    if names & {"Timeout", "ReadTimeout", "ConnectTimeout", "APITimeoutError"} or status == 408:
        return "timeout"
    if names & _CUT_OFF:
        return "server"
    if "LLM Provider NOT provided" in text:
        return "model"
    if status in (401, 403) or _KEYLESS.search(text):
        return "key"
    if status == 404:
        return "model"
    if status == 429:
        return "busy"
    if status is None:
        return "broken"
    return "server" if status >= 500 else "refused"


def _retry_after(chain: list[BaseException]) -> float | None:
    for error in chain:
        headers = getattr(getattr(error, "response", None), "headers", None) or getattr(error, "litellm_response_headers", None)
        value = headers.get("retry-after") if headers is not None else None
        if value is None:
            continue
        with contextlib.suppress(ValueError):
            return max(0.0, float(value))
        with contextlib.suppress(ValueError, TypeError):
            from datetime import UTC, datetime
            from email.utils import parsedate_to_datetime

            return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    return None
