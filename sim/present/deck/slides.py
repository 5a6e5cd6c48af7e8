"""Slides: each topic of the story laid out in the room that the template leaves."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from sim.present.client.topic import TextTable, Topic
from sim.present.deck import fitting, marks
from sim.present.deck.charts import add_chart
from sim.present.deck.template import EMU, Box, Template

POINT_SIZES = (18.0, 16.0, 15.0, 14.0, 13.0, 12.0)
CELL_SIZES = (14.0, 13.0, 12.0)
"""Sizes that are tried for words and for cells of tables, the largest first."""
FOOT = 12.0


def title_slide(template: Template, title: str, subtitle: Sequence[str], notes: str, footer: str) -> Any:
    """The first slide: what is asked, about whom, and that it is no forecast."""
    slide = template.presentation.slides.add_slide(template.first)
    top, low = (
        next(one for one in slide.placeholders if one.placeholder_format.type.name in kinds)
        for kinds in (("TITLE", "CENTER_TITLE"), ("SUBTITLE",))
    )
    size = _title(template, top, title, 36.0)
    top.text_frame.paragraphs[0].runs[0].font.size = _points(size)
    low.text_frame.text = "\n".join(subtitle)
    room = float(low.height) / EMU - 0.1
    inches = float(low.width) / EMU - 2 * fitting.INSET
    small = fitting.largest(list(subtitle), inches, room, (20.0, 18.0, 16.0, 14.0, 12.0), template.narrow, 0.3)
    for paragraph in low.text_frame.paragraphs:
        for run in paragraph.runs:
            run.font.size = _points(small)
    if template.ours:
        bar = slide.shapes.add_shape(1, *(round(one * EMU) for one in (0.62, 2.0, 0.1, 3.4)))
        bar.name = "Bar"
        marks.fill(bar, "trusted")
        bar.line.fill.background()
        bar.shadow.inherit = False
    _foot(slide, template, footer)
    slide.notes_slide.notes_text_frame.text = notes
    return slide


def topic_slide(template: Template, topic: Topic) -> Any:
    """One topic: the finding as the title, what bears it out below, how it was obtained in the notes."""
    slide = template.presentation.slides.add_slide(template.other)
    size = _title(template, slide.shapes.title, topic.title, template.title_size)
    if abs(size - template.title_size) > 0.1 or template.ours:
        slide.shapes.title.text_frame.paragraphs[0].runs[0].font.size = _points(size)
    LAYOUTS.get(topic.key, _chart_and_points)(slide, template, topic)
    _foot(slide, template, topic.footer)
    slide.notes_slide.notes_text_frame.text = _notes(topic)
    return slide


def _notes(topic: Topic) -> str:
    """What a speaker needs: the finding, how each figure was obtained, and the figures in words."""
    shown = [f"{chart.name}. {chart.alt}" for chart in topic.charts]
    return "\n\n".join(
        [f"{topic.name}: {topic.title}.", f"How it was obtained: {topic.obtained}", *shown, topic.footer]
    )


def _title(template: Template, shape: Any, words: str, size: float) -> float:
    """Put a title of at most two lines into its placeholder; gives the size at which it fits."""
    inches = float(shape.width) / EMU - 2 * fitting.INSET
    sizes = [size, *(one for one in (28.0, 26.0, 24.0, 22.0, 20.0, 18.0, 16.0) if one < size)]
    text, fits = fitting.title(words, inches, sizes, template.narrow)
    shape.text_frame.text = text
    return fits


def _points(size: float) -> Any:
    from pptx.util import Pt

    return Pt(size)


def _foot(slide: Any, template: Template, words: str) -> None:
    """What identifies the result, at the foot of the slide, and the slide's number."""
    box = template.foot
    text, size = fitting.title(words, box.width - 2 * fitting.INSET, [FOOT], template.narrow)
    frame = _text_box(slide, box, "Source")
    frame.text = text
    frame.vertical_anchor = _anchor("MIDDLE")
    run = frame.paragraphs[0].runs[0]
    run.font.size = _points(size)
    run.font.color.rgb = marks.rgb("#555555")
    for shape in slide.slide_layout.placeholders:
        if shape.placeholder_format.type.name == "SLIDE_NUMBER":
            number = copy.deepcopy(shape._element)
            told = number.xpath("./p:nvSpPr/p:cNvPr")[0]
            told.set("id", str(1 + max(one.shape_id for one in slide.shapes)))
            slide.shapes._spTree.append(number)
            return
    if template.number is not None:
        _own_number(slide, template.number)


def _own_number(slide: Any, box: Box) -> None:
    from pptx.oxml import parse_xml

    frame = _text_box(slide, box, "Slide number")
    frame.vertical_anchor = _anchor("MIDDLE")
    paragraph = frame.paragraphs[0]
    paragraph.alignment = _align("RIGHT")
    paragraph._p.append(parse_xml(
        '<a:fld xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" type="slidenum" '
        'id="{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}"><a:rPr lang="en-GB" sz="1200"/><a:t>‹#›</a:t></a:fld>'
    ))  # fmt: skip


