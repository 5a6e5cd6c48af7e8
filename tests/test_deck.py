"""The presentation tells the numbers of the tables in native charts, keeps within its slides, and never half-writes."""

from __future__ import annotations

import math
import sys
from functools import cache
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.experiment.business_case import BusinessCase
from sim.present.charts import bridge_steps
from sim.present.client.palette import Palette, palette
from sim.present.client.story import story
from sim.present.client.words import amount
from sim.present.deck import fitting
from sim.present.deck.charts import BASE, BELOW, LABEL, bridge_pieces, number_format
from sim.present.deck.deck import deck
from sim.present.deck.template import template
from sim.present.deliverables import to_deck
from sim.present.measures import Scale
from sim.run import NO_FORECAST
from tests.cases import case, comparison

pptx: Any = pytest.importorskip("pptx")
EMU = 914_400


@cache
def made() -> Any:
    return pptx.Presentation(BytesIO(deck(case()).content))


def slide(key: str) -> Any:
    """The slide of a topic; the first slide of all is the title."""
    keys = [topic.key for topic in story(case())]
    return made().slides[1 + keys.index(key)]


def charts(key: str) -> list[Any]:
    return [shape.chart for shape in slide(key).shapes if shape.has_chart]


def series(chart: Any) -> dict[str, list[tuple[float, float | None]]]:
    """What the XML of a chart says, by the name of each series: places and values."""
    found: dict[str, list[tuple[float, float | None]]] = {}
    for one in chart._chartSpace.xpath(".//c:ser"):
        name = one.xpath("./c:tx//c:v")[0].text
        across = [float(v.text) for v in one.xpath("./c:xVal//c:pt/c:v")]
        ups = {
            int(pt.get("idx")): float(pt.xpath("./c:v")[0].text) for pt in one.xpath("./c:val//c:pt | ./c:yVal//c:pt")
        }
        count = int(one.xpath("./c:val//c:ptCount | ./c:yVal//c:ptCount")[0].get("val"))
        found[name] = [(across[k] if across else float(k), ups.get(k)) for k in range(count)]
    return found


def heights(chart: Any, name: str) -> list[float]:
    return [math.nan if value is None else value for _, value in series(chart)[name]]


# --- numbers -------------------------------------------------------------------------------------------------------
def test_every_topic_has_its_slide_and_the_charts_are_native() -> None:
    assert len(made().slides) == 1 + len(story(case())) == 11
    assert not [shape for page in made().slides for shape in page.shapes if shape.shape_type == 13]  # no pictures
    assert [len(charts(topic.key)) for topic in story(case())] == [0, 1, 1, 1, 1, 1, 3, 1, 0, 0]


def test_the_columns_of_the_answer_are_the_gains_of_the_pairs() -> None:
    (chart,) = charts("answer")
    gains = np.sort(comparison().replications["npv_difference"].to_numpy())
    assert heights(chart, "Gain in net present value") == gains.tolist()


def test_the_bars_of_the_bridge_are_its_steps_and_end_at_the_gain() -> None:
    (chart,) = charts("bridge")
    told = series(chart)
    steps = {name: values.mean() for name, values in bridge_steps(comparison()).items()}
    bars = np.zeros(len(steps))
    for name, points in told.items():
        if not name.startswith((BASE, LABEL)):
            bars += [abs(value or 0.0) for _, value in points]
    assert bars == pytest.approx(np.abs(list(steps.values())))
    table = comparison().bridge.set_index("line")["value"]
    assert bars[-1] == pytest.approx(abs(table["npv_difference"]))


def test_the_line_of_the_running_total_is_that_of_the_table() -> None:
    (chart,) = charts("payback")
    table = comparison().by_month
    for name, column in (
        ("Running total", "cumulative_difference"), ("Low end of the interval", "low"),
        ("High end of the interval", "high"),
    ):  # fmt: skip
        points = series(chart)[name]
        assert [place for place, _ in points] == [0.0, *table["month"]]
        assert [value for _, value in points] == [0.0, *table[column]]


def test_what_customers_feel_is_that_of_the_table() -> None:
    table = comparison().customers_by_month
    for chart, measure in zip(charts("customers"), ("trust", "opt_in", "privacy_debt"), strict=True):
        for firm in ("Ours", "Theirs", "Others"):
            own = table[(table["measure"] == measure) & (table["firm"] == firm)]
            assert heights(chart, firm) == own["value"].tolist()


