"""Programs that try to harm, spy or cheat, one idea each.

`python -m tests.sandbox.attacks` runs them all and prints JSON; with `--write` it makes the table in SECURITY.md anew.

Each defines `attack(...)`, which returns something true when it has won. Against the sandbox none may win: it fails, or
it answers something false. A scorer that runs programs in its own process (`tests/sandbox/scorer.py`) is harmed by all of them
but those that say why not (`alone`).
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.sandbox.scorer import CANARY
from workbench.errors import PolicyFailure
from workbench.model import Limits, Program, Status
from workbench.protocols import Sandbox

# What every attacker knows: the way past the import guard, to whatever the warm process has loaded.
PRELUDE = """
import random
os = random._os
sys = os.sys
load = os.__builtins__["__import__"]
def attack(target):
"""

LIMITS = Limits(seconds=0.4, memory_mb=256, reply_bytes=1 << 20)


@dataclass(frozen=True)
class Attack:
    """One attempt.

    Attributes
    ----------
    body
        The body of `attack(target)`, behind PRELUDE; or a whole program, where it defines `attack` itself.
    ends
        The status it must end with; None where either a failure or a false answer will do.
    needs
        A machine or module without which it means nothing.
    alone
        Why it does nothing to a scorer that runs it in its own process; empty where it does.
    """

    body: str
    ends: Status | None = None
    needs: str = ""
    alone: str = ""

    @property
    def program(self) -> Program:
        """The attack as a candidate."""
        if "def attack(" in self.body:
            return Program(PRELUDE.partition("def attack")[0] + self.body, "attack")
        return Program(PRELUDE + "\n".join("    " + line for line in self.body.strip("\n").splitlines()), "attack")

    def applies(self) -> bool:
        """Whether it can be tried on this machine."""
        if self.needs == "numpy":
            try:
                import numpy  # noqa: F401
            except ImportError:
                return False
            return True
        return self.needs in ("", platform.machine())


LIBC = "ctypes = load('ctypes')\nlibc = ctypes.CDLL(None, use_errno=True)\n"
FRAMES = """
def texts():
    frame, pending = sys._getframe(), []
    while frame:
        pending += [dict(frame.f_locals), frame.f_globals]
        frame = frame.f_back
    seen, budget = set(), 20000
    while pending and budget:
        value = pending.pop()
        budget -= 1
        if id(value) in seen: continue
        seen.add(id(value))
        if isinstance(value, str): yield value
        elif type(value) is dict: pending += [v for v in list(value.values()) if type(v) in (dict, list, tuple, str)]
        elif type(value) in (list, tuple): pending += list(value)
