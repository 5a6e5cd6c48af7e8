"""The scale on which a survey was answered, and how many people gave which answer on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.calibrate.privacy.thresholds import Bands
from sim.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

KNOWN = ("0-100", "0-10", "1-5", "1-7")
STEPS = (25.0, 20.0, 10.0, 5.0)  # people often answer a scale of a hundred points in such steps
FINEST = 100  # a scale is divided into no more parts than this: nobody's answer means more
FEW_LEVELS = 21  # up to here every answer has a band of its own in pictures and tests; above, there are twelve
COARSE = 12  # levels, up to which an answer at the end may come from a lump as well as from the tail beside it


@dataclass(frozen=True)
class AnswerScale:
    """A scale from ``low`` to ``high``, both of them answers that can be given."""

    low: float
    high: float

    @property
    def name(self) -> str:
        """The ends, as people write them: "0-100"."""
        return f"{self.low:g}-{self.high:g}"

    def places(self, values: Floats) -> Floats:
        """Where on the scale values are, from 0 to 1."""
        return np.asarray((values - self.low) / (self.high - self.low))

    def parts(self, values: Floats) -> int:
        """Into how many equal parts the answers divide the scale; whoever answers in tens divides 0-100 into ten."""
        span = float(self.high - self.low)
        offsets = values - self.low
        for step in (*(STEPS if span > max(STEPS) else ()), 1.0):
            if not (span % step or (offsets % step).any()) and span / step <= FINEST:
                return int(np.rint(span / step))
        gap = float(np.diff(np.unique(offsets)).min(initial=span))
        return min(FINEST, max(1, int(np.rint(span / gap))))


@dataclass(frozen=True)
class Tally:
    """How many people gave which answers.

    ``first`` and ``last`` are the answers that fall into each band, on the scale of the survey; ``bands`` are the
    same from 0 to 1, with the counts.
    """

    scale: AnswerScale
    first: Floats
    last: Floats
    bands: Bands

    @property
    def coarse(self) -> bool:
        """Whether the answers cannot tell a lump at an end from the tail of a distribution."""
        low, high = self.bands.low, self.bands.high
        return len(low) <= COARSE and not (high[0] == 0.0 or low[-1] == 1.0)

    def scaled(self, factor: float) -> Tally:
        """The same answers, counted with a factor."""
        bands = Bands(self.bands.low, self.bands.high, self.bands.count * factor)
        return Tally(self.scale, self.first, self.last, bands)

    def gathered(self) -> Tally:
        """In few bands, as pictures and tests need them: the ends of a fine scale, and ten between them."""
        levels = len(self.first)
        if levels <= FEW_LEVELS:
            return self
        inner = np.array([1 + k * (levels - 1) // 10 for k in range(10)])
        starts = np.unique(np.concatenate([[0], inner, [levels - 1]]))
        ends = np.append(starts[1:], levels) - 1
        bands = Bands(self.bands.low[starts], self.bands.high[ends], np.add.reduceat(self.bands.count, starts))
        return Tally(self.scale, self.first[starts], self.last[ends], bands)


def tally(scale: AnswerScale, scores: Floats, weights: Floats, parts: int) -> Tally:
    """Count answers, each of which stands for all that is nearer to it than to the next possible answer."""
    level = np.rint(scale.places(scores) * parts).astype(int)
    edges = np.concatenate([[0.0], (np.arange(parts) + 0.5) / parts, [1.0]])
    answers = scale.low + np.arange(parts + 1) * (scale.high - scale.low) / parts
    count = np.bincount(level, weights, parts + 1).astype(float)
    return Tally(scale, answers, answers, Bands(edges[:-1], edges[1:], count))


def tally_of_bands(first: Floats, last: Floats, count: Floats, scale: AnswerScale | None, source: str) -> Tally:
    """Count published bands of answers.

    Bands may touch (0 to 10, 10 to 20) or be one apart (1 to 3, 4 to 6), where the border is half-way. A band of the
    lowest answer alone, followed by one that begins there, holds those at the end proper; likewise at the top.

    Raises :class:`InputError` for bands that overlap, leave gaps, or do not cover the scale.
    """
    order = np.lexsort((last, first))
    first, last, count = first[order], last[order], count[order]
    turned = np.flatnonzero(first > last)
    if len(turned):
        raise InputError(f"{source}: the band from {first[turned[0]]:g} to {last[turned[0]]:g} ends before it begins")
    gaps = first[1:] - last[:-1]
    wrong = np.flatnonzero((gaps < 0.0) | (gaps > 1.0))
    if len(wrong):
        k = wrong[0]
        raise InputError(
            f"{source}: the bands {first[k]:g} to {last[k]:g} and {first[k + 1]:g} to {last[k + 1]:g} "
            f"{'overlap' if gaps[k] < 0 else 'leave a gap'}; "
            "each has to begin where the one before it ends, or one later"
        )
    covered = AnswerScale(float(first[0]), float(last[-1]))
    if covered.low >= covered.high:
        raise InputError(f"{source}: the bands cover nothing but {covered.low:g}; give all bands of the scale")
    if scale is not None and scale != covered:
        raise InputError(
            f"{source}: the bands cover {covered.name}, but the scale is {scale.name}; give all of its bands"
        )
    borders = covered.places((first[1:] + last[:-1]) / 2)
    edges = np.concatenate([[0.0], borders, [1.0]])
    return Tally(covered, first, last, Bands(edges[:-1], edges[1:], count))


def parse_scale(text: str) -> AnswerScale:
    """A scale from text such as "0-100", "1-5" or "1 to 10".

    Raises :class:`InputError` where the text has another form.
    """
    match = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*(?:-|–|to)\s*(-?\d+(?:\.\d+)?)\s*", text)
    if match is None or float(match[1]) >= float(match[2]):
        raise InputError(f"scale: {text!r} is no scale; give its lowest and highest answer, such as {', '.join(KNOWN)}")
    return AnswerScale(float(match[1]), float(match[2]))


def told_scale(values: Floats, source: str) -> AnswerScale:
    """The scale that answers were given on, where they leave no doubt.

    It is 1-5, 1-7 or 0-10 where all answers are whole numbers and both ends occur; and 0-100 where nothing is above
    100 and five different answers are above 10, so that a code for "no answer" such as 99 makes no scale.

    Raises :class:`InputError`, with the answers found, where they leave doubt.
    """
    found = np.unique(values)
    low, high = float(found[0]), float(found[-1])
    if np.array_equal(found, np.rint(found)) and f"{low:g}-{high:g}" in ("1-5", "1-7", "0-10"):
        return AnswerScale(low, high)
    if low >= 0.0 and high <= 100.0 and ((found > 10).sum() >= 5 or (low, high) == (0.0, 100.0)):
        return AnswerScale(0.0, 100.0)
    shown = [f"{value:g}" for value in found]
    listed = ", ".join(shown if len(shown) <= 12 else [*shown[:6], "…", *shown[-5:]])
    raise InputError(
        f"{source}: the scores found ({listed}) do not tell on which scale they were given; "
        f"give the scale with its lowest and highest answer, such as {', '.join(KNOWN)}"
    )
