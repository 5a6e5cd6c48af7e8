"""Exercises on whose line is crossed, by whom, and who notices: lessons 1 to 4 and 9."""

from __future__ import annotations

import math
from typing import Any

from sim.experiment.sweep import Sweep
from sim.lessons import classroom
from sim.lessons.exercises.task import Exercise, Slip
from sim.rulebook import Rules
from sim.rules import depth_used, intrusion, knowledge, notice_probability, tolerance

RULES = Rules()
NO_RESPECT: dict[str, Any] = {"firms.Ours.strategy.respect": 0.0}
MIXES: dict[str, Any] = {"firms.Ours.strategy.mixing": 0.8, "firms.Ours.strategy.respect": 0.0}
NO_FILES: dict[str, Any] = {"firms.Old 1.strategy.legacy_data": 0.0, "firms.Old 2.strategy.legacy_data": 0.0}
SAME_START: dict[str, Any] = {**NO_FILES, "firms.New 1.enters_month": 0, "firms.New 2.enters_month": 0}
STEADY: dict[str, Any] = {"rules.service_trust": 0.0}
SILENCE: dict[str, Any] = {"rules.word_of_mouth": 0.0}
ONE_YEAR: dict[str, Any] = {"horizon_months": 12}
NOBODY_CLOSED: dict[str, Any] = {"customers.threshold.at_zero": 0.0}
LEVELS = (0.0, 0.5, 1.0)


def _effect(lesson: str, statement: int, changes: dict[str, Any] | None = None) -> float:
    return float(classroom.in_class(lesson, changes).effects["value"].iloc[statement])


def _intrusion(depth: float, mixing: float, separation: float, tolerated: float) -> float:
    pressure = 1.0 + mixing * separation
    return intrusion(depth_used(depth, 0.0, tolerated / pressure), pressure, tolerated)


def _symmetric() -> str:
    row = classroom.in_class("2", SAME_START).effects.iloc[0]
    return "yes" if row["low"] <= row["bar"] <= row["high"] else "no"


def _watching() -> str:
    swept = classroom.scan("3", {"firms.Ours.strategy.monitoring": list(LEVELS)}, measure="Ours.npv")
    none, half, full = swept.table["value"]
    return "the first half" if none - half > half - full else "the second half"


def _depths(respect: float) -> Sweep:
    varied = {"firms.Ours.strategy.depth": "0.05:0.65:5"}
    return classroom.scan("9", varied, {"firms.Ours.strategy.respect": respect})


def _best_depth(respect: float) -> float:
    table = _depths(respect).table
    return float(table["firms.Ours.strategy.depth"].iloc[int(table["value"].argmax())])


