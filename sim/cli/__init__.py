"""The command ``roi``: its entry point, and how it leaves when something is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer

from sim.cli import (  # noqa: F401  # their commands register themselves
    calibration,
    deliverables,
    experiments,
    explorer,
    lessons,
    library,
    rivals,
    tournament,
)
from sim.cli.commands import app
from sim.errors import InputError, Stopped

STOPPED, BAD_INPUT, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and leave.

    The code is 0 after success, 2 after bad input, 1 when the machine could not go on, and 130 when interrupted.
    """
    try:
        code = app(args=None if arguments is None else list(arguments), prog_name="roi", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except InputError as error:
        _leave(str(error), BAD_INPUT)
    except Stopped as stopped:
        _leave(str(stopped), INTERRUPTED if isinstance(stopped.__cause__, KeyboardInterrupt) else STOPPED)
    except typer.TyperException as error:
        _leave(_usage(error), BAD_INPUT)
    except BrokenPipeError:  # whoever read has had enough
        _drop_output()
        sys.exit(1)
    except OSError as error:
        _drop_output()
        place = error.filename or "the output"
        _leave(f"{place} cannot be read or written ({error.strerror}); another place would be right", BAD_INPUT)
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        _leave("stopped before the end; nothing half-written is left", INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def _drop_output() -> None:
    """Let what is still to be flushed go nowhere."""
    standard = sys.__stdout__
    if standard is not None and sys.stdout is standard:
        os.dup2(os.open(os.devnull, os.O_WRONLY), standard.fileno())


def _leave(sentence: str, code: int) -> NoReturn:
    print(f"roi: {' '.join(sentence.split())}", file=sys.stderr)
    sys.exit(code)


def _usage(error: typer.TyperException) -> str:
    """What Typer says about options and arguments, as a sentence of ours that says where to look."""
    said = error.format_message().strip().rstrip(".").replace("Value error, ", "")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "roi"
    return f"{said[:1].lower()}{said[1:]}" + ("" if said.endswith("?") else f"; {command} --help says what is right")
