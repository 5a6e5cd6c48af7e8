"""Native charts of PowerPoint: every number in their own workbook, as it is, and rounded by its format alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.present.client.topic import NO_MARK, Chart, Series
from sim.present.deck import marks
from sim.present.deck.template import EMU, Box
from sim.present.measures import Scale

if TYPE_CHECKING:
    from pptx.slide import Slide

SMALL = 12
"""Points of every word in a chart."""
BASE, GAIN, LOSS, SUM, LABEL = "Base (invisible)", "Raises", "Lowers", "Result", "Label (invisible)"
"""Series of a bridge; what lies below zero has series of its own, with this behind the name:"""
BELOW = ", below zero"


def add_chart(slide: Slide, chart: Chart, box: Box) -> Any:
    """Put a chart on a slide, with its alternative text; gives its frame."""
    draw = {"columns": _columns, "lines": _lines, "waterfall": _waterfall, "map": _map, "tornado": _tornado}[chart.kind]
    frame = draw(slide, chart, box)
    made = frame.chart
    made.font.size = _points(SMALL)
    if not made.has_title:
        made.has_title = False
    marks.describe(frame, chart.name, chart.alt)
    return frame


def number_format(scale: Scale, *, signed: bool = False, blank_zero: bool = False) -> str:
    """How a number of the axis is written: thousands as ``#,##0.0,``, shares in per cent; zero blank if wished."""
    tail = {1e3: ",", 1e6: ",,"}.get(scale.by, "")
    percent = "%" if scale.by == 0.01 else ""
    figure = "#,##0" + ("." + "0" * scale.decimals if scale.decimals else "") + tail + percent
    plus = "+" if signed else ""
    return f'{plus}{figure};"−"{figure};{"" if blank_zero else "0" + percent}'


def _points(size: float) -> Any:
    from pptx.util import Pt

    return Pt(size)


def _frame(slide: Any, kind: str, data: Any, box: Box) -> Any:
    from pptx.enum.chart import XL_CHART_TYPE

    place = [round(one * EMU) for one in (box.left, box.top, box.width, box.height)]
    frame = slide.shapes.add_chart(getattr(XL_CHART_TYPE, kind), *place, data)
    frame.chart.has_legend = False
    frame.chart.has_title = False
    return frame


def _workbook(kind: str, form: str) -> Any:
    """The numbers of a chart, as python-pptx takes them."""
    from pptx.chart import data

    return getattr(data, kind)(number_format=form)


def _table(chart: Chart, scale: Scale, series: list[tuple[str, tuple[float | None, ...]]]) -> Any:
    data = _workbook("CategoryChartData", number_format(scale))
    data.categories = chart.categories
    for name, values in series:
        data.add_series(name, values)
    return data


def _axes(made: Any, chart: Chart, *, names: str = "", every: int | None = None) -> None:
    """Titles, thin lines and formats of the axes; names of categories stand below all bars."""
    from pptx.enum.chart import XL_TICK_LABEL_POSITION, XL_TICK_MARK

    value, category = made.value_axis, made.category_axis
    value.major_gridlines.format.line.color.rgb = marks.rgb("#D9D9D9")
    value.major_gridlines.format.line.width = _points(0.75)
    value.format.line.fill.background()
    value.tick_labels.number_format = number_format(chart.scale._replace(decimals=_fewer(chart)))
    value.tick_labels.number_format_is_linked = False
    marks.axis_title(value, chart.unit)
    category.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    category.major_tick_mark = XL_TICK_MARK.NONE
    category.format.line.color.rgb = marks.rgb("#595959")
    category.has_major_gridlines = False
    marks.level(category)
    if names:
        marks.axis_title(category, names)
    if every is not None:
        marks.every(category, every)


def _fewer(chart: Chart) -> int:
    """Decimals of an axis: fewer than those of single figures where the numbers reach far."""
    values = [abs(v) / chart.scale.by for one in chart.series for v in one.values if v is not None]
    largest = max(values, default=0.0)
    if chart.scale.by == 0.01 or largest >= 10.0:
        return 0
    return 1 if largest >= 0.5 else 2


