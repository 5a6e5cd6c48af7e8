"""The workbook's formulas say what Python says, to the cent, at any discount rate, and lead from the books to it."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.books import LINES
from sim.cli import main
from sim.experiment.business_case import BusinessCase
from sim.present.client.palette import Palette
from sim.present.deliverables import to_workbook
from sim.present.saved import save_case
from sim.present.workbook.layout import PAIR, PAIRS, PARTS, WITH, WITHOUT, layout
from sim.present.workbook.sheet import FIRST, Book
from sim.present.workbook.workbook import workbook
from sim.run import NO_FORECAST
from tests.cases import case, comparison, scenario

openpyxl: Any = pytest.importorskip("openpyxl")
pytest.importorskip("xlsxwriter")
CENT = 0.005
NEW_RATE = 0.37


def nothing_moves() -> sim.Comparison:
    """A firm that treats everyone the same, compared with just that."""
    return sim.compare(scenario(), "Theirs", replications=2)


def unsure() -> sim.Comparison:
    return sim.compare(scenario(), replications=3, parameters="uncertain")


@cache
def cases() -> dict[str, BusinessCase]:
    """What workbooks are made of here: the whole case, and comparisons of all kinds without anything beside them."""
    alone = {"one": comparison(1), "two": comparison(2), "still": nothing_moves(), "unsure": unsure()}
    against = sim.compare(scenario(), "Others", "trusted", 3)
    return {"whole": case(), **{name: BusinessCase(one) for name, one in {**alone, "other": against}.items()}}


@cache
def content(name: str) -> bytes:
    return workbook(cases()[name], Palette(), "roi workbook small.yaml")


@cache
def opened(name: str, values: bool = True) -> Any:
    """A workbook as written: the values that its formulas carry, or the formulas."""
    return openpyxl.load_workbook(BytesIO(content(name)), data_only=values)


def at_rate(name: str, rate: float) -> BusinessCase:
    """The same runs, discounted at another rate."""
    found = cases()[name]
    told = found.comparison
    return replace(found, comparison=replace(told, scenario=told.scenario.with_({"discount_rate": rate})))


def named(book: Any, name: str) -> Any:
    """The cell with a name."""
    sheet, _, place = book.defined_names[name].attr_text.rpartition("!")
    return book[sheet.strip("'")][place.replace("$", "")]


def formulas(book: Any) -> Iterator[tuple[str, str, str]]:
    """Sheet, place and text of every formula."""
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield sheet.title, cell.coordinate, cell.value


def column(book: Any, sheet: str, place: int, rows: int) -> list[Any]:
    """Cells of a column, from the first row below the headings."""
    return [book[sheet].cell(FIRST + 1 + row, place + 1).value for row in range(rows)]


def same(found: Any, wanted: float) -> bool:
    """Whether a cell holds a number to a thousandth of a cent, or the word for one that is none."""
    if math.isfinite(wanted):
        return isinstance(found, int | float) and math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-5)
    return found in ("–", "never")


# --- what is written -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["whole", "one", "two", "still", "unsure", "other"])
def test_carried_values_are_those_of_the_tables(name: str) -> None:
    told, book = cases()[name].comparison, opened(name)
    n, pairs = told.n, told.replications
    for measure, place in PAIR.items():
        if measure in pairs:
            assert all(map(same, column(book, PAIRS, place, n), pairs[measure])), measure
    for place, (_, line) in enumerate(told.bridge.iterrows()):
        cells = [book["Bridge"].cell(FIRST + 1 + place, 2 + k).value for k in range(3)]
        assert all(map(same, cells, line[["value", "low", "high"]])), line["line"]
    by_month = told.by_month
    for place, end in ((6, "cumulative_difference"), (7, "low"), (8, "high")):
        assert all(map(same, column(book, "By month", place, len(by_month)), by_month[end])), end
    first = [row for row in book["Comparison"].iter_rows(values_only=True) if row[0] == "Gain in net present value"][0]
    start = next(k for k, row in enumerate(book["Comparison"].iter_rows(values_only=True)) if row == first)
    for place, measure in enumerate(told.summary.index):
        cells = [cell.value for cell in book["Comparison"][start + 1 + place]]
        assert all(map(same, cells[1:4], told.interval(measure))), measure
        assert all(map(same, cells[5:8], told.interval(measure))), measure


def test_the_books_are_there_to_the_cent_and_add_up() -> None:
    told, book = comparison(), opened("whole")
    months = scenario().horizon_months
    for sheet, arm in ((WITH, told.strategy), (WITHOUT, told.uniform)):
        rows = np.array(list(book[sheet].iter_rows(min_row=FIRST + 1, values_only=True)), dtype=float)
        assert rows.shape == (told.n * months, len(LINES) + 3)
        cents = np.rint(100 * rows[:, 2:])
        assert np.array_equal(cents[:, :-1], np.rint(100 * arm.cash).reshape(-1, len(LINES)))
        assert np.array_equal(cents[:, -1], cents[:, :-1].sum(axis=1))


def test_values_beside_the_books_are_those_of_the_tables() -> None:
    book, found = opened("whole"), case()
    firms = [row[2:5] for row in book["Firms"].iter_rows(min_row=FIRST + 1, values_only=True)]
    assert np.array(firms, float) == pytest.approx(found.comparison.head_to_head[["value", "low", "high"]].to_numpy())
    stress = [row[3:9] for row in book["Stress tests"].iter_rows(min_row=FIRST + 1, values_only=True)]
    assert np.array(stress, float) == pytest.approx(found.stress.iloc[:, 3:].to_numpy(float))
    assert found.sensitivity is not None
    swing = found.sensitivity.table.set_index(["factor", "end"])
    for row in book["Drivers"].iter_rows(min_row=FIRST + 1, max_row=FIRST + 3, values_only=True):
        for end, place in (("low", 3), ("high", 8)):
            wanted = swing.loc[(row[1], end), ["setting", "gain", "change", "change_low", "change_high"]]
            assert list(row[place : place + 5]) == pytest.approx(wanted.to_list())
    assert found.region is not None
    points = list(book["Map"].iter_rows(values_only=True))[-len(found.region.points) :]
    assert [row[2] for row in points] == pytest.approx(found.region.points["gain"].to_list())
    drawn = list(opened("unsure")["Draws"].iter_rows(min_row=FIRST + 1, values_only=True))
    assert np.array(drawn, float)[:, 1:] == pytest.approx(cases()["unsure"].comparison.drawn.to_numpy(float))


def test_every_sheet_says_what_it_is_and_names_lead_to_what_they_say() -> None:
    for sheet in opened("whole"):
        words = [cell for row in sheet.iter_rows(max_row=3, values_only=True) for cell in row if isinstance(cell, str)]
        assert any("no forecast" in one and scenario().hash in one for one in words), sheet.title
        assert sheet.page_setup.orientation in ("landscape", "portrait")
        assert scenario().hash in sheet.oddFooter.left.text
    told, book = comparison(), opened("whole")
    gain = told.interval("npv_difference")
    assert [named(book, name).value for name in ("Gain", "Gain_low", "Gain_high")] == pytest.approx(list(gain))
    assert named(book, "Discount_rate").value == scenario().discount_rate
    assert named(book, "Number_of_replications").value == told.n
    assert same(named(book, "Payback_month").value, told.interval("payback_month").value)
    assert book["Read me"]["A2"].value == NO_FORECAST
    words = [row[1] for row in book["Read me"].iter_rows(values_only=True)]
    assert "roi workbook small.yaml" in words
    listed = [row[0] for row in book["Read me"].iter_rows(values_only=True)]
    assert set(book.sheetnames) - {"Read me"} <= set(listed)


def test_only_the_discount_rate_is_there_to_be_changed_and_nothing_is_locked() -> None:
    book = opened("whole")
    assert not any(sheet.protection.sheet for sheet in book)
    valid = [one for sheet in book for one in sheet.data_validations.dataValidation]
    assert [str(one.sqref) for one in valid] == [named(book, "Discount_rate").coordinate]


NEEDS_PREFIX = re.compile(r"(?<![.\w])(T\.INV|STDEV\.S|PERCENTILE\.|BETA\.INV|MAXIFS|CONFIDENCE\.)")
VOLATILE = re.compile(r"\b(NOW|TODAY|RAND|RANDBETWEEN|OFFSET|INDIRECT|INFO|CELL)\(")


@pytest.mark.parametrize("name", ["whole", "unsure"])
def test_formulas_are_such_that_every_excel_reads_them(name: str) -> None:
    texts = [text for _, _, text in formulas(opened(name, values=False))]
    assert len(texts) > 500
    for text in texts:
        assert len(text) < 8192
        assert not VOLATILE.search(text), text
        assert not NEEDS_PREFIX.search(text), text
        assert "[" not in text
        assert all(len(one) <= 255 for one in re.findall(r'"((?:[^"]|"")*)"', text)), text
    with zipfile.ZipFile(BytesIO(content(name))) as parts:
        assert not [one for one in parts.namelist() if "vba" in one.lower() or "external" in one.lower()]


def test_charts_are_native_and_say_what_they_show() -> None:
    with zipfile.ZipFile(BytesIO(content("whole"))) as parts:
        names = parts.namelist()
        assert len([one for one in names if re.search(r"charts/chart\d+\.xml", one)]) == 4
        assert not [one for one in names if "media/" in one]
        drawn = "".join(parts.read(one).decode() for one in names if re.search(r"drawings/drawing\d+\.xml", one))
        about = re.findall(r'descr="([^"]*)"', drawn)
        assert len(about) == 4
        assert all(len(one) > 30 for one in about)
        assert any("#F46A25".removeprefix("#") in parts.read(one).decode() for one in names if "charts/chart" in one)


def test_the_same_results_give_the_same_file() -> None:
    assert workbook(case(), Palette(), "roi workbook small.yaml") == content("whole")


def test_few_replications_are_said() -> None:
    def words(name: str) -> str:
        return " ".join(
            str(cell) for row in opened(name)["Comparison"].iter_rows(values_only=True) for cell in row if cell
        )

    assert "One replication gives no interval" in words("one")
    assert "Only 2 replications: the intervals are wide" in words("two")
    assert named(opened("one"), "Gain_low").value == "–"
    assert isinstance(named(opened("two"), "Gain_low").value, float)
    assert "replications: the intervals" not in words("whole")


def test_words_are_never_taken_for_formulas() -> None:
    book = Book(Palette(), "footer & more")
    page = book.page("Sheet", "=1+1", '=HYPERLINK("x")')
    page.text(4, 0, "http://example.org")
    sheet = openpyxl.load_workbook(BytesIO(book.content()))["Sheet"]
    assert [sheet.cell(row, 1).data_type for row in (1, 2, 5)] == ["s", "s", "s"]
    assert sheet["A5"].hyperlink is None


# --- worked out by another program ---------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def worked_out(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Workbooks without their values, as LibreOffice works them out; ``…@rate`` after the rate has been changed."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice Calc is not installed, so nobody but Python can work out the formulas")
    place = tmp_path_factory.mktemp("office")
    wanted = [(name, None) for name in cases()] + [("whole", NEW_RATE), ("unsure", 0.0), ("one", NEW_RATE)]
    files = {}
    for name, rate in wanted:
        book = openpyxl.load_workbook(BytesIO(content(name)))  # saves formulas alone, without their values
        if rate is not None:
            named(book, "Discount_rate").value = rate
        key = name if rate is None else f"{name}@{rate:g}"
        files[key] = place / f"{key}.xlsx"
        book.save(files[key])
    subprocess.run(
        [office, "--headless", f"-env:UserInstallation={(place / 'profile').as_uri()}", "--convert-to", "xlsx",
         "--outdir", place / "out", *files.values()],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    return {key: openpyxl.load_workbook(place / "out" / file.name, data_only=True) for key, file in files.items()}


def differing(found: Any, wanted: Any, places: Iterator[tuple[str, str, str]]) -> list[tuple[str, str, Any, Any]]:
    """Formulas whose values differ by more than a hundredth of a cent, or in a word."""
    wrong = []
    for sheet, place, _ in places:
        one, other = found[sheet][place].value, wanted[sheet][place].value
        if isinstance(one, int | float) and isinstance(other, int | float):
            alike = abs(one - other) <= CENT / 50
        else:
            alike = (one or "") == (other or "")
        if not alike:
            wrong.append((sheet, place, one, other))
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("name", ["whole", "one", "two", "still", "unsure", "other"])
def test_every_formula_has_the_value_that_it_carries(worked_out: dict[str, Any], name: str) -> None:
    assert not differing(worked_out[name], opened(name), formulas(opened(name, values=False)))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rate"), [("whole", NEW_RATE), ("unsure", 0.0), ("one", NEW_RATE)])
def test_with_another_discount_rate_formulas_say_what_python_says(
    worked_out: dict[str, Any], name: str, rate: float
) -> None:
    found = worked_out[f"{name}@{rate:g}"]
    other = openpyxl.load_workbook(
        BytesIO(workbook(at_rate(name, rate), Palette(), "roi workbook small.yaml")), data_only=True
    )
    warnings = {"Rate_changed", "does not follow"}
    places = (one for one in formulas(opened(name, values=False)) if not any(words in one[2] for words in warnings))
    stays = {("Comparison", named(opened(name), "Rate_changed").coordinate)}
    wrong = [one for one in differing(found, other, places) if one[:2] not in stays]
    assert not wrong
    told = at_rate(name, rate).comparison
    assert found["Comparison"]["A2"].value == found["Read me"]["A8"].value == told.finding
    assert found["Read me"]["A6"].value == cases()[name].comparison.finding
    assert same(named(found, "Gain").value, told.interval("npv_difference").value)
    assert named(found, "Gain").value != pytest.approx(cases()[name].comparison.interval("npv_difference").value)
    assert "has been changed from the 10 %" in named(found, "Rate_changed").value
    assert "does not follow it" in found["Firms"]["A4"].value
    assert named(found, "All_checks").value == "yes"


# --- what cannot be written ----------------------------------------------------------------------------------------
def test_a_comparison_and_a_saved_folder_become_the_same_workbook(tmp_path: Path) -> None:
    save_case(case(), tmp_path / "case")
    first = to_workbook(case(), tmp_path / "a.xlsx", command="again")
    second = to_workbook(tmp_path / "case", tmp_path / "b.xlsx", command="again")
    assert first.read_bytes() == second.read_bytes()
    assert {one.name for one in tmp_path.iterdir()} == {"case", "a.xlsx", "b.xlsx"}


def test_the_command_writes_a_workbook_that_says_how_to_get_it_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_case(case(), tmp_path / "case")
    with pytest.raises(SystemExit) as left:
        main(["workbook", str(tmp_path / "case"), "-o", str(tmp_path / "a.xlsx"), "--accent", "#FFEE00"])
    assert left.value.code == 0
    said = capsys.readouterr()
    assert "Live formulas" in said.out
    assert "#FFEE00 has a contrast" in said.err
    cells = [row[1] for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["Read me"].iter_rows(values_only=True)]
    assert f"roi workbook {tmp_path / 'case'}" in cells


@pytest.mark.parametrize(
    ("where", "said"),
    [("none/a.xlsx", "cannot be written"), ("a.xls", "one that ends in .xlsx would be right"), ("b.xlsx", "a folder")],
)
def test_a_place_that_takes_no_workbook_is_refused_and_nothing_is_left(tmp_path: Path, where: str, said: str) -> None:
    (tmp_path / "b.xlsx").mkdir()
    with pytest.raises(sim.InputError, match=said):
        to_workbook(case(), tmp_path / where)
    assert [one.name for one in tmp_path.iterdir()] == ["b.xlsx"]


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.xlsx").write_text("before")

    def locked(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", locked)
    with pytest.raises(sim.InputError, match="may be open in another program"):
        to_workbook(case(), tmp_path / "a.xlsx")
    assert [one.read_text() for one in tmp_path.iterdir()] == ["before"]


def test_a_missing_library_is_named_with_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(sim.InputError, match=r"XlsxWriter.*personalisation-roi\[report\]"):
        to_workbook(case(), tmp_path / "a.xlsx")
    assert not list(tmp_path.iterdir())


def test_results_of_an_older_version_are_refused_with_what_makes_them_anew(tmp_path: Path) -> None:
    folder = comparison().save(tmp_path / "old")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "version": "0.0.1"}))
    with pytest.raises(sim.InputError, match="made with version 0.0.1"):
        to_workbook(folder, tmp_path / "a.xlsx")
    assert not (tmp_path / "a.xlsx").exists()


def test_more_than_a_sheet_of_excel_holds_is_refused() -> None:
    told = comparison()
    many = np.broadcast_to(told.strategy.cash[:1], (70_000, *told.strategy.cash.shape[1:]))
    arm = replace(told.strategy, cash=many)
    with pytest.raises(sim.InputError, match="70,000 replications of 18 months do not fit"):
        layout(replace(told, strategy=arm, uniform=arm))


def test_the_last_line_of_a_pair_is_the_sum_of_its_parts() -> None:
    book = opened("whole")
    parts = np.array([column(book, PAIRS, PARTS + k, comparison().n) for k in range(len(LINES) + 1)])
    assert parts[:-1].sum(axis=0) == pytest.approx(parts[-1])
