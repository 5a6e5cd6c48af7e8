"""Pictures in notebooks: shown with a text twin, so that a changed picture does not pass unnoticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.present.twin import bundle, figure_digest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["bundle", "figure_digest", "show"]


def show(figure: Figure, alt: str | None = None) -> None:
    """Show a figure with its alternative text: one or two sentences that say what it shows.

    Without ``alt`` the title of the picture is taken. Outside a notebook, the text twin is printed.
    """
    data, metadata = bundle(figure, alt if alt is not None else getattr(figure, "alt", ""))
    try:
        from IPython import get_ipython
    except ImportError:
        print(data["text/plain"])
        return
    if get_ipython() is None:
        print(data["text/plain"])
        return
    from IPython.display import display

    display(data, raw=True, metadata=metadata)  # type: ignore[no-untyped-call]
