"""Reading a survey on privacy: one line per respondent, or published percentages by band of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter, ValidationError

from sim.calibrate.privacy.scale import AnswerScale, Tally, tally, tally_of_bands, told_scale
from sim.calibrate.reading.columns import Role
from sim.calibrate.reading.figures import figures, refuse
from sim.calibrate.reading.table import read_table
from sim.errors import InputError
from sim.quantity import Name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

MOST_SEGMENTS = 20  # that a scenario takes

ROLES = {
    "score": Role(("importance", "comfort", "rating", "answer", "response", "threshold"), needed=False),
    "segment": Role(("group", "stratum"), needed=False),
    "weight": Role(("weights", "surveyweight"), needed=False),
    "from": Role(("low", "lower"), needed=False),
    "to": Role(("high", "upper"), needed=False),
    "share": Role(("percent", "percentage", "pct", "%"), needed=False),
    "count": Role(("respondents", "people", "frequency"), needed=False),
    "n": Role(("base", "samplesize"), needed=False),
}

Tallies = dict[str, tuple[int, Tally]]
"""Number of respondents and their answers by segment; one segment without a name where there are none."""


def read_answers(
    path: str | Path, columns: Mapping[str, str] | None, scale: AnswerScale | None, n: int | None
) -> tuple[Tallies, int]:
    """Read a survey; see :func:`sim.calibrate.privacy.survey.fit_survey` for the arguments.

    Returns the answers by segment and the number of respondents who gave none. Weighted answers are counted so that
    they sum to their effective number (L. Kish, *Survey Sampling*, 1965). Raises :class:`InputError` for whatever
    cannot be right.
    """
    table = read_table(path, ROLES, columns, "a survey", each="respondent")
    source = str(path)
    if {"from", "to"} <= set(table):
        return _published(table, scale, n, source), 0
    if "score" not in table:  # says which columns there are
        read_table(path, {"score": Role(ROLES["score"].aliases)}, None, "a survey", each="respondent")
    answered = table["score"] != ""
    if not answered.any():
        raise InputError(f"{source}: nobody gave a score; a survey has one line per respondent with a number in it")
    return _answers(table[answered], scale, source), int((~answered).sum())


def _answers(table: pd.DataFrame, given: AnswerScale | None, source: str) -> Tallies:
    """Tallies of single answers by segment; "" where there are none."""
    scores = figures(table["score"], "score", "a number, or empty where there was no answer", source)
    scale = given or told_scale(scores, source)
    off = (scores < scale.low) | (scores > scale.high)
    refuse(off, table["score"], "score", f"on the scale {scale.name}", source)
    weights = np.ones(len(table))
    if "weight" in table:
        weights = figures(table["weight"], "weight", "a positive number", source)
        refuse(weights <= 0.0, table["weight"], "weight", "a positive number", source)
    parts = scale.parts(scores)
    found = {}
    for segment in _segments(table, source):
        mine = np.ones(len(table), dtype=bool) if not segment else (table["segment"] == segment).to_numpy()
        found[segment] = int(mine.sum()), tally(scale, scores[mine], weights[mine], parts)
    # Kish: weighted answers tell as much as this many that count alike.
    effective = weights.sum() / (weights**2).sum()
    return {segment: (number, counted.scaled(effective)) for segment, (number, counted) in found.items()}


def _published(table: pd.DataFrame, given: AnswerScale | None, n: int | None, source: str) -> Tallies:
    """Tallies of published bands by segment; "" where there are none."""
    first = figures(table["from"], "from", "a number, the lowest answer of the band", source)
    last = figures(table["to"], "to", "a number, the highest answer of the band", source)
    what = "count" if "count" in table else "share"
    if what not in table:
        raise InputError(f"{source}: bands need a column share (or percent) or count beside from and to")
    sizes = figures(table[what].str.removesuffix("%").str.strip(), what, "a number", source)
    refuse(sizes < 0.0, table[what], what, "zero or more", source)
    found = {}
    for segment in _segments(table, source):
        mine = np.ones(len(table), dtype=bool) if not segment else (table["segment"] == segment).to_numpy()
        where = f"{source}, segment {segment}" if segment else source
        number, count = float(sizes[mine].sum()), sizes[mine]
        if what == "share":
            whole = 100.0 if number > 10.0 else 1.0
            if abs(number / whole - 1.0) > 0.02:
                raise InputError(f"{where}: the shares sum to {number:g}; all bands together are 1, or 100 per cent")
            people = _people(table[mine], n, where)
            number, count = people, people * count / number
        found[segment] = round(number), tally_of_bands(first[mine], last[mine], count, given, where)
    return found


def _people(table: pd.DataFrame, n: int | None, where: str) -> float:
    """How many respondents stand behind percentages."""
    if "n" in table:
        told = table["n"][table["n"] != ""]
        numbers = np.unique(figures(told, "n", "the number of respondents", where))
        if len(numbers) == 1 and numbers[0] > 0:
            return float(numbers[0])
        if len(numbers) > 1:
            raise InputError(f"{where}: the column n has several numbers ({', '.join(f'{one:g}' for one in numbers)})")
    if n is None or n <= 0:
        raise InputError(f"{where}: percentages need the number of respondents behind them; add a column n, or give n")
    return float(n)


def _segments(table: pd.DataFrame, source: str) -> list[str]:
    """Names of segments in order of appearance, or one empty name."""
    if "segment" not in table:
        return [""]
    refuse((table["segment"] == "").to_numpy(), table["segment"], "segment", "the name of one", source)
    names = list(dict.fromkeys(table["segment"]))
    for name in names:
        try:
            TypeAdapter(Name).validate_python(name)
        except ValidationError:
            raise InputError(
                f"{source}: the segment {name!r} cannot be the name of one; "
                "use words without dots and equals signs, with single blanks between"
            ) from None
    if len(names) > MOST_SEGMENTS:
        raise InputError(
            f"{source}: {len(names)} segments are more than a scenario takes; join them to {MOST_SEGMENTS}"
        )
    return names
