"""Texts in little space: each is compressed against texts that are kept already, and names them."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

DEPTH = 8
"""A text is compressed against texts that are themselves read through at most so many others, so that reading stays quick."""
SHARED_USES = 32
"""So many texts of a kind are compressed against the same one; then a newer one takes its place, since prompts change in a run."""
_WINDOW = 32768  # zlib looks back no further
_LEVEL = 6
_MOST = 1 << 28
"""Bytes of one text; a database may come from anyone."""
_MOST_NEEDED = 2
_REMEMBERED = 512


class Known(NamedTuple):
    """A text that is kept. `depth`: how many others are read one after another to read it."""

    id: int
    text: bytes
    depth: int


class Packed(NamedTuple):
    """A compressed text that names those it needs, and its depth."""

    data: bytes
    depth: int


class Damaged(ValueError):
    """A text cannot be read: it or one that it needs is not what was written."""


def pack(text: bytes, against: Sequence[Known] = ()) -> Packed:
    """Compress a text against others, the most similar last; texts that are too deep are left out."""
    used = [known for known in against if known.depth < DEPTH]
    dictionary = _dictionary([known.text for known in used])
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, *dictionary)
    head = bytearray([len(used)])
    for known in used:
        head += _number(known.id)
    body = deflate.compress(text) + deflate.flush()
    return Packed(bytes(head) + body, 1 + max((known.depth for known in used), default=-1))


def unpack(data: bytes, text_of: Callable[[int], bytes]) -> bytes:
    """Return the text of a compressed one; `text_of` reads those that it needs.

    Raises
    ------
    Damaged
        It is not what was written. Checksums of the text and of those it needs are part of the format.
    """
    try:
        ids, at = _needed(data)
    except (IndexError, ValueError):
        raise Damaged("it is cut off") from None
    inflate = zlib.decompressobj(zlib.MAX_WBITS, *_dictionary([text_of(id) for id in ids]))
    try:
        text = inflate.decompress(data[at:], _MOST)
    except zlib.error as error:
        raise Damaged(str(error)) from error
    if not inflate.eof:
        raise Damaged("it is cut off, or too long")
    return text


def _dictionary(texts: Sequence[bytes]) -> tuple[bytes, ...]:
    """The end of some texts, which zlib's window holds; nothing without texts."""
    joined = b"".join(text[-_WINDOW:] for text in texts)[-_WINDOW:]
    return (joined,) if joined else ()


def _number(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _needed(data: bytes) -> tuple[list[int], int]:
    ids, at = [], 1
    if data[0] > _MOST_NEEDED:
        raise ValueError(data[0])
    for _ in range(data[0]):
        value = shift = 0
        while (byte := data[at]) > 127:
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
        ids.append(value | byte << shift)
        at += 1
    return ids, at


class Recent:
    """The latest texts by key, at most so many."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._most = most
        self._texts: OrderedDict[Hashable, Known] = OrderedDict()

    def put(self, key: Hashable, known: Known) -> None:
        """Remember a text; the one that was longest not asked for may go."""
        self._texts[key] = known
        self._texts.move_to_end(key)
        if len(self._texts) > self._most:
            self._texts.popitem(last=False)

    def get(self, key: Hashable) -> Known | None:
        """Return a text, if it is still known."""
        if found := self._texts.get(key):
            self._texts.move_to_end(key)
        return found


class Shared:
    """A text of each kind against which the following ones are compressed.

    Parameters
    ----------
    keep
        Commits a compressed text and returns its ID. It must be there for good before anything names it.
    """

    def __init__(self, keep: Callable[[bytes], int]) -> None:
        self._keep = keep
        self._kinds: dict[Hashable, tuple[Known, int]] = {}

    def like(self, kind: Hashable, text: bytes) -> Known:
        """Return the shared text of a kind; now and then `text` becomes it."""
        known, uses = self._kinds.get(kind, (None, 0))
        if known is None or uses >= SHARED_USES:
            known, uses = Known(self._keep(pack(text).data), text, 0), 0
        self._kinds[kind] = known, uses + 1
        return known