def _columns(slide: Any, chart: Chart, box: Box) -> Any:
    series = chart.series[0]
    labelled = bool(chart.labels)
    names = [f"{name}: {label}" for name, label in zip(chart.categories, chart.labels, strict=True)] if labelled else (
        list(chart.categories)
    )  # fmt: skip
    from dataclasses import replace

    data = _table(replace(chart, categories=tuple(names)), chart.scale, [(series.name, series.values)])
    frame = _frame(slide, "COLUMN_CLUSTERED", data, box)
    made, plot = frame.chart, frame.chart.plots[0]
    plot.gap_width = 60 if labelled else 30
    every = None if labelled or len(names) <= 12 else math.ceil(len(names) / 10)
    _axes(made, chart, names="" if labelled else chart.across, every=every)
    drawn = plot.series[0]
    marks.fill(drawn.format, "trusted")
    drawn.invert_if_negative = False
    for place, value in enumerate(series.values):
        if value is not None and value < 0.0:
            marks.fill(drawn.points[place].format, "extractive")
    _scaled(made.value_axis, chart)
    if series.low and all(math.isfinite(one) for one in (*series.low, *series.high)):
        marks.error_bars(drawn, series, chart.scale)
    return frame


def _lines(slide: Any, chart: Chart, box: Box) -> Any:
    """Lines over months, as a scatter: only there is the axis of months one of numbers."""
    from pptx.enum.chart import XL_MARKER_STYLE, XL_TICK_LABEL_POSITION

    data = _workbook("XyChartData", number_format(chart.scale))
    months = [float(month) for month in chart.categories]
    for one in chart.series:
        points = data.add_series(one.name)
        for month, value in zip(months, one.values, strict=True):
            if value is not None:
                points.add_data_point(month, value)
    frame = _frame(slide, "XY_SCATTER_LINES_NO_MARKERS", data, box)
    made = frame.chart
    _axes(made, chart)
    marks.axis_title(made.category_axis, chart.across)
    across = made.category_axis
    across.minimum_scale, across.maximum_scale = 0.0, max(1.0, months[-1])
    across.major_unit = 12.0 * max(1, round(months[-1] / 72)) if months[-1] >= 24 else 1.0 if months[-1] <= 8 else 6.0
    across.tick_labels.number_format, across.tick_labels.number_format_is_linked = "0", False
    low, high = _scaled(made.value_axis, chart)
    made.value_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    aside, below = 0.95 / box.width, 0.8 / box.height
    room = Box(aside, 0.04, 1.0 - aside - marks.label_room(chart, box.width), 0.96 - below)
    marks.inner_plot(made, room)
    for one, drawn in zip(chart.series, made.plots[0].series, strict=True):
        drawn.smooth = False
        drawn.marker.style = XL_MARKER_STYLE.NONE
        marks.stroke(drawn.format, one.role, 1.25 if one.quiet else 2.5, dashed=one.dashed or one.role != "trusted",
                     dotted=one.role == "uniform" and not one.quiet)  # fmt: skip
    marks.end_labels(made, chart, room, box, low, high)
    return frame


def _scaled(axis: Any, chart: Chart) -> tuple[float, float]:
    """Give the upright axis round limits that hold zero, all values and the ends of their intervals."""
    values = [value for one in chart.series for value in (*one.values, *one.low, *one.high) if value is not None]
    values = [value for value in values if math.isfinite(value)]
    low, high = min([*values, 0.0]), max([*values, 0.0])
    if chart.scale.by == 1.0 and chart.scale.decimals == 2 and low >= 0.0 and high <= 1.0:
        low, high = 0.0, 1.0  # trust
    elif high == low:
        high = low + 1.0
    low, high, step = _round_limits(low, high)
    axis.minimum_scale, axis.maximum_scale, axis.major_unit = low, high, step
    return low, high


