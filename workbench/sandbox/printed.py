"""The end of what a program prints: a page of memory that its process writes into, and that nothing parses."""

from __future__ import annotations

import itertools
import os
import sys
import tempfile

PRINTED_BYTES = 2048
"""Bytes of what a program prints that are kept: the last ones."""
_COUNT = 8  # bytes in front that count all bytes written so far
SIZE = _COUNT + PRINTED_BYTES
"""Size of the page: it is all that a program can ever fill."""


def make_page() -> int:
    """Make a page and return its descriptor."""
    if sys.platform == "linux":
        fd = os.memfd_create("printed", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, SIZE)
    return fd


class Page:
    """The page of one process.

    Parameters
    ----------
    fd
        Its descriptor, which is closed by `end`.
    """

    def __init__(self, fd: int) -> None:
        self._fd, self._bytes = fd, b""

    def end(self) -> None:
        """Keep what is there when the process has ended. May be called twice."""
        if self._fd >= 0:
            self._bytes = self._read()
            os.close(self._fd)
            self._fd = -1

    def text(self) -> str:
        """Return the end of what was printed, as `legible`."""
        return legible(self._read() if self._fd >= 0 else self._bytes)

    def _read(self) -> bytes:
        data = os.pread(self._fd, SIZE, 0).ljust(SIZE, b"\0")
        count, ring = int.from_bytes(data[:_COUNT], "little"), data[_COUNT:]
        at = count % PRINTED_BYTES
        return ring[:count] if count <= PRINTED_BYTES else ring[at:] + ring[:at]


def legible(data: bytes) -> str:
    """Return bytes of a program as text: valid UTF-8, controls but tabs and line ends as escapes, at most `PRINTED_BYTES`."""
    if not data:
        return ""
    while data and 0x80 <= data[0] < 0xC0:  # the rest of a character whose beginning is gone
        data = data[1:]
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return last_bytes("".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text))


def folded(text: str) -> str:
    """Return what is kept of a program's prints as it is shown: whole lines, and equal lines in a row once, with their number."""
    lines = text.split("\n")
    if len(text.encode()) > PRINTED_BYTES - 8 and len(lines) > 2:
        lines = lines[1:]  # its beginning is gone
    rows = ((line, sum(1 for _ in same)) for line, same in itertools.groupby(lines))
    return "\n".join(line if times == 1 or not line.strip() else f"{line} ({times} times)" for line, times in rows)


def last_bytes(text: str) -> str:
    """Return the end of a text, at most `PRINTED_BYTES` in UTF-8."""
    return text.encode()[-PRINTED_BYTES:].decode("utf-8", "ignore")
