"""What python-pptx has no words for: error bars, labels at the ends of lines, alternative texts, colours of a theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.present.deck.fitting import wide
from sim.present.deck.template import Box
from sim.present.labels import spread

if TYPE_CHECKING:
    from sim.present.client.topic import Chart, Series
    from sim.present.measures import Scale

THEME = {"trusted": "ACCENT_1", "extractive": "ACCENT_2", "uniform": "ACCENT_3", "text": "TEXT_1"}
LABEL_SIZE = 12.0


def rgb(colour: str) -> Any:
    """A colour of our own, for lines that nobody's theme is about."""
    from pptx.dml.color import RGBColor

    made: Any = RGBColor
    figures = colour.removeprefix("#")
    return made(*(int(figures[k : k + 2], 16) for k in (0, 2, 4)))


def theme_colour(role: str) -> Any:
    """The colour of a role in the presentation's theme."""
    from pptx.enum.dml import MSO_THEME_COLOR

    return getattr(MSO_THEME_COLOR, THEME[role])


def fill(form: Any, role: str) -> None:
    """Fill with the colour of a role."""
    form.fill.solid()
    form.fill.fore_color.theme_color = theme_colour(role)


def stroke(form: Any, role: str, points: float, *, dashed: bool = False, dotted: bool = False) -> None:
    """Draw a line in the colour of a role."""
    from pptx.enum.dml import MSO_LINE
    from pptx.util import Pt

    form.line.color.theme_color = theme_colour(role)
    form.line.width = Pt(points)
    if dotted:
        form.line.dash_style = MSO_LINE.DASH_DOT
    elif dashed:
        form.line.dash_style = MSO_LINE.DASH


def invisible(series: Any) -> None:
    """Draw neither the area nor the edge of a series."""
    series.format.fill.background()
    series.format.line.fill.background()


def describe(frame: Any, name: str, alt: str) -> None:
    """Name a shape, and say what it shows to those who do not see it."""
    told = frame._element.xpath("./p:nvGraphicFramePr/p:cNvPr | ./p:nvSpPr/p:cNvPr | ./p:nvPicPr/p:cNvPr")[0]
    told.set("name", name)
    told.set("descr", alt)


def axis_title(axis: Any, words: str) -> None:
    """Title of an axis in plain letters."""
    from pptx.util import Pt

    axis.has_title = True
    frame = axis.axis_title.text_frame
    frame.text = words
    font = frame.paragraphs[0].runs[0].font
    font.size, font.bold = Pt(LABEL_SIZE), False


def level(axis: Any) -> None:
    """Keep the names of categories level: they are broken into lines and never turned."""
    from pptx.util import Pt

    axis.tick_labels.font.size = Pt(LABEL_SIZE)
    for body in axis._element.xpath("./c:txPr/a:bodyPr"):
        body.set("rot", "0")
        body.set("vert", "horz")


def every(axis: Any, months: int) -> None:
    """Name one category in so many."""
    from pptx.oxml import parse_xml

    element = axis._element
    space = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    before = element.xpath("./c:noMultiLvlLbl")
    for name in ("tickLblSkip", "tickMarkSkip"):
        node = parse_xml(f'<c:{name} {space} val="{months}"/>')
        if before:
            before[0].addprevious(node)
        else:
            element.append(node)


def crosses_at_minimum(axis: Any) -> None:
    """Let the other axis stand at the low end of this one, wherever zero is."""
    from pptx.enum.chart import XL_AXIS_CROSSES

    axis.crosses = XL_AXIS_CROSSES.MINIMUM


def outside(labels: Any) -> None:
    """Labels beyond the ends of bars."""
    from pptx.enum.chart import XL_LABEL_POSITION
    from pptx.util import Pt

    labels.position = XL_LABEL_POSITION.OUTSIDE_END
    labels.font.size = Pt(LABEL_SIZE)


def label(series: Any, place: int, words: str, where: str, *, bold: bool = False) -> Any:
    """Words beside one point of a series; gives their element."""
    from pptx.enum.chart import XL_LABEL_POSITION
    from pptx.util import Pt

    positions = {"inBase": "INSIDE_BASE", "r": "RIGHT", "l": "LEFT", "t": "ABOVE", "b": "BELOW"}
    told = series.points[place].data_label
    frame = told.text_frame
    frame.text = words
    frame.word_wrap = False
    for paragraph in frame.paragraphs:
        for run in paragraph.runs:
            run.font.size, run.font.bold = Pt(LABEL_SIZE), bold
    told.position = getattr(XL_LABEL_POSITION, positions[where])
    return told._dLbl