def _round_limits(low: float, high: float) -> tuple[float, float, float]:
    """Limits that hold a range and are multiples of a round step, and that step."""
    step = 10.0 ** math.floor(math.log10((high - low) / 4.0))
    step *= next(times for times in (1.0, 2.0, 2.5, 5.0, 10.0) if (high - low) / (step * times) <= 5.5)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step


def _waterfall(slide: Any, chart: Chart, box: Box) -> Any:
    start, change = (one.values for one in chart.series)
    pieces = bridge_pieces(start, change)
    reach = [abs(one or 0.0) for name, values in pieces for one in values if name != LABEL]
    tall = 0.02 * max(reach, default=1.0)
    tops = [max((b or 0.0), (b or 0.0) + (c or 0.0)) for b, c in zip(start, change, strict=True)]
    above = tuple(tall if top > 0.0 else None for top in tops)
    below = tuple(None if top > 0.0 else -tall for top in tops)
    series = [*pieces, (LABEL, above)]
    if any(one is not None for one in below):
        series.append((LABEL + BELOW, below))
    frame = _frame(slide, "COLUMN_STACKED", _table(chart, chart.scale, series), box)
    made, plot = frame.chart, frame.chart.plots[0]
    plot.gap_width, plot.overlap = 45, 100
    _axes(made, chart)
    for (name, values), drawn in zip(series, plot.series, strict=True):
        drawn.invert_if_negative = False
        kind = name.removesuffix(BELOW)
        if kind in (BASE, LABEL):
            marks.invisible(drawn)
        else:
            marks.fill(drawn.format, {GAIN: "trusted", LOSS: "extractive", SUM: "text"}[kind])
        if kind == LABEL:
            for place, value in enumerate(values):
                if value is not None:
                    marks.label(drawn, place, chart.labels[place], "inBase", bold=place == len(chart.labels) - 1)
    return frame


def bridge_pieces(
    start: tuple[float | None, ...], change: tuple[float | None, ...]
) -> list[tuple[str, tuple[float | None, ...]]]:
    """The series that stacked columns need to show floating bars, also across and below zero.

    Above zero an invisible base and the bar add up to the upper end, below zero to the lower end; the series that are
    empty are left out.
    """
    count, last = len(start), len(start) - 1
    found: dict[str, list[float | None]] = {}
    for place, (begin, step) in enumerate(zip(start, change, strict=True)):
        low, high = sorted((begin or 0.0, (begin or 0.0) + (step or 0.0)))
        kind = SUM if place == last else GAIN if (step or 0.0) >= 0.0 else LOSS
        for name, base, bar in (
            ("", max(low, 0.0), max(high, 0.0) - max(low, 0.0)),
            (BELOW, min(high, 0.0), min(low, 0.0) - min(high, 0.0)),
        ):  # fmt: skip
            for series, value in ((BASE + name, base), (kind + name, bar)):
                if value != 0.0:
                    found.setdefault(series, [None] * count)[place] = value
    order = [kind + side for side in ("", BELOW) for kind in (BASE, GAIN, LOSS, SUM)]
    return [(name, tuple(found[name])) for name in order if name in found] or [(SUM, (0.0,) * count)]


def _tornado(slide: Any, chart: Chart, box: Box) -> Any:
    from dataclasses import replace

    from pptx.enum.chart import XL_LEGEND_POSITION

    turned = replace(chart, categories=chart.categories[::-1])  # bars are drawn from below
    data = _table(turned, chart.scale, [(one.name, one.values[::-1]) for one in chart.series])
    frame = _frame(slide, "BAR_CLUSTERED", data, box)
    made, plot = frame.chart, frame.chart.plots[0]
    same = any((a or 0.0) * (b or 0.0) > 0.0 for a, b in zip(*(one.values for one in chart.series), strict=True))
    plot.gap_width, plot.overlap = (45, 0) if same else (45, 100)
    _axes(made, chart)
    made.has_legend = True
    made.legend.position, made.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    for one, drawn in zip(chart.series, plot.series, strict=True):
        drawn.invert_if_negative = False
        marks.fill(drawn.format, one.role)
        labels = drawn.data_labels
        labels.show_value, labels.number_format_is_linked = True, False
        labels.number_format = number_format(chart.scale, signed=True, blank_zero=True)
        marks.outside(labels)
    return frame


