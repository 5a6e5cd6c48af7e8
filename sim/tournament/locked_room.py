"""The locked room: what runs in the process of a student's rule, before and around it.

This file is no part of the package at run time. Its text is handed to a fresh interpreter (``python -c``), so it
imports the standard library alone. It locks itself in first, and only then asks for the rule's source. Each layer would
do on its own where it exists; ``docs/tournament.md`` says what each of them stands for.

What comes in are frames, a length in four bytes and marshalled data; what goes out are lines of JSON. The other end
takes nothing that comes out of here on trust.
"""

from __future__ import annotations

import ctypes
import marshal
import math
import os
import struct
import sys

try:  # before the doors are shut
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

LAYERS = ("limits", "landlock", "seccomp", "audit", "builtins", "source")
"""The layers, in the order in which they are put on; the last three are the interpreter's, the others the system's."""

HARMLESS = frozenset(["compile", "exec", "marshal.loads"])
"""What the interpreter reports of its own while a rule is loaded and asked; all else is no business of a rule."""

ATTEMPTS = {
    "open": "to open a file",
    "import": "to import a module",
    "socket": "to reach the network",
    "os": "to use the operating system",
    "subprocess": "to start a program",
    "ctypes": "to reach into memory",
    "object": "to take the interpreter apart",
    "sys": "to take the interpreter apart",
    "gc": "to take the interpreter apart",
}
WORDS = (
    "abs", "all", "any", "bool", "chr", "dict", "divmod", "enumerate", "filter", "float", "frozenset", "int",
    "isinstance", "issubclass", "iter", "len", "list", "map", "max", "min", "next", "object", "ord", "pow", "property",
    "range", "repr", "reversed", "round", "set", "slice", "sorted", "staticmethod", "str", "sum", "super", "tuple",
    "zip", "ArithmeticError", "AssertionError", "AttributeError", "Exception", "IndexError", "KeyError", "LookupError",
    "NotImplementedError", "OverflowError", "RuntimeError", "StopIteration", "TypeError", "ValueError",
    "ZeroDivisionError", "__build_class__",
)  # fmt: skip
"""Built-in words that a rule may use, besides ``print``, which goes nowhere, and ``import math``."""

FRAMES = ("__", "tb_", "gi_", "cr_", "ag_", "f_")
"""Attributes that lead from a value to the code that made it begin like this."""
USUAL = ("__name__", "__init__")
"""Names with two underscores that are met in honest rules."""


def read_exactly(size: int) -> bytes:
    """So many bytes from the other end; the process ends where there is no other end any more."""
    parts = b""
    while len(parts) < size:
        more = os.read(0, size - len(parts))
        if not more:
            os._exit(0)
        parts += more
    return parts


def hear() -> Any:
    """The next frame."""
    return marshal.loads(read_exactly(int.from_bytes(read_exactly(4), "big")))


def say(line: str) -> None:
    """Send one line."""
    left = (line + "\n").encode("ascii")
    while left:
        left = left[os.write(1, left) :]


def quoted(text: str) -> str:
    """Text as JSON, in ASCII; the module json would take long to import."""
    return '"' + "".join(one if " " <= one <= "~" and one not in '"\\' else _escaped(one) for one in text) + '"'


def _escaped(one: str) -> str:
    code = ord(one)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def complain(reason: str, line: int = 0) -> NoReturn:
    """Say why it ends here, and end."""
    say(f'{{"error": {quoted(reason[:200])}, "line": {line}}}')
    os._exit(1)


# --- the system's layers ---------------------------------------------------------------------------------------------
def limits(memory: int, seconds: int) -> None:
    """Limits of memory and processor time; no file to open, to write, no process to start, no core to leave behind."""
    wanted = {
        "RLIMIT_AS": memory, "RLIMIT_CPU": seconds, "RLIMIT_NOFILE": 0, "RLIMIT_FSIZE": 0, "RLIMIT_NPROC": 0,
        "RLIMIT_CORE": 0,
    }  # fmt: skip
    for name, most in wanted.items():
        resource.setrlimit(getattr(resource, name), (most, most))


