"""A number that knows its unit, its plausible range and where it comes from.

Fields of strategies, rules and scenarios are declared with :func:`quantity`. What is declared once here feeds
the validation, the JSON Schema, ``roi check`` and the parameter table of ``docs/odd.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from sim.evidence import ASSUMPTION, Evidence, evidence

Name = Annotated[str, StringConstraints(pattern=r"^[^\s.=]+( [^\s.=]+)*$")]
"""A name that can stand in a dotted path and before an equals sign: words without dots and equals signs."""


class Frozen(BaseModel):
    """Base of all that is declared: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Note(Frozen):
    """What the scenario file says about one number beside its value."""

    source: str | None = None
    unit: str | None = None
    range: tuple[float, float] | None = None
    note: str | None = None
    se: float | None = None
    n: int | None = None


Scale = Literal["linear", "log", "logit"]
"""On which scale the errors of a fitted number are normal: amounts ``log``, shares ``logit``, all else ``linear``."""


def on_scale(value: float, scale: Scale) -> float:
    """A number on its scale; raises ValueError for one that has no place there, such as the logarithm of 0."""
    if scale == "log":
        return math.log(value)
    return math.log(value / (1.0 - value)) if scale == "logit" else value


def off_scale(value: float, scale: Scale) -> float:
    """Back from its scale."""
    if scale == "log":
        return math.exp(value)
    return 1.0 / (1.0 + math.exp(-value)) if scale == "logit" else value


def slope(value: float, scale: Scale) -> float:
    """How fast a number changes with its place on its scale: what turns a standard error there into one of it."""
    return {"log": value, "logit": value * (1.0 - value), "linear": 1.0}[scale]


class Joint(Frozen):
    """How surely numbers that were fitted together are known.

    On their scales they are normal around their values in the scenario, with this covariance. A path that the user
    has set since is no longer fitted and does not count.
    """

    source: str
    paths: tuple[str, ...] = Field(min_length=1, description="dotted paths of the numbers")
    scales: tuple[Scale, ...] = Field(description="log, logit or linear, one for each number")
    covariance: tuple[tuple[float, ...], ...] = Field(description="of the estimates on their scales")

    @model_validator(mode="after")
    def _one_row_and_column_each(self) -> Self:
        k = len(self.paths)
        if len(self.scales) != k or len(self.covariance) != k or any(len(row) != k for row in self.covariance):
            raise ValueError(f"{k} paths need {k} scales and a covariance of {k} rows and {k} columns")
        import numpy as np  # only scenarios with fitted numbers need it

        table = np.array(self.covariance)
        spread = np.linalg.eigvalsh(table) if np.isfinite(table).all() else np.array([math.nan])
        if not (np.allclose(table, table.T) and spread[0] >= -1e-9 * max(1.0, spread[-1])):
            raise ValueError("the covariance must be symmetric, with no negative variance in any direction")
        return self


@dataclass(frozen=True)
class Provenance:
    """What stands behind a number: unit, plausible range, source, symbol in equations, meaning.

    ``least`` and ``most`` are the hard limits; ``se`` and ``n`` are the standard error and the number of observations
    where the number was fitted or measured.
    """

    unit: str
    low: float
    high: float
    source: str
    symbol: str
    meaning: str
    least: float = -math.inf
    most: float = math.inf
    se: float | None = None
    n: int | None = None
    idle: float | None = None  # the value with which the number does nothing; it is known for sure unless a note tells

    @property
    def evidence(self) -> Evidence:
        """How strong the evidence is, see :mod:`sim.evidence`."""
        return evidence(self.source, self.se, self.n)


def quantity(
    default: Any,
    unit: str,
    meaning: str,
    *,
    likely: tuple[float, float],
    within: tuple[float | None, float | None] = (None, None),
    source: str = ASSUMPTION,
    symbol: str = "",
    idle: float | None = None,
) -> Any:
    """Declare a model field with its provenance.

    ``likely`` is the plausible range that experiments explore; ``within`` are the hard limits outside which a
    value is refused. Pass ``...`` as default for a field that must be given. ``idle`` is the value with which the
    number does nothing: where a scenario has that value and says nothing about it, there is nothing to explore.
    """
    low, high = within
    extra: dict[str, Any] = {"unit": unit, "likely": list(likely), "source": source, "symbol": symbol}
    return Field(
        default,
        ge=low,
        le=high,
        description=meaning,
        allow_inf_nan=False,
        json_schema_extra=extra if idle is None else {**extra, "idle": idle},
    )


def counted(default: Any, unit: str, meaning: str, *, within: tuple[int, int]) -> Any:
    """Declare a whole number that is a setting and no assumption: it has a unit and limits, no source."""
    low, high = within
    return Field(default, ge=low, le=high, description=meaning, json_schema_extra={"unit": unit})


def provenance(model: type[BaseModel], name: str) -> Provenance | None:
    """The provenance of field ``name`` of a model, or None for a field that is no quantity."""
    field = model.model_fields[name]
    extra = field.json_schema_extra
    if not isinstance(extra, dict) or "likely" not in extra:  # a count has a unit and no plausible range
        return None
    low, high = cast("list[float]", extra["likely"])
    limits = {
        key: value for one in field.metadata for key in ("ge", "le") if (value := getattr(one, key, None)) is not None
    }
    return Provenance(
        unit=str(extra["unit"]),
        low=float(low),
        high=float(high),
        source=str(extra["source"]),
        symbol=str(extra["symbol"]) or name,
        meaning=field.description or "",
        least=float(limits.get("ge", -math.inf)),
        most=float(limits.get("le", math.inf)),
        idle=cast("float | None", extra.get("idle")),
    )
