"""A number that knows its unit, its plausible range and where it comes from.

Fields of strategies, rules and scenarios are declared with :func:`quantity`. What is declared once here feeds
the validation, the JSON Schema, ``roi check`` and the parameter table of ``docs/odd.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

ASSUMPTION = "assumption"


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


@dataclass(frozen=True)
class Provenance:
    """What stands behind a number: unit, plausible range, source, symbol in equations, meaning."""

    unit: str
    low: float
    high: float
    source: str
    symbol: str
    meaning: str


def quantity(
    default: Any,
    unit: str,
    meaning: str,
    *,
    likely: tuple[float, float],
    within: tuple[float | None, float | None] = (None, None),
    source: str = ASSUMPTION,
    symbol: str = "",
) -> Any:
    """Declare a model field with its provenance.

    ``likely`` is the plausible range that experiments explore; ``within`` are the hard limits outside which a
    value is refused. Pass ``...`` as default for a field that must be given.
    """
    low, high = within
    return Field(
        default,
        ge=low,
        le=high,
        description=meaning,
        allow_inf_nan=False,
        json_schema_extra={"unit": unit, "likely": list(likely), "source": source, "symbol": symbol},
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
    return Provenance(
        unit=str(extra["unit"]),
        low=float(low),
        high=float(high),
        source=str(extra["source"]),
        symbol=str(extra["symbol"]) or name,
        meaning=field.description or "",
    )
