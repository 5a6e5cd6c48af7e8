"""A workbook being written: sheets with a title, cells with their values beside their formulas, and how they look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from sim.present.client.palette import Palette
from sim.present.labels import short
from sim.present.rounding import NO_INTERVAL
from sim.present.style import QUIET, ink

HEAD, FIRST = 4, 5
"""Rows, from 0, of the headings of a table and of its first line; above them are title, note and what it is."""
NO_DATE = datetime(1980, 1, 1)
"""Without a date the same results give the same file."""
FORMATS = {
    "money": "#,##0.00",
    "amount": "#,##0",
    "signed": "+#,##0;-#,##0;0",
    "share": "0.0%",
    "points": "+0.0%;-0.0%;0.0%",
    "number": "0.00",
    "rate": "0.0000%",
    "percent": "0.00%",
    "factor": "0.000000",
    "count": "0",
    "plain": "General",
}
"""How numbers are shown, by kind; the cells hold them as they are."""
SIMULATED = "#0000FF"
"""Colour of figures that are no formulas and belong to the answer, as is the custom in finance."""
NEVER = "never"
"""What stands for a month that does not come."""


class Book:
    """A workbook in memory, its formats and its colours."""

    def __init__(self, colours: Palette, footer: str) -> None:
        import xlsxwriter  # type: ignore[import-untyped]

        self.stream, self.colours, self.footer = BytesIO(), colours, footer
        plain = {"strings_to_formulas": False, "strings_to_urls": False}  # a firm may be called "=1+1"
        self.file = xlsxwriter.Workbook(self.stream, {"in_memory": True, **plain})
        self._formats: dict[tuple[Any, ...], Any] = {}
        self.sheets: dict[str, Page] = {}

    def page(self, name: str, title: str, note: str = "") -> Page:
        """A new sheet with its title, a note on how it was worked out, and what identifies the results."""
        self.sheets[name] = Page(self, name, title, note)
        return self.sheets[name]

    def name(self, name: str, sheet: str, reference: str) -> None:
        """Give a cell or a range a name that formulas can use."""
        self.file.define_name(name, f"='{sheet}'!{reference}")

    def style(self, kind: str = "text", **more: Any) -> Any:
        """The format of a kind of cell: a number of :data:`FORMATS`, or words."""
        key = (kind, *sorted(more.items()))
        if key not in self._formats:
            made: dict[str, Any] = {"font_color": self.colours.text, "valign": "vcenter"}
            if kind in FORMATS:
                made |= {"num_format": FORMATS[kind], "align": "right"}
            made |= self._words(kind) | more
            if made.get("indent"):
                made.setdefault("align", "left")  # without it Excel sets nothing in
            self._formats[key] = self.file.add_format(made)
        return self._formats[key]

    def _words(self, kind: str) -> dict[str, Any]:
        accent = ink(self.colours.trusted)
        kinds: dict[str, dict[str, Any]] = {
            "title": {"bold": True, "font_size": 16, "font_color": accent},
            "heading": {"bold": True, "font_size": 12, "font_color": accent},
            "head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"},
            "head_right": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom", "align": "right"},
            "quiet": {"font_color": QUIET},
            "beside": {"font_color": QUIET, "indent": 1},  # after a number, which is flush right
            "wrap": {"text_wrap": True, "valign": "top"},
            "answer": {"text_wrap": True, "bold": True, "font_size": 12},
            "warning": {"bold": True, "font_color": ink(self.colours.extractive)},
            "code": {"font_name": "Consolas", "font_size": 10},
            "link": {"font_color": "#0563C1", "underline": 1},
        }
        return kinds.get(kind, {})

    def content(self) -> bytes:
        """The finished file."""
        self.file.close()
        return self.stream.getvalue()


class Page:
    """One sheet; rows and columns count from 0."""

    def __init__(self, book: Book, name: str, title: str, note: str) -> None:
        self.book, self.name = book, name
        self.sheet = book.file.add_worksheet(name)
        self.sheet.hide_gridlines(2)
        self.text(0, 0, title, "title")
        self.sheet.set_row(0, 24)
        if note:
            self.text(1, 0, note)
        self.text(2, 0, book.footer, "quiet")
        self.sheet.set_landscape()
        self.sheet.set_paper(9)  # A4
        self.sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_footer(f"&L&8{short(book.footer, 180).replace('&', '&&')}&R&8{name}, &P of &N")

    def text(self, row: int, column: int, words: str, kind: str = "text", **more: Any) -> None:
        """Words, never taken for a formula."""
        self.sheet.write_string(row, column, words[:32_000], self.book.style(kind, **more))

    def value(self, row: int, column: int, value: float, kind: str = "plain", **more: Any) -> None:
        """A number; one that is not defined or not known is a dash, a month that does not come is never."""
        style = self.book.style(kind, **more)
        if math.isfinite(value):
            self.sheet.write_number(row, column, float(value), style)
        else:
            self.sheet.write_string(row, column, shown(value, kind), style)

    def formula(
        self, row: int, column: int, formula: str, value: float | str, kind: str = "plain", **more: Any
    ) -> None:
        """A formula with the value that it has, for viewers that do not work it out."""
        known = value if isinstance(value, str) else float(value) if math.isfinite(value) else shown(value, kind)
        self.sheet.write_formula(row, column, f"={formula}", self.book.style(kind, **more), known)

    def headings(self, words: Sequence[str], row: int = HEAD, column: int = 0, left: int = 1, lines: int = 2) -> None:
        """The headings of a table in up to so many lines, the first ``left`` of them flush left."""
        self.sheet.set_row(row, 15.0 * lines + 3.0)
        for place, one in enumerate(words):
            self.text(row, column + place, one, "head" if place < left else "head_right")

    def columns(self, *widths: float, rest: tuple[int, float] | None = None) -> None:
        """Widths of the columns from the first on; ``rest`` is how many more there are, and how wide."""
        for place, width in enumerate(widths):
            self.sheet.set_column(place, place, width)
        if rest is not None and rest[0] > 0:
            self.sheet.set_column(len(widths), len(widths) + rest[0] - 1, rest[1])

    def on_one_page(self) -> None:
        """Print all of it on one page."""
        self.sheet.fit_to_pages(1, 1)

    def frozen(self, row: int = FIRST, column: int = 0) -> None:
        """Keep the headings in sight and on every printed page."""
        self.sheet.freeze_panes(row, column)
        self.sheet.repeat_rows(row - 1)

    def table(
        self, row: int, heads: Sequence[str], rows: Sequence[Sequence[Any]], kinds: Sequence[str], lines: int = 2
    ) -> int:
        """A table of values under its headings; gives the row after it."""
        self.headings(heads, row, lines=lines)
        for place, (words, kind) in enumerate(zip(heads, kinds, strict=True)):
            if kind not in FORMATS:
                self.text(row, place, words, "head", indent=1 if kind == "beside" else 0)
        for down, line in enumerate(rows, row + 1):
            for across, (cell, kind) in enumerate(zip(line, kinds, strict=True)):
                if isinstance(cell, str):
                    self.text(down, across, cell, "text" if kind in FORMATS and cell else kind)
                else:
                    self.value(down, across, float(cell), kind)
        return row + 1 + len(rows)

    def chart(self, row: int, column: int, chart: Any, alt: str, size: tuple[int, int]) -> None:
        """Put a chart on the sheet, with its words for those who do not see it."""
        chart.set_size({"width": size[0], "height": size[1]})
        chart.set_chartarea({"border": {"none": True}})
        how = {"description": alt, "object_position": 2}
        self.sheet.insert_chart(row, column, chart, how)


def shown(value: float, kind: str) -> str:
    """What stands for a number that is none."""
    return NEVER if kind == "count" and value == math.inf else NO_INTERVAL


def quoted(words: str) -> str:
    """Words within a formula."""
    return '"' + words.replace('"', '""') + '"'


def half_even(value: str, places: str) -> str:
    """The formula that rounds as Python does: halves to the even digit, which Excel's ROUND puts away from nought."""
    scaled = f"({value})*10^({places})"
    return f"IF(MOD(ABS({scaled}),1)=0.5,2*ROUND({scaled}/2,0),ROUND({scaled},0))/10^({places})"


def cell(row: int, column: int, *, fixed: bool = True) -> str:
    """The name of a cell: ``$B$7``."""
    from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped]

    return str(xl_rowcol_to_cell(row, column, row_abs=fixed, col_abs=fixed))


def span(first: int, column: int, last: int, column_to: int | None = None) -> str:
    """The name of a range, from row to row: ``$B$7:$B$9``."""
    return f"{cell(first, column)}:{cell(last, column if column_to is None else column_to)}"


def line(colour: str, *, width: float = 2.0, dash: str = "solid") -> Mapping[str, Any]:
    """How a line of a chart is drawn."""
    return {"color": colour, "width": width, "dash_type": dash}
