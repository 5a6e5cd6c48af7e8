"""From a survey on privacy to the thresholds of customers: single answers, or published percentages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sim.calibrate.landing import Landing
from sim.calibrate.privacy.answers import read_answers
from sim.calibrate.privacy.scale import AnswerScale, Tally, parse_scale, tally_of_bands
from sim.calibrate.privacy.thresholds import Smooth, chi_squared, fit_thresholds, possible
from sim.errors import InputError
from sim.quantity import on_scale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from sim.calibrate.likelihood import Estimate
    from sim.scenario import Scenario

Meaning = Literal["importance", "comfort"]
"""What a high score means: privacy is important (threshold 1 − score), or use of data is fine (the score itself)."""

FEWEST = 30  # respondents, below which a distribution of four parameters means nothing
FEWEST_BETWEEN = 10  # of them not at an end of the scale, for the Beta between the ends
CONFIDENCE = 1.959963984540054  # standard errors on either side of a 95 % interval

SAID_IS_NOT_DONE = (
    "stated attitude is not behaviour: in Pew's survey of 2013 importance of privacy and hiding one's identity "
    "correlate at 0.10 only"
)
LUMP_OR_TAIL = "so coarse a scale cannot tell a lump at its end from the tail beside it"


@dataclass(frozen=True)
class SurveyPart:
    """The respondents of one segment, or all of them.

    Parameters
    ----------
    segment
        Its name; "" where there are no segments.
    respondents
        How many answered.
    share
        Part of all respondents, weighted where the survey is.
    tally
        Their answers; counts of weighted answers sum to the effective number of respondents.
    estimate
        The distribution of their thresholds.
    """

    segment: str
    respondents: int
    share: float
    tally: Tally
    estimate: Estimate[Smooth]


@dataclass(frozen=True)
class SurveyFit:
    """What a survey says about customers' privacy thresholds.

    Parameters
    ----------
    source
        Name of the survey.
    meaning
        What a high score means.
    parts
        One for each segment, or one for all.
    unanswered
        How many respondents left the question out; they do not count.
    """

    source: str
    meaning: Meaning
    parts: tuple[SurveyPart, ...]
    unanswered: int = 0

    @property
    def respondents(self) -> int:
        """How many answered."""
        return sum(part.respondents for part in self.parts)

    def table(self) -> pd.DataFrame:
        """Every estimate, one row each.

        Columns ``segment``, ``parameter``, ``unit``, ``estimate``, ``standard_error`` (not a number for a lump that
        was left out), ``n`` (respondents) and ``source``.
        """
        columns = ["segment", "parameter", "unit", "estimate", "standard_error", "n"]
        return pd.DataFrame(self._rows(), columns=columns).assign(source=self._described())

    def _rows(self) -> Iterator[tuple[str, str, str, float, float, int]]:
        effective = sum(part.tally.bands.n for part in self.parts)
        for part in self.parts:
            if part.segment:
                error = math.sqrt(part.share * (1.0 - part.share) / effective)
                yield part.segment, "share", "share", part.share, error, self.respondents
            fitted = _fitted(part.estimate.model)
            for name in ("at_zero", "at_one", "a", "b", "mean"):
                value = float(getattr(part.estimate.model, name))
                error = part.estimate.error(name) if name in fitted or name == "mean" else math.nan
                unit = "shape" if name in "ab" else "threshold" if name == "mean" else "share"
                yield part.segment, name, unit, value, error, part.respondents

    def bands(self) -> pd.DataFrame:
        """How well the distribution fits, for a picture.

        One row per band of answers: ``segment``, ``first`` and ``last`` answer, ``observed`` and ``fitted`` share of
        the respondents.
        """
        rows = []
        for part in self.parts:
            shown = part.tally.gathered()
            fitted = self._probabilities(part, shown)
            observed = shown.bands.count / shown.bands.n
            for row in zip(shown.first, shown.last, observed, fitted, strict=True):
                rows.append((part.segment, *map(float, row)))
        return pd.DataFrame(rows, columns=["segment", "first", "last", "observed", "fitted"])

    def goodness(self) -> dict[str, float]:
        """Pearson's chi-squared test by segment: the probability of answers that fit no better, were the model right.

        Not a number where the answers fall into too few bands to tell. Large surveys show any rounding of answers.
        """
        return {
            part.segment: chi_squared(
                part.estimate.model, len(part.estimate.covariance), self._thresholds(part.tally.gathered())
            )
            for part in self.parts
        }

    def _thresholds(self, shown: Tally) -> Any:
        return shown.bands.turned() if self.meaning == "importance" else shown.bands

    def _probabilities(self, part: SurveyPart, shown: Tally) -> NDArray[np.float64]:
        """Fitted shares in the order of the answers."""
        bands = self._thresholds(shown)
        shares = part.estimate.model.probabilities(bands.low, bands.high)
        return shares[::-1] if self.meaning == "importance" else shares

    @property
    def sentence(self) -> str:
        """What came out, and what it is worth."""
        told = "; ".join(self._told(part) for part in self.parts)
        left = f" ({self.unanswered} gave no answer)" if self.unanswered else ""
        coarse = f" On {self.parts[0].tally.scale.name}, {LUMP_OR_TAIL}." if self.parts[0].tally.coarse else ""
        return f"{self.respondents} respondents{left} of {self.source}: {told}.{coarse} Mind that {SAID_IS_NOT_DONE}."

    def _told(self, part: SurveyPart) -> str:
        model, error = part.estimate.model, part.estimate.error("mean")
        low, high = model.mean - CONFIDENCE * error, model.mean + CONFIDENCE * error
        whose = f"{part.segment} ({part.share:.0%}) " if part.segment else ""
        return (
            f"{whose}mean threshold {model.mean:.2f} (95 % interval {low:.2f} to {high:.2f}), {model.at_zero:.1%} "
            f"accept no use of their data, {model.at_one:.1%} any, between them Beta({model.a:.2f}, {model.b:.2f})"
        )

    def _described(self) -> str:
        reading = "importance of privacy, read as 1 - threshold" if self.meaning == "importance" else "comfort"
        return f"Beta with lumps at the ends fitted to {self.source}, {self.parts[0].tally.scale.name} ({reading})"

    def landings(self, scenario: Scenario | None = None) -> tuple[Landing, ...]:
        """What the survey says about a scenario: the thresholds of its customers, or of segments of them.

        The segments of the survey replace those of the scenario. Their shares have no error to be redrawn: they
        have to sum to one, which no independent and no rounded joint distribution of numbers does. Their vigilance is
        that of the scenario's segment of the same name, or of its customers; without a ``scenario`` the default.

        Raises :class:`InputError` where the scenario has segments and the survey none, whose thresholds nobody has.
        """
        if not self.parts[0].segment:
            if scenario is not None and scenario.customers.segments:
                raise InputError(
                    f"{self.source}: the scenario has the segments {', '.join(scenario.customers.segments)}, each with "
                    "thresholds of its own, and the survey has none; give it a segment column, or take them out "
                    "of the scenario"
                )
            return (self._landing(self.parts[0], "customers.threshold", "survey", {}),)
        segments = {
            part.segment: {"share": self._share(part), **_vigilance(scenario, part.segment)} for part in self.parts
        }
        return tuple(
            self._landing(
                part,
                f"customers.segments.{part.segment}.threshold",
                f"survey of {part.segment}",
                {} if k else {"customers.segments": segments},
            )
            for k, part in enumerate(self.parts)
        )

    def _share(self, part: SurveyPart) -> dict[str, Any]:
        effective = sum(one.tally.bands.n for one in self.parts)
        error = math.sqrt(part.share * (1.0 - part.share) / effective)
        return {
            "value": part.share,
            "source": self._described(),
            "n": self.respondents,
            "note": f"of the respondents, standard error {error:.2g}; it is not redrawn, because shares sum to 1",
        }

    def _landing(self, part: SurveyPart, place: str, name: str, changes: Mapping[str, Any]) -> Landing:
        model = part.estimate.model
        fitted = _fitted(model)
        left_out = {
            f"{place}.{end}": {
                "value": 0.0,
                "source": self._described(),
                "n": part.respondents,
                "note": "a lump at this end does not improve the fit",
            }
            for end in ("at_zero", "at_one")
            if end not in fitted
        }
        remarks = {f"{place}.a": SAID_IS_NOT_DONE}
        if part.tally.coarse:
            remarks |= {f"{place}.{end}": LUMP_OR_TAIL for end in ("at_zero", "at_one") if end in fitted}
        return Landing(
            name=name,
            source=self._described(),
            n=part.respondents,
            values={f"{place}.{one}": float(getattr(model, one)) for one in fitted},
            scales={f"{place}.{one}": "log" if one in "ab" else "logit" for one in fitted},
            covariance=part.estimate.covariance_of([_scaled(one) for one in fitted]),
            changes={**changes, **left_out},
            remarks=remarks,
        )


def fit_survey(
    path: str | Path,
    columns: Mapping[str, str] | None = None,
    *,
    scale: str | None = None,
    meaning: Meaning = "importance",
    n: int | None = None,
) -> SurveyFit:
    """Fit the distribution of privacy thresholds to a survey.

    Parameters
    ----------
    path
        A table as :func:`sim.calibrate.reading.table.read_table` takes it. Either with one line per respondent and the
        column ``score``, and perhaps ``segment`` and ``weight``; or with published percentages, one line per band of
        answers with ``from``, ``to`` and either ``share`` (or percent) or ``count``, and perhaps ``segment``.
    columns
        Names of columns by these roles, where they are called otherwise.
    scale
        Lowest and highest answer, such as "0-10"; by default it is told from the answers, where they leave no doubt.
    meaning
        What a high score means: "importance" of privacy, or "comfort" with the use of data.
    n
        Number of respondents behind published percentages, where no column ``n`` says it.

    Raises :class:`InputError` for a table that cannot be read, scores off the scale, a scale that cannot be told, fewer
    than 30 respondents (in any segment), and answers that are all alike or all at the ends.
    """
    if meaning not in ("importance", "comfort"):
        raise InputError(f"meaning: {meaning!r} is no meaning of a score; it is importance (of privacy) or comfort")
    tallies, unanswered = read_answers(path, columns, None if scale is None else parse_scale(scale), n)
    return _fit(tallies, meaning, Path(path).name, unanswered)


def published() -> SurveyFit:
    """The fit to what Pew Research Center 2013 found, the default of every scenario.

    Importance of privacy from 0 to 100, 787 internet users in the United States, July 2013: shares of those at 0, in
    tenths between, and at 100.
    """
    share = [0.055, 0.017, 0.060, 0.061, 0.056, 0.062, 0.102, 0.093, 0.114, 0.136, 0.058, 0.186]
    tenths = np.arange(0.0, 101.0, 10.0)
    first, last = np.insert(tenths, 0, 0.0), np.append(tenths, 100.0)
    source = "Pew Research Center 2013"
    counted = tally_of_bands(first, last, 787 * np.array(share), AnswerScale(0.0, 100.0), source)
    return _fit({"": (787, counted)}, "importance", source)


def _fit(tallies: Mapping[str, tuple[int, Tally]], meaning: Meaning, source: str, unanswered: int = 0) -> SurveyFit:
    """Fit every segment, once it is sure that there is enough to fit."""
    total = sum(counted.bands.n for _, counted in tallies.values())
    parts = []
    for segment, (respondents, counted) in tallies.items():
        where = f"{source}, segment {segment}" if segment else source
        bands = counted.bands.turned() if meaning == "importance" else counted.bands
        _enough(respondents, counted, where, bool(segment))
        if not possible(bands):
            raise InputError(
                f"{where}: {len(bands.count)} bands are too few to tell how thresholds differ; at least three are "
                "needed, not counting ends that have a band of their own"
            )
        estimate = fit_thresholds(bands)
        if not estimate.determined:
            raise InputError(
                f"{where}: the answers of {respondents} respondents do not determine a distribution; "
                "more respondents or a finer scale are needed"
            )
        parts.append(SurveyPart(segment, respondents, counted.bands.n / total, counted, estimate))
    return SurveyFit(source, meaning, tuple(parts), unanswered)


def _enough(respondents: int, counted: Tally, where: str, segment: bool) -> None:
    count = counted.bands.count
    if counted.bands.n < FEWEST - 1e-9:
        weighted = f" (after weighting, as good as {counted.bands.n:.0f})" if respondents >= FEWEST else ""
        merge = ", or join the segment with another" if segment else ""
        raise InputError(
            f"{where}: {respondents} respondents{weighted} are too few to tell how thresholds differ; "
            f"at least {FEWEST} are needed{merge}"
        )
    if (count > 0).sum() == 1:
        alike = float(counted.first[np.argmax(count)])
        raise InputError(f"{where}: all {respondents} respondents answered {alike:g}; answers have to differ")
    between = counted.bands.n - float(count[0] + count[-1])
    if between < FEWEST_BETWEEN:
        raise InputError(
            f"{where}: only {between:.0f} of {respondents} respondents are between the ends of the scale "
            f"{counted.scale.name}; at least {FEWEST_BETWEEN} are needed to tell how they differ"
        )


def _fitted(model: Smooth) -> list[str]:
    """Names of the scenario's numbers that a model has."""
    lumps = [name for name, odds in (("at_zero", "zero"), ("at_one", "one")) if hasattr(model, odds)]
    return [*lumps, "a", "b"]


def _scaled(name: str) -> Callable[[Smooth], float]:
    """A number on the scale on which its error is normal, as a function of the model."""
    return lambda model: on_scale(float(getattr(model, name)), "log" if name in "ab" else "logit")


def _vigilance(scenario: Scenario | None, segment: str) -> dict[str, Any]:
    """The vigilance of a segment's customers as the scenario has it, with its sources."""
    if scenario is None:
        return {}
    place = f"customers.segments.{segment}" if segment in scenario.customers.segments else "customers"
    return {
        "vigilance": {
            path.rpartition(".")[2]: {"value": value, "source": known.source}
            for path, value, known in scenario.assumptions()
            if path.startswith(f"{place}.vigilance.")
        }
    }
