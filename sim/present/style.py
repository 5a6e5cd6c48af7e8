"""House style of the pictures: who has which colour, title with the finding, footer with what identifies the result."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.present.labels import fitted, short
from sim.present.twin import bundle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.scenario import Scenario

DASHED, DASH_DOT = (0.0, (5.0, 1.8)), (0.0, (6.0, 1.6, 1.2, 1.6))
ROLES: dict[str, tuple[str, Any]] = {
    "trusted": ("#12436D", "solid"),
    "extractive": ("#F46A25", DASHED),
    "uniform": ("#767676", DASH_DOT),
}
"""Colour and line style of each kind of firm. The two always go together, so that nothing hangs on colour alone."""

TEXT, QUIET = "#222222", "#555555"
OTHER_DASHES: tuple[Any, ...] = (
    (0.0, (1.2, 1.4)),
    (0.0, (9.0, 2.0)),
    (0.0, (3.0, 1.2)),
    (0.0, (9.0, 1.5, 1.2, 1.5, 1.2, 1.5)),
)
ROLE_MARKERS = {"trusted": "o", "uniform": "s", "extractive": "D"}
OTHER_MARKERS = "^vPX<>ph*"
PAD = 0.12  # inches between the picture's edge and its title and footer


class Look(NamedTuple):
    """How a firm is drawn."""

    colour: str
    dash: Any
    marker: str


def looks(scenario: Scenario) -> dict[str, Look]:
    """How each firm is drawn: colour and line style of its kind; further firms of a kind differ in all three."""
    return looks_of({name: firm.strategy.kind for name, firm in scenario.firms.items()})


def looks_of(kinds: Mapping[str, str]) -> dict[str, Look]:
    """How firms or strategies are drawn, from the kind of each."""
    seen: dict[str, int] = {}
    found = {}
    others = OTHER_MARKERS + "".join(mark for kind, mark in ROLE_MARKERS.items() if kind not in kinds.values())
    more = 0
    for name, kind in kinds.items():
        (colour, dash), marker = ROLES[kind], ROLE_MARKERS[kind]
        nth = seen[kind] = seen.get(kind, -1) + 1
        if nth:
            colour, dash = shade(colour, nth % 3), OTHER_DASHES[(nth - 1) % len(OTHER_DASHES)]
            marker = others[more % len(others)]
            more += 1
        found[name] = Look(colour, dash, marker)
    return found


def shade(colour: str, step: int) -> str:
    """A colour 0, 1 or 2 steps away that keeps a contrast of 3:1 to white: dark ones get lighter, others darker."""
    return _mixed(colour, 0.22 * step, 1.0 if contrast(colour) > 6.0 else 0.0)


def ink(colour: str) -> str:
    """The colour for words: dark enough to be read, with a contrast to white of 4.5:1 (WCAG 2.1, level AA)."""
    part = 0.0
    while contrast(_mixed(colour, part, 0.0)) < 4.5:
        part += 0.02
    return _mixed(colour, part, 0.0)


def contrast(colour: str) -> float:
    """Contrast of a colour to white, from 1 to 21 (WCAG 2.1)."""
    from matplotlib.colors import to_rgb

    light = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in to_rgb(colour)]
    return 1.05 / (0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] + 0.05)


def _mixed(colour: str, part: float, towards: float) -> str:
    """A colour with some white (``towards`` 1) or black (0) in it."""
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = (one + part * (towards - one) for one in to_rgb(colour))
    return str(to_hex((red, green, blue))).upper()


@cache
def _picture_class() -> type[Any]:
    """The class of our figures, made when first used: Matplotlib takes long to import."""
    from matplotlib.figure import Figure

    class Picture(Figure):
        """A figure that a notebook shows as it is, with its text twin."""

        alt = ""

        def __init__(self, width: float, height: float) -> None:
            super().__init__(figsize=(width, height))
            self.when_laid_out: list[Callable[[], None]] = []

        def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
            return bundle(self, self.alt)

    return Picture


def new_figure(width: float, height: float) -> Any:
    """An empty picture of that many inches, drawn without a screen and without Matplotlib's global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = _picture_class()(width, height)
    FigureCanvasAgg(figure)
    return figure


