"""What notebooks need: pictures with a text twin, so that a changed one does not pass unnoticed; published data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import InputError
from sim.present.twin import bundle, figure_digest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["bundle", "figure_digest", "published_data", "show"]

DATA = "PERSONALISATION_ROI_DATA"


def published_data(name: str) -> Path:
    """A file of the published data sets that the notebooks read, in the folder that the variable ``DATA`` names.

    The data belong to others and do not come with the package. Raises :class:`sim.errors.InputError` where they are
    missing.
    """
    folder = os.environ.get(DATA)
    if folder is None:
        raise InputError(f"the data of this notebook do not come with it; set {DATA} to the folder that holds {name}")
    path = Path(folder) / name
    if not path.is_file():
        raise InputError(f"there is no file {path}; {DATA} has to name the folder that holds {name}")
    return path


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
