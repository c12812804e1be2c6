"""Finds the lines of a program that an edit means, exactly or but for white space, and replaces them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from workbench.errors import Rejected
from workbench.program.source import split_block

_MOST_PLACES = 8
_SHORTEST_CUT = 8  # characters of a line that still tell which it is
_MOST_CUT_LINES = 200
_ELLIPSES = ("...", "\u2026")


class NotFound(Rejected):
    """No place of the program matches."""


class _Place(NamedTuple):
    """Matching lines of the program, and pairs of lines (index in SEARCH, index in the program)."""

    start: int
    end: int
    pairs: tuple[tuple[int, int], ...]


def replaced(source: str, search: Sequence[str], replace: Sequence[str], where: str) -> str:
    """Replace the lines of a program that match; all other lines stay as they are, to the byte.

    Raises
    ------
    Rejected
        The SEARCH text is empty, not found (`NotFound`), or found several times; or the place of REPLACE's lines is unclear.
    """
    wanted = _trimmed([line.rstrip() for line in search])
    new = _trimmed([line.removesuffix("\r") for line in replace])
    if not wanted:
        raise Rejected(f"{where} has an empty SEARCH part")
    lines = source.split("\n")
    shown = f"it starts with {wanted[0].strip()[:80]!r}"
    for exact, find in ((True, _exactly), (False, _but_for_indentation), (False, _but_for_spaces), (False, _but_for_cuts)):
        places = find(lines, wanted)
        if not places:
            continue
        if len(places) > 1:
            inside = _inside(lines)
            held = [p for p in places if p.start in inside]
            if len(held) != 1:
                raise Rejected(f"{where}: the SEARCH text occurs several times ({shown}); include more lines")
            places = held
        place = places[0]
        if find is _but_for_cuts:
            new = _uncut(new, wanted, lines, place, where)
        if not exact:
            new = _indented(new, wanted, lines, place, where)
        end = "\r" if lines[place.start].endswith("\r") else ""
        return "\n".join([*lines[: place.start], *(line + end for line in new), *lines[place.end :]])
    raise NotFound(f"{where}: the SEARCH text is not in the program ({shown}); copy lines exactly")


def _trimmed(lines: list[str]) -> list[str]:
    held = [i for i, line in enumerate(lines) if line.strip()]
    return lines[held[0] : held[-1] + 1] if held else []


def _exactly(lines: list[str], wanted: list[str]) -> list[_Place]:
    return _whole([s.rstrip() for s in lines], wanted)


def _but_for_indentation(lines: list[str], wanted: list[str]) -> list[_Place]:
    return _whole([s.strip() for s in lines], [s.strip() for s in wanted])


def _whole(lines: list[str], wanted: list[str]) -> list[_Place]:
    found = _occurrences(lines, wanted)
    return [_Place(i, i + len(wanted), tuple((k, i + k) for k in range(len(wanted)))) for i in found]


def _but_for_spaces(lines: list[str], wanted: list[str]) -> list[_Place]:
    here, there = [i for i, s in enumerate(wanted) if s.strip()], [i for i, s in enumerate(lines) if s.strip()]
    found = _occurrences([_pressed(lines[i]) for i in there], [_pressed(wanted[i]) for i in here])
    return [
        _Place(there[at], there[at + len(here) - 1] + 1, tuple(zip(here, there[at : at + len(here)], strict=True))) for at in found
    ]


def _but_for_cuts(lines: list[str], wanted: list[str]) -> list[_Place]:
    here, there = [i for i, s in enumerate(wanted) if s.strip()], [i for i, s in enumerate(lines) if s.strip()]
    if len(here) > _MOST_CUT_LINES:
        return []
    pressed, words = [_pressed(lines[i]) for i in there], [_pressed(wanted[i]) for i in here]
    places = []
    for at in range(len(there) - len(here) + 1):
        if all(_same(word, pressed[at + k], last=k == len(here) - 1) for k, word in enumerate(words)):
            pairs = tuple(zip(here, there[at : at + len(here)], strict=True))
            places.append(_Place(pairs[0][1], pairs[-1][1] + 1, pairs))
    return places


def _same(word: str, line: str, *, last: bool) -> bool:
    if word == line:
        return True
    for ellipsis in _ELLIPSES:
        if word.endswith(ellipsis):
            return len(word) >= _SHORTEST_CUT and line.startswith(word.removesuffix(ellipsis))
    return last and len(word) >= _SHORTEST_CUT and line.startswith(word)


def _pressed(line: str) -> str:
    return "".join(line.split())


def _occurrences(lines: list[str], wanted: list[str]) -> list[int]:
    # Searching one joined string is linear; comparing windows of lines would be quadratic.
    haystack, needle = "\n" + "\n".join(lines) + "\n", "\n" + "\n".join(wanted) + "\n"
    found: list[int] = []
    at = haystack.find(needle)
    while at >= 0 and len(found) < _MOST_PLACES:
        found.append(haystack.count("\n", 0, at))
        at = haystack.find(needle, at + 1)
    return found


def _inside(lines: list[str]) -> range:
    block = split_block("\n".join(lines) + "\n")
    if block is None:
        return range(0)
    start = block.before.count("\n")
    return range(start, start + block.inside.count("\n"))


def _uncut(new: list[str], wanted: list[str], lines: list[str], place: _Place, where: str) -> list[str]:
    """Complete the cut lines that REPLACE repeats; a cut line that is to be changed may mean its beginning or all of it."""
    new = list(new)
    for k, i in place.pairs:
        if (cut := _pressed(wanted[k])) == _pressed(lines[i]):
            continue
        repeated = [j for j, line in enumerate(new) if _pressed(line) == cut]
        if len(repeated) != 1:
            raise Rejected(f"{where}: the program's line goes on after {wanted[k].strip()[:80]!r}; copy whole lines")
        j = repeated[0]
        new[j] = new[j][: len(new[j]) - len(new[j].lstrip())] + lines[i].strip()
    return new


def _indented(new: list[str], wanted: list[str], lines: list[str], place: _Place, where: str) -> list[str]:
    """Move REPLACE's lines as SEARCH's lines have to be moved to stand where they match."""
    moved: dict[str, str] = {}
    for k, i in place.pairs:
        if wanted[k].strip() and moved.setdefault(_margin(wanted[k]), _margin(lines[i])) != _margin(lines[i]):
            raise Rejected(
                f"{where}: the SEARCH text lacks the program's indentation in {wanted[k].strip()[:80]!r}; copy lines exactly"
            )
    shifts = {len(there.expandtabs()) - len(here.expandtabs()) for here, there in moved.items()}
    found = []
    for line in new:
        margin = _margin(line)
        if not line.strip() or margin in moved:
            found.append(moved[margin] + line.lstrip() if line.strip() else "")
            continue
        width = len(margin.expandtabs()) + next(iter(shifts))
        if len(shifts) > 1 or width < 0 or any("\t" in there for there in moved.values()):
            raise Rejected(f"{where}: how far to indent {line.strip()[:80]!r} is unclear; copy lines of SEARCH exactly")
        found.append(" " * width + line.lstrip())
    return found


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
