"""Lessons in words: where a claim holds, how far an effect is from its bar, and where the market contradicts it."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sim.lessons.turning import length
from sim.present.axes import setting
from sim.present.rounding import NO_INTERVAL, rounded
from sim.present.style import typographic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.experiment.axes import Axis
    from sim.lessons.standing import Standing
    from sim.lessons.trial import Lessons
    from sim.lessons.turning import Stretch
    from sim.lessons.verdict import Tried, Turn

MOST_NAMED = 3
"""Assumptions that a condition names; the rest is counted."""
FINE = 5.0
"""A place between two values that were tried is known to about a fifth of their distance."""
NOT_LOOKED = "where it turns round was not looked for"
STANDS: dict[Standing, str] = {"holds": "it holds", "fails": "it does not hold", "open": "it cannot be told"}
SUBJECTS = {
    "customers.vigilance.mean": "the chance that people notice an intrusion",
    "customers.threshold.at_zero": "the share of customers who accept no use of their data",
    "customers.threshold.at_one": "the share of customers who accept any use of their data",
    "customers.turnover": "the share of customers replaced by newcomers",
    "firms.*.enters_month": "the month of entry",
    "firms.*.economics.platform_cost": "the cost of the personalisation platform",
    "firms.*.economics.quit_cost": "the cost of replacing all staff once",
    "firms.*.strategy.consent": "the way of asking for consent",
    "firms.*.strategy.depth": "the depth of data that offers draw on",
    "firms.*.strategy.respect": "respect for each customer's own threshold",
    "review.temperature": "the noise in copying rivals",
}
"""Assumptions whose description in the register needs what stands around it there."""
BARE = ("how", "what", "when", "bad", "part", "worth", "customers", "running", "replacing", "respect")
"""First words that take no article."""
OF_THE_MODEL = ("evidence", "utility", "log ", "exponent", "factor", "per unit")
"""How units begin that say nothing outside the model; the tables give them."""


def finding(lessons: Lessons) -> str:
    """How many claims hold, how many only under conditions, and how many do not, in one sentence."""
    tried = lessons.tried
    n = len(tried)
    of = {verdict: sum(one.verdict == verdict for one in tried) for verdict in dict.fromkeys(t.verdict for t in tried)}
    looked = any(one.axes for one in tried)
    words = [
        (of.get("holds", 0), "in all settings that were tried" if looked else ""),
        (of.get("holds only if", 0), "only under conditions"),
    ]
    held = [f"{number} hold{_s(number)}{f' {where}' if where else ''}" for number, where in words if number]
    rest = [
        (of.get("does not hold", 0), "do not hold", "does not hold"),
        (of.get("cannot be told", 0), "cannot be told", "cannot be told"),
    ]
    held += [f"{number} {one if number == 1 else several}" for number, several, one in rest if number]
    listed = held[0] if len(held) == 1 else f"{', '.join(held[:-1])} and {held[-1]}"
    start = f"Of {n} claims {listed}" if len(held) > 1 else f"All {listed.replace(str(n), f'{n} claims', 1)}"
    against = sum(one.as_it_is == "fails" for one in tried)
    plain = f"; as the market is, {against} of them do{'es' if against == 1 else ''} not" if looked and against else ""
    if n == 1:
        return tried_finding(tried[0])
    return f"{start}{plain}." if looked else f"{start}, in the market as it is; {NOT_LOOKED}."


def _s(number: int) -> str:
    return "s" if number == 1 else ""


def sentence(tried: Tried, most: int = MOST_NAMED) -> str:
    """The verdict with its condition, to follow "the claim": ``holds only if …``."""
    if not tried.axes:
        return str(tried.verdict)
    if tried.verdict == "cannot be told":
        return f"cannot be told: {condition(tried)}"
    return f"{tried.verdict} {condition(tried, most)}"


def tried_finding(tried: Tried, most: int = MOST_NAMED) -> str:
    """The verdict on one claim in one sentence, with at most so many conditions."""
    words = f"“{tried.lesson.name}” {sentence(tried, most)}"
    if not tried.axes:
        return f"{words}, in the market as it is; {NOT_LOOKED}."
    many = bool(tried.combined) and tried.verdict == "holds only if" and "combinations" not in words
    return f"{words}; {combinations(tried)}." if many else f"{words}."


def combinations(tried: Tried) -> str:
    """In how many of all combinations of assumptions the claim holds; nothing where none was tried."""
    n = len(tried.combined)
    return f"it holds in {tried.combined.count('holds')} of {n} combinations of assumptions" if n else ""


def condition(tried: Tried, most: int = MOST_NAMED) -> str:
    """Where the claim holds, in a clause that follows its verdict; ``docs/lessons.md`` says how to read it.

    At most so many assumptions are named, those that bite most; the others are counted.
    """
    if not tried.axes:
        return NOT_LOOKED
    if tried.verdict == "holds":
        return "in all settings that were tried"
    if tried.verdict == "does not hold":
        return "in any setting that was tried"
    if tried.verdict == "cannot be told":
        return "the intervals reach across the bars, and in no setting is it surely seen"
    if tried.as_it_is == "holds":
        return _as_long_as(tried, most)
    return f"{_elsewhere(tried, most)}; as the market is, {STANDS[tried.as_it_is]}"


def _as_long_as(tried: Tried, most: int) -> str:
    """What must not change of a market in which the claim holds: first what turns it round, else what blurs it."""
    turning = [turn for turn in tried.conditions if not turn.axis.numeric or _part(turn, turn.holds) < 1.0 - 1e-9]
    named = sorted(turning or tried.conditions, key=lambda turn: _part(turn, turn.sure))
    lost = [words for words, there in tried.corners.items() if there == "fails"]
    unless = f"it is not so that {' or that '.join(lost)}" if lost else ""
    if not named:
        return unless or f"not several assumptions change at once: {combinations(tried)}"
    clauses = [_clause(turn, tried.market.currency) for turn in named[:most]]
    return (
        " and ".join(clauses)
        + _more(len(tried.conditions) - len(clauses), "and within bounds of")
        + (f", and {unless}" if lost else "")
    )


def _elsewhere(tried: Tried, most: int = MOST_NAMED) -> str:
    """What would have to change alone for the claim to hold, where it does not as things are."""
    there = sorted(
        (turn for turn in tried.conditions if turn.sure or turn.at), key=lambda turn: -_part(turn, turn.sure)
    )
    corners = [words for words, standing in tried.corners.items() if standing == "holds"]
    if not there and corners:
        return " or if ".join(corners)
    if not there:
        number = f"{tried.combined.count('holds')} of {len(tried.combined)} combinations"
        return f"several assumptions change at once ({number})"
    clauses = [_clause(turn, tried.market.currency) for turn in there[:most]] + corners
    return " or ".join(clauses) + _more(len(there) - min(len(there), most), "or with a change of")


def _more(number: int, words: str) -> str:
    return f", {words} {number} more assumption{'' if number == 1 else 's'}" if number > 0 else ""


def _part(turn: Turn, parts: Sequence[Stretch]) -> float:
    """The share of an assumption's range, or of its words, that stretches cover."""
    if not turn.axis.numeric:
        return len(turn.at) / len(turn.axis.levels)
    return length(parts) / float(max(turn.axis.levels) - min(turn.axis.levels))