def _anchor(name: str) -> Any:
    from pptx.enum.text import MSO_ANCHOR

    return getattr(MSO_ANCHOR, name)


def _align(name: str) -> Any:
    from pptx.enum.text import PP_ALIGN

    return getattr(PP_ALIGN, name)


def _text_box(slide: Any, box: Box, name: str) -> Any:
    shape = slide.shapes.add_textbox(*(round(one * EMU) for one in (box.left, box.top, box.width, box.height)))
    shape.name = name
    frame = shape.text_frame
    frame.word_wrap = True
    frame.margin_top = frame.margin_bottom = 0
    return frame


def _write_points(slide: Any, template: Template, points: Sequence[str], box: Box, largest: float = 18.0) -> None:
    """Paragraphs, as large as they fit; what stands before a colon is what they are about and set in bold."""
    if not points:
        return
    sizes = [one for one in POINT_SIZES if one <= largest]
    size = fitting.largest(points, box.width - 2 * fitting.INSET, box.height, sizes, template.narrow, 0.5)
    frame = _text_box(slide, box, "Points")
    for place, point in enumerate(points):
        paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
        paragraph.space_after = _points(0.5 * size)
        paragraph.line_spacing = 1.0
        head, colon, rest = point.partition(": ")
        pieces = [(f"{head}:", True), (f" {rest}", False)] if colon and len(head) <= 32 else [(point, False)]
        for words, bold in pieces:
            run = paragraph.add_run()
            run.text = words
            run.font.size, run.font.bold = _points(size), bold
            run.font.color.theme_color = marks.theme_colour("text")


def _write_table(
    slide: Any, template: Template, table: TextTable, box: Box, shares: Sequence[float] = (),
    sizes: Sequence[float] = CELL_SIZES,
) -> float:  # fmt: skip
    """A native table, as large as it fits; gives its height in inches.

    Without headings the first column stands for them, and the rows share the room.
    """
    headed = any(table.columns)
    rows = list(table.rows)
    for size in sizes:
        inches = [box.width * one for one in shares] if shares else _widths(table, box.width, size, template.narrow)
        head = [_row_height(table.columns, inches, size, template.narrow, True)] if headed else []
        heights = [*head, *(_row_height(row, inches, size, template.narrow, not headed) for row in rows)]
        if sum(heights) <= box.height:
            break
    while sum(heights) > box.height and len(rows) > 1:  # the rest is told by the report
        rows.pop()
        heights.pop()
    if len(rows) < len(table.rows):
        rows[-1] = ("… the rest: see the report", *[""] * (len(table.columns) - 1))
    all_rows = [*([table.columns] if headed else []), *rows]
    if not headed:
        spare = max(0.0, 0.9 * box.height - sum(heights)) / len(heights)
        heights = [one + min(spare, 0.35) for one in heights]
    frame = slide.shapes.add_table(
        len(all_rows), len(table.columns), *(round(one * EMU) for one in (box.left, box.top, box.width, sum(heights)))
    )
    marks.describe(frame, table.caption or "Table", f"Table: {table.caption}, {len(table.rows)} rows.")
    grid = frame.table
    _plain_style(frame, headed)
    for place, wide in enumerate(inches):
        grid.columns[place].width = round(wide * EMU)
    for r, (row, tall) in enumerate(zip(all_rows, heights, strict=True)):
        grid.rows[r].height = round(tall * EMU)
        for c, words in enumerate(row):
            cell = grid.cell(r, c)
            cell.text = words
            cell.margin_left = cell.margin_right = round(0.06 * EMU)
            cell.margin_top = cell.margin_bottom = round(0.025 * EMU)
            cell.vertical_anchor = _anchor("MIDDLE")
            _rules(cell, headed and r == 0)
            paragraph = cell.text_frame.paragraphs[0]
            paragraph.alignment = _align("RIGHT" if table.numeric[c] else "LEFT")
            for run in paragraph.runs:
                run.font.size, run.font.bold = _points(size), r == 0 if headed else c == 0
                run.font.color.theme_color = marks.theme_colour("text" if headed or c else "trusted")
    return sum(heights)


def _widths(table: TextTable, room: float, size: float, narrow: float) -> list[float]:
    """Widths of the columns in inches: figures stay in one line, words share what is left by their length."""

    def run(text: str, bold: bool = False) -> float:
        return fitting.wide(text, size, bold) * narrow

    need, want = [], []
    for place, head in enumerate(table.columns):
        cells = [row[place] for row in table.rows]
        word = max(
            [run(one, True) for one in head.split()] + [run(one) for text in cells for one in text.split()] or [0.3]
        )
        whole = max((run(one) for one in cells), default=0.3)
        need.append(max(word, whole if table.numeric[place] else 0.0) + 0.2)
        want.append(0.0 if table.numeric[place] else max(0.0, whole + 0.2 - need[-1]))
    left = room - sum(need)
    if left <= 0.0:
        return [one * room / sum(need) for one in need]
    total = sum(want)
    spare = left / len(need) if total == 0.0 else 0.0
    return [one + spare + (more * left / total if total else 0.0) for one, more in zip(need, want, strict=True)]