def test_the_bars_of_the_drivers_are_the_changes_of_the_tornado() -> None:
    (chart,) = charts("drivers")
    assert case().sensitivity is not None
    table = case().sensitivity.table  # type: ignore[union-attr]
    names = list(dict.fromkeys(table["factor"]))[::-1]  # bars are drawn from below
    for words, end in (("low", "low"), ("high", "high")):
        own = table[table["end"] == end].set_index("factor")["change"]
        assert heights(chart, f"At the {words} end of its range") == [own[name] for name in names]


def test_the_points_of_the_map_are_those_that_were_run_and_the_break_even_is_on_the_contour() -> None:
    (chart,) = charts("region")
    region = case().region
    assert region is not None
    told = series(chart)
    first, second = (axis.name for axis in region.axes)
    shown = {point for name in ("Pays there", "Loses there", "Open there") for point in told.get(name, [])}
    assert shown == set(zip(region.points[first], region.points[second], strict=True))
    if "Break-even" in told:
        contour = region.contour[[first, second]].to_numpy()
        spans = np.array([axis.range.high - axis.range.low for axis in region.axes if axis.range is not None])
        for point in told["Break-even"]:
            away = np.abs((contour - np.array(point, dtype=float)) / spans).max(axis=1).min()
            assert away < 0.02


def test_the_columns_of_the_stress_tests_and_their_whiskers_are_those_of_the_table() -> None:
    (chart,) = charts("risks")
    table = case().stress
    assert heights(chart, "Gain") == table["gain"].tolist()
    bars = chart._chartSpace.xpath(".//c:errBars")[0]
    space = {"c": "http://schemas.openxmlformats.org/drawingml/2006/chart"}
    plus = [float(one.text) for one in bars.xpath("./c:plus//c:v", namespaces=space)]
    assert plus == pytest.approx((table["high"] - table["gain"]).tolist())


def test_every_chart_brings_its_numbers_in_a_workbook_that_says_the_same() -> None:
    openpyxl: Any = pytest.importorskip("openpyxl")
    (chart,) = charts("answer")
    sheet = openpyxl.load_workbook(BytesIO(chart.part.chart_workbook.xlsx_part.blob)).active
    cells = [sheet.cell(row, 2).value for row in range(2, 2 + comparison().n)]
    assert cells == pytest.approx(heights(chart, "Gain in net present value"), rel=1e-14)  # Excel keeps 16 digits


def test_titles_and_tables_round_the_same_numbers() -> None:
    gain = amount(comparison().interval("npv_difference"), plain=True).value
    assert (
        gain in slide("answer").shapes.title.text_frame.text or "neither clearly" in slide("answer").shapes.title.text
    )
    (table,) = (shape.table for shape in slide("risks").shapes if shape.has_table)
    told = [[cell.text for cell in row.cells] for row in table.rows]
    assert [row[0] for row in told[1:]] == [
        row[0] for row in next(t for t in story(case()) if t.key == "risks").tables[0].rows
    ]


@pytest.mark.parametrize(
    ("start", "change"),
    [((0.0, 5.0, 0.0), (5.0, -3.0, 2.0)), ((0.0, 2.0, -3.0, 0.0), (2.0, -5.0, 1.0, -2.0)), ((0.0, 0.0), (-4.0, -4.0))],
)
def test_stacked_pieces_of_a_bridge_reach_from_where_a_step_begins_to_where_it_ends(
    start: tuple[float, ...], change: tuple[float, ...]
) -> None:
    pieces = dict(bridge_pieces(start, change))
    for k, (begin, step) in enumerate(zip(start, change, strict=True)):
        above = {name: values[k] or 0.0 for name, values in pieces.items() if not name.endswith(BELOW)}
        below = {name: values[k] or 0.0 for name, values in pieces.items() if name.endswith(BELOW)}
        low, high = sorted((begin, begin + step))
        if high > 0.0:
            assert sum(above.values()) == high
            assert above.get(BASE, 0.0) == max(low, 0.0)
        if low < 0.0:
            assert sum(below.values()) == low
            assert below.get(BASE + BELOW, 0.0) == min(high, 0.0)