def _clause(turn: Turn, currency: str) -> str:
    """One condition: what is above or below what, and what it is in the market as it is."""
    axis = turn.axis
    if not axis.numeric:
        words = " or ".join(str(one) for one in turn.at) or "none of what was tried"
        return f"{subject(axis)} is {words}" + ("" if axis.own is None else f" (here {axis.own})")
    here = "" if axis.own is None else f" (here {amount(axis.own, axis.unit, currency, short=True)})"
    stretch = main_stretch(axis, turn.sure)
    if stretch is None:
        return f"{subject(axis)} stays as it is{here}"
    return f"{subject(axis)} is {_bounds(axis, stretch, currency)}{here}"


def _bounds(axis: Axis, stretch: Stretch, currency: str) -> str:
    """Where on its axis a stretch lies, with no more digits than the distance of the values that were tried bears."""
    least, most = min(axis.levels), max(axis.levels)
    slack = 1e-9 * (most - least)
    low, high = (_coarse(end, axis) for end in stretch)
    if stretch[0] <= least + slack and stretch[1] >= most - slack:
        return f"anywhere from {amount(least, axis.unit, currency, short=True)} to {amount(most, axis.unit, currency)}"
    if stretch[0] <= least + slack:
        return f"below about {amount(high, axis.unit, currency)}"
    if stretch[1] >= most - slack:
        return f"above about {amount(low, axis.unit, currency)}"
    return f"between about {amount(low, axis.unit, currency, short=True)} and {amount(high, axis.unit, currency)}"


