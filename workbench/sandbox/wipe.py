"""Removal of everything in the interpreter that tells where it runs: command line, environment, folders. Standard library only.

It does not protect against programs that search the memory of the process.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import os
import sys
from types import ModuleType
from typing import Any

_TITLE = b"sandbox"
"""Replacement of the command line, shown by `ps`."""
_FOLDERS = "executable _base_executable prefix base_prefix exec_prefix base_exec_prefix _stdlib_dir _home pycache_prefix".split()
_HOOKS = ("__editable__", "_distutils_hack", "_virtualenv", "sitecustomize", "usercustomize")
"""Name prefixes of modules that set up an interpreter and contain paths."""
_ARGUMENTS, _ENVIRONMENT_END = 45, 48  # fields of /proc/self/stat behind the name: arg_start and env_end
_AT_EXECFN = 31


def wipe_start() -> None:
    """Remove the command line and the environment."""
    sys.argv, sys.orig_argv = [""], []
    sys.warnoptions.clear()
    os.environ.clear()
    if os.name == "posix":
        sys.modules["posix"].environ.clear()
    _wipe_arguments()
    _wipe_stack()


def wipe_folders() -> None:
    """Remove all paths from which modules were loaded. Afterwards, no module can be imported from a file."""
    sys.path.clear()
    sys.path_importer_cache.clear()
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if str(getattr(finder, "__module__", "")).startswith("_frozen_importlib")
    ]
    for name in _FOLDERS:
        if hasattr(sys, name):
            setattr(sys, name, "")
    for name, module in list(sys.modules.items()):
        if name.startswith(_HOOKS):
            del sys.modules[name]
        elif isinstance(module, ModuleType):  # `typing` registers classes
            _wipe_module(module)
    if site := sys.modules.get("site"):
        vars(site).update(USER_BASE=None, USER_SITE=None, PREFIXES=[])
    for printer in (getattr(builtins, name, None) for name in ("license", "credits", "copyright")):
        if printer is not None:
            vars(printer)["_Printer__filenames"] = []
    for name in ("linecache", "sysconfig", "platform"):  # their caches
        for kept in ("cache", "_CONFIG_VARS", "_uname_cache", "_platform_cache"):
            found = getattr(sys.modules.get(name), kept, None)
            if isinstance(found, dict):
                found.clear()
            elif found is not None:
                setattr(sys.modules[name], kept, None)


def _wipe_module(module: ModuleType) -> None:
    names = vars(module)
    names.pop("__file__", None)
    names.pop("__cached__", None)
    if "__path__" in names:
        names["__path__"] = []
    spec: Any = names.get("__spec__")
    for holder, attribute in ((spec, "origin"), (spec, "cached"), (getattr(spec, "loader", None), "path")):
        if os.sep in (getattr(holder, attribute, None) or ""):
            setattr(holder, attribute, "")
    if getattr(spec, "submodule_search_locations", None):
        spec.submodule_search_locations = []


def _wipe_arguments() -> None:
    """Overwrite the interpreter's own copy of the command line."""
    count, texts = ctypes.c_int(), ctypes.POINTER(ctypes.c_void_p)()
    with contextlib.suppress(AttributeError):
        ctypes.pythonapi.Py_GetArgcArgv(ctypes.byref(count), ctypes.byref(texts))
        for k in range(count.value):
            ctypes.memset(texts[k], 0, ctypes.sizeof(ctypes.c_wchar) * len(ctypes.wstring_at(texts[k])))


def _wipe_stack() -> None:
    """Overwrite command line and environment on the stack, where the kernel put them."""
    try:
        with open("/proc/self/stat", "rb") as file:  # noqa: PTH123 (no pathlib in the zygote)
            fields = file.read().rpartition(b")")[2].split()
        start, end = int(fields[_ARGUMENTS]), int(fields[_ENVIRONMENT_END])
        if start and end - start > len(_TITLE):
            ctypes.memset(start, 0, end - start)
            ctypes.memmove(start, _TITLE, len(_TITLE))
        getauxval = ctypes.CDLL(None).getauxval
        getauxval.restype = ctypes.c_ulong
        if path := getauxval(ctypes.c_ulong(_AT_EXECFN)):
            ctypes.memset(path, 0, len(ctypes.string_at(path)))
    except (OSError, IndexError, AttributeError):  # no such file or function: another system
        return
