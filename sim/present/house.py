"""The house style as Matplotlib's settings, and the picture as PNG."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_one_at_a_time = threading.RLock()


@contextmanager
def house_style() -> Iterator[None]:
    """Matplotlib's settings as they are in ``roi.mplstyle``, whatever the user has set; one thread at a time."""
    from matplotlib import style

    with _one_at_a_time, style.context(Path(__file__).with_name("roi.mplstyle"), after_reset=True):
        yield


def render(figure: Figure, sharper: float = 1.0) -> bytes:
    """The picture as PNG; the same picture gives the same bytes. ``sharper`` times as many pixels each way."""
    buffer = BytesIO()
    with house_style():
        figure.savefig(buffer, format="png", dpi=sharper * figure.dpi, metadata={"Software": None})
    return buffer.getvalue()
