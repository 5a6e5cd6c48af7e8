"""The course is complete: every lesson has its notebook, every notebook its parts, every exercise its solution."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from sim.lessons import LESSONS
from sim.lessons.exercises import EXERCISES

ROOT = Path(__file__).resolve().parent.parent
COURSE = sorted((ROOT / "notebooks" / "lessons").glob("*.ipynb"))
SOLUTIONS = ROOT / "notebooks" / "lessons" / "solutions" / "solutions.ipynb"
GUIDE = ROOT / "docs" / "teaching.md"
PARTS = [
    "The claim", "Think first", "The mechanism", "The experiment", "The picture", "What is striking", "Where it breaks",
    "Exercises", "What this is not",
]  # fmt: skip
PNG = "image/png"
WORDS_PER_MINUTE, MINUTES_PER_PICTURE, MINUTES_TO_PREDICT = 160, 1.0, 1.5
"""How fast students read who think while they read; an estimate, by which lessons are kept of similar length."""

each_lesson = pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def prose(path: Path) -> str:
    return "\n\n".join(cell.source for cell in cells(path, "markdown"))


def code(path: Path) -> str:
    return "\n".join(cell.source for cell in cells(path, "code"))


def parts(path: Path) -> dict[str, str]:
    """The text under each heading of the second level."""
    pieces = re.split(r"^## (.+)$", prose(path), flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def pictures(path: Path) -> int:
    return sum(PNG in output.get("data", {}) for cell in cells(path, "code") for output in cell.outputs)


def test_there_is_a_notebook_for_the_headline_each_of_ten_lessons_and_the_verdict() -> None:
    assert [path.name[:2] for path in COURSE] == [f"{n:02d}" for n in range(12)]
    for path in COURSE[:-1]:
        number = int(path.name[:2])
        assert f'in_class("{number or "H"}")' in code(path)
    assert "all_in_class()" in code(COURSE[-1])
    assert 'in_class("C")' in code(COURSE[7])
    assert len(LESSONS) == 12


@each_lesson
def test_it_has_all_parts_in_order(path: Path) -> None:
    found = [name for name in parts(path) if name in PARTS]
    assert found == PARTS
    assert "Write your answers down" in parts(path)["Think first"]
    assert len(re.findall(r"^\d\. .*?", parts(path)["Think first"], flags=re.MULTILINE)) == 3


@each_lesson
def test_the_mechanism_has_words_and_one_equation(path: Path) -> None:
    mechanism = parts(path)["The mechanism"]
    assert len(re.findall(r"\$\$.+?\$\$", mechanism, flags=re.DOTALL)) == 1
    assert len(re.sub(r"\$\$.+?\$\$|\$.+?\$", "", mechanism, flags=re.DOTALL).split()) >= 50


@each_lesson
def test_what_is_striking_asks_and_leaves_results_to_the_outputs(path: Path) -> None:
    """Digits there are those of names such as months and claims, never of a result."""
    striking = parts(path)["What is striking"]
    assert striking.count("?") >= 3
    assert not re.search(r"\d+\.\d+", striking)


@each_lesson
def test_it_takes_five_to_fifteen_minutes_in_class(path: Path) -> None:
    text = prose(path).partition("## Exercises")[0]
    minutes = len(text.split()) / WORDS_PER_MINUTE + MINUTES_PER_PICTURE * pictures(path) + MINUTES_TO_PREDICT
    assert 5.0 <= minutes <= 15.0, f"{minutes:.1f} minutes"
    assert 2 <= pictures(path) <= 5


@each_lesson
def test_its_exercises_are_asked_and_can_be_checked(path: Path) -> None:
    number = int(path.name[:2])
    keys = [key for key in EXERCISES if key.partition(".")[0] == str(number)]
    text = code(path)
    assert re.findall(r'exercise\("([\d.]+)"\)', text) == keys
    assert re.findall(r'check\("([\d.]+)", None\)', text) == keys
    said = [str(output) for cell in cells(path, "code") for output in cell.outputs if "check(" in cell.source]
    assert all("No answer" in one for one in said)
    assert len(said) == len(keys)


@each_lesson
def test_no_answer_stands_in_a_students_notebook(path: Path) -> None:
    assert "Right." not in str([cell.get("outputs") for cell in cells(path, "code")])
    assert "solve" not in code(path)


def test_every_exercise_is_solved_in_the_teachers_notebook_and_its_check_says_right() -> None:
    solved = {}
    for cell in cells(SOLUTIONS, "code"):
        if asked := re.search(r'^check\("([\d.]+)", .+\)$', cell.source, flags=re.MULTILINE):
            solved[asked[1]] = cell.outputs[-1].data["text/plain"]
    assert list(solved) == list(EXERCISES)
    assert {key: words for key, words in solved.items() if words != f"Right. {EXERCISES[key].because}"} == {}


def test_a_solution_works_its_answer_out() -> None:
    """No answer is typed in: what is checked is a name or a formula, never a bare number or a bare word."""
    for cell in cells(SOLUTIONS, "code"):
        for asked in re.findall(r'^check\("[\d.]+", (.+)\)$', cell.source, flags=re.MULTILINE):
            assert not re.fullmatch(r'-?[\d.]+|"[^"]*"', asked), asked
        assert ".answer" not in cell.source
        assert ".solve" not in cell.source


def test_the_teachers_guide_knows_every_notebook_and_each_of_the_misconceptions() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    for path in COURSE:
        assert f"`{path.name}`" in guide
    for part in ("Learning goals", "90 minutes", "Four weeks", "Misconceptions", "Assessment", "Solutions"):
        assert part in guide
    for words in ("Attitude is not behaviour", "Trust and profit", "More data is not more knowledge", "Everyone"):
        assert words in guide


def test_paths_that_the_guide_names_are_there() -> None:
    for name in re.findall(r"\]\((\.\./[^)#]+|[a-z]+\.md)\)", GUIDE.read_text(encoding="utf-8")):
        assert (GUIDE.parent / name).exists(), name