def _coarse(end: float, axis: Axis) -> float:
    """A place on an axis in steps of 1, 2 or 5 that are a fifth of the distance of what was tried, or finer.

    Finer only so far as is needed to stay on the same side of the market as it is.
    """
    levels = sorted(axis.levels)
    wide = max(b - a for a, b in pairwise(levels)) / FINE
    step = 10.0 ** math.floor(math.log10(wide))
    step *= max(k for k in (1.0, 2.0, 5.0) if k * step <= wide * (1.0 + 1e-9))
    for _ in range(4):
        near = float(f"{round(end / step) * step:.12g}")
        if axis.own is None or (near - axis.own) * (end - axis.own) > 0.0 or end == axis.own:
            return near
        step /= 10.0
    return end


def main_stretch(axis: Axis, parts: Sequence[Stretch]) -> Stretch | None:
    """Of several stretches the one with the market as it is, else the longest; None where there is none."""
    if not parts:
        return None
    around = [part for part in parts if axis.own is not None and part[0] <= axis.own <= part[1]]
    return around[0] if around else max(parts, key=lambda part: part[1] - part[0])


def subject(axis: Axis) -> str:
    """What an assumption is called in the middle of a sentence; whose it is, where firms have their own."""
    keys = axis.name.split(".")
    firm = keys[1] if keys[0] == "firms" and len(keys) > 2 else ""
    name = ".".join(["firms", "*", *keys[2:]]) if firm else axis.name
    words = SUBJECTS.get(name) or axis.meaning.partition(";")[0].split(", at ")[0] or axis.name
    if words.split()[0] not in BARE and not words.startswith(("the ", axis.name)):
        words = f"the {words}"
    whose = "" if not firm else " (every firm)" if firm == "*" else f" ({firm})"
    return f"{words}{whose}"


def amount(value: float, unit: str, currency: str, *, short: bool = False) -> str:
    """A number with its unit: shares in per cent, money in the market's currency.

    ``short`` leaves out of what.
    """
    if unit == "share" or unit.startswith("share "):
        of = "" if short else unit.removeprefix("share")
        return f"{setting(float(f'{100.0 * value:.6g}'))} %{of}"
    words = "" if short or unit.startswith(OF_THE_MODEL) else in_currency(unit, currency).partition(", ")[0]
    return f"{setting(value)} {words}".rstrip()


def in_currency(unit: str, currency: str) -> str:
    """A unit in which the word "money" has become the market's currency."""
    return re.sub(r"\bmoney\b", currency, unit)


def estimate(row: Any, currency: str) -> str:
    """An effect with its unit and interval: ``-3.4 % of sales (-5.1 to -1.7)``."""
    by, unit = scale(row["unit"], currency)
    cents = 2 if "money" in row["unit"] else 4
    figure = rounded(by * row["value"], by * row["low"], by * row["high"], most=cents)
    if figure.value == NO_INTERVAL:
        return "not defined: there was nothing to measure"
    interval = "no interval" if figure.interval == NO_INTERVAL else figure.interval
    if row["low"] == row["high"]:
        interval = "the same in every replication"
    return typographic(" ".join(part for part in (figure.value, unit, f"({interval})") if part))


