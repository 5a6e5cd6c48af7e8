"""A student's rule in a process of its own: asked month by month, never waited for without end, never trusted."""

from __future__ import annotations

import json
import marshal
import os
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from sim.errors import InputError

MEMORY = 256 * 2**20
"""Bytes of address space, the interpreter included."""
MONTHS_PER_SECOND = 30
"""A rule has a second of processor time for so many months, start included, and two seconds at least."""
PATIENCE = 20.0
"""Seconds on the clock to wait for one answer: for a rule that neither computes nor answers."""
FIRST_PATIENCE = 30.0
"""Seconds on the clock for the interpreter to start, before anything of the rule is in it."""
LONGEST_LINE = 4096
"""Bytes of the longest answer."""
MOST_WAITING = 8
"""So many lines may wait to be read: an honest rule says one thing at a time."""
LARGEST_RULE = 32_000
"""Bytes of the largest rule: less than a pipe holds, so that handing it over never waits."""
LAYERS = ("limits", "landlock", "seccomp", "audit", "builtins", "source")
NEEDED = ("limits", "seccomp")
"""Without these a rule is not run, unless the teacher says so."""
ROOM = Path(__file__).with_name("locked_room.py")


class Fault(Exception):  # noqa: N818 - whose it is stands in the sentence
    """What a rule did wrong, in a few words that go on from its name."""


class Unprotected(InputError):  # noqa: N818 - a state of the system, for which nobody is to blame
    """A rule cannot be locked in on this system."""


@cache
def _room() -> str:
    return ROOM.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Answer:
    """What a rule answered: levers to change, none of them checked yet."""

    month: int
    levers: dict[str, Any]


class RuleProcess:
    """One rule in one market, in a process that ends with it.

    The process is started at once, and the rule is handed over by :meth:`load`. ``layers`` are those of
    :mod:`sim.tournament.locked_room`; with ``unprotected`` the rule is run even where the system has no seccomp. Use it
    as a context, which ends the process.
    """

    def __init__(self, months: int = 60, *, layers: tuple[str, ...] = LAYERS, unprotected: bool = False) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-S", "-B", "-W", "ignore", "-X", "utf8", "-c", _room()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=Path(sys.executable).anchor,
            bufsize=0,
            start_new_session=sys.platform != "win32",
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._layers, self._unprotected = layers, unprotected
        self.held: tuple[str, ...] = ()
        seconds = max(2, -(-months // MONTHS_PER_SECOND))
        self._send({"layers": list(layers), "memory": MEMORY, "seconds": seconds})

    def load(self, source: str) -> None:
        """Hand the rule over, once the room is locked.

        Raises :class:`Unprotected` where the protections that are needed are not there, and :class:`Fault` where the
        rule cannot be loaded.
        """
        locked = self._hear(FIRST_PATIENCE).get("locked", [])
        self.held = tuple(layer for layer in LAYERS if layer in locked)
        missing = [layer for layer in NEEDED if layer in self._layers and layer not in self.held]
        if missing and not self._unprotected:
            raise Unprotected(
                f"rules are not run here, because this system cannot lock them in ({', '.join(missing)} is missing); "
                "Linux on x86-64 or ARM64 can, and --allow-unprotected-rules runs them anyway"
            )
        self._send(source)
        self._hear(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, month: int, own: dict[str, Any], rivals: list[dict[str, Any]]) -> None:
        """Ask for the levers after a month; :meth:`answer` gives them."""
        self._send((month, own, rivals))

    def answer(self, month: int) -> Answer:
        """The answer to what was asked last.

        Raises :class:`Fault` for none in time, or none that can be understood.
        """
        said = self._hear(PATIENCE)
        if said.get("month") != month or not isinstance(said.get("levers"), dict | None):
            raise Fault("answers what was not asked")
        return Answer(month, said["levers"] or {})

    def close(self) -> None:
        """End the process."""
        if sys.platform == "win32":
            self._process.kill()
        elif self._process.poll() is None:  # with whatever it may have started where nothing keeps it from that
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _send(self, content: Any) -> None:
        data = marshal.dumps(content)
        stream = self._process.stdin
        assert stream is not None
        try:
            stream.write(len(data).to_bytes(4, "big") + data)
        except OSError:  # it is gone; what it said last tells why
            return

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        held = b""
        while True:
            try:
                more = stream.read(LONGEST_LINE)
            except (OSError, ValueError):
                more = b""
            if not more:
                self._lines.put(b"")
                return
            *lines, held = (held + more).split(b"\n")
            for line in lines:
                self._lines.put(line)
            if len(held) > LONGEST_LINE or self._lines.qsize() > MOST_WAITING:  # let it write into a full pipe
                self._lines.put(held)
                return

    def _hear(self, patience: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=patience)
        except queue.Empty:
            raise Fault(f"does not answer within {patience:g} seconds") from None
        if not line:
            raise Fault(self._end())
        if len(line) > LONGEST_LINE:
            raise Fault(f"answers with more than {LONGEST_LINE:,} characters")
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            raise Fault("answers what cannot be understood") from None
        if not isinstance(said, dict):
            raise Fault("answers what cannot be understood")
        if "error" in said:
            number = said.get("line")
            place = f" (line {number})" if type(number) is int and number > 0 else ""
            raise Fault(f"{_plain(str(said['error']))}{place}")
        return said

    def _end(self) -> str:
        """How the process ended, in words."""
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return "closes its answers"
        if sys.platform != "win32" and code < 0:
            if -code == signal.SIGSYS:
                return "was stopped by the system, because it tried what no rule may do"
            if -code in (signal.SIGXCPU, signal.SIGKILL):
                return "takes more processor time than a rule has"
            return f"ended its process ({signal.Signals(-code).name})"
        return "ended without an answer"


def _environment() -> dict[str, str]:
    """Nothing but what makes sets of words have the same order in every run, and what Windows cannot do without."""
    kept = {"SYSTEMROOT": os.environ["SYSTEMROOT"]} if "SYSTEMROOT" in os.environ else {}
    return {"PYTHONHASHSEED": "0", **kept}


def _plain(text: str) -> str:
    """Text that can be shown: at most 200 characters, none that moves the cursor or turns the line round."""
    return "".join(one if one.isprintable() else "?" for one in text[:200])
