"""Files for clients: a result as a presentation, a report or a workbook, whole or not at all."""

from __future__ import annotations

from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sim.errors import InputError
from sim.present import files
from sim.present.client.palette import Palette, palette

if TYPE_CHECKING:
    from sim.experiment.business_case import BusinessCase, Effort
    from sim.experiment.comparison import Comparison
    from sim.experiment.progress import Progress

    Result: TypeAlias = Comparison | BusinessCase | str | PathLike[str]

LIBRARIES = {
    "a presentation": ("pptx", "python-pptx"),
    "a report": ("jinja2", "Jinja2"),
    "a workbook": ("xlsxwriter", "XlsxWriter"),
}
"""What each file needs: the module, and the package that brings it."""


def needs(what: str) -> None:
    """Refuse to begin where a library is missing.

    Raises :class:`sim.errors.InputError`.
    """
    module, package = LIBRARIES[what]
    try:
        import_module(module)
    except ImportError:
        raise InputError(
            f'{what} needs the package {package}, which is not installed; pip install "personalisation-roi[report]" '
            "would install it"
        ) from None


def business_case_of(result: Result, effort: Effort | None = None, progress: Progress | None = None) -> BusinessCase:
    """The business case of a result: itself, or what is worked out around a comparison, with bounded effort.

    Raises :class:`sim.errors.InputError` for a folder without results that can be told.
    """
    # By name: a comparison that is asked for a file asks for its business case, which is made of comparisons.
    made: Any = import_module("sim.experiment.business_case")
    saved: Any = import_module("sim.present.saved")
    if isinstance(result, str | PathLike):
        if saved.is_case(Path(result)):
            return saved.load_case(result)  # type: ignore[no-any-return]
        loaded = saved.load_results(result)
        if not hasattr(loaded, "bridge"):
            raise InputError(
                f"{result} holds a map or drivers, and the story begins with a comparison; "
                "the results of roi compare --out would be right"
            )
        result = loaded
    if isinstance(result, made.BusinessCase):
        return result  # type: ignore[no-any-return]
    return made.around(result, effort=effort or made.STANDARD, progress=progress)  # type: ignore[no-any-return]


def to_deck(
    result: Result,
    path: str | PathLike[str],
    *,
    template: str | PathLike[str] | None = None,
    colours: Palette | str | PathLike[str] | None = None,
    accent: str | None = None,
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a result as a PowerPoint presentation with native charts; gives its path.

    ``template`` is a client's .pptx, whose layouts "Title Slide" and "Title Only" and whose theme are used;
    ``colours`` a file of colours (see :func:`sim.present.client.palette.palette`), ``accent`` the main colour alone.
    ``effort`` bounds the experiments that are run around a comparison, and ``progress(done, planned)`` counts their
    pairs of runs.

    Raises :class:`sim.errors.InputError` for input that cannot be used, a missing library, or a file that cannot be
    written; an earlier file stays as it was.
    """
    place = Path(path)
    needs("a presentation")
    files.can_hold_document(place, ".pptx")
    client, chosen = None if template is None else Path(template), _palette(colours, accent)
    from sim.present.deck.deck import deck
    from sim.present.deck.template import template as opened

    opened(client, chosen)  # before the work rather than after it
    files.save_bytes(deck(business_case_of(result, effort, progress), client, chosen).content, place)
    return place


def to_report(
    result: Result,
    path: str | PathLike[str],
    *,
    colours: Palette | str | PathLike[str] | None = None,
    accent: str | None = None,
    command: str | None = None,
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a result as one self-contained HTML page; gives its path.

    ``command`` is what the report names as the way to reproduce it. Everything else, and what is raised, is as in
    :func:`to_deck`.
    """
    place = Path(path)
    needs("a report")
    files.can_hold_document(place, ".html")
    chosen = _palette(colours, accent)
    from sim.present.report.report import report

    text = report(business_case_of(result, effort, progress), chosen or Palette(), command)
    files.save_bytes(text.encode("utf-8"), place)
    return place


def to_workbook(
    result: Result,
    path: str | PathLike[str],
    *,
    colours: Palette | str | PathLike[str] | None = None,
    accent: str | None = None,
    command: str | None = None,
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a result as an Excel workbook with live formulas from the books to the answer; gives its path.

    ``command`` is what the workbook names as the way to reproduce it. Everything else, and what is raised, is as in
    :func:`to_deck`; results that a sheet of Excel cannot hold are refused, too.
    """
    place = Path(path)
    needs("a workbook")
    files.can_hold_document(place, ".xlsx")
    chosen = _palette(colours, accent)
    from sim.present.workbook.workbook import workbook

    files.save_bytes(workbook(business_case_of(result, effort, progress), chosen or Palette(), command), place)
    return place


def _palette(colours: Palette | str | PathLike[str] | None, accent: str | None) -> Palette | None:
    if isinstance(colours, Palette):
        return colours
    return palette(None if colours is None else Path(colours), accent)
