"""Which key may go to which endpoint: a provider's to its own hosts, and to an endpoint that the person named for it."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from workbench.errors import UsageError
from workbench.proposers.providers import PROVIDERS, key_variable
from workbench.system.redact import is_secret_name

Place = tuple[str, str, int]
"""Scheme, host and port of an endpoint."""

OPEN_ROUTES = ("openai", "hosted_vllm")
"""Providers of LiteLLM that are no more than the protocol that servers of one's own speak."""

_STRANGE = re.compile(r"[\s\\\x00-\x20\x7f@]")
_SCHEMELESS = re.compile(r"[\w.-]+(?::\d+)?(?:/[\w./-]*)?")
_PORTS = {"http": 80, "https": 443}


def endpoint(api_base: str) -> Place:
    """Where an endpoint is.

    Raises
    ------
    UsageError
        It is no plain address: another scheme than http and https, a user's name, a blank. Programs differ in what host they
        read in such addresses.
    """
    try:
        parts = urlsplit(api_base)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in _PORTS or _STRANGE.search(api_base):
        hint = f"; write http://{api_base}" if _SCHEMELESS.fullmatch(api_base) else ""
        raise UsageError(f"--api-base {api_base[:200]!r}: an endpoint is an address like http://127.0.0.1:8080/v1{hint}")
    return parts.scheme, host, port or _PORTS[parts.scheme]


def is_loopback(api_base: str) -> bool:
    """Whether an endpoint is on this machine; a name that only begins like it (`127.0.0.1.example.org`) is not."""
    host = endpoint(api_base)[1]
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_own_host(provider: str, api_base: str) -> bool:
    """Whether an endpoint is a host of a provider's own."""
    place = endpoint(api_base)
    return any(place == ("https", host, 443) for known in PROVIDERS if known.prefix == provider for host in known.hosts)


def variable_for(model: str, api_base: str, named: bool, environ: Mapping[str, str] | None = None) -> str | None:
    """The environment variable whose key a model's endpoint gets; None where it gets none.

    Parameters
    ----------
    model
        With or without a provider, as LiteLLM names it.
    api_base
        The endpoint.
    named
        Whether the person named the endpoint in this very command, and so means it to have the key of the model's provider.
        What a page, a database or a search for local servers says names nothing.

    Raises
    ------
    UsageError
        The endpoint is no plain address.
    """
    environment = os.environ if environ is None else environ
    place = endpoint(api_base)
    for provider in PROVIDERS:
        if place in [("https", host, 443) for host in provider.hosts]:
            return provider.variable
    return own_variable(model) if named or place in _defaults(_provider(model), environment) else None


def own_variable(model: str) -> str:
    """The variable with the key of a model's own provider; of OpenAI where an endpoint serves models under bare names."""
    return key_variable(model) if _provider(model) != "openai" else "OPENAI_API_KEY"


def without_keys(environ: Mapping[str, str], kept: Iterable[str]) -> dict[str, str]:
    """An environment without any key but those in the named variables."""
    allowed = set(kept)
    return {name: value for name, value in environ.items() if name in allowed or not is_secret_name(name)}


def _provider(model: str) -> str:
    prefix = model.partition("/")[0] if "/" in model else "openai"
    return "openai" if prefix in OPEN_ROUTES else prefix


def _defaults(provider: str, environ: Mapping[str, str]) -> set[Place]:
    """Endpoints that the environment sets for all calls of a provider, as LiteLLM reads them."""
    found = set()
    for ending in ("API_BASE", "BASE_URL"):
        if value := environ.get(f"{provider.upper()}_{ending}", ""):
            with contextlib.suppress(UsageError):
                found.add(endpoint(value))
    return found