def landlock() -> None:
    """Take every right on files, on TCP, and towards other processes away from this process (Landlock, Linux 5.13)."""
    libc = ctypes.CDLL(None, use_errno=True)
    call = libc.syscall
    call.restype = ctypes.c_long

    def system(*arguments: Any) -> int:
        found = call(*(ctypes.c_long(one) if isinstance(one, int) else one for one in arguments))
        if found < 0:
            raise OSError(ctypes.get_errno(), "Landlock")
        return int(found)

    version = system(444, None, 0, 1)
    files = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    handled = (ctypes.c_uint64 * 3)(files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = system(444, ctypes.byref(handled), size, 0)
    _no_new_rights(libc)
    system(446, rules, 0)
    os.close(rules)


def _no_new_rights(libc: Any) -> None:
    if libc.prctl(38, 1, 0, 0, 0):
        raise OSError("no_new_privs")


ALLOW, KILL = 0x7FFF0000, 0x80000000
SYSTEMS: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {"read": 0, "write": 1, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigreturn": 15, "mremap": 25,
         "madvise": 28, "exit": 60, "futex": 202, "restart_syscall": 219, "clock_gettime": 228, "exit_group": 231},
    ),
    "aarch64": (
        0xC00000B7,
        {"read": 63, "write": 64, "exit": 93, "exit_group": 94, "futex": 98, "clock_gettime": 113,
         "restart_syscall": 128, "rt_sigreturn": 139, "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222,
         "mprotect": 226, "madvise": 233},
    ),
}  # fmt: skip
"""Numbers of the system calls that are left, by machine, with the machine's own (``AUDIT_ARCH_…``)."""


