"""The report is one page that needs nothing beside it, reads well to everybody, and tells the numbers of the tables."""

from __future__ import annotations

import base64
import re
import sys
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

import sim
from sim.present.client.palette import Palette
from sim.present.client.story import story
from sim.present.deliverables import to_report
from sim.present.report import printing
from sim.present.report.report import report
from sim.present.style import contrast
from sim.scenario_file import read, register
from tests.cases import case, comparison, scenario

pytest.importorskip("jinja2")


class Page(HTMLParser):
    """What a page consists of: tags with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.cells: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "col", "br"):
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data


@cache
def text() -> str:
    return report(case(), Palette(), "roi report small.yaml --seed 1")


@cache
def page() -> Page:
    return Page(text())


def test_tags_close_in_order_and_the_language_is_said() -> None:
    assert page().open == []
    assert ("html", {"lang": "en-GB"}) in page().tags


def test_headings_leave_no_level_out_and_there_is_one_first() -> None:
    levels = [int(tag[1]) for tag, _ in page().tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_picture_has_an_alternative_text_and_every_name_is_used_once() -> None:
    pictures = [about for tag, about in page().tags if tag == "img"]
    assert len(pictures) == sum(len(topic.charts) for topic in story(case()))
    assert all(len(about["alt"] or "") > 15 for about in pictures)
    names = [about["id"] for _, about in page().tags if "id" in about]
    assert len(names) == len(set(names))
    links = [about["href"] for tag, about in page().tags if tag == "a"]
    assert links[0] == "#content"
    assert {link.removeprefix("#") for link in links if link} <= set(names)
    told = [about["aria-labelledby"] for _, about in page().tags if "aria-labelledby" in about]
    assert set(told) <= set(names)


def test_tables_have_captions_and_headings_of_columns_and_rows() -> None:
    tags = [tag for tag, _ in page().tags]
    assert tags.count("table") == tags.count("caption") > 5
    scopes = [about.get("scope") for tag, about in page().tags if tag == "th"]
    assert set(scopes) == {"col", "row", "rowgroup"}


def test_nothing_comes_from_elsewhere() -> None:
    assert not re.findall(r"(?:https?:)?//[a-z]", re.sub(r"base64,[A-Za-z0-9+/=]+", "", text()))
    assert not [tag for tag, _ in page().tags if tag in ("script", "link", "iframe")]
    for address in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', text()):
        picture = base64.b64decode(address).decode("utf-8")
        assert "<svg" in picture
        assert "<script" not in picture
        assert not re.findall(r'href="http', picture)


@pytest.mark.parametrize("accent", ["#12436D", "#FFCC00", "#EEEEEE"])
def test_words_have_a_contrast_of_four_and_a_half_whatever_the_clients_colour(accent: str) -> None:
    style = report(case(), Palette(trusted=accent), "x").partition("</style>")[0]
    for name in ("accent", "text", "quiet"):
        colour = re.search(rf"--{name}: (#[0-9A-Fa-f]{{6}})", style)
        assert colour is not None
        assert contrast(colour[1]) >= 4.5


def test_the_figures_are_those_of_the_topics_and_the_tables() -> None:
    words = " ".join(" ".join(page().words).split())
    for topic in story(case()):
        assert topic.title in words
        assert all(point in words for point in topic.points)
        for table in topic.tables:
            for row in table.rows:
                assert set(row) <= {*page().cells}
    assert comparison().scenario.hash in words
    assert "no forecast" in words


def test_every_assumption_is_there_with_its_source() -> None:
    table = register(scenario())
    cells = {*page().cells}
    assert {str(path).rpartition(".")[2] for path in table["path"]} <= cells
    assert {str(meaning) for meaning in table["meaning"]} <= cells


def test_the_scenario_of_the_appendix_is_the_scenario() -> None:
    appendix = "".join(page().words).partition("what the command reads.")[2]
    again = read(appendix.strip().partition("\nThis result")[0])
    assert again.hash == scenario().hash


def test_names_cannot_break_the_page() -> None:
    odd = scenario().with_({"name": "<script>alert(1)</script> & co"})
    result = sim.compare(odd, replications=2)
    from sim.experiment.business_case import BusinessCase

    made = report(BusinessCase(result), Palette())
    assert "<script>" not in made
    assert "&lt;script&gt;" in made
    Page(made)


def test_a_missing_library_is_named_with_the_extra_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(sim.InputError, match=r"Jinja2, which is not installed.*personalisation-roi\[report\]"):
        comparison().to_report(tmp_path / "report.html")


def test_the_same_result_gives_the_same_page(tmp_path: Path) -> None:
    first, second = (to_report(case(), tmp_path / name).read_bytes() for name in ("one.html", "two.html"))
    assert first == second


def test_without_a_browser_nothing_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "BROWSERS", ("no-such-browser",))
    assert not printing.print_pdf(tmp_path / "report.html", tmp_path / "report.pdf")


def test_a_browser_that_fails_leaves_nothing_and_says_how_to_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "browser", lambda: "/bin/false")
    with pytest.raises(sim.InputError, match=r"open .*report\.html in a browser and print it to PDF would be right"):
        printing.print_pdf(tmp_path / "report.html", tmp_path / "report.pdf")
    assert not list(tmp_path.iterdir())
