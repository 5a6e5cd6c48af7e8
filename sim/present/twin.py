"""The text twin of a picture: what it shows, in words and rounded numbers, so that a test can tell that it changed.

A notebook's test compares text and leaves pictures out. The twin of a figure names every series with its colour
and ends with a digest of all that is plotted, rounded to four digits so that it is the same on every machine.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.present.house import house_style, render

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DIGITS = 4


def bundle(figure: Figure, alt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A picture for a notebook: PNG and text twin by MIME type, and the alternative text as metadata."""
    data = {
        "image/png": base64.b64encode(render(figure)).decode("ascii"),
        "text/plain": f"{alt}\n{figure_digest(figure)}",
    }
    return data, {"image/png": {"alt": alt}}


def figure_digest(figure: Figure) -> str:
    """What a figure shows: one line for each series that is plotted, and a digest of all of them and all words.

    A changed number (by more than about a ten-thousandth of its series' largest), colour, line style or word changes
    the digest; where things stand on the canvas does not.
    """
    from matplotlib.text import Text

    with house_style():
        figure.draw_without_rendering()  # ticks get their words only now
    told: list[str] = []
    everything: list[str] = []
    for axes in figure.axes:
        title = " ".join(axes.get_title(loc="left").split() or axes.get_title().split()) or "panel"
        unit = " ".join(axes.get_ylabel().split())
        told.append(f"[{title}; {unit}]" if unit else f"[{title}]")
        limits = _rounded(np.array([*axes.get_xlim(), *axes.get_ylim()]))
        everything.append(f"{title}|{unit}|{axes.get_xlabel()}|{axes.get_xscale()}|{axes.get_yscale()}|{limits}")
        for axis in (axes.xaxis, axes.yaxis):
            ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=False)
            everything += [f"{place:.4g} is {label.get_text()}" for place, label in ticks]
        for name, looks, values in _series(axes):
            told.append(f"  {name}: {_told(values)}")
            everything.append(f"{name}|{looks}|{_rounded(values)}")
    everything += sorted({_word(text) for text in figure.findobj(Text) if _read(text)})
    digest = hashlib.sha256("\n".join(everything).encode()).hexdigest()[:16]
    return "\n".join([*told, f"digest {digest}"])


def _read(text: Any) -> bool:
    return bool(text.get_visible() and text.get_text().strip())


def _word(text: Any) -> str:
    """A text with its colour and, for a label of something in a panel, what it belongs to."""
    at = " ".join(f"{float(one):.4g}" for one in getattr(text, "xy", ()))
    return f"{text.get_text()}|{_colour(text.get_color())}|{at}"


def _series(axes: Axes) -> list[tuple[str, str, np.ndarray]]:
    """Name, looks and numbers of everything that stands for data in a panel."""
    from matplotlib.collections import Collection
    from matplotlib.image import AxesImage
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.spines import Spine

    found = []
    for artist in axes.get_children():
        if not artist.get_visible() or artist is axes.patch or isinstance(artist, Spine):
            continue
        if isinstance(artist, Line2D):
            values = np.asarray(artist.get_xydata(), dtype=float)
            stroke = f"{artist.get_linestyle()} {artist.get_linewidth():g} {artist.get_marker()}"
            looks = f"{_colour(artist.get_color())} {stroke}"
            found.append((_name(artist, "line"), looks, values))
        elif isinstance(artist, Patch):
            vertices = artist.get_patch_transform().transform(artist.get_path().vertices)
            looks = f"{_colour(artist.get_facecolor())} {_colour(artist.get_edgecolor())} {artist.get_hatch()}"
            found.append((_name(artist, "bar"), looks, np.asarray(vertices, dtype=float)))
        elif isinstance(artist, AxesImage | Collection):
            found.append((_name(artist, "image" if isinstance(artist, AxesImage) else "area"), *_mapped(artist)))
    return found


def _mapped(artist: Any) -> tuple[str, np.ndarray]:
    """Looks and numbers of an image, or of a collection such as a band, a scatter or a mesh."""
    if hasattr(artist, "get_extent"):
        looks, where = "", np.asarray(artist.get_extent(), dtype=float)[:, None]
    else:
        looks = f"{_colour(artist.get_facecolor())} {_colour(artist.get_edgecolor())} {artist.get_alpha()}"
        corners = [np.asarray(path.vertices, dtype=float) for path in artist.get_paths()]
        offsets: np.ndarray = np.ma.filled(np.ma.asarray(artist.get_offsets(), dtype=float), np.nan)
        if offsets.any():  # points of a scatter, which all have the same outline
            looks, corners = f"{looks} {[_rounded(corner) for corner in corners]}", [offsets]
        where = np.concatenate([*corners, np.zeros((0, 2))])
    array = artist.get_array()
    if array is None:
        return looks, where
    coloured = f"{artist.get_cmap().name} {_rounded(np.asarray(artist.get_clim(), dtype=float))}"
    return f"{looks} {coloured} {_rounded(where)}", np.ma.filled(np.ma.asarray(array, dtype=float), np.nan).ravel()


def _name(artist: Artist, kind: str) -> str:
    label = str(artist.get_label())
    return kind if not label or label.startswith("_") else f"{kind} {label!r}"


def _colour(colour: Any) -> str:
    from matplotlib.colors import to_hex, to_rgba_array

    return " ".join(to_hex(one, keep_alpha=True) for one in to_rgba_array(colour)[:64])


def _told(values: np.ndarray) -> str:
    """A series in a few numbers: how many, from where to where, lowest and highest."""
    height = values[:, 1] if values.ndim == 2 else values
    height = height[np.isfinite(height)]
    if not len(height):
        return "nothing"
    first, last, low, high = (f"{one + 0.0:.3g}" for one in (height[0], height[-1], height.min(), height.max()))
    return f"{len(values)} points from {first} to {last}, lowest {low}, highest {high}"


def _rounded(values: np.ndarray) -> str:
    """Numbers to four digits of the largest in their column."""
    table = values if values.ndim == 2 else values[:, None]
    columns = []
    for column in table.T:
        finite = np.abs(column[np.isfinite(column)])
        largest = float(finite.max()) if len(finite) else 0.0
        places = DIGITS - 1 - int(np.floor(np.log10(largest))) if largest > 0.0 else 0
        columns.append(" ".join(f"{one:.6g}" for one in np.round(column, places) + 0.0))
    return ";".join(columns)
