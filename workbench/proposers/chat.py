"""One call of an endpoint that speaks OpenAI's chat completions: over HTTP, without LiteLLM."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

import httpx

from workbench.proposers.answers import Moved, standard
from workbench.proposers.keys import is_loopback

_LISTING_SECONDS = 5.0
_COMPLETIONS = "/chat/completions"
_MOST_WORDS = 20_000


class Refused(Exception):
    """An answer that is no completion: what it says, with the response whose headers may say more."""

    def __init__(self, words: str, response: httpx.Response, status_code: int | None) -> None:
        super().__init__(words[:_MOST_WORDS])
        self.response, self.status_code = response, status_code


def post(base: str, key: str, body: Mapping[str, Any], headers: Mapping[str, str], timeout: float) -> dict[str, Any]:
    """Ask for a chat completion and return it in the standard shape.

    Raises
    ------
    Moved
        The endpoint is at another address.
    Refused
        It answered something else than a completion.
    httpx.HTTPError
        It did not answer.
    """
    address = base.rstrip("/")
    address += "" if address.endswith(_COMPLETIONS) else _COMPLETIONS
    sent = httpx.Headers({"authorization": f"Bearer {key}", "content-type": "application/json"})
    sent.update(headers)
    response = _client(is_loopback(base)).post(address, content=json.dumps(body).encode(), headers=sent, timeout=timeout)
    if response.has_redirect_location:
        raise Moved(response.headers["location"])
    if not response.is_success:
        raise Refused(response.text, response, response.status_code)
    found = standard(response.content)
    if found is None:
        raise Refused(f"invalid response from the endpoint: {response.text}", response, None)
    if "error" in found:
        raise Refused(json.dumps(found), response, found["error"]["code"])
    return found


@functools.cache
def listed(base: str, key: str) -> frozenset[str]:
    """Return the names of the models that an endpoint lists; none if it lists none."""
    try:
        headers = {"authorization": f"Bearer {key}"}
        found = _client(is_loopback(base)).get(f"{base.rstrip('/')}/models", headers=headers, timeout=_LISTING_SECONDS).json()
        return frozenset(str(model["id"]) for model in found["data"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return frozenset()


@functools.cache
def _client(direct: bool) -> httpx.Client:
    """The client for all calls. This machine is never asked through a proxy, and no redirect takes headers elsewhere."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    return httpx.Client(trust_env=not direct, verify=httpx.create_ssl_context(), limits=limits, follow_redirects=False)
