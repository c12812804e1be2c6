"""What reaches beyond what a heuristic is given is named, whatever way it takes; no program that ships is accused."""

from __future__ import annotations

import sys

import pytest

from workbench.certification.reach import reach, reached
from workbench.problem import catalog
from workbench.problem.programs import read_program

PROBES = {
    # Modules of modules
    "import random\nx = random._os": "random._os",
    "import dataclasses\nx = dataclasses.sys.modules": "dataclasses.sys",
    "import queue\nx = queue.time()": "queue.time",
    "from random import _os": "from random import _os",
    "import json\nx = json.decoder.scanner.re.enum.sys.argv": "json.decoder.scanner",
    "import json.decoder as d\nx = d.scanner.re.enum.sys": "d.scanner",
    "from json import decoder as d\nx = d.scanner.re.enum.sys": "d.scanner",
    "import random as r\nr2 = r\nx = r2._os": "r",
    "import random\nfor m in [random]:\n    x = m._os": "random",
    "import random\nif (m := random):\n    x = m._os": "random",
    "import random\ndef f(m=random):\n    return m._os": "random",
    "import random\nclass A:\n    _os = 1\nx = random._os": "random._os",
    "class A:\n    import random\nclass B:\n    _os = 1\nx = A.random._os": "import random",
    "import numpy as np\nx = np.random\ny = x.mtrand": "np.random",
    "import numpy as np\nx = np.ctypeslib.ctypes": "np.ctypeslib",
    "import queue as m\nif 0:\n    import math as m\nx = m.time()": "import math",
    # Modules that are not there
    "try:\n    import os\n    here = False\nexcept Exception:\n    here = True": "import os",
    "try:\n    import json.tool\nexcept Exception:\n    pass": "import json.tool",
    "from . import here": "from . import here",
    "try:\n    import numpy as np\nexcept ImportError:\n    np = None": "ImportError",
    # Getters
    "import operator, random\nx = operator.attrgetter('_os')(random)": "operator.attrgetter('_os')",
    "import random\nfrom operator import attrgetter as g\nx = g('_o' + 's')(random)": "g('_o' + 's')",
    "import operator\ng = operator.attrgetter": "operator.attrgetter",
    "from operator import methodcaller as m\nx = m('__getattribute__', 'a')": "m('__getattribute__', 'a')",
    "x = getattr(1, 'a' + 'b')": "getattr(1, 'a' + 'b')",
    "x = getattr(*pair)": "getattr(*pair)",
    "g = getattr": "getattr",
    "import functools, random\nx = functools.reduce(getattr, ['_os', 'sys'], random)": "getattr",
    "x = list(map(hasattr, a, b))": "hasattr",
    "import functools\nx = functools.update_wrapper(a, f, names, ())": "functools.update_wrapper(a, f, names, ())",
    "from functools import wraps as w\nx = w(f, assigned=names)": "w(f, assigned=names)",
    "setattr(a, b, c)": "setattr",
    "x = type('A', (), names)": "type('A', (), names)",
    # Patterns
    "match f:\n    case object(__globals__=g):\n        pass": "case object(__globals__=...)",
    "class A:\n    __match_args__ = ('_' + '_class_' + '_',)\nmatch f:\n    case A(c):\n        pass": "__match_args__",
    "class A:\n    gi_frame: int": "gi_frame",
    # Attributes of objects
    "x = ().__class__.__base__.__subclasses__()": "().__class__.__base__",
    "x = print.__self__": "print.__self__",
    "x = (i for i in ()).gi_frame.f_back.f_globals": "(i for i in ()).gi_frame.f_back",
    "try:\n    1 / 0\nexcept Exception as e:\n    x = e.__traceback__.tb_frame": "e.__traceback__",
    "class A:\n    def __exit__(self, a, b, tb):\n        self.x = tb.tb_frame.f_back": "tb.tb_frame",
    "class A:\n    @property\n    def __array_interface__(self):\n        return {'data': (1, True)}": "__array_interface__",
    "import numpy as np\nx = np.zeros(1).ctypes": "np.zeros(1).ctypes",
    # Text that is run or read as names
    "x = eval('1')": "eval",
    "e = exec": "exec",
    "def f(open=None):\n    class A:\n        x = open\n        open = 1\n    return A": "open",
    "f = lambda open=open: open": "open",
    "def f():\n    compile = 1\ndef g():\n    return compile('1', '', 'eval')": "compile",
    "x = '{0.__class__.__mro__}'.format(1)": "'{0.__class__.__mro__}'",
    "x = '{0.gi_frame}'.format(f)": "'{0.gi_frame}'",
    "x = ('{0._' + '_class_' + '_}').format(1)": "('{0._' + '_class_' + '_}').format",
    "x = str.format(text, 1)": "str.format",
    "import string\nx = string.Formatter().get_field(a, b, c)": "string.Formatter",
    "import typing\nclass A:\n    a: 'print'\nx = typing.get_type_hints(A)": "typing.get_type_hints",
    "import types\nx = types.FunctionType(c, {})": "types.FunctionType",
    # Where it is
    "here = __name__ == 'candidate'": "__name__",
    "if __name__ != '__main__':\n    pass": "__name__",
    "here = '__file__' in dir()": "'__file__'",
    "here = 'x' in dir()": "dir",
    "x = __file__": "__file__",
    "x = vars()": "vars",
    "try:\n    bytes(1 << 40)\nexcept MemoryError:\n    here = True": "MemoryError",
    "x = 'é'.encode('cp1252')": "'é'.encode('cp1252')",
    "x = str(b'x', name)": "str(b'x', name)",
    "import numpy as np\nx = np.fromfile('a')": "np.fromfile",
    "import numpy as np\nx = np.datetime64('now')": "np.datetime64",
    "import numpy as np\nx = np.array('now', dtype='M8[s]')": "'M8[s]'",
    "from numpy.lib.stride_tricks import as_strided": "from numpy.lib.stride_tricks import as_strided",
}


