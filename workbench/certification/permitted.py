"""What a heuristic needs of Python: names, attributes, modules and what is in them. The rest could tell it where it runs."""

from __future__ import annotations

import importlib
import re
import string
from collections.abc import Collection
from types import ModuleType

from workbench.program.source import MODULES

REFUSED_NAMES = frozenset(
    "__import__ __builtins__ __loader__ __spec__ __file__ __cached__ __package__ __path__ __doc__ __debug__ __dict__ breakpoint "
    "compile copyright credits delattr dir eval exec exit globals help input license locals open quit setattr vars "
    "ImportError ModuleNotFoundError MemoryError SystemError OSError IOError EnvironmentError PermissionError "
    "FileNotFoundError BlockingIOError".split()
)
"""Built-in names that read the interpreter or run text, and exceptions that a program meets in the sandbox alone."""
ATTRIBUTE_GETTERS = frozenset({"getattr", "hasattr"})
"""Built-in functions that read an attribute of any name; permitted with the name written out."""
GETTER_MAKERS = frozenset({"operator.attrgetter", "operator.methodcaller"})
"""The same, of a module."""
COPIERS = frozenset({"functools.wraps", "functools.update_wrapper"})
"""They copy any attributes if these are named."""

_ORDINARY = frozenset(
    "__init__ __class__ __name__ __doc__ __len__ __lt__ __le__ __gt__ __ge__ __eq__ __hash__ __iter__ __next__ __getitem__ "
    "__contains__ __post_init__ _asdict _fields _make _replace".split()
)
"""Attributes with an underscore that programs have good reason to read."""
_FRAMES = re.compile(r"(gi|cr|ag|tb|co)_[a-z]+|f_(back|builtins|code|globals|lasti|lineno|locals|trace)|func_globals")
"""Attributes of frames, code and generators, which lead to their callers."""
_MEMORY_AND_FILES = frozenset({"ctypes", "cffi", "tofile", "fromfile"})
"""Attributes of arrays that lead to memory or to files."""
SPECIAL = frozenset(
    "__init__ __new__ __post_init__ __repr__ __str__ __format__ __bytes__ __hash__ __bool__ __len__ __length_hint__ __iter__ "
    "__next__ __reversed__ __contains__ __getitem__ __setitem__ __delitem__ __missing__ __call__ __enter__ __exit__ __index__ "
    "__int__ __float__ __complex__ __round__ __trunc__ __floor__ __ceil__ __neg__ __pos__ __abs__ __invert__ __eq__ __ne__ "
    "__lt__ __le__ __gt__ __ge__ __copy__ __deepcopy__ __getattr__ __get__ __set__ __set_name__ __slots__ __all__ __version__ "
    "__author__".split()
) | {f"__{kind}{name}__" for kind in ("", "r", "i") for name in (
    "add sub mul truediv floordiv mod divmod pow matmul and or xor lshift rshift".split()
)}  # fmt: skip
"""Special names that a program may define."""
CODECS = frozenset({"utf-8", "utf8", "ascii", "latin-1", "latin1"})
"""Encodings that are loaded everywhere; looking up another tells whether files can be read."""

_SUBMODULES = {
    "collections": {"abc"},
    "json": {"decoder", "encoder"},
    "numpy": {
        "char", "dtypes", "emath", "exceptions", "fft", "lib", "lib.scimath", "lib.stride_tricks", "linalg", "ma", "polynomial",
        "random", "rec", "strings", "typing",
    },
}  # fmt: skip
"""Modules within permitted ones that can be imported in the sandbox."""
_FOREIGN = frozenset("_thread builtins gc importlib io nt os posix signal socket subprocess sys threading time".split())
"""Modules whose functions are not permitted under any name."""
_REFUSED_MEMBERS = {
    "dataclasses": {"make_dataclass"},
    "functools": {"singledispatch", "singledispatchmethod"},
    "numpy": set(
        "DataSource as_strided asfarray busday_count busday_offset busdaycalendar ctypeslib datetime64 f2py fromfile fromregex "
        "genfromtxt get_include info is_busday load loadtxt lookfor memmap open_memmap save savetxt savez savez_compressed "
        "show_config show_runtime source test testing".split()
    ),
    "string": {"Formatter"},
    "types": set("CellType CodeType FrameType FunctionType LambdaType ModuleType TracebackType new_class prepare_class".split()),
    "typing": {"ForwardRef", "evaluate_forward_ref", "get_type_hints"},
}  # fmt: skip
"""Members of permitted modules, and of their submodules, that run text, make code, read files, memory or the clock."""
_SPEAKING = re.compile(r"__|[.\[{]_[a-z]")
_CLOCK = re.compile(r"now|today|[<>=|]?M8.*|.*datetime64.*")


def is_hidden(attribute: str, own: Collection[str]) -> bool:
    """Whether an attribute is an internal one; a private name is permitted where it is the program's own."""
    if attribute in _ORDINARY:
        return False
    if attribute.startswith("__") and attribute.endswith("__"):
        return True
    if _FRAMES.fullmatch(attribute):
        return True
    return (attribute.startswith("_") or attribute in _MEMORY_AND_FILES) and attribute not in own


def is_speaking(text: str, own: Collection[str], *, clock: bool) -> bool:
    """Whether a text could name an internal attribute for `format` or a getter or, for numpy, the time."""
    return bool(_SPEAKING.search(text) or _FRAMES.fullmatch(text)) or (clock and bool(_CLOCK.fullmatch(text))) or (
        "{" in text and any(is_hidden(name, own) for name in _fields(text))
    )  # fmt: skip


def _fields(text: str) -> list[str]:
    """Attribute names in the replacement fields of a format string."""
    try:
        return [name for _, field, _, _ in string.Formatter().parse(text) for name in re.findall(r"\.(\w+)", field or "")]
    except ValueError:
        return []


# --------------------------------------------------------------------------- modules


def module(name: str, extra: Collection[str]) -> ModuleType | None:
    """Return a module that a program may import; None if it may not, or if it is not installed here.

    Parameters
    ----------
    extra
        Top-level modules that the problem permits in addition.
    """
    top, _, rest = name.partition(".")
    if top not in MODULES and top not in extra:
        return None
    if rest and top not in extra and rest not in _SUBMODULES.get(top, ()):
        return None
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def member(owner: ModuleType, name: str, extra: Collection[str]) -> tuple[bool, ModuleType | None]:
    """Whether a program may use a name of a module, and the module that this is, if it is one."""
    top = owner.__name__.partition(".")[0]
    if name.startswith("_") and name != "__version__":
        return False, None
    if name in _REFUSED_MEMBERS.get(top, ()):
        return False, None
    if name not in vars(owner):
        inner = module(f"{owner.__name__}.{name}", extra)
        # A module that makes its names when they are asked for would import them from files.
        return (True, inner) if inner or "__getattr__" not in vars(owner) else (False, None)
    value = vars(owner)[name]
    if isinstance(value, ModuleType):
        own = value.__name__.partition(".")[0] == top and module(value.__name__, extra) is value
        return own, value if own else None
    return str(getattr(value, "__module__", "")) not in _FOREIGN, None