@pytest.mark.parametrize(
    ("scale", "form"),
    [(Scale(1e3, "", 1), '#,##0.0,;"−"#,##0.0,;0'), (Scale(1e6, "", 2), '#,##0.00,,;"−"#,##0.00,,;0'),
     (Scale(0.01, "%", 0), '#,##0%;"−"#,##0%;0%')],
)  # fmt: skip
def test_number_formats_scale_as_the_axis_says(scale: Scale, form: str) -> None:
    assert number_format(scale) == form


# --- looks ---------------------------------------------------------------------------------------------------------
def test_titles_take_two_lines_at_most_and_say_the_finding() -> None:
    for page, topic in zip(list(made().slides)[1:], story(case()), strict=True):
        title = page.shapes.title
        size = title.text_frame.paragraphs[0].runs[0].font.size.pt
        inches = title.width / EMU - 2 * fitting.INSET
        assert fitting.lines(title.text_frame.text, inches, size, 0.82, bold=True) <= 2
        assert title.text_frame.text == topic.title
        assert size >= 16.0


def test_every_slide_says_what_it_rests_on_that_it_is_no_forecast_and_how_it_was_obtained() -> None:
    for page in made().slides:
        (foot,) = (shape.text_frame.text for shape in page.shapes if shape.name == "Source")
        for words in (case().comparison.scenario.hash, "seed 1", "replication", "version", "no forecast"):
            assert words in foot
        assert len(page.notes_slide.notes_text_frame.text) > 100
    assert NO_FORECAST in made().slides[0].placeholders[1].text_frame.text


def test_nothing_leaves_its_slide_and_nothing_covers_anything_else() -> None:
    wide, high = made().slide_width, made().slide_height
    for number, page in enumerate(made().slides, 1):
        boxes = [
            (shape.name, shape.left, shape.top, shape.left + shape.width, shape.top + shape.height)
            for shape in page.shapes
            if not (shape.is_placeholder and shape.placeholder_format.type.name == "SLIDE_NUMBER")
        ]
        for name, left, top, right, bottom in boxes:
            assert 0 <= left < right <= wide, (number, name)
            assert 0 <= top < bottom <= high, (number, name)
        for one, other in combinations(boxes, 2):
            across = min(one[3], other[3]) - max(one[1], other[1])
            upright = min(one[4], other[4]) - max(one[2], other[2])
            assert across <= EMU * 0.01 or upright <= EMU * 0.01, (number, one[0], other[0])


def test_nothing_is_smaller_than_twelve_points_and_words_fit_their_boxes() -> None:
    for page in made().slides:
        for shape in page.shapes:
            if shape.has_chart:
                assert shape.chart.font.size.pt >= 12
            frames = [cell.text_frame for row in shape.table.rows for cell in row.cells] if shape.has_table else (
                [shape.text_frame] if shape.has_text_frame else []
            )  # fmt: skip
            sizes = [run.font.size.pt for frame in frames for p in frame.paragraphs for run in p.runs if run.font.size]
            assert all(size >= 12 for size in sizes)
            if shape.name == "Points":
                texts = [paragraph.text for paragraph in shape.text_frame.paragraphs]
                assert fitting.height(texts, shape.width / EMU - 0.2, sizes[0], 0.82) <= shape.height / EMU + 0.01


def test_every_chart_and_table_has_an_alternative_text() -> None:
    for page in made().slides:
        for shape in page.shapes:
            if shape.has_chart or shape.has_table:
                told = shape._element.xpath("./p:nvGraphicFramePr/p:cNvPr")[0].get("descr")
                assert told
                assert len(told) > 15


def test_shapes_of_a_slide_have_numbers_of_their_own() -> None:
    for page in made().slides:
        numbers = [shape.shape_id for shape in page.shapes]
        assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_replications_are_said_on_the_slides(n: int) -> None:
    few = BusinessCase(comparison(n))
    pages = pptx.Presentation(BytesIO(deck(few).content)).slides
    words = "One replication gives no interval" if n == 1 else "Only 2 replications"
    told = [shape.text_frame.text for page in pages for shape in page.shapes if shape.has_text_frame]
    assert sum(words in text for text in told) >= 3
    left_out = [
        cell.text for shape in pages[-1].shapes if shape.has_table for row in shape.table.rows for cell in row.cells
    ]
    assert any("what drives the gain" in text.lower() for text in left_out)