def error_bars(series: Any, told: Series, scale: Scale) -> None:
    """Whiskers from the low to the high end of each interval, with their numbers as they are."""
    from pptx.oxml import parse_xml

    values = [value or 0.0 for value in told.values]
    count = len(values)

    def numbers(kind: str, lengths: list[float]) -> str:
        points = "".join(f'<c:pt idx="{k}"><c:v>{one!r}</c:v></c:pt>' for k, one in enumerate(lengths))
        return (
            f"<c:{kind}><c:numLit><c:formatCode>General</c:formatCode>"
            f'<c:ptCount val="{count}"/>{points}</c:numLit></c:{kind}>'
        )

    plus = [float(high - value) for value, high in zip(values, told.high, strict=True)]
    minus = [float(value - low) for value, low in zip(values, told.low, strict=True)]
    xml = (
        '<c:errBars xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        '<c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="0"/>'
        f'{numbers("plus", plus)}{numbers("minus", minus)}<c:spPr><a:ln w="19050"><a:solidFill>'
        '<a:schemeClr val="tx1"><a:lumMod val="65000"/><a:lumOff val="35000"/></a:schemeClr>'
        "</a:solidFill></a:ln></c:spPr>"
        "</c:errBars>"
    )
    series._element.xpath("./c:cat")[0].addprevious(parse_xml(xml))


def inner_plot(made: Any, room: Box) -> None:
    """Where the panel itself lies within its chart, as shares of it."""
    from pptx.oxml import parse_xml

    area = made._chartSpace.xpath("./c:chart/c:plotArea")[0]
    for old in area.xpath("./c:layout"):
        area.remove(old)
    area.insert(0, parse_xml(
        '<c:layout xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:manualLayout>'
        '<c:layoutTarget val="inner"/><c:xMode val="edge"/><c:yMode val="edge"/>'
        f'<c:x val="{room.left:.4f}"/><c:y val="{room.top:.4f}"/>'
        f'<c:w val="{room.width:.4f}"/><c:h val="{room.height:.4f}"/>'
        "</c:manualLayout></c:layout>"
    ))  # fmt: skip


def label_room(chart: Chart, inches: float) -> float:
    """Share of a chart's width that the labels at the ends of its lines take."""
    widest = max((wide(one.label, LABEL_SIZE, bold=True) for one in chart.series if one.label), default=0.0)
    return min(0.42, (widest * 0.86 + 0.2) / inches)


def end_labels(made: Any, chart: Chart, room: Box, box: Box, low: float, high: float) -> None:
    """Name lines at their right ends, moved apart where they would cover each other."""
    from pptx.oxml import parse_xml

    named = [
        (one, drawn) for one, drawn in zip(chart.series, made.plots[0].series, strict=True)
        if one.label and one.values[-1] is not None
    ]  # fmt: skip
    reach = (high - low) or 1.0
    tall = LABEL_SIZE * 1.3 / 72.0 / box.height  # of a label, as a share of the chart's height
    wanted = [room.height * (float(one.values[-1] or 0.0) - low) / reach for one, _ in named]
    placed = spread(wanted, [tall] * len(named), -0.5 * tall, room.height + 0.5 * tall)
    for (one, drawn), old, new in zip(named, wanted, placed, strict=True):
        element = label(drawn, len(one.values) - 1, one.label, "r", bold=True)
        if abs(new - old) > 0.01:
            layout = parse_xml(
                '<c:layout xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:manualLayout>'
                f'<c:x val="0.0"/><c:y val="{old - new:.4f}"/></c:manualLayout></c:layout>'
            )
            for gone in element.xpath("./c:layout"):
                element.remove(gone)
            element.xpath("./c:idx")[0].addnext(layout)


def once_in_legend(made: Any, names: list[str]) -> None:
    """Leave out of the legend what it has named already."""
    from pptx.oxml import parse_xml

    legend = made.legend._element
    seen: set[str] = {""}  # what has no name is never named
    for place, name in enumerate(names):
        if name in seen:
            node = parse_xml(
                '<c:legendEntry xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart">'
                f'<c:idx val="{place}"/><c:delete val="1"/></c:legendEntry>'
            )
            legend.xpath("./c:legendPos | ./c:legendEntry")[-1].addnext(node)
        seen.add(name)