def _row_height(row: Sequence[str], inches: Sequence[float], size: float, narrow: float, bold: bool) -> float:
    most = max(
        fitting.lines(words, wide - 0.13, size, narrow, bold=bold) for words, wide in zip(row, inches, strict=True)
    )
    return most * size * fitting.LINE / 72.0 + 0.09


def _rules(cell: Any, strong: bool) -> None:
    """A rule under a cell, and no other line and no fill."""
    from pptx.oxml import parse_xml

    space = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    about = cell._tc.get_or_add_tcPr()
    colour, width = ("595959", 12700) if strong else ("D9D9D9", 6350)
    for name in ("lnL", "lnR", "lnT"):
        about.append(parse_xml(f'<a:{name} {space} w="0"><a:noFill/></a:{name}>'))
    about.append(parse_xml(
        f'<a:lnB {space} w="{width}"><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill></a:lnB>'
    ))  # fmt: skip
    about.append(parse_xml(f"<a:noFill {space}/>"))


def _plain_style(frame: Any, headed: bool) -> None:
    """No stripes and no style of PowerPoint's: the rules are drawn cell by cell."""
    about = frame._element.graphic.graphicData.tbl.tblPr
    about.set("bandRow", "0")
    about.set("firstRow", "1" if headed else "0")
    style = about.find("{http://schemas.openxmlformats.org/drawingml/2006/main}tableStyleId")
    if style is not None:
        style.text = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # "No Style, No Grid"


def _chart_and_points(slide: Any, template: Template, topic: Topic) -> None:
    left, right = template.body.columns(0.66, 0.34)
    add_chart(slide, topic.charts[0], left)
    _write_points(slide, template, topic.points, right, 16.0)


def _definitions(slide: Any, template: Template, topic: Topic) -> None:
    """Each point in a row of its own: what it is about on the left, the rest on the right."""
    rows = tuple(
        (head, f"{rest[:1].upper()}{rest[1:]}") for head, _, rest in (one.partition(": ") for one in topic.points)
    )
    body = template.body
    table = TextTable(topic.name, ("", ""), rows, (False, False))
    _write_table(slide, template, table, body, shares=(0.2, 0.8), sizes=(20.0, 18.0, 16.0, 14.0, 12.0))


def _table_and_chart(slide: Any, template: Template, topic: Topic) -> None:
    left, right = template.body.columns(0.52, 0.48)
    _write_table(slide, template, topic.tables[0], left)
    upper, lower = right.rows(0.56, 0.44)
    add_chart(slide, topic.charts[0], upper)
    note = topic.tables[0].note
    _write_points(slide, template, [*topic.points, *([note] if note else [])], lower, 16.0)


def _three_charts(slide: Any, template: Template, topic: Topic) -> None:
    upper, lower = template.body.rows(0.78, 0.22)
    boxes = upper.columns(*[1.0] * len(topic.charts), gap=0.2)
    for chart, box in zip(topic.charts, boxes, strict=True):
        head, rest = Box(box.left, box.top, box.width, 0.3), Box(box.left, box.top + 0.32, box.width, box.height - 0.32)
        frame = _text_box(slide, head, chart.name)
        frame.text = chart.name
        run = frame.paragraphs[0].runs[0]
        run.font.size, run.font.bold = _points(14.0), True
        add_chart(slide, chart, rest)
    for point, box in zip(topic.points, lower.columns(*[1.0] * len(topic.points), gap=0.2), strict=True):
        _write_points(slide, template, [point], box, 14.0)


def _chart_table_points(slide: Any, template: Template, topic: Topic) -> None:
    left, right = template.body.columns(0.48, 0.52)
    add_chart(slide, topic.charts[0], left)
    tall = _write_table(slide, template, topic.tables[0], Box(right.left, right.top, right.width, right.height * 0.6))
    rest = Box(right.left, right.top + tall + 0.2, right.width, right.height - tall - 0.2)
    _write_points(slide, template, topic.points, rest, 16.0)


def _wide_table(slide: Any, template: Template, topic: Topic) -> None:
    body = template.body
    room = Box(body.left, body.top, body.width, body.height * 0.62)
    tall = _write_table(slide, template, topic.tables[0], room)
    rest = Box(body.left, body.top + tall + 0.2, body.width, body.height - tall - 0.2)
    left, right = rest.columns(0.5, 0.5)
    _write_table(slide, template, topic.tables[1], left)
    _write_points(slide, template, topic.points, right, 14.0)


LAYOUTS: dict[str, Callable[[Any, Template, Topic], None]] = {
    "question": _definitions,
    "answer": _table_and_chart,
    "customers": _three_charts,
    "risks": _chart_table_points,
    "assumptions": _wide_table,
    "method": _definitions,
}
"""How the topics are laid out; all others are a chart with points beside it."""