# --- a client's template and colours -------------------------------------------------------------------------------
def client_template(tmp_path: Path, drop: str = "") -> Path:
    """A template of 4:3 with an example slide, and without one layout."""
    presentation = pptx.Presentation()
    presentation.slides.add_slide(presentation.slide_layouts[1]).shapes.title.text = "Example"
    if drop:
        for layout in list(presentation.slide_layouts):
            if layout.name == drop:
                presentation.slide_layouts.remove(layout)
    path = tmp_path / "client.pptx"
    presentation.save(path)
    return path


def test_a_clients_template_keeps_its_size_and_loses_its_example(tmp_path: Path) -> None:
    path = client_template(tmp_path)
    result = pptx.Presentation(BytesIO(deck(case(), path).content))
    assert result.slide_width == pptx.Presentation(path).slide_width
    assert len(result.slides) == 11
    assert all(page.shapes.title.text != "Example" for page in result.slides)
    assert {page.slide_layout.name for page in result.slides} == {"Title Slide", "Title Only"}
    for page in result.slides:
        for shape in page.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= result.slide_width
            assert shape.top + shape.height <= result.slide_height


def test_a_template_without_a_layout_that_is_needed_is_refused_with_those_that_it_has(tmp_path: Path) -> None:
    path = client_template(tmp_path, drop="Title Only")
    with pytest.raises(sim.InputError, match=r"no layout 'Title Only'.*it has Title Slide, Title and Content"):
        template(path)


@pytest.mark.parametrize("content", [b"", b"no presentation", b"PK\x03\x04 broken"])
def test_what_is_no_template_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.pptx"
    path.write_bytes(content)
    with pytest.raises(sim.InputError, match="cannot be opened"):
        template(path)


def test_colours_become_those_of_the_theme_and_faint_ones_are_told(tmp_path: Path) -> None:
    file = tmp_path / "colours.yaml"
    file.write_text('main: "#005EB8"\nneutral: "#EEEEEE"\n', encoding="utf-8")
    chosen = palette(file)
    assert chosen == Palette(trusted="#005EB8", uniform="#EEEEEE")
    result = deck(case(), None, chosen)
    assert any("neutral colour #EEEEEE" in warning for warning in result.warnings)
    master = pptx.Presentation(BytesIO(result.content)).slide_master
    theme = master.part.part_related_by(
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/theme"
    ).blob.decode()
    assert '<a:accent1><a:srgbClr val="005EB8"/></a:accent1>' in theme


@pytest.mark.parametrize(
    ("text", "said"),
    [('main: "blue"', "'blue', which is no colour"), ('maine: "#005EB8"', "'maine' is no colour of ours"),
     ("[", "line 1: these are no colours"), ("", "names no colours")],
)  # fmt: skip
def test_what_is_no_colour_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "colours.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(sim.InputError, match=said.replace("[", r"\[")):
        palette(file)


# --- files ---------------------------------------------------------------------------------------------------------
def test_an_earlier_file_stays_when_the_new_one_cannot_be_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "answer.pptx"
    path.write_bytes(b"earlier")

    def locked(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", locked)
    with pytest.raises(sim.InputError, match=r"answer\.pptx cannot be written.*open in another program"):
        to_deck(case(), path)
    assert path.read_bytes() == b"earlier"
    assert [one.name for one in tmp_path.iterdir()] == ["answer.pptx"]


@pytest.mark.parametrize(("name", "said"), [("answer.odp", "ends in .pptx"), ("no/answer.pptx", "cannot be written")])
def test_a_file_that_cannot_be_is_refused_before_the_work(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(sim.InputError, match=said):
        to_deck(comparison(), tmp_path / name)


def test_a_missing_library_is_named_with_the_extra_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pptx", None)
    with pytest.raises(sim.InputError, match=r"python-pptx, which is not installed.*personalisation-roi\[report\]"):
        comparison().to_deck(tmp_path / "answer.pptx")
    assert not list(tmp_path.iterdir())


def test_a_result_writes_itself(tmp_path: Path) -> None:
    from sim.experiment.business_case import Effort

    path = comparison().to_deck(tmp_path / "answer.pptx", effort=Effort(0, 0, 0, 2))
    assert len(pptx.Presentation(path).slides) == 9  # without map and drivers