def finish(figure: Any, title: str, manifest: Mapping[str, Any], key: Sequence[Any] = ()) -> Figure:
    """Give a picture its title and footer, lay it out once and for all, and place the labels that depend on that.

    ``key`` are artists that explain marks, shown in one row above the footer.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure.alt = title
    width, height = figure.get_size_inches()
    room = width - 2 * PAD
    heading, size = fitted(figure, typographic(title), room, [13.0, 12.0, 11.0, 10.0], lines=2, weight="bold")
    line = size / 72.0 * 1.25
    figure.text(
        PAD / width, 1 - PAD / height, heading, size=size, weight="bold", color=TEXT, va="top", ha="left"
    ).set_in_layout(False)
    spare = 0.94  # small type is wider in a picture that is drawn sharper than it was laid out
    foot, small = fitted(figure, footer(manifest), spare * room, [7.5], lines=2)
    figure.text(PAD / width, PAD / height, foot, size=small, color=QUIET, va="bottom", ha="left").set_in_layout(False)
    below = PAD + (foot.count("\n") + 1) * small / 72.0 * 1.25
    above = PAD + (heading.count("\n") + 1) * line
    if key:
        figure.legend(
            handles=list(key), loc="lower left", bbox_to_anchor=(PAD / width, (below + 0.04) / height), ncols=len(key),
            columnspacing=1.6, handletextpad=0.3, borderpad=0.1, borderaxespad=0.0,
        ).set_in_layout(False)  # fmt: skip
        below += 0.22
    gap = 0.10
    figure.set_layout_engine(
        ConstrainedLayoutEngine(
            rect=(PAD / width, (below + gap) / height, room / width, 1.0 - (below + above + 2 * gap) / height),
            w_pad=0.05, h_pad=0.05, wspace=0.05, hspace=0.05,
        )
    )  # fmt: skip
    for _ in range(2):  # the second time with the ticks that the first has left room for
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    _settle(figure)
    for place in figure.when_laid_out:
        place()
    figure.when_laid_out.clear()
    return figure  # type: ignore[no-any-return]


def _settle(figure: Any) -> None:
    """Put the edges of all axes a little beyond whole pixels.

    The layout solves for them and puts them on halves of pixels, give or take a last bit that differs from run to run;
    what is drawn there would be rounded now to one side and now to the other.
    """
    size = figure.get_size_inches() * figure.dpi
    for axes in figure.axes:
        edges = (np.floor(axes.get_position().get_points() * size + 0.3) + 0.2) / size
        axes.set_position([*edges[0], *(edges[1] - edges[0])])


def footer(manifest: Mapping[str, Any]) -> str:
    """What identifies a result, and what it is not, in one line; a fit to data brings a line of its own."""
    if "footer" in manifest:
        return str(manifest["footer"])
    n = manifest["replications"]
    return (
        f"Scenario {short(str(manifest['scenario']), 60)}, hash {manifest['hash']}, seed {manifest['seed']}, "
        f"{n} replication{'' if n == 1 else 's'}, version {manifest['version']}. Explores assumptions; no forecast."
    )


def typographic(text: str) -> str:
    """Minus signs instead of hyphens before numbers."""
    return re.sub(r"(?<![^\s(])-(?=\d)", "\u2212", text)


def heading(axes: Axes, title: str, unit: str) -> None:
    """Title of one panel; the unit of its upright axis is written across, above that axis."""
    axes.set_title(title)
    axes.set_ylabel(unit, rotation=0, ha="left", va="bottom")
    axes.yaxis.set_label_coords(0.0, 1.02)