def scale(unit: str, currency: str) -> tuple[float, str]:
    """By what an effect is multiplied to be shown, and the unit that it then has.

    Shares of something are per cent; shares of nothing, such as trust, stay between 0 and 1 and have no unit.
    """
    if unit.startswith("share of"):
        return 100.0, f"%{unit.removeprefix('share')}"
    if unit in ("share", "factor"):
        return 1.0, ""
    return 1.0, in_currency(unit, currency)


def needed(row: Any, currency: str) -> str:
    """What an effect would have to be: ``above 0``."""
    by, unit = scale(row["unit"], currency)
    bar = setting(float(f"{by * row['bar']:.3g}"))
    return f"{row['wanted']} {bar}{' %' if unit.startswith('%') else ''}"


def turn_rows(tried: Tried) -> Iterator[dict[str, Any]]:
    """One row per assumption along which the claim was tried, all others as they are; see ``docs/definitions.md``."""
    for turn in tried.turns:
        axis, known = turn.axis, turn.known
        holds, sure = (main_stretch(axis, parts) or (math.nan, math.nan) for parts in (turn.holds, turn.sure))
        ends = (float(min(axis.levels)), float(max(axis.levels))) if axis.numeric else (math.nan, math.nan)
        yield {
            "lesson": tried.lesson.key,
            "assumption": axis.name,
            "meaning": axis.meaning,
            "unit": axis.unit,
            "own": float(axis.own) if axis.numeric and axis.own is not None else math.nan,
            "from": ends[0],
            "to": ends[1],
            "turns": turn.turns,
            "holds_from": holds[0],
            "holds_to": holds[1],
            "surely_from": sure[0],
            "surely_to": sure[1],
            "surely": _everywhere(turn, tried.market.currency),
            "evidence": known.evidence if known is not None else "setting",
            "source": known.source if known is not None else "",
        }


def _everywhere(turn: Turn, currency: str) -> str:
    """All that was found along one assumption, in words."""
    if not turn.turns:
        return "everywhere"
    if not turn.axis.numeric:
        return ", ".join(str(one) for one in turn.at) or "nowhere"
    return "; ".join(_bounds(turn.axis, part, currency) for part in turn.sure) or "nowhere"


def inputs(tried: Tried) -> str:
    """How sure the inputs are: how many of the assumptions that turn the claim round somebody has found out."""
    measured, number = tried.measured
    if not tried.axes:
        return NO_INTERVAL
    return f"{measured} of {number} measured" if number else "decisions alone" if tried.conditions else "none turns it"


def contradictions(lessons: Lessons) -> Iterator[str]:
    """A paragraph for each claim that fails in the market as it is."""
    return (contradiction(one) for one in lessons.tried if one.as_it_is == "fails")


def not_borne_out(lessons: Lessons) -> Iterator[str]:
    """A paragraph for each claim that holds elsewhere only, and is open in the market as it is."""
    tried = (one for one in lessons.tried if one.as_it_is == "open" and one.verdict == "holds only if")
    return (contradiction(one) for one in tried)


def contradiction(tried: Tried) -> str:
    """What the source says, what the market says instead, and where it would be otherwise."""
    lesson, currency = tried.lesson, tried.market.currency
    found: Any = tried.effects[tried.effects["decisive"]]
    against = found[found["standing"] == tried.as_it_is]
    seen = "; ".join(
        f"{row['statement']}: {estimate(row, currency)}, where {needed(row, currency)} would be needed"
        for _, row in against.iterrows()
    )
    verb = "contradicts it" if tried.as_it_is == "fails" else "does not bear it out"
    text = f"{lesson.key} {lesson.name}. The source: {lesson.claim} This market {verb}: {seen}."
    if not tried.axes:
        return text
    if tried.verdict == "holds only if":
        return f"{text} It would hold if {_elsewhere(tried)}."
    return f"{text} It was seen to hold in none of the settings that were tried."
