"""The process that runs a program: answers one request at a time until the channel closes. Standard library only."""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib.util
import io
import json
import mmap
import os
import random
import sys
from collections.abc import Callable, Collection
from types import CodeType, ModuleType
from typing import Any, NoReturn

_NO_FILE = "<candidate>"
_TEXT = 500  # maximum length of an exception's message that is sent
_decode = json.JSONDecoder().raw_decode


class Answerless(Exception):
    """The program's answer cannot be sent; reported to the host as a protocol violation."""


def read_frame(fd: int) -> Any:
    """Wait for the host's next request; end the process when the host closes the channel."""
    data = os.read(fd, 1 << 16)
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "little"):
        missing = 4 + int.from_bytes(data[:4], "little") - len(data) if len(data) >= 4 else 4
        chunk = os.read(fd, max(missing, 1 << 16))
        if not chunk:
            os._exit(0)
        data += chunk
    return _decode(data[4:].decode("ascii"))[0]


def write_frame(fd: int, text: str) -> None:
    """Send ASCII JSON text, preceded by its length in four bytes."""
    data = len(text).to_bytes(4, "little") + text.encode("ascii")
    while data:
        data = data[os.write(fd, data) :]


class Tail(io.RawIOBase):
    """Output of which the end is kept, in memory that the host reads: a count of all bytes, then a ring of the last ones."""

    def __init__(self, page: mmap.mmap) -> None:
        self._page, self._room, self._count = page, len(page) - 8, 0

    def writable(self) -> bool:
        """Whether it can be written."""
        return True

    def write(self, data: Any) -> int:
        """Keep the end of some bytes."""
        size = len(data)
        kept = bytes(data[-self._room :])
        at = (self._count + size - len(kept)) % self._room
        first = kept[: self._room - at]
        self._page[8 + at : 8 + at + len(first)] = first
        self._page[8 : 8 + len(kept) - len(first)] = kept[len(first) :]
        self._count += size
        self._page[:8] = self._count.to_bytes(8, "little")
        return size


def keep_prints(page: int) -> None:
    """Let what is printed go to the page behind a descriptor, which can be closed afterwards."""
    tail = Tail(mmap.mmap(page, 0))
    for name in ("stdout", "stderr"):
        setattr(sys, name, io.TextIOWrapper(tail, "utf-8", "backslashreplace", write_through=True))


def serve(fd: int, allowed: Collection[str], confine: Callable[[int, int], None]) -> NoReturn:
    """Load the program given in the first request, then answer further requests.

    Parameters
    ----------
    allowed
        Top-level modules that the program may import.
    confine
        Called with the load request's limits (address space in bytes, CPU time in seconds), before the program is compiled.
    """
    try:
        _serve(fd, allowed, confine)
    finally:
        os._exit(70)


def _serve(fd: int, allowed: Collection[str], confine: Callable[[int, int], None]) -> NoReturn:
    _, source, entry, memory, seconds, name, file, generators, depth, optimize = read_frame(fd)
    confine(memory, seconds)
    del confine
    program = Hosted(allowed, name, file)
    load: Callable[..., Any] = program.load
    answer: Callable[..., Any] = program.answer
    if depth:
        load, answer = functools.partial(_below, depth - 1, load), functools.partial(_below, depth - 1, answer)
    del depth
    number = 0
    reply = attempt(number, program.path, load, source, entry, generators, optimize)
    while True:
        try:
            write_frame(fd, reply)
        except OSError:  # the host closed the channel
            os._exit(0)
        del reply
        request = read_frame(fd)
        number += 1
        reply = attempt(number, program.path, answer, *request)
        del request


class Hosted:
    """A loaded program: its entry function or class, and the object constructed by `begin`.

    Parameters
    ----------
    name, file
        Its `__name__` and `__file__`; without a file, the latter is not defined.
    """

    def __init__(self, allowed: Collection[str], name: str, file: str) -> None:
        self._allowed, self._name, self._file = allowed, name, file
        self.path = file or _NO_FILE
        self._entry: Any = None
        self._object: Any = None

    def load(self, source: str, entry: str, generators: int, optimize: int) -> None:
        """Execute the program's top level and look up `entry`."""
        module = self._module()
        # Dataclasses and type hints look up a class's module by name.
        sys.modules[self._name] = module
        names = dict(vars(builtins))
        names["__import__"] = import_guard(self._allowed)
        module.__dict__["__builtins__"] = names
        # Fixed state of the global generators: a program that uses them is reproducible.
        random.seed(generators)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(generators)
        code: CodeType = compile(source, self.path, "exec", dont_inherit=True, optimize=optimize)
        exec(code, module.__dict__)
        found = module.__dict__.get(entry)
        if not callable(found):
            raise Answerless(f"the program defines no function or class `{entry}`")
        self._entry = found

    def _module(self) -> ModuleType:
        """Create the module as `import` or `python FILE` would."""
        if self._file and self._name != "__main__":
            spec = importlib.util.spec_from_file_location(self._name, self._file)
            if spec is not None:
                return importlib.util.module_from_spec(spec)
        module = ModuleType(self._name)
        if self._file:
            module.__file__ = self._file
        return module

    def answer(self, kind: str, *arguments: Any) -> Any:
        """Answer one request: call(args), begin(args) or method(name, args)."""
        if kind == "call":
            return self._entry(*arguments[0])
        if kind == "begin":
            self._object = None
            self._object = self._entry(*arguments[0])
            return None
        if self._object is None:
            raise Answerless("a method was called before `begin`")
        return getattr(self._object, arguments[0])(*arguments[1])


