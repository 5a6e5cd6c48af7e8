"""Exercises on what is made of people's data and who gets it: lessons 5 to 8, and the condition of the headline."""

from __future__ import annotations

import math
from typing import Any

from sim.lessons import classroom
from sim.lessons.exercises.task import Exercise, Slip
from sim.rulebook import Rules
from sim.rules import knowledge

RULES = Rules()
FOR_A_BENEFIT: dict[str, Any] = {"rules.grant_benefit": 10.0}
BANNER: dict[str, Any] = {"firms.Ours.strategy.consent": "banner"}
ALL_WRONG: dict[str, Any] = {"firms.Ours.strategy.misuse": 1.0}
TWO_YEARS: dict[str, Any] = {"horizon_months": 24}
SAVES_TWICE: dict[str, Any] = {"rules.effort_saved": 2.0 * RULES.effort_saved}
LOOKS_TWICE: dict[str, Any] = {"rules.price_sensitivity": 2.0 * RULES.price_sensitivity}


def _effect(lesson: str, statement: int, changes: dict[str, Any] | None = None) -> float:
    return float(classroom.in_class(lesson, changes).effects["value"].iloc[statement])


def _kept(basket: float, known: float, value_share: float) -> float:
    """What the firm takes of the value that an offer makes, in money."""
    return basket * (1.0 - value_share) * RULES.surplus * known


def _odds(memory: float, known: float) -> float:
    return math.exp(RULES.price_sensitivity * RULES.effort_saved * memory * known)


def _stronger() -> str:
    return "effort" if _effect("8", 2, SAVES_TWICE) > _effect("8", 2, LOOKS_TWICE) else "sensitivity"


