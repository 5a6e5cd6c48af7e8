"""Exercises are answered by the model, checks confirm what is right, hint at what is wrong, and never tell."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sim
from sim.lessons import classroom
from sim.lessons.exercises import EXERCISES, Exercise, check, exercise
from sim.lessons.exercises.task import NEVER, Slip

each_exercise = pytest.mark.parametrize("key", EXERCISES)
CACHES = (classroom._tried, classroom._scanned, classroom._ended)
NUMBERS = [key for key, one in EXERCISES.items() if not one.choices]


@pytest.fixture(autouse=True, scope="module")
def _small() -> Iterator[None]:
    """Checks compare with whatever the model says; a market of a few hundred people says it sooner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classroom, "CUSTOMERS", 200)
        patch.setattr(classroom, "REPLICATIONS", 2)
        patch.setattr(classroom, "ENDINGS", 4)
        for cache in CACHES:
            cache.cache_clear()
        yield
    for cache in CACHES:
        cache.cache_clear()


SOLVED: dict[str, Exercise] = {}


def solved(key: str) -> Exercise:
    """A copy of an exercise, worked out in the small market."""
    if key not in SOLVED:
        SOLVED[key] = replace(EXERCISES[key])
    return SOLVED[key]


def near(one: Exercise, value: float) -> bool:
    right = one.answer
    assert isinstance(right, float)
    return abs(value - right) <= max(one.near * abs(right), one.least)


def near_misses(one: Exercise) -> list[float]:
    """Numbers just outside of what counts as right, and the answers of usual slips."""
    right = one.answer
    assert isinstance(right, float)
    if math.isnan(right):
        return [0.0, 0.3, 1.0, -2.0]
    wide = max(one.near * abs(right), one.least)
    tries = [right + 1.5 * wide, right - 1.5 * wide, -right, 10.0 * right, right / 10.0, 100.0 * right, right / 100.0]
    return [value for value in tries if not near(one, value)]


def gives_away(one: Exercise, words: str, given: Any = None) -> bool:
    """Whether a hint holds the answer: a number near it, or the right choice without the others."""
    right = one.answer
    for known in (one.unit, one.key, one.wanted):
        words = words.replace(known, "")
    if isinstance(right, str):
        return right in words
    if math.isnan(right):
        return NEVER in words
    figures = [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", words)]
    return any(near(one, figure * by) for figure in figures for by in (1.0, -1.0, 0.01))


@pytest.mark.slow
@each_exercise
def test_a_check_says_right_to_the_solution_and_why(key: str) -> None:
    one = solved(key)
    answer: Any = NEVER if isinstance(one.answer, float) and math.isnan(one.answer) else one.answer
    reply = one.check(answer)
    assert reply
    assert reply.words == f"Right. {one.because}"
    if isinstance(answer, float):
        assert one.check(np.float64(answer))


@pytest.mark.slow
@pytest.mark.parametrize("key", NUMBERS)
def test_a_check_says_not_yet_to_near_misses_and_does_not_tell(key: str) -> None:
    one = solved(key)
    misses = near_misses(one)
    assert len(misses) >= 4
    for value in misses:
        reply = one.check(value)
        assert not reply
        assert reply.words.startswith("Not yet. ")
        assert not gives_away(one, reply.words), reply.words


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in EXERCISES if key not in NUMBERS])
def test_every_other_choice_is_wrong_and_its_hint_does_not_tell(key: str) -> None:
    one = solved(key)
    assert one.answer in one.choices
    for choice in set(one.choices) - {one.answer}:
        reply = one.check(choice)
        assert not reply
        assert not gives_away(one, reply.words), reply.words


@pytest.mark.slow
@each_exercise
def test_every_slip_that_is_known_gets_its_own_hint(key: str) -> None:
    one = solved(key)
    for slip in one.slips:
        if near(one, slip.leads_to()):
            continue  # in so small a market two results may coincide
        reply = one.check(slip.leads_to())
        earlier = [other.hint for other in one.slips[: one.slips.index(slip)]]
        assert reply.words.removeprefix("Not yet. ") in [slip.hint, *earlier]
        assert not gives_away(one, reply.words)


@each_exercise
def test_an_answer_of_the_wrong_kind_gets_a_sentence(key: str) -> None:
    one = replace(EXERCISES[key], solve=lambda: 0.5 if not EXERCISES[key].choices else EXERCISES[key].choices[0])
    odd: list[Any] = [None, ..., "", "a half", "0.5", True, math.nan, math.inf, [1.0], {}, 1j, print, np.array([0.5])]
    for answer in odd:
        reply = one.check(answer)
        assert not reply
        assert one.wanted in reply.words
        assert reply.words.endswith(".")