def import_guard(allowed: Collection[str]) -> Callable[..., Any]:
    """Return an `__import__` for the program's own statements, which fails with a clear message.

    It is not a security boundary (a program can reach `sys.modules` in many ways); the kernel filter is.
    """
    original = builtins.__import__
    listed = ", ".join(sorted(allowed))

    def guarded(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        if level or name.partition(".")[0] not in allowed:
            raise ImportError(f"a program may not import {'.' * level + name!r}; allowed: {listed}")
        return original(name, globals, locals, fromlist, level)

    return guarded


# --------------------------------------------------------------------------- answers


def _below(frames: int, work: Callable[..., Any], *arguments: Any) -> Any:
    """Call `work` with `frames` additional frames on the stack, besides this one."""
    return _below(frames - 1, work, *arguments) if frames else work(*arguments)


def attempt(number: int, path: str, work: Callable[..., Any], *arguments: Any) -> str:
    """Call `work` and encode its result, or the exception of a program compiled as `path`, as a reply."""
    try:
        return f'["ok",{number},{to_json(work(*arguments))}]'
    except Answerless as error:
        return json.dumps(["error", number, "protocol", "", _words(error), None])
    except MemoryError as error:
        line = _line(error, path)
        del error  # its traceback refers to the objects that filled the memory
        return f'["error",{number},"memory","MemoryError","",{"null" if line is None else line}]'
    except BaseException as error:
        try:
            return json.dumps(["error", number, "crash", type(error).__name__, _words(error), _line(error, path)])
        except BaseException:
            return f'["error",{number},"crash","Exception","message unavailable: memory or stack exhausted",null]'


def _numpy_value(value: Any) -> Any:
    # Called by the encoder for other types. numpy scalars have `item` and `tolist`, arrays `tolist`.
    if type(value).__module__.partition(".")[0] == "numpy":
        return value.tolist() if hasattr(value, "tolist") else value.item()
    raise Answerless(f"the answer contains a {type(value).__name__}; return numbers, strings, booleans, None, lists or dicts")


_encoder = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_numpy_value)


def to_json(answer: Any) -> str:
    """Encode an answer as JSON: tuples become lists, numpy scalars and arrays become plain values.

    Raises
    ------
    Answerless
        NaN, infinity, a non-string key, too deep nesting, or a type without JSON equivalent.
    """
    try:
        text = _encoder.encode(answer)
    except RecursionError:
        raise Answerless("the answer is nested too deeply") from None
    except ValueError as error:
        if "Circular" in str(error):
            raise Answerless("the answer contains itself") from None
        if "JSON compliant" in str(error):
            raise Answerless("the answer contains NaN or infinity; return finite numbers") from None
        raise Answerless(f"the answer cannot be sent: {error}") from None
    except TypeError as error:
        raise Answerless(f"the answer cannot be sent: {error}") from None
    if "{" in text:
        _check_keys(answer)
    return text


def _check_keys(answer: Any) -> None:
    # The encoder silently turns the keys 1 and True into "1" and "true", which the verifier would not find.
    pending = [answer]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, str):
                    raise Answerless(f"the answer contains a dict with the key {key!r:.60}; keys must be strings")
            pending.extend(value.values())
        elif isinstance(value, list | tuple):
            pending.extend(value)


def _words(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return str(error.msg)[:_TEXT]
    if isinstance(error, SystemExit):
        return f"{error.code}; a program must return its answer, not exit"[:_TEXT]
    try:
        return str(error)[:_TEXT]
    except BaseException:
        return "message unavailable"


def _line(error: BaseException, path: str) -> int | None:
    """Return the innermost line of the program's own source in the traceback, also for errors inside a library."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno
    line = None
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == path:
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


# --------------------------------------------------------------------------- without isolation


def prepare_plainly(fd: int, confine: ModuleType, wipe: ModuleType) -> Callable[[], NoReturn]:
    """Return the function that serves with resource limits only; the host's first request has modules and search path."""
    _, allowed, wanted, path, cpu, page = read_frame(fd)
    keep_prints(page)
    os.close(page)
    if cpu is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {cpu})
    sys.path += [folder for folder in path if folder not in sys.path]
    for name in wanted:
        with contextlib.suppress(ImportError):  # the program's own import reports it
            __import__(name)
    wipe.wipe_start()
    write_frame(fd, "[]")

    def limit(memory: int, seconds: int) -> None:
        with contextlib.suppress(OSError, ValueError):  # limits differ between kernels
            confine.limit(confine.address_space() + memory, seconds)

    return functools.partial(serve, fd, allowed, limit)