OF_VALUE = (
    Exercise(
        key="5.1",
        task=(
            "A firm has 6 units of data on a customer, but only half of all customers take part, and critical mass "
            "matters with a power of 2. Which share of the customer's taste does it know?"
        ),
        solve=lambda: knowledge(6.0, 0.5**2.0, RULES),
        unit="share, between 0 and 1",
        near=0.02,
        slips=(
            Slip(lambda: knowledge(6.0, 1.0, RULES), "That would be so if all took part."),
            Slip(lambda: knowledge(6.0, 0.5, RULES), "That would be so at a power of one."),
        ),
        where="Work out what the data alone would tell, then multiply by the factor for participation.",
        because="With critical mass everybody's refusal takes something from those who agreed.",
    ),
    Exercise(
        key="5.2",
        task=(
            'Let people answer to what they are offered: `in_class("5", {"rules.grant_benefit": 10.0})`. How many more '
            "of the customers permit where a firm gives than where it keeps the benefit?"
        ),
        solve=lambda: _effect("5", 2, FOR_A_BENEFIT),
        unit="share of customers",
        least=0.004,
        slips=(Slip(lambda: _effect("5", 2), "That is so where benefits act through trust alone."),),
        where="Look at the third row of the effects of the changed market.",
        because="A benefit that is spoken of at the question works otherwise than one that is felt over years.",
    ),
    Exercise(
        key="5.3",
        task=(
            'A firm asks with a banner. Sweep how much its knowledge needs participation: `scan("5", '
            '{"rules.participation_power": "0:2:5"}, {"firms.Ours.strategy.consent": "banner"})`. At which power does '
            "personalising turn from gain to loss, or from loss to gain?"
        ),
        solve=lambda: classroom.turning_point(classroom.scan("5", {"rules.participation_power": "0:2:5"}, BANNER)),
        unit="power",
        least=0.03,
        occurs=False,
        where="Plot the sweep: does the line cross zero, and where?",
        because="A tipping point is where a little more of what is needed from others decides between gain and loss.",
    ),
    Exercise(
        key="6.1",
        task=(
            "A firm knows six tenths of a taste, but half of its offers rest on wrong information. How much value does "
            "an offer make on average, as a share of the basket?"
        ),
        solve=lambda: (1.0 - 0.5) * RULES.surplus * 0.6,
        unit="share of the basket",
        near=0.02,
        slips=(Slip(lambda: RULES.surplus * 0.6, "That is what a right offer makes; half of them are wrong."),),
        where="A wrong offer makes none; average over right and wrong ones.",
        because="Errors work like ignorance as to value, and like full use as to cost.",
    ),
    Exercise(
        key="6.2",
        task=(
            'Let all offers be wrong: `in_class("6", {"firms.Ours.strategy.misuse": 1.0})`. How do sales differ now '
            "from those with none wrong? (A loss has a minus.)"
        ),
        solve=lambda: _effect("6", 1, ALL_WRONG),
        unit="money per customer",
        slips=(Slip(lambda: _effect("6", 1), "That is with half of them wrong."),),
        where="Look at the second row of the effects of the changed market.",
        because="Compare it with half of them wrong: a loss need not grow in step with the errors.",
    ),
    Exercise(
        key="6.3",
        task=(
            'Sweep the share of wrong offers: `scan("6", {"firms.Ours.strategy.misuse": "0:1:5"})`. At which share '
            "does personalising turn from gain to loss, or from loss to gain?"
        ),
        solve=lambda: classroom.turning_point(classroom.scan("6", {"firms.Ours.strategy.misuse": "0:1:5"})),
        unit="share of offers",
        least=0.02,
        occurs=False,
        where="Plot the sweep: does the line cross zero, and where?",
        because="This is how much sloppiness the business case can bear, and any firm can count its own.",
    ),
    Exercise(
        key="7.1",
        task=(
            "Somebody fills a basket worth 50. The firm knows half of the taste and gives a quarter of the surplus to "
            "the customer. How much does the firm itself take of the value that was made?"
        ),
        solve=lambda: _kept(50.0, 0.5, 0.25),
        unit="money",
        near=0.01,
        slips=(
            Slip(lambda: _kept(50.0, 0.5, 0.75), "That is what the customer keeps."),
            Slip(lambda: _kept(50.0, 1.0, 0.25), "Only half of the taste is known."),
            Slip(lambda: _kept(50.0, 0.5, 0.0), "That is all of the value; part of it is given away."),
        ),
        where="The value is surplus times knowledge times basket; the firm takes what it does not give.",
        because="To share is a price: the firm forgoes margin today for a better offer, and asks when that comes back.",
    ),
    Exercise(
        key="7.2",
        task=(
            'Give both kinds of firm two years: `in_class("C", {"horizon_months": 24})`. By how much does the firm '
            "that serves beat the one that sells, in net present value?"
        ),
        solve=lambda: _effect("C", 0, TWO_YEARS),
        unit="money per customer",
        slips=(Slip(lambda: _effect("C", 0), "That is over five years."),),
        where="Look at the first row of the effects of the changed market.",
        because="Compare it with five years and with the first: the horizon decides for which strategy one would vote.",
    ),
    Exercise(
        key="7.3",
        task=(
            "Let the firm that sells become more respectful, and change nothing else: "
            '`scan("C", {"firms.Extractive.strategy.respect": "0.7:1:4"}, firm="Extractive")`. At which respect does '
            "its strategy turn from loss to gain, or from gain to loss, against treating everyone alike?"
        ),
        solve=lambda: classroom.turning_point(
            classroom.scan("C", {"firms.Extractive.strategy.respect": "0.7:1:4"}, firm="Extractive")
        ),
        unit="respect, between 0 and 1",
        near=0.0,
        least=0.012,
        occurs=False,
        where="Plot the sweep: does the line cross zero, and where?",
        because="It keeps most of the value either way; what changes is only whether it keeps to people's lines.",
    ),
    Exercise(
        key="8.1",
        task=(
            "A firm remembers fully for a customer of whose taste it knows half. By which factor does that raise the "
            "odds that it is chosen over a rival who is a stranger, all else equal?"
        ),
        solve=lambda: _odds(1.0, 0.5),
        unit="factor",
        near=0.01,
        slips=(
            Slip(lambda: math.log(_odds(1.0, 0.5)), "That is the difference in utility; odds are its exponential."),
            Slip(lambda: _odds(1.0, 1.0), "Only half of the taste is known."),
        ),
        where="In a logit, odds change by the exponential of the difference in utility.",
        because="A small advantage in each purchase is a large one over many: it is there every time.",
    ),
    Exercise(
        key="8.2",
        task=(
            "Let memory save twice as much: set `rules.effort_saved` to twice its value. How much net present value "
            "does remembering for people bring over remembering about them now?"
        ),
        solve=lambda: _effect("8", 2, SAVES_TWICE),
        unit="money per customer",
        slips=(
            Slip(lambda: _effect("8", 2), "That is with the saving as it is."),
            Slip(lambda: _effect("8", 2, SAVES_TWICE) - _effect("8", 2), "That is how much more; how much is it now?"),
        ),
        where="Look at the third row of the effects of the changed market.",
        because="Compare it with the saving as it is: does a saving twice as large bring twice as much?",
    ),
    Exercise(
        key="8.3",
        task=(
            "In the equation, the saving and the customers' sensitivity to price multiply. Double one, then the other "
            "(`rules.effort_saved`, `rules.price_sensitivity`). Which makes remembering for people worth more?"
        ),
        solve=_stronger,
        choices=("effort", "sensitivity"),
        where="Compare the third effect of both changed markets, and ask what else each of the two moves.",
        because="What is a mere product in one equation need not be one in a market, where other offers move too.",
    ),
)
