"""Places to write results to; pictures (PNG, SVG or PDF) and texts as files, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sim.errors import InputError
from sim.present.house import house_style
from sim.present.results import free_place

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = (".png", ".svg", ".pdf")
"""Endings that say which kind of picture a file is."""
NO_DATE: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""Without dates and versions the same picture gives the same file, but for the inner names that SVG needs."""


def can_hold_tables(folder: Path | None) -> None:
    """Refuse a folder that cannot take results, before the work rather than after it.

    Raises :class:`sim.errors.InputError`.
    """
    if folder is not None:
        _probe(free_place(folder).parent, folder)


def can_hold_picture(path: Path | None) -> None:
    """Refuse a name that no picture can have, before the work rather than after it.

    Raises :class:`sim.errors.InputError`.
    """
    if path is None:
        return
    if path.suffix.lower() not in PICTURES:
        raise InputError(f"{path} is no name of a picture; one that ends in {', '.join(PICTURES)} would be right")
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file for the picture")
    _probe(path.absolute().parent, path)


def _probe(folder: Path, wanted: Path) -> None:
    """Try whether a folder takes anything: what the system says about permissions is not the whole truth."""
    try:
        Path(tempfile.mkdtemp(dir=folder, prefix=".probe-")).rmdir()
    except OSError as error:
        raise InputError(
            f"{wanted} cannot be written ({error.strerror}); a place in a folder that exists would be right"
        ) from None


def save_picture(figure: Figure, path: Path) -> None:
    """Write a picture; the ending says which kind, and what was there before stays until the new one is complete.

    Raises :class:`sim.errors.InputError` for an ending that is no kind of picture, or a place that cannot be
    written to.
    """
    can_hold_picture(path)
    kind = path.suffix.lower().removeprefix(".")
    with _whole(path) as stream, house_style():
        figure.savefig(stream, format=kind, dpi=figure.dpi, metadata=NO_DATE[kind])


def can_hold_text(path: Path | None, over: bool = False) -> None:
    """Refuse a file that cannot be written, or that is there already unless it may be written over.

    Raises :class:`sim.errors.InputError`.
    """
    if path is None:
        return
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file")
    if path.exists() and not over:
        raise InputError(f"{path} is there already; name another file, or write over it with --force")
    _probe(path.absolute().parent, path)


def save_text(text: str, path: Path) -> None:
    """Write a text, whole or not at all."""
    save_bytes(text.encode("utf-8"), path)


def can_hold_document(path: Path, ending: str) -> None:
    """Refuse a name that no such document can have, before the work rather than after it.

    Raises :class:`sim.errors.InputError`.
    """
    if path.suffix.lower() != ending:
        raise InputError(f"{path} is no name of such a file; one that ends in {ending} would be right")
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file that ends in {ending}")
    if path.exists():
        try:
            path.open("r+b").close()
        except OSError as error:
            raise InputError(
                f"{path} cannot be written over ({error.strerror}), and may be open in another program; "
                "closing it, or another name, would be right"
            ) from None
    _probe(path.absolute().parent, path)


def save_bytes(content: bytes, path: Path) -> None:
    """Write a document, whole or not at all; what was there before stays until the new one is complete.

    Raises :class:`sim.errors.InputError` where it cannot be written.
    """
    try:
        with _whole(path) as stream:
            stream.write(content)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror or error}), and may be open in another program; what was there "
            "before is untouched; another name would be right"
        ) from None


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A stream into a file that takes the name only once it is complete; what was there before stays until then."""
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.stem}-", suffix=path.suffix)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        part.chmod(0o666 & ~_umask())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The permissions that new files are not to have; the system tells them only by changing them."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
