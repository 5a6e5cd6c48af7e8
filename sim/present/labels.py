"""Words in pictures: fitting a line, shortening names, spreading labels, and finding those that collide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.present.house import house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

EDGE = "edge of the picture"


def short(text: str, most: int, tail: int | None = None) -> str:
    """Text of at most ``most`` characters; the middle is what is left out, before the last ``tail`` characters."""
    if len(text) <= most:
        return text
    end = (most - 1) // 2 if tail is None else tail
    return f"{text[: most - 1 - end].rstrip()}…{text[len(text) - end :].lstrip()}"


def short_names(names: Iterable[str], most: int = 22) -> dict[str, str]:
    """Names of about ``most`` characters, still different from each other: by what is left out, else by number."""
    whole = list(names)
    for tail in sorted(range(most - 1), key=lambda tail: abs(tail - (most - 1) // 2)):
        brief = [short(name, most, tail) for name in whole]
        if len(set(brief)) == len(whole):
            return dict(zip(whole, brief, strict=True))
    return {name: f"{short(name, most - 5)} ({place})" for place, name in enumerate(whole, 1)}


def fitted(
    figure: Figure, text: str, inches: float, sizes: Sequence[float], lines: int, **font: Any
) -> tuple[str, float]:
    """Text broken into at most ``lines`` lines of that width, in the largest of the sizes in which it fits.

    Where it fits in none, the end is left out in the last size. Gives the broken text and its size.
    """
    broken: list[str] = []
    for size in sizes:
        wide = _measure(figure, size, **font)
        broken = []
        for word in text.split():
            longer = f"{broken[-1]} {word}" if broken else word
            if broken and wide(longer) <= inches:
                broken[-1] = longer
            else:
                broken.append(word)
        if len(broken) <= lines and all(wide(line) <= inches for line in broken):
            return _balanced(text.split(), inches, wide) if len(broken) == 2 else "\n".join(broken), size
    wide = _measure(figure, sizes[-1], **font)
    kept = [_cut(line, inches, wide, always=False) for line in broken[:lines]]
    if len(broken) > lines:
        kept[-1] = _cut(" ".join(broken[lines - 1 :]), inches, wide, always=True)
    return "\n".join(kept), sizes[-1]


def _balanced(words: list[str], inches: float, wide: Callable[[str], float]) -> str:
    """Words in two lines of about the same length, rather broken after a colon, a semicolon or a comma."""
    best = (np.inf, "")
    for after in range(1, len(words)):
        first, second = " ".join(words[:after]), " ".join(words[after:])
        if wide(first) <= inches and wide(second) <= inches:
            unlike = abs(wide(first) - wide(second)) - (0.5 * inches if first[-1] in ":;," else 0.0)
            best = min(best, (unlike, f"{first}\n{second}"))
    return best[1]


def _measure(figure: Figure, size: float, **font: Any) -> Callable[[str], float]:
    from matplotlib.text import Text

    probe = Text(0, 0, "", size=size, figure=figure, **font)

    def inches(text: str) -> float:
        probe.set_text(text)
        return float(probe.get_window_extent().width / figure.dpi)

    return inches


def _cut(line: str, inches: float, wide: Callable[[str], float], *, always: bool) -> str:
    """A line without the end that does not fit."""
    if not always and wide(line) <= inches:
        return line
    while line and wide(f"{line}…") > inches:
        line = line[:-1]
    return f"{line.rstrip()}…"


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Centres of labels as near as possible to where they are wanted, without overlap, between ``low`` and ``high``.

    The least squares of the moves, found by pooling neighbours that collide; where there is too little room, the
    labels keep apart and reach beyond ``high``.
    """
    if not wanted:
        return []
    order = np.argsort(np.asarray(wanted), kind="stable")
    tall = np.asarray(heights, dtype=float)[order]
    below = np.cumsum(tall) - tall / 2.0  # centre of each label in a pile of all
    blocks: list[tuple[float, int]] = []
    for goal in np.asarray(wanted, dtype=float)[order] - below:
        blocks.append((float(goal), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (first, n), (second, m) = blocks[-2:]
            blocks[-2:] = [((first * n + second * m) / (n + m), n + m)]
    base = np.concatenate([np.full(n, value) for value, n in blocks])
    base = np.clip(base, low, max(low, high - tall.sum()))
    centres = np.empty(len(tall))
    centres[order] = base + below
    return [float(centre) for centre in centres]


def end_labels(figure: Any, axes: Axes, ends: Sequence[tuple[float, float, str, str]], size: float = 8.5) -> None:
    """Label lines at their ends, right of the axes: ``ends`` are x, y, text and colour of each.

    The labels are spread when the picture is laid out; a thin line leads to each that had to move.
    """
    labels = [
        axes.annotate(
            text, (1.0, y), xycoords=("axes fraction", "data"), xytext=(8, 0), textcoords="offset points",
            va="center", ha="left", color=colour, size=size, annotation_clip=False, linespacing=1.15,
        )
        for _, y, text, colour in ends
    ]  # fmt: skip

    def place() -> None:
        renderer = figure.canvas.get_renderer()
        point = figure.dpi / 72.0
        frame = axes.get_window_extent(renderer)
        wanted = [float(axes.transData.transform((x, y))[1]) for x, y, _, _ in ends]
        heights = [label.get_window_extent(renderer).height + 1.5 * point for label in labels]
        spare = max(0.0, sum(heights) - frame.height) / 2.0 + 4 * point
        centres = spread(wanted, heights, frame.y0 - spare, frame.y1 + spare)
        moved = [abs(new - old) > 1.5 * point for new, old in zip(centres, wanted, strict=True)]
        gap = 16.0 if any(moved) else 6.0
        for label, (x, y, _, colour), new, old in zip(labels, ends, centres, wanted, strict=True):
            rise = (new - old) / point
            label.set_position((gap, rise))
            right = axes.get_xlim()[1]
            thin = {"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 0, "shrinkB": 0}
            if x < right:
                axes.annotate("", (x, y), xytext=(right, y), arrowprops=thin, annotation_clip=False)
            if abs(rise) > 1.5:
                axes.annotate(
                    "", (right, y), xytext=(gap - 2.0, rise), textcoords="offset points", arrowprops=thin,
                    annotation_clip=False,
                )  # fmt: skip

    figure.when_laid_out.append(place)


def place_beside(
    figure: Any, axes: Axes, words: str, at: tuple[float, float], curves: np.ndarray, x: np.ndarray, size: float = 8.5
) -> None:
    """Put words near a point, where they cover none of the curves (shape (curves, x)) and the zero line.

    The place is chosen when the picture is laid out: of all places in the panel that are free, the nearest.
    """

    def place() -> None:
        renderer = figure.canvas.get_renderer()
        label = axes.text(0.5, 0.5, words, transform=axes.transAxes, size=size, color="#222222", ha="left", va="bottom")
        frame, box = axes.get_window_extent(renderer), label.get_window_extent(renderer)
        fine = np.linspace(x[0], x[-1], 400)
        lines = np.stack([np.interp(fine, x, curve) for curve in curves])
        shut = np.stack([lines.min(axis=0), lines.max(axis=0)])  # the band is one obstacle, the zero line another
        pixels = [axes.transData.transform(np.column_stack([fine, edge])) for edge in (*shut, np.zeros_like(fine))]
        across, bottom, top, zero = pixels[0][:, 0], pixels[0][:, 1], pixels[1][:, 1], pixels[2][0, 1]
        point = axes.transData.transform(at)
        air = 4.0 * figure.dpi / 72.0
        best = (np.inf, frame.x0 + air, frame.y0 + air)
        for left in np.linspace(frame.x0 + air, max(frame.x0 + air, frame.x1 - box.width - air), 60):
            under = (across >= left - air) & (across <= left + box.width + air)
            floor, ceiling = bottom[under].min() - air, top[under].max() + air
            for low_edge in np.linspace(frame.y0 + air, frame.y1 - box.height - air, 60):
                high_edge = low_edge + box.height
                clash = max(0.0, min(high_edge, ceiling) - max(low_edge, floor))
                clash += max(0.0, min(high_edge, zero + air) - max(low_edge, zero - air))
                away = np.hypot(left + box.width / 2 - point[0], 2.0 * (low_edge + box.height / 2 - point[1]))
                best = min(best, (float(away + 1e4 * clash), float(left), float(low_edge)))
        spot = axes.transAxes.inverted().transform(best[1:])
        label.set_position((float(spot[0]), float(spot[1])))

    figure.when_laid_out.append(place)


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that overlap, and texts that leave the picture (paired with :data:`EDGE`).

    Ticks that lie outside the view are drawn by nobody and do not count.
    """
    with house_style():
        figure.draw_without_rendering()
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in drawn_texts(figure)]
    found = []
    canvas = figure.bbox
    for number, (text, box) in enumerate(boxes):
        if box.x0 < canvas.x0 or box.y0 < canvas.y0 or box.x1 > canvas.x1 or box.y1 > canvas.y1:
            found.append((text, EDGE))
        for other, second in boxes[number + 1 :]:
            across = min(box.x1, second.x1) - max(box.x0, second.x0)
            upright = min(box.y1, second.y1) - max(box.y0, second.y0)
            if across > 1.0 and upright > 1.0:  # pixels; touching boxes leave the letters apart
                found.append((text, other))
    return found


def drawn_texts(figure: Figure) -> list[Text]:
    """The texts that a reader sees."""
    from matplotlib.text import Text

    ticks: set[Text] = set()
    seen: list[Text] = []
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            for tick in axis.get_major_ticks() + axis.get_minor_ticks():
                ticks |= {tick.label1, tick.label2}
            if not axes.get_visible() or not axis.get_visible():
                continue
            low, high = sorted(axis.get_view_interval())
            slack = (high - low) * 1e-9
            for tick in axis.get_major_ticks():
                if low - slack <= tick.get_loc() <= high + slack:
                    seen += [label for label in (tick.label1, tick.label2) if label.get_visible()]
    rest = [text for text in figure.findobj(Text) if text not in ticks and text.get_visible()]
    return [text for text in [*rest, *seen] if text.get_text().strip()]
