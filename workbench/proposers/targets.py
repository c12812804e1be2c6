"""Where models are asked: at their providers, or at endpoints of their own."""

from __future__ import annotations

import re
from typing import NamedTuple

from workbench.errors import UsageError
from workbench.prices import is_local
from workbench.proposers.keys import endpoint, variable_for

_ENDPOINT = re.compile(r"@(?=https?://)")


class Target(NamedTuple):
    """A model and where it is asked. `variable` is the environment variable with the endpoint's key, None for no key."""

    model: str
    api_base: str | None = None
    variable: str | None = None


def parse_fallback(text: str, main: Target, named: bool) -> Target:
    """Parse a fallback: `NAME@URL`, a name with a provider, which is asked there, or a bare name, which is asked where `main` is.

    Parameters
    ----------
    main
        A model of the run.
    named
        Whether the person gave the fallback in this very command.

    Raises
    ------
    UsageError
        There is no name, or the endpoint is no plain address.
    """
    name, *places = _ENDPOINT.split(text, maxsplit=1)
    if not name:
        raise UsageError(f"--fallback takes NAME, PROVIDER/NAME or NAME@URL, not {text!r}")
    if not places and "/" not in name and not is_local(name):
        return main._replace(model=name)
    return target(name, places[0] if places else None, named)


def target(model: str, api_base: str | None, named: bool) -> Target:
    """A model at an endpoint, with the key that belongs there."""
    if not api_base or is_local(model):
        return Target(model)
    endpoint(api_base)
    return Target(model, api_base, variable_for(model, api_base, named))