def seccomp() -> None:
    """Leave this process its two pipes, memory that cannot be executed, and the way out; kill it for anything else."""
    machine, numbers = SYSTEMS[os.uname().machine]
    load, equal, at_least, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06  # classic BPF
    program = [(load, 0, 0, 4), (equal, 1, 0, machine), (give, 0, 0, KILL), (load, 0, 0, 0)]
    program += [(at_least, 0, 1, 0x40000000), (give, 0, 0, KILL)]  # the other numbering of x86-64
    where = {"read": (16, equal, 0), "write": (16, equal, 1), "mmap": (32, any_bit, 4), "mprotect": (32, any_bit, 4)}
    for name, number in numbers.items():
        if name not in where:
            program += [(equal, 0, 1, number), (give, 0, 0, ALLOW)]
            continue
        argument, test, value = where[name]
        right, wrong = (0, 1) if test == equal else (1, 0)
        program += [(equal, 0, 4, number), (load, 0, 0, argument), (test, right, wrong, value)]
        program += [(give, 0, 0, ALLOW), (give, 0, 0, KILL)]
    program.append((give, 0, 0, KILL))
    text = b"".join(struct.pack("=HBBI", *one) for one in program)
    held = ctypes.create_string_buffer(text, len(text))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    libc = ctypes.CDLL(None, use_errno=True)
    _no_new_rights(libc)
    if libc.prctl(22, 2, ctypes.byref(Program(len(program), ctypes.addressof(held))), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


# --- the interpreter's layers ----------------------------------------------------------------------------------------
def watcher(complain: Callable[..., NoReturn], harmless: frozenset[str], attempts: dict[str, str]) -> Any:
    """An audit hook that ends the process, whatever the rule would catch, when it tries what no rule needs."""

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in harmless:
            what = attempts.get(event.partition(".")[0], "what no rule may do")
            complain(f"tried {what} ({event})")

    return watch


def words(restricted: bool) -> dict[str, Any]:
    """The built-in words of a rule."""
    import builtins

    every = vars(builtins)
    if not restricted:
        return dict(every)

    def only_math(name: str, *_: Any) -> Any:
        if name != "math":
            raise ImportError(f"a rule may import math and nothing else, but not {name}")
        return math

    chosen = {name: every[name] for name in WORDS}
    return {**chosen, "__import__": only_math, "print": lambda *_, **__: None, "__name__": "rule"}


def looked_over(node: Any) -> None:
    """Refuse names and attributes by which a rule could leave its own data."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(one)
        elif hasattr(one, "_fields"):
            kind, line = type(one).__name__, getattr(one, "lineno", 0)
            attributes = [one.attr] if kind == "Attribute" else one.kwd_attrs if kind == "MatchClass" else []
            names = [one.id] if kind == "Name" else []
            for word in attributes + names:
                if word not in USUAL and word.startswith(FRAMES if attributes else "__"):
                    complain(f"uses {word}, which a rule may not", line)
            if kind in ("Import", "ImportFrom"):
                for name in [part.name for part in one.names] if kind == "Import" else [one.module]:
                    if name != "math":
                        complain(f"imports {name}; a rule may import math and nothing else", line)
            waiting.extend(getattr(one, field, None) for field in one._fields)


def answer_text(month: int, answer: Any) -> str:
    """What a rule answers as a line of JSON; ValueError in one sentence where it is no answer."""
    if answer is None:
        return f'{{"month": {month}, "levers": null}}'
    if not isinstance(answer, dict):
        raise ValueError(f"answers with a {type(answer).__name__}; a dict of levers, or None, would be right")
    parts = []
    for lever, value in answer.items():
        if type(lever) is not str or type(value) not in (bool, int, float, str):
            raise ValueError("answers with something else than names of levers and numbers or words")
        if type(value) is int and abs(value) > 10**15:
            raise ValueError(f"answers with far too large a number for {lever[:40]}")
        if type(value) is float and (value != value or value in (math.inf, -math.inf)):
            text = "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
        else:
            text = quoted(value) if type(value) is str else str(value).lower() if type(value) is bool else repr(value)
        parts.append(f"{quoted(lever)}: {text}")
    return f'{{"month": {month}, "levers": {{{", ".join(parts)}}}}}'


def line_of(error: BaseException) -> int:
    """The line in which a rule failed; 0 where it is not known."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        line, trace = trace.tb_lineno, trace.tb_next
    return int(getattr(error, "lineno", 0) or 0) if isinstance(error, SyntaxError) else line


def told(error: BaseException) -> str:
    """What went wrong, in words."""
    if isinstance(error, MemoryError):
        return "needs more memory than a rule has"
    if isinstance(error, RecursionError):
        return "calls itself without end"
    if isinstance(error, SyntaxError):
        return f"is no Python ({error.msg})"
    return f"fails with {type(error).__name__}: {error}"


def main() -> None:
    """Lock the room, take the rule in, and answer month by month."""
    if sys.platform == "win32":
        import msvcrt

        for pipe in (0, 1):
            msvcrt.setmode(pipe, os.O_BINARY)
    wish = hear()
    layers, held = wish["layers"], []
    locks = {"landlock": landlock, "limits": lambda: limits(wish["memory"], wish["seconds"]), "seccomp": seccomp}
    for layer, lock in locks.items():  # in this order: after each, less is possible
        if layer in layers:
            try:
                lock()
            except (OSError, AttributeError, KeyError, ValueError):
                continue  # the other end decides whether it goes on without
            held.append(layer)
    if "audit" in layers:
        sys.addaudithook(watcher(complain, HARMLESS, ATTEMPTS))
    held += [layer for layer in ("audit", "builtins", "source") if layer in layers]
    say(f'{{"locked": [{", ".join(map(quoted, held))}]}}')
    source = hear()
    space: dict[str, Any] = {"__builtins__": words("builtins" in layers), "__name__": "rule"}
    history: list[Any] = []
    try:
        if "source" in layers:
            looked_over(compile(source, "rule", "exec", 0x400, dont_inherit=True))  # 0x400: the syntax tree alone
        exec(compile(source, "rule", "exec", dont_inherit=True), space)
        rule: Any = space.get("rule")
        if not callable(rule):
            complain("has no function rule(month, own, rivals, history)")
        say('{"ready": true}')
        while True:
            month, own, rivals = hear()
            answer = rule(month, own, rivals, history)
            try:
                text = answer_text(month, answer)
            except ValueError as error:
                complain(str(error))
            say(text)
            history.append({"month": month, "own": own, "rivals": rivals})
    except BaseException as error:
        complain(told(error), line_of(error))


if __name__ == "__main__":
    main()