OF_PRIVACY = (
    Exercise(
        key="1.1",
        task=(
            "A firm without any respect uses data to a depth of 0.4 and mixes the spheres at 0.8. A customer who keeps "
            "them apart at 0.5 tolerates 0.3. How large is the intrusion?"
        ),
        solve=lambda: _intrusion(0.4, 0.8, 0.5, 0.3),
        unit="depth, between 0 and 1",
        near=0.02,
        slips=(
            Slip(
                lambda: _intrusion(0.4, 0.0, 0.5, 0.3),
                "That is how much it would be without mixing; where is the pressure?",
            ),
            Slip(lambda: 0.4 * (1.0 + 0.8 * 0.5), "That is how deep it feels; part of it is tolerated."),
        ),
        where="First the pressure, then the depth as it is felt, then what of it goes beyond tolerance.",
        because="The same data weigh more out of place: what presses is depth times pressure, not depth.",
    ),
    Exercise(
        key="1.2",
        task=(
            'Take the firm\'s respect away: `in_class("1", {"firms.Ours.strategy.respect": 0.0})`. What does mixing '
            "bring now while people keep the spheres apart?"
        ),
        solve=lambda: _effect("1", 0, NO_RESPECT),
        unit="money per customer",
        slips=(
            Slip(lambda: _effect("1", 0), "That is what it brings a firm of full respect."),
            Slip(lambda: _effect("1", 2, NO_RESPECT), "That is where the spheres merge; look at the first row."),
        ),
        where="Look at the first row of the effects of the changed market.",
        because="With respect, mixing costs a firm depth; without it, trust. The two are not the same bill.",
    ),
    Exercise(
        key="1.3",
        task=(
            "A firm mixes at 0.8 and has no respect. Sweep how deep it goes: "
            '`scan("1", {"firms.Ours.strategy.depth": "0.05:0.6:4"}, {"firms.Ours.strategy.mixing": 0.8, '
            '"firms.Ours.strategy.respect": 0.0})`. At which depth does its strategy turn from gain to loss, or from '
            "loss to gain (`turning_point`)?"
        ),
        solve=lambda: classroom.turning_point(classroom.scan("1", {"firms.Ours.strategy.depth": "0.05:0.6:4"}, MIXES)),
        unit="depth, between 0 and 1",
        least=0.01,
        occurs=False,
        where="Follow the line in the picture of the sweep: does it cross zero, and where?",
        because="It says how modest a firm without respect would have to be, or that no modesty helps it.",
    ),
    Exercise(
        key="2.1",
        task=(
            "An old firm holds 4 units of data on you from the days before anybody asked. Which share of your taste "
            "does it know on its first day in this market? All customers take part."
        ),
        solve=lambda: knowledge(4.0, 1.0, RULES),
        unit="share, between 0 and 1",
        near=0.02,
        slips=(Slip(lambda: 4.0 / RULES.knowledge_half, "Returns diminish: what else stands below the line?"),),
        where="The number of units at which half is known stands in `lesson.market.rules.knowledge_half`.",
        because="More data is not as much more knowledge: each further unit tells less than the one before.",
    ),
    Exercise(
        key="2.2",
        task=(
            "Burn the old files: set the old firms' `legacy_data` to 0. By how much does their share of all intrusions "
            "fall (share before less share after)?"
        ),
        solve=lambda: _effect("2", 0) - _effect("2", 0, NO_FILES),
        unit="difference of two shares",
        least=0.001,
        slips=(Slip(lambda: _effect("2", 0, NO_FILES), "That is the share after; how much lower is it than before?"),),
        where="Take the first effect of the market as it is, and that of the market without old files.",
        because="What is left of the lead does not come from old files, but from having been there first.",
    ),
    Exercise(
        key="2.3",
        task=(
            "Now let the new firms also be there from the first month. Old and new then differ in their names alone. "
            'Does the interval of the old firms\' share hold one half ("yes" or "no")?'
        ),
        solve=_symmetric,
        choices=("yes", "no"),
        where="Change `legacy_data` of both old firms and `enters_month` of both new ones; read low and high.",
        because="An experiment should pass the test of symmetry before it is trusted with a difference.",
    ),
    Exercise(
        key="3.1",
        task=(
            "Somebody's trust in the firm they work for has fallen to 0.4. How many times as likely are they to quit "
            "as somebody of neutral trust?"
        ),
        solve=lambda: math.exp(RULES.quit_trust * (RULES.neutral_trust - 0.4)),
        unit="factor",
        near=0.03,
        slips=(
            Slip(
                lambda: math.exp(RULES.quit_trust * (0.4 - RULES.neutral_trust)), "Less trust, more quits: which way?"
            ),
            Slip(lambda: RULES.quit_trust * (RULES.neutral_trust - 0.4), "That is the exponent."),
        ),
        where="Divide the hazard at the lower trust by that at neutral trust; the base rate cancels.",
        because="In an exponential hazard equal losses of trust multiply the risk by equal factors.",
    ),
    Exercise(
        key="3.2",
        task=(
            'Let service not depend on the mood of the staff: `in_class("3", {"rules.service_trust": 0.0})`. Which '
            "part of the loss in net present value is still there?"
        ),
        solve=lambda: _effect("3", 3, STEADY) / _effect("3", 3),
        unit="share of the loss",
        slips=(
            Slip(lambda: _effect("3", 3, STEADY), "That is what is left in money; as a part of what it was?"),
            Slip(lambda: 1.0 - _effect("3", 3, STEADY) / _effect("3", 3), "That is the part that has gone."),
        ),
        where="Divide the last effect of the changed market by that of the market as it is.",
        because="It splits the bill in two: what people who quit cost, and what customers feel of those who stay.",
    ),
    Exercise(
        key="3.3",
        task=(
            'Sweep the watching: `scan("3", {"firms.Ours.strategy.monitoring": [0.0, 0.5, 1.0]}, '
            'measure="Ours.npv")`. Which costs more, going from none to half, or from half to full?'
        ),
        solve=_watching,
        choices=("the first half", "the second half"),
        where="Subtract neighbouring values in the sweep's table, and compare the two differences.",
        because="It depends on how people's lines are spread: each step costs as much as it crosses lines.",
    ),
    Exercise(
        key="4.1",
        task=(
            "Somebody of vigilance 0.1 meets a firm of transparency 0.1 that nobody writes about. How likely is an "
            "intrusion noticed?"
        ),
        solve=lambda: notice_probability(0.1, 0.0, 0.1),
        unit="probability, between 0 and 1",
        near=0.02,
        slips=(
            Slip(lambda: 0.1 + 0.1, "You have counted twice those who would notice either way."),
            Slip(lambda: 0.1 * 0.1, "That is the chance that both work; one is enough."),
        ),
        where="Who is not vigilant enough can still see what the firm shows.",
        because="Two independent ways to notice do not add up: those who notice either way count once.",
    ),
    Exercise(
        key="4.2",
        task=(
            'Let nobody talk: `in_class("4", {"rules.word_of_mouth": 0.0})`. What does an exposé after two years cost '
            "the taker now? (A loss has a minus.)"
        ),
        solve=lambda: _effect("4", 2, SILENCE),
        unit="money per customer",
        least=0.05,
        slips=(Slip(lambda: _effect("4", 2), "That is the cost where people do talk."),),
        where="Look at the third row of the effects of the changed market.",
        because="An exposé can only take what is still there to lose; compare it with the cost where people talk.",
    ),
    Exercise(
        key="4.3",
        task=(
            'A manager looks one year ahead. Sweep vigilance for a market of 12 months: `scan("4", '
            '{"customers.vigilance.mean": "0.02:0.98:5"}, {"horizon_months": 12}, firm="Taker")`. At which vigilance '
            "does taking turn from gain to loss, or from loss to gain?"
        ),
        solve=lambda: classroom.turning_point(
            classroom.scan("4", {"customers.vigilance.mean": "0.02:0.98:5"}, ONE_YEAR, firm="Taker")
        ),
        unit="vigilance, between 0 and 1",
        least=0.02,
        occurs=False,
        where="Plot the sweep: does the line cross zero, and where?",
        because="Which strategy looks clever depends on how far ahead one looks, and on how closely people look.",
    ),
    Exercise(
        key="9.1",
        task=(
            "A customer of threshold 0.2 has neutral trust in a firm that gives full control and has full respect. The "
            "firm would go to a depth of 0.6. How deep does it go with this customer?"
        ),
        solve=lambda: depth_used(0.6, 1.0, tolerance(0.2, RULES.neutral_trust, 1.0, RULES)),
        unit="depth, between 0 and 1",
        near=0.02,
        slips=(
            Slip(lambda: 0.6, "That is what the firm would do without regard to anybody's line."),
            Slip(lambda: 0.2, "That is the threshold; control widens what is tolerated."),
        ),
        where="Work out what the customer tolerates; a firm of full respect takes the lesser of the two depths.",
        because="Control is worth data: who can steer lets a firm go further.",
    ),
    Exercise(
        key="9.2",
        task=(
            'Suppose nobody shuts firms out altogether: `in_class("9", {"customers.threshold.at_zero": 0.0})`. By how '
            "much does keeping to each person's own line beat the best single policy now?"
        ),
        solve=lambda: _effect("9", 0, NOBODY_CLOSED),
        unit="money per customer",
        slips=(
            Slip(lambda: _effect("9", 0), "That is the lead in the market as it is."),
            Slip(lambda: _effect("9", 2, NOBODY_CLOSED), "That is the gain over treating everyone alike."),
        ),
        where="Look at the first row of the effects of the changed market.",
        because="What it is worth to know each person's line depends on how far the lines lie apart.",
    ),
    Exercise(
        key="9.3",
        task=(
            'Sweep the depth of a single policy: `scan("9", {"firms.Ours.strategy.depth": "0.05:0.65:5"}, '
            '{"firms.Ours.strategy.respect": 0.0})`. Which of the depths tried earns most?'
        ),
        solve=lambda: _best_depth(0.0),
        unit="depth, between 0 and 1",
        near=0.0,
        least=0.02,
        slips=(Slip(lambda: _best_depth(1.0), "That is the best depth of a firm that keeps to people's own lines."),),
        where="Find the largest value in the sweep's table.",
        because="One line for all is a bargain between those whom it offends and those whom it leaves unserved.",
    ),
)