def _map(slide: Any, chart: Chart, box: Box) -> Any:
    from pptx.enum.chart import XL_LEGEND_POSITION, XL_MARKER_STYLE, XL_TICK_LABEL_POSITION

    data = _workbook("XyChartData", "General")
    for one in chart.series:
        points = data.add_series(one.name)
        for x, y in zip(one.x, one.values, strict=True):
            if y is not None:
                points.add_data_point(x, y)
    frame = _frame(slide, "XY_SCATTER_LINES_NO_MARKERS", data, box)
    made = frame.chart
    _axes(made, chart)
    made.value_axis.tick_labels.number_format = number_format(chart.scale)
    made.category_axis.tick_labels.number_format = number_format(chart.x_scale)
    made.category_axis.tick_labels.number_format_is_linked = False
    marks.axis_title(made.category_axis, chart.across)
    assert chart.x_range is not None
    assert chart.y_range is not None
    for axis, (low, high) in ((made.category_axis, chart.x_range), (made.value_axis, chart.y_range)):
        axis.minimum_scale, axis.maximum_scale, axis.major_unit = _round_limits(low, high)
        axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        marks.crosses_at_minimum(axis)
    made.has_legend = True
    made.legend.position, made.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    shapes = {"o": XL_MARKER_STYLE.CIRCLE, "s": XL_MARKER_STYLE.SQUARE, "D": XL_MARKER_STYLE.DIAMOND}
    for one, drawn in zip(chart.series, made.plots[0].series, strict=True):
        drawn.smooth = False
        if one.marker == NO_MARK:
            drawn.format.line.fill.background()
            drawn.marker.style = XL_MARKER_STYLE.NONE
        elif one.marker:
            drawn.format.line.fill.background()
            drawn.marker.style, drawn.marker.size = shapes[one.marker], 8 if one.quiet else 14
            marks.fill(drawn.marker.format, one.role)
            drawn.marker.format.line.color.rgb = marks.rgb("#FFFFFF")
        else:
            drawn.marker.style = XL_MARKER_STYLE.NONE
            marks.stroke(drawn.format, one.role, 1.25 if one.quiet else 2.5, dashed=one.dashed)
        if one.label:
            where = "t" if one.marker == NO_MARK else _free_side(chart, one)
            if where:
                marks.label(drawn, 0, one.label, where, bold=True)
    marks.once_in_legend(made, ["" if one.marker == NO_MARK else one.name for one in chart.series])
    return frame


def _free_side(chart: Chart, own: Series) -> str:
    """On which side of a point of the map its label covers nothing: right, left, above, below; empty for none."""
    assert chart.x_range is not None
    assert chart.y_range is not None
    (left, right), (low, high) = chart.x_range, chart.y_range

    def place(x: float, y: float) -> tuple[float, float]:
        return (x - left) / (right - left), (y - low) / (high - low)

    others = [place(x, y) for one in chart.series if one is not own for x, y in zip(one.x, one.values, strict=True)
              if y is not None]  # fmt: skip
    x, y = place(own.x[0], own.values[0] or 0.0)
    wide, tall, away = 0.19, 0.07, 0.03  # of a label, as shares of the panel
    sides = {
        "r": (x + away, y - tall / 2), "l": (x - away - wide, y - tall / 2),
        "t": (x - wide / 2, y + away), "b": (x - wide / 2, y - away - tall),
    }  # fmt: skip

    def covered(corner: tuple[float, float]) -> float:
        a, b = corner
        beyond = max(0.0, -a) + max(0.0, a + wide - 1.0) + max(0.0, -b) + max(0.0, b + tall - 1.0)
        return 100.0 * beyond + sum(a <= p <= a + wide and b <= q <= b + tall for p, q in others)

    best = min(sides, key=lambda side: covered(sides[side]))
    return best if covered(sides[best]) == 0.0 else ""


__all__ = ["Series", "add_chart", "bridge_pieces", "number_format"]
