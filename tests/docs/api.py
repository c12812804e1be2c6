"""The reference of the Python API as markdown, from signatures and docstrings of the public names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import workbench

GROUPS = {
    "Functions": "load describe source sources exhibits run open_run resume evaluate gate tune precheck certify export verify",
    "Results": "Description Source Exhibited Result Best Report Robustness Tuned Precheck Certificate",
    "Proposers": "Builtin LiteLLM",
    "Strategies": "Islands Adaptive Greedy BestOfN OpenEvolve Portfolio",
    "Describing a problem": "Problem Instance Split Measurement Reference Baseline Limits Infeasible",
    "What strategies and proposers see": "Program Candidate Selection Status Task",
    "Errors": "WorkbenchError",
}
"""Headings with the public names below them; the test of this page says when one is missing."""
WIDTH = 110
_SECTION = re.compile(r"(?m)^(\w+)\n-{3,}\n")


def reference() -> str:
    """One section a name, under the headings of `GROUPS`."""
    grouped = [name for names in GROUPS.values() for name in names.split()]
    assert sorted(grouped) == sorted(workbench.__all__), set(grouped) ^ set(workbench.__all__)
    parts = []
    for heading, names in GROUPS.items():
        parts.append(f"## {heading}")
        for name in names.split():
            parts += [f"### `{name}`", *described(name, getattr(workbench, name))]
    return "\n\n".join(parts) + "\n"


def described(name: str, found: Any) -> Iterator[str]:
    """Signature, docstring, then methods and properties."""
    exception = isinstance(found, type) and issubclass(found, Exception)
    choice = isinstance(found, type) and hasattr(found, "__members__")
    if choice:
        yield "One of " + ", ".join(f"`{value}`" for value in found) + "."
    elif not exception and (signature := signed(name, found)):
        yield signature
    yield from markdown(inspect.getdoc(found) or "")
    if isinstance(found, type) and not exception and not choice:
        yield from members(found)


def members(found: type) -> Iterator[str]:
    """Public methods and properties that a class defines itself, in one line each."""
    lines = []
    for name, value in vars(found).items():
        if name.startswith("_") or isinstance(value, type(found)) or not inspect.getdoc(value):
            continue
        summary = " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())
        if isinstance(value, property):
            lines.append(f"- `.{name}`: {summary}")
        elif inspect.isfunction(value):
            lines.append(f"- `.{name}{one_line(value)}`: {summary}")
    if lines:
        yield "Methods and properties:\n\n" + "\n".join(lines)


def one_line(function: Callable[..., Any]) -> str:
    """The signature of a method without `self` and types."""
    shown = [p.replace(annotation=p.empty) for p in list(inspect.signature(function).parameters.values())[1:]]
    return str(inspect.Signature(shown))


def signed(name: str, found: Any) -> str:
    """The signature as an indented block, one parameter a line where it is long."""
    try:
        signature = inspect.signature(found)
    except ValueError:
        return ""
    shown = signature.replace(parameters=[p for p in signature.parameters.values() if not p.name.startswith("_")])
    if isinstance(found, type):
        shown = shown.replace(return_annotation=signature.empty)
    text = tidy(f"{name}{shown}")
    if len(text) <= WIDTH:
        return f"    {text}"
    returned = "" if shown.return_annotation is signature.empty else f" -> {shown.return_annotation}"
    lines, starred = [], False
    for parameter in shown.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            lines.append("    *,")
            starred = True
        starred = starred or parameter.kind is parameter.VAR_POSITIONAL
        lines.append(f"    {parameter},")
    return "\n".join(f"    {tidy(line)}" for line in [f"{name}(", *lines, f"){returned}"])


def tidy(text: str) -> str:
    """A signature without quotes around types, and with short defaults."""
    text = re.sub(r"<Split\.(\w+): '\w+'>", r"Split.\1", text)
    text = re.sub(r"(: |-> )(['\"])(.*?)\2(?=[,)]| =|$)", r"\1\3", text)
    return text.replace("<factory>", "...")


def markdown(docstring: str) -> Iterator[str]:
    """A NumPy-style docstring: its text, then each section as a list."""
    text, *sections = _SECTION.split(docstring)
    if text.strip():
        yield text.strip()
    for heading, body in zip(sections[::2], sections[1::2], strict=True):
        if heading == "Examples":
            yield "\n".join(f"    {line}".rstrip() for line in body.strip().splitlines())
        else:
            yield f"{heading}:\n\n" + "\n".join(entries(body.strip().splitlines()))


def entries(lines: Iterable[str]) -> Iterator[str]:
    """Names at the margin with indented text below them, as list items."""
    name, words = "", list[str]()
    for line in lines:
        if line and not line[0].isspace():
            if name:
                yield item(name, words)
            name, words = line.strip(), []
        else:
            words.append(line.strip())
    if name:
        yield item(name, words)


def item(name: str, words: list[str]) -> str:
    """One list item."""
    names = ", ".join(f"`{part}`" for part in re.split(r", | or ", name))
    return f"- {names}: {' '.join(filter(None, words))}" if any(words) else f"- {names}"