@pytest.mark.parametrize("source", PROBES)
def test_what_reaches_beyond_what_it_is_given_is_named(source: str) -> None:
    assert PROBES[source] in [words for _, words in reached(source)]


def test_modules_of_the_problem_are_permitted_and_no_other_is_imported_here() -> None:
    assert reached("import antigravity\nfrom this import s") == [(1, "import antigravity"), (2, "from this import s")]
    assert not {"antigravity", "this"} & sys.modules.keys()
    assert reached("import difflib\nx = difflib.SequenceMatcher", ["difflib"]) == []
    assert reached("import difflib\nx = difflib._nlargest", ["difflib"]) == [(2, "difflib._nlargest")]


HONEST = """
import copy, functools, heapq, json, math, random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter

import numpy as np
from numpy.random import default_rng


@dataclass
class Job:
    p: int
    _tail: float = field(default=0.0)

    def __lt__(self, other):
        return self.p < other.p


class Policy:
    def __init__(self, n):
        self._jobs = []
        self.__secret = n
        self._rng = random.Random(0)

    def assign(self, x, open=False):
        self._jobs.append(Job(x))
        heapq.heapify(self._jobs)
        if hasattr(self, "_cache") and open:
            self._cache = getattr(self, "_jobs", None)
        return f"{type(self).__name__}: {self.__secret:>5}"


@functools.lru_cache(maxsize=None)
def depth(n):
    try:
        return depth(n - 1) if n else 0
    except RecursionError:
        return n


def choose(xs: list[int], key: Callable[[int], float] = lambda x: x) -> list[int]:
    rng, table = default_rng(1), np.asarray(xs, dtype="float64")
    best = max(sorted(xs), key=itemgetter(0) if xs and isinstance(xs[0], tuple) else key)
    random = rng.random()
    assert math.isfinite(best), "{:.3f} is not finite".format(best)
    return [int(x) for x in np.argsort(table)] if random < 2 else copy.copy(sorted(xs, key=attrgetter("real")))


if __name__ == "__main__":
    print(choose([3, 1, 2]), json.dumps({"a": 1}))
"""


def test_honest_code_is_not_accused() -> None:
    assert reached(HONEST) == []
    assert reach(HONEST).passed and "no barrier" in reach(HONEST).line


def test_every_program_of_every_problem_keeps_to_what_it_is_given() -> None:
    paths = [p for folder in ("problems", "tests/toy") for p in (catalog.root() / folder).rglob("programs/*.py")]
    assert len(paths) > 50 and {p.name: found for p in paths if (found := reached(read_program(p)))} == {}
