"""Exercises on which kinds of firm are left: the headline, whether personalisation spreads, and the verdict."""

from __future__ import annotations

from typing import Any

from sim.lessons import classroom
from sim.lessons.catalogue import LESSONS
from sim.lessons.evidence import evidence_table
from sim.lessons.exercises.task import Exercise, Slip
from sim.lessons.verdict import MEASURED
from sim.market.review import copy_probability
from sim.rulebook import Rules
from sim.rules import consideration, relevance

RULES = Rules()
DEARER: dict[str, Any] = {"firms.*.economics.fixed_cost": 2400.0}
RICHER: dict[str, Any] = {"rules.surplus": 0.25}
NO_VALUE: dict[str, Any] = {"rules.surplus": 0.0, "rules.base_relevance": 1.0}
HASTE: dict[str, Any] = {"review.temperature": 1.0}


def _known_better(known: float) -> float:
    """How likely a firm comes to mind that knows so much of a taste, without habit and with a message a month."""
    return consideration(1.0, relevance(known, RULES), 0.0, RULES)


def _effect(lesson: str, statement: int, changes: dict[str, Any] | None = None) -> float:
    return float(classroom.in_class(lesson, changes).effects["value"].iloc[statement])


def _spread_of_half(changes: dict[str, Any]) -> str:
    row = classroom.in_class("10", changes).effects.iloc[1]
    if row["low"] > row["bar"]:
        return "spreads"
    return "recedes" if row["high"] < row["bar"] else "cannot be told"


def _measured() -> float:
    kinds = evidence_table()["evidence"]
    kinds = kinds[kinds != "decision"]
    return float(kinds.isin(MEASURED).mean())


def _against() -> float:
    return float(sum(classroom.in_class(key).as_it_is == "fails" for key in LESSONS))


OF_KINDS = (
    Exercise(
        key="0.1",
        task=(
            "A firm sends one message a month to somebody without any habit. It used to know nothing about that person "
            "and now knows half of the person's taste. By how much does the chance rise that it is considered on a "
            "trip? Use the equation above; the numbers stand in `lesson.market.rules`."
        ),
        solve=lambda: _known_better(0.5) - _known_better(0.0),
        unit="difference of two probabilities, between 0 and 1",
        near=0.03,
        slips=(
            Slip(lambda: _known_better(0.5), "That is the chance itself; how much higher is it than before?"),
            Slip(
                lambda: RULES.message_effect * (relevance(0.5, RULES) - relevance(0.0, RULES)),
                "That is the change of the exponent; the chance is what the exponential makes of it.",
            ),
        ),
        where="Work out the relevance without and with knowledge first, then the chance for each, and subtract.",
        because="To know people is worth something even before the offer itself is better: the firm comes to mind.",
    ),
    Exercise(
        key="0.2",
        task=(
            "Let the fixed costs of every firm rise to 2 400, the upper end of what was tried "
            '(`in_class("H", {"firms.*.economics.fixed_cost": 2400.0})`). What margin have now the firms that treat '
            "everyone alike, beside as many that personalise?"
        ),
        solve=lambda: _effect("H", 2, DEARER),
        unit="share of sales",
        least=0.004,
        slips=(
            Slip(lambda: _effect("H", 2), "That is the margin before costs rose."),
            Slip(
                lambda: _effect("H", 0, DEARER), "That is the lead of one kind over the other; a margin is asked for."
            ),
        ),
        where="Look at the third row of the effects of the changed market.",
        because="Whether anyone struggles to break even depends on costs that have nothing to do with personalisation.",
    ),
    Exercise(
        key="0.3",
        task=(
            'Make a matching offer worth a quarter of the basket: `in_the_end("half", {"rules.surplus": 0.25})`. How '
            "many standard deviations do the two kinds of company lie apart now?"
        ),
        solve=lambda: classroom.in_the_end("half", RICHER).apart.value,
        unit="standard deviations",
        slips=(
            Slip(
                lambda: classroom.in_the_end("half").apart.value,
                "That is the distance in the market as it is; has the change got through?",
            ),
        ),
        where="The distance is `.apart.value` of what comes back.",
        because="Two humps need a lead that is large beside the luck that firms of one kind have among themselves.",
    ),
    Exercise(
        key="10.1",
        task=(
            "A firm earns 2 % of sales, the rival that it happens to look at 7 %. With the temperature of this market "
            "(`lesson.market.review.temperature`), how likely does it copy the rival?"
        ),
        solve=lambda: copy_probability(0.02, 0.07, _temperature()),
        unit="probability, between 0 and 1",
        near=0.02,
        slips=(
            Slip(
                lambda: copy_probability(0.07, 0.02, _temperature()),
                "That is how likely the better firm copies the worse one.",
            ),
        ),
        where="Margins are shares of sales in the equation, and what counts is their difference over the temperature.",
        because="Copying follows what pays, but only as surely as the difference stands out from the noise.",
    ),
    Exercise(
        key="10.2",
        task=(
            'Let firms copy nearly blindly: `in_class("10", {"review.temperature": 1.0})`. What share of firms '
            "personalises after ten years where half began?"
        ),
        solve=lambda: _effect("10", 1, HASTE),
        unit="share of firms",
        least=0.01,
        slips=(Slip(lambda: _effect("10", 0, HASTE), "That is where one of six began."),),
        where="Look at the second row of the effects of the changed market.",
        because="Where copying is blind, chance alone decides; compare the interval with the share at the start.",
    ),
    Exercise(
        key="10.3",
        task=(
            "Take away all that there is to gain from knowing people: "
            '`in_class("10", {"rules.surplus": 0.0, "rules.base_relevance": 1.0})`. What becomes of personalisation '
            "where half began with it? Go by the interval and the bar."
        ),
        solve=lambda: _spread_of_half(NO_VALUE),
        choices=("spreads", "recedes", "cannot be told"),
        where="Where does the interval lie: above the bar, below it, or on both sides?",
        because="Where there is nothing to gain, personalising must not spread, or the answer would be built in.",
    ),
    Exercise(
        key="11.1",
        task="How many of the claims does the market contradict as it is? Count those that are judged `fails`.",
        solve=_against,
        unit="number of claims",
        near=0.0,
        least=0.4,
        where="A claim fails if any effect that decides lies with its whole interval on the wrong side of its bar.",
        because="A claim that the market contradicts somewhere may hold elsewhere; the verdict has to say where.",
    ),
    Exercise(
        key="11.2",
        task=(
            "Of the assumptions that the lessons vary, leave aside those that a firm decides. What share of the rest "
            "has anybody found out? Use `evidence_table()`."
        ),
        solve=_measured,
        unit="share, between 0 and 1",
        least=0.01,
        where="Count rows of the kinds fitted, measured and published, and divide by all rows but decisions.",
        because="Whatever a verdict says, it is worth no more than the assumptions on which it turns.",
    ),
)


def _temperature() -> float:
    review = classroom.market("10").review
    assert review is not None
    return review.temperature