def test_nothing_is_worked_out_before_there_is_an_answer() -> None:
    def unwanted() -> float:
        raise AssertionError

    assert not replace(EXERCISES["0.2"], solve=unwanted).check(None)


def plain(**changes: Any) -> Exercise:
    given: dict[str, Any] = {"unit": "share", "where": "Look there.", "because": "So it is."}
    return Exercise("9.9", "What is it?", **{"solve": lambda: 0.4, **given, **changes})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (-0.4, "The size is right, the sign is not"),
        (40.0, "is it in per cent?"),
        (0.004, "is it a share?"),
        (-0.2, "It has the other sign"),
        (3.0, "not of the right order of magnitude"),
        (0.5, "Too high. Look there."),
        (0.3, "Too low. Look there."),
        (0.7, "You doubled it"),
    ],
)
def test_a_hint_fits_the_kind_of_slip(answer: float, words: str) -> None:
    assert words in plain(slips=(Slip(lambda: 0.7, "You doubled it."),)).check(answer).words


def test_where_something_does_not_occur_never_is_right_and_no_number_is() -> None:
    one = plain(solve=lambda: math.nan, occurs=False)
    assert one.check("never")
    assert one.check(" Never ")
    assert not one.check(0.4)
    assert not plain(occurs=False).check("never")
    assert not plain().check("never")


def test_a_key_that_does_not_exist_gets_a_sentence() -> None:
    assert check("4.9", 1.0).words.startswith("There is no exercise '4.9'; did you mean")
    with pytest.raises(sim.InputError, match=r"there is no exercise '4.9'; did you mean"):
        exercise("4.9")


def test_a_notebook_shows_task_and_kind_of_answer_and_no_answer() -> None:
    for one in EXERCISES.values():
        shown = one._repr_markdown_()
        assert one.task in shown
        assert one.wanted in shown
        assert repr(one).startswith(f"Exercise {one.key}. ")


@pytest.mark.slow
@each_exercise
def test_what_a_task_tells_to_run_is_what_the_answer_is_worked_out_from(key: str) -> None:
    """Running the code in a task adds nothing to what was remembered when the exercise was solved."""
    one = EXERCISES[key]
    code = [found for found in re.findall(r"`([^`]+)`", one.task) if found.startswith(("in_class(", "scan(", "in_the"))]
    assert solved(key).answer is not None
    before = [cache.cache_info().misses for cache in CACHES]
    for text in code:
        eval(text, vars(classroom))
    assert [cache.cache_info().misses for cache in CACHES] == before


def test_exercises_are_numbered_by_notebook_from_one_on_and_rise_in_difficulty() -> None:
    """The first of each lesson needs a pencil alone, so it is answered without running anything."""
    by_notebook: dict[str, list[str]] = {}
    for key in EXERCISES:
        notebook, _, number = key.partition(".")
        by_notebook.setdefault(notebook, []).append(number)
    assert list(by_notebook) == [str(n) for n in range(12)]
    for notebook, numbers in by_notebook.items():
        assert numbers == [str(n + 1) for n in range(len(numbers))]
        assert 2 <= len(numbers) <= 3
        if notebook != "11":
            before = [cache.cache_info().misses for cache in CACHES]
            assert replace(EXERCISES[f"{notebook}.1"]).answer
            assert [cache.cache_info().misses for cache in CACHES] == before


def test_changes_that_are_none_get_a_sentence() -> None:
    with pytest.raises(sim.InputError, match="names no changes"):
        classroom.in_class("3", {"rules.surplus": print})
    with pytest.raises(sim.InputError, match=r"there is no firms.Ours.nothing"):
        classroom.in_class("3", {"firms.*.nothing": 1.0})
    with pytest.raises(sim.InputError, match=r"nothing in general retail, lesson 3 that 'strategies.\*.depth'"):
        classroom.in_class("3", {"strategies.*.depth": 1.0})
    with pytest.raises(sim.InputError, match="one axis of numbers"):
        classroom.turning_point(
            classroom.scan("3", {"firms.Ours.strategy.consent": ["prompt", "banner"]}, measure="Ours.npv")
        )


def test_the_same_question_is_not_run_twice() -> None:
    first = classroom.in_class("3", {"rules.service_trust": 0.0})
    assert classroom.in_class(3, json.loads('{"rules.service_trust": 0.0}')) is first
    assert classroom.in_class("3", {"rules.service_trust": 0.5}) is not first