"""


def syscall(number: int, *arguments: str) -> str:
    """Body that makes a raw system call; it wins when the kernel takes a look at it, be it to find its arguments wrong."""
    return LIBC + f"return libc.syscall({', '.join([str(number), *arguments])}) >= 0 or ctypes.get_errno() not in (1, 38)"


def machine_code(code: str) -> str:
    """Body that makes a page executable, puts x86-64 code there and calls it; it wins when the code answers no error."""
    return (
        LIBC + "page = libc.mmap; page.restype = ctypes.c_void_p\nat = page(None, ctypes.c_size_t(4096), 7, 0x22, -1, 0)\n"
        f"code = bytes.fromhex('{code}')\nctypes.memmove(at, code, len(code))\n"
        "return ctypes.CFUNCTYPE(ctypes.c_long)(at)() >= 0"
    )


def forged(frame: str) -> str:
    """Body that writes a frame of its own to the channel before it answers."""
    return f"data = {frame}\nos.write(3, len(data).to_bytes(4, 'little') + data)\nwhile True: pass"


ATTACKS: Mapping[str, Attack] = {
    # --- files
    "read a file": Attack("return 'root' in open('/etc/passwd').read()", Status.CRASH),
    "read a file by number": Attack("return os.read(os.open('/etc/passwd', 0), 9)", Status.CRASH),
    "list a folder": Attack("return os.listdir('/')", Status.CRASH),
    "ask whether a file exists": Attack("return os.stat('/etc/passwd').st_size", Status.CRASH),
    "resolve a link": Attack("return os.readlink('/proc/self/exe')", Status.CRASH),
    "write a file": Attack("open(target['folder'] + '/loot', 'w').write('x')\nreturn True", Status.CRASH),
    "make a folder": Attack("os.mkdir(target['folder'] + '/loot')\nreturn True", Status.CRASH),
    "remove a file": Attack("os.unlink(target['folder'] + '/precious')\nreturn True", Status.CRASH),
    "load a library from disk": Attack("return bool(load('ctypes').CDLL('libanl.so.1'))", Status.CRASH),
    "map a file in memory": Attack("return os.memfd_create('x') >= 0", Status.CRASH),
    # --- keys and other processes
    "read keys from the environment": Attack(f"return os.environ.get('{CANARY}')"),
    "list the environment's names": Attack("return [n for n in os.environ if 'KEY' in n or n in ('HOME', 'PATH')]"),
    "read the environment past the interpreter": Attack(
        LIBC + "libc.getenv.restype = ctypes.c_char_p\n"
        "return [n for n in ('PATH', 'HOME', 'PYTHONHASHSEED', 'LC_CTYPE') if libc.getenv(n.encode())]"
    ),
    "read the host's environment": Attack("return open(f\"/proc/{target['host']}/environ\").read()", Status.CRASH),
    "read the host's command line": Attack("return open(f\"/proc/{target['host']}/cmdline\").read()", Status.CRASH),
    "read its own maps": Attack("return open('/proc/self/maps').read()", Status.CRASH),
    "signal the host": Attack("os.kill(target['host'], 0)\nreturn True", Status.CRASH),
    "signal every process": Attack("os.kill(0, 0)\nreturn True", Status.CRASH),
    "signal by pidfd": Attack("return os.pidfd_open(target['host']) >= 0", Status.CRASH),
    "trace the host": Attack(LIBC + "return libc.ptrace(16, target['host'], 0, 0) == 0"),
    "read the host's memory": Attack(LIBC + "return libc.process_vm_readv(target['host'], None, 0, None, 0, 0) == 0"),
    "read the CPU clock of the host": Attack(
        "return load('time').clock_gettime((~target['host'] << 3) | 2) >= 0", Status.CRASH
    ),
    "sleep by the CPU clock of the host": Attack(
        LIBC + "clock = ctypes.c_int((~target['host'] << 3) | 2)\n"
        "return libc.clock_nanosleep(clock, 0, (ctypes.c_long * 2)(0, 0), None) in (0, 95)"
    ),
    "ask for a process by locking": Attack(
        LIBC + "lock = ctypes.c_uint(target['host'])\n"
        "libc.syscall(202, ctypes.byref(lock), 8, 0, None, None, 0)\nreturn ctypes.get_errno() not in (1, 38)", needs="x86_64",
    ),
    "read the command line it was started with": Attack("return [word for word in [*sys.argv, *sys.orig_argv] if word]"),
    "read the interpreter's copy of its command line": Attack(
        "ctypes = load('ctypes')\nn, words = ctypes.c_int(), ctypes.POINTER(ctypes.c_wchar_p)()\n"
        "ctypes.pythonapi.Py_GetArgcArgv(ctypes.byref(n), ctypes.byref(words))\n"
        "return [words[k] for k in range(n.value) if words[k]]"
    ),
    "read the path of its interpreter from the stack": Attack(
        LIBC + "libc.getauxval.restype = ctypes.c_char_p\nreturn (libc.getauxval(ctypes.c_ulong(31)) or b'').decode()"
    ),
    "read the folders of its modules": Attack(
        "found = [*sys.path, sys.prefix, sys.executable, getattr(random, '__file__', ''), *sys.path_importer_cache]\n"
        "return [folder for folder in found if folder]"
    ),
    "find the host's process in its callers": Attack(
        "frame = sys._getframe()\nwhile frame:\n    scope = {**frame.f_globals, **frame.f_locals}\n"
        "    if target['host'] in [v for v in scope.values() if type(v) is int]: return True\n    frame = frame.f_back"
    ),
    "find the files of its callers": Attack(
        "frame, found = sys._getframe(), []\nwhile frame:\n    found.append(frame.f_code.co_filename)\n    frame = frame.f_back\n"
        "return [path for path in found if '/' in path]"
    ),
    "fork": Attack("pid = os.fork()\nif pid == 0: os._exit(0)\nos.waitpid(pid, 0)\nreturn True", Status.CRASH),
    "run a shell": Attack("return os.system('true') == 0"),
    "spawn": Attack("return os.posix_spawn('/bin/true', ['true'], {})", Status.CRASH),
    "become another program": Attack("os.execv('/bin/true', ['true'])", Status.CRASH),
    "run a subprocess": Attack("return load('subprocess').run(['true']).returncode == 0", Status.CRASH),
    "start a thread": Attack("load('_thread').start_new_thread(len, ((),))\nreturn True", Status.CRASH),
    "become root": Attack("os.setuid(0)\nreturn True", Status.CRASH),
    "raise its limits": Attack(
        "r = load('resource')\nr.setrlimit(r.RLIMIT_CORE, r.getrlimit(r.RLIMIT_CORE))\nreturn True", Status.CRASH
    ),
    "outlive a signal": Attack("load('signal').signal(24, lambda *_: None)\nreturn True", Status.CRASH),
    "lower its priority and the host's": Attack("os.setpriority(0, 0, 0)\nreturn True", Status.CRASH),
    "leave its CPU": Attack("os.sched_setaffinity(0, range(64))\nreturn True", Status.CRASH),
    # --- network
    "open a socket": Attack("return bool(load('socket').socket())", Status.CRASH),
    "open a local socket": Attack("return bool(load('socket').socketpair())", Status.CRASH),
    "look up a name": Attack("return load('socket').getaddrinfo('localhost', 1)", Status.CRASH),
    "pass a descriptor over the channel": Attack(
        "s = load('socket')\nreturn s.send_fds(s.socket(1, 1, 0, 3), [b'x'], [1])", Status.CRASH,
        alone="there is no channel",
    ),
    "write to the zygote's descriptors": Attack(
        "won = []\nfor fd in range(4, 256):\n    try: won.append(os.write(fd, b'x'))\n    except OSError: pass\nreturn won"
    ),
    "use up the descriptors": Attack(
        "sys.kept = []\ntry:\n    while True: sys.kept.append(os.dup(3))\nexcept OSError as error:\n"
        "    if error.errno != 24: raise\nreturn False", Status.CRASH,
    ),
    "set an alarm": Attack("load('signal').setitimer(0, 0.01)\nload('time').sleep(0.2)\nreturn True"),
    # --- the kernel, by number (x86_64)
    "raw call: io_uring": Attack(syscall(425, "1", "ctypes.create_string_buffer(120)"), needs="x86_64"),
    "raw call: bpf": Attack(syscall(321, "0", "None", "0"), needs="x86_64"),
    "raw call: userfaultfd": Attack(syscall(323, "1"), needs="x86_64"),
    "raw call: memfd": Attack(syscall(319, "b'x'", "0"), needs="x86_64"),
    "raw call: unshare": Attack(syscall(272, "0"), needs="x86_64"),
    "raw call: shared memory": Attack(syscall(29, "0", "4096", "0o1600"), needs="x86_64"),
    "raw call: keyring": Attack(syscall(250, "0", "-3", "0"), needs="x86_64"),
    "raw call: a second filter": Attack(syscall(157, "22", "2", "None"), needs="x86_64"),
    "raw call: personality": Attack(syscall(135, "0xffffffff"), needs="x86_64"),
    "raw call: x32 numbers": Attack(syscall(0x40000000 + 39), needs="x86_64", alone="few kernels know them"),
    "raw call: the 32-bit gate": Attack(
        LIBC + "page = libc.mmap; page.restype = ctypes.c_void_p\nat = page(None, ctypes.c_size_t(4096), 7, 0x62, -1, 0)\n"
        "ctypes.memmove(at, bytes.fromhex('b814000000cd80c3'), 8)\nreturn ctypes.CFUNCTYPE(ctypes.c_int)(at)() > 0",
        Status.CRASH, needs="x86_64",
    ),
    "machine code: open a file": Attack(
        # mov eax, 2 (open); lea rdi, [rip + 7]; xor esi, esi; syscall; ret; "/\\0"
        machine_code("b802000000" "488d3d05000000" "31f6" "0f05" "c3" "2f00"), needs="x86_64"
    ),
    # --- time and memory
    "loop for ever": Attack("while True: pass", Status.TIMEOUT),
    "sleep for ever": Attack("load('time').sleep(1000)", Status.TIMEOUT),
    "a loop inside C": Attack("return sum(iter(int, 1))", Status.TIMEOUT),
    "a number too large": Attack("return (10**10**7) ** 9", Status.TIMEOUT),
    "a memory bomb": Attack("a = []\nwhile True: a.append(bytearray(b'x') * 10**6)", Status.MEMORY),
    "a memory bomb in numpy": Attack(
        "import numpy\nreturn len([numpy.ones(10**8) for _ in range(100)])", Status.MEMORY, needs="numpy"
    ),
    "a memory bomb in a string": Attack("text = 'x'\nwhile True: text += text", Status.MEMORY),
    "memory errors swallowed": Attack(
        "a = []\nwhile True:\n    try:\n        while True: a.append(bytearray(b'x') * 10**6)\n    except MemoryError: pass",
        Status.TIMEOUT,
    ),
    "recursion without end": Attack("return attack(target)", Status.CRASH, alone="Python counts its frames"),
    "recursion with a higher limit": Attack("sys.setrecursionlimit(10**9)\nreturn attack(target)"),
    "recursion inside C": Attack("sys.setrecursionlimit(10**9)\na = []\nfor _ in range(10**6): a = [a]\nreturn repr(a) == ''"),
    "a compiler bomb": Attack(
        "text = '\\n'.join(f'{\" \" * d}try: pass\\n{\" \" * d}finally:' for d in range(19))\n"
        "compile(text + '\\n' + ' ' * 19 + 'a = 1', '', 'exec')"
    ),
    "a parser bomb": Attack("compile('(' * 10**5, '', 'eval')", Status.CRASH, alone="Python's parser counts parentheses"),
    "a deep expression": Attack("eval('-' * 10**6 + '1')", alone="Python's parser counts levels"),
    "a crash in C": Attack(LIBC + "ctypes.string_at(0)", Status.CRASH),
    "leave without a word": Attack("os._exit(0)", Status.CRASH),
    "raise from everything": Attack("while True:\n    try: raise SystemExit\n    except BaseException: pass", Status.TIMEOUT),
    # --- the channel
    "flood the channel": Attack("while True: os.write(3, b'A' * 65536)", Status.PROTOCOL),
    "flood by an answer": Attack("return 'A' * (1 << 21)", Status.PROTOCOL),
    "flood standard output": Attack("for _ in range(100): print('A' * 10**5)\nreturn False"),
    "announce a frame that never comes": Attack("os.write(3, b'\\xff\\xff\\xff\\x7f')\nwhile True: pass", Status.PROTOCOL),
    "announce a small frame that never comes": Attack("os.write(3, b'\\x40\\0\\0\\0')\nwhile True: pass", Status.TIMEOUT),
    "close the channel": Attack("os.close(3)\nwhile True: pass", Status.PROTOCOL),
    "peek at the next request": Attack("return os.read(3, 1 << 16)", Status.TIMEOUT),
    "answer twice": Attack("frame = b'[\"ok\",1,0]'\nos.write(3, 2 * (len(frame).to_bytes(4, 'little') + frame))\nwhile True: pass",
                           Status.PROTOCOL),
    "answer another request": Attack(forged("b'[\"ok\",7,1]'"), Status.PROTOCOL),
    "forge no JSON": Attack(forged("b'[\"ok\",1,'"), Status.PROTOCOL),
    "forge more behind the JSON": Attack(forged("b'[\"ok\",1,1] 2'"), Status.PROTOCOL),
    "forge an empty frame": Attack(forged("b''"), Status.PROTOCOL),
    "forge NaN": Attack(forged("b'[\"ok\",1,NaN]'"), Status.PROTOCOL),
    "forge an infinite number": Attack(forged("b'[\"ok\",1,[1e999]]'"), Status.PROTOCOL),
    "forge a huge integer": Attack(forged("b'[\"ok\",1,' + b'9' * 5000 + b']'"), Status.PROTOCOL),
    "forge deep nesting": Attack(forged("b'[\"ok\",1,' + b'[' * 200 + b']' * 201"), Status.PROTOCOL),
    "forge nesting to break the parser": Attack(forged("b'[' * 500000"), Status.PROTOCOL),
    "forge half a surrogate": Attack(forged("b'[\"ok\",1,\"\\\\ud800\"]'"), Status.PROTOCOL),
    "forge no UTF-8": Attack(forged("b'[\"ok\",1,\"\\xff\"]'"), Status.PROTOCOL),
    "forge a status": Attack(forged("b'[\"error\",1,\"ok\",\"\",\"\",null]'"), Status.PROTOCOL),
    "forge an object": Attack(forged("b'{\"ok\":1}'"), Status.PROTOCOL),
    "forge a line far away": Attack(forged("b'[\"error\",1,\"crash\",\"E\",\"m\",-99999999999999999999]'"), Status.CRASH),
    "forge a number that is true": Attack(forged("b'[\"ok\",true,1]'"), Status.PROTOCOL),
    "forge a key twice": Attack(forged("b'[\"ok\",1,{\"a\":1,\"a\":2}] '"), Status.PROTOCOL),
    "forge a million lists": Attack(forged("b'[\"ok\",1,[' + b','.join([b'[]'] * 400000) + b']]'"), Status.PROTOCOL),
    "half a frame, then the end": Attack("os.write(3, b'\\x40\\0\\0\\0[')\nos._exit(0)", Status.CRASH),
    "a line that is no number": Attack(
        "error = SyntaxError('no')\nerror.filename, error.lineno = '<candidate>', 'x'\nraise error", Status.PROTOCOL,
        alone="it is the harness's own frame that is spoilt",
    ),
    "an exception with a name of ten megabytes": Attack("raise type('\\x1b[2J' * 2500000, (Exception,), {})", Status.PROTOCOL,
        alone="only its message is shown"),
    "an exception that answers": Attack(
        "class Lie(Exception):\n    def __str__(self): os.write(3, b'[\"ok\",1,1]'); return '\\x1b[2J'\nraise Lie"
    ),
    "replace the harness's encoder": Attack(
        "class Encoder:\n    encode = lambda *_: 'NaN'\n"
        "frame = sys._getframe()\nwhile frame and 'to_json' not in frame.f_globals: frame = frame.f_back\n"
        "if frame: frame.f_globals['_encoder'] = Encoder()\n"
        "else: load('json').dumps = lambda *_, **__: '{\"did\": \"wins\"}'\nreturn 1",
        Status.PROTOCOL,
    ),
    "replace the harness's loop": Attack(
        "frame = sys._getframe()\nwhile frame and 'attempt' not in frame.f_globals: frame = frame.f_back\n"
        "if frame: frame.f_globals['attempt'] = lambda *_: '[\"ok\",99,1]'\n"
        "else: load('json').dumps = lambda *_, **__: '{\"did\": \"wins\"}'\n"
        "os.read(3, 1 << 16) if frame else 0\nreturn 1", Status.TIMEOUT,
    ),
    "control characters in a message": Attack("raise ValueError('\\x1b]0;owned\\x07\\x1b[2J\\r\\n\\u202e\\u2028ok')", Status.CRASH),
    # --- the verifier
    "a number that equals everything": Attack(
        "class Best(int):\n    __eq__ = __le__ = __ge__ = lambda *_: True\n    __hash__ = None\nreturn Best(0)"
    ),
    "a list that lies about its length": Attack(
        "class Short(list):\n    __len__ = lambda _: 0\n    __bool__ = lambda _: True\nreturn Short([])"
    ),
    "a text that equals everything": Attack(
        "class Any(str):\n    __eq__ = lambda *_: True\n    __hash__ = str.__hash__\nreturn Any()"
    ),
    "a number that changes when it is looked at": Attack(
        "class Turn(int):\n    looks = [0]\n    def __eq__(self, other):\n        self.looks[0] += 1\n"
        "        return self.looks[0] == 1\nreturn Turn(0)"
    ),
    "a float below everything": Attack("class Low(float):\n    __lt__ = __eq__ = lambda *_: True\nreturn Low(0)"),
    "an object that says it is a list": Attack(
        "class Guise:\n    __class__ = list\n    __len__ = lambda _: 1\nreturn Guise()", Status.PROTOCOL
    ),
    "an answer that runs when it is unpickled": Attack(
        "class Cargo:\n    def __reduce__(self): return os.mkdir, (target['folder'] + '/loot',)\nreturn Cargo()", Status.PROTOCOL
    ),
    "change the instance": Attack("target['jobs'].clear()\nreturn False"),
    "frames: find the cases to come": Attack(
        FRAMES + "def attack(target):\n    return any(t == '-'.join(['answer', 'to', 'come']) for t in texts())"
    ),
    "gc: find the cases to come": Attack(
        "lists = [o for o in load('gc').get_objects() if type(o) is list]\n"
        "return any(type(e) is str and e == '-'.join(['answer', 'to', 'come']) for o in lists for e in o)"
    ),
    "import a forbidden module": Attack("import subprocess\nreturn True", Status.CRASH),
    "import by another name": Attack("return __import__('socket')", Status.CRASH),
    "import past the guard": Attack("import builtins\nreturn True", Status.CRASH),
    "import a module from disk": Attack("return load('colorsys')", Status.CRASH),
    "import in full-width letters": Attack("import ｓｕｂｐｒｏｃｅｓｓ\nreturn True", Status.CRASH),
    "code that reads otherwise than it runs": Attack(
        "x = 'fine \u202e\u2066# return 0\u2069\u2066'; raise ValueError(x)", Status.CRASH
    ),
    "hook the imports of the next program": Attack("sys.meta_path.insert(0, object())\nreturn False"),
    "stop the clock": Attack("load('time').perf_counter = lambda: 0.0\nreturn False"),
    "load the dice": Attack("random.random = lambda: 0.5\nreturn False"),
    "make one equal two": Attack("load('ctypes').memset(id(1) + 24, 2, 1)\nreturn False"),
    "poison a library for the next program": Attack("load('json').loads = lambda *_: 'poison'\nreturn False"),
    "trace the harness": Attack("sys.settrace(lambda *_: None)\nsys.setprofile(lambda *_: None)\nreturn False"),
}  # fmt: skip


def try_it(sandbox: Sandbox, attack: Attack, target: dict[str, Any]) -> tuple[Status, Any]:
    """Run one attack: its status with the answer, or with the failure's message."""
    try:
        patient = replace(LIMITS, seconds=30.0) if attack.ends is Status.MEMORY else LIMITS  # a busy machine is slow to fill it
        with sandbox.open(attack.program, patient) as session:
            return Status.OK, session(target)
    except PolicyFailure as failure:
        return failure.status, failure.message


def is_stopped(attack: Attack, status: Status, answer: Any) -> bool:
    """Whether the sandbox held: the attack ended as it must, or won nothing."""
    if attack.ends is not None:
        return status is attack.ends and bool(answer) and str(answer).isprintable()
    return status is not Status.OK or not answer


if __name__ == "__main__":
    from tests.sandbox.table import main

    main()
