"""Who the customers are, as a scenario describes them: thresholds, vigilance, shopping, baskets, tastes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from sim.evidence import PATTERNS
from sim.quantity import Frozen, Name, counted, quantity

SCREEN = "Pew Research Center 2013, 787 US internet users: importance of privacy 0-100, read as 1 - threshold"


class Threshold(Frozen):
    """Zero-one-inflated Beta distribution of privacy thresholds: the depth of data use that feels fine."""

    at_zero: float = quantity(
        0.186,
        "share",
        "customers who accept no use of their data",
        likely=(0.0, 0.4),
        within=(0, 1),
        source=SCREEN,
    )
    at_one: float = quantity(
        0.055,
        "share",
        "customers who accept any use of their data",
        likely=(0.0, 0.3),
        within=(0, 1),
        source=SCREEN,
    )
    a: float = quantity(
        1.26,
        "shape",
        "first shape of the Beta between the ends",
        likely=(0.5, 5.0),
        within=(0.01, 1000),
        source=SCREEN,
    )
    b: float = quantity(
        1.71,
        "shape",
        "second shape of the Beta between the ends",
        likely=(0.5, 5.0),
        within=(0.01, 1000),
        source=SCREEN,
    )

    @model_validator(mode="after")
    def _ends_leave_room(self) -> Self:
        if self.at_zero + self.at_one > 1:
            raise ValueError(f"at_zero + at_one must be at most 1, but is {self.at_zero + self.at_one:g}")
        return self


class Spread(Frozen):
    """A Beta distribution on [0, 1], told by its mean and concentration (the sum of its two shapes)."""

    mean: float = quantity(0.5, "share", "mean over customers", likely=(0.0, 1.0), within=(0, 1))
    concentration: float = quantity(
        4.0, "shape", "how alike customers are; larger is more alike", likely=(1.0, 50.0), within=(0.01, 1e6)
    )


class Vigilance(Spread):
    """How many intrusions customers notice by themselves: a Beta distribution; few notice much."""

    mean: float = quantity(0.15, "share", "mean over customers", likely=(0.02, 0.4), within=(0, 1))
    concentration: float = quantity(
        4.0, "shape", "how alike customers are; larger is more alike", likely=(1.0, 20.0), within=(0.01, 1e6)
    )


class Segment(Frozen):
    """A named part of the customers with thresholds and vigilance of its own."""

    share: float = quantity(1.0, "share", "part of all customers", likely=(0.0, 1.0), within=(0, 1))
    threshold: Threshold = Threshold()
    vigilance: Vigilance = Vigilance()


class Shopping(Frozen):
    """How often customers shop: Poisson trips at a Gamma-distributed rate (negative binomial counts)."""

    rate_mean: float = quantity(
        1.0, "trips per customer and month", "mean shopping rate", likely=(0.25, 4.0), within=(1e-6, 60.0)
    )
    rate_shape: float = quantity(
        0.6,
        "shape",
        "shape of the Gamma distribution of rates; small is unequal",
        likely=(0.2, 3.0),
        within=(0.01, 1e6),
        source="Ehrenberg 1988, Repeat-Buying: order of magnitude for frequently bought goods",
    )
    observed_share: float = quantity(
        1.0,
        "share",
        "part of all trips that the rate was measured on; the rate is divided by it",
        likely=(0.1, 1.0),
        within=(0.01, 1.0),
        idle=1.0,
    )


class Lapse(Frozen):
    """Chance that a customer stops shopping for good after a purchase: Beta(a, b) over customers.

    The kind that is meant where none is given.

    As in the BG/NBD model (Fader, Hardie & Lee 2005). Where only a part of the trips was observed
    (``shopping.observed_share``), the chance is per observed purchase and spread over the trips between two of them.
    """

    # Not written out, so that scenarios from before there were kinds keep their hash.
    kind: Literal["per-purchase"] = Field("per-purchase", exclude=True)
    a: float = quantity(0.8, "shape", "first shape of the Beta", likely=(0.2, 3.0), within=(0.01, 1e6))
    b: float = quantity(2.4, "shape", "second shape of the Beta", likely=(0.5, 10.0), within=(0.01, 1e6))


class Lifetime(Frozen):
    """Exponential lifetime after which a customer shops no more: its rate is Gamma-distributed over customers.

    As in the Pareto/NBD model (Schmittlein, Morrison & Colombo 1987): customers stop at any moment, whether they have
    just bought or not, and wherever they bought, so ``shopping.observed_share`` does not matter.
    """

    kind: Literal["lifetime"]
    shape: float = quantity(
        0.606,
        "shape",
        "shape s of the Gamma distribution of the rates at which customers stop; small is unequal",
        likely=(0.2, 3.0),
        within=(0.01, 1e6),
        source="Fader, Hardie & Lee 2005, Pareto/NBD fitted to CDNOW",
        symbol="s",
    )
    scale: float = quantity(
        2.684,
        "months",
        "scale beta of those rates: shape / scale is their mean per month",
        likely=(0.5, 60.0),
        within=(1e-3, 1e9),
        source="Fader, Hardie & Lee 2005, Pareto/NBD fitted to CDNOW: 11.669 weeks",
        symbol="β",
    )


class Contract(Spread):
    """Contracts: what is due is paid in regular intervals, mostly without a thought, until the customer cancels.

    ``shopping`` says how often something is due. Whoever gives it a thought chooses afresh, and may cancel. Inattention
    of this kind is what Miller, Sahni & Strulov-Shlain (2022) and Einav, Klopack & Mahoney (2025) measure.
    """

    mean: float = quantity(
        0.72,
        "share",
        "payments that renew the contract without a thought, mean over customers",
        likely=(0.25, 0.99),
        within=(0, 1),
        source="Miller, Sahni & Strulov-Shlain 2022, a newspaper's subscribers: 72 % a month do not cancel what they "
        "do not want",
    )
    concentration: float = quantity(
        10.0, "shape", "how alike customers are; larger is more alike", likely=(1.0, 100.0), within=(0.01, 1e6)
    )


class LognormalBasket(Frozen):
    """Baskets with lognormal means over customers and lognormal scatter within a customer."""

    kind: Literal["lognormal"] = "lognormal"
    mean: float = quantity(50.0, "money per trip", "mean basket", likely=(10.0, 200.0), within=(0.01, 1e7))
    sd_between: float = quantity(
        0.5, "log points", "scatter of customers' mean baskets", likely=(0.1, 1.0), within=(0.0, 3.0)
    )
    sd_within: float = quantity(
        0.5, "log points", "scatter of one customer's baskets", likely=(0.1, 1.0), within=(0.0, 3.0)
    )


class GammaBasket(Frozen):
    """Gamma-Gamma baskets: inverse-gamma means over customers, gamma scatter within a customer."""

    kind: Literal["gamma-gamma"]
    mean: float = quantity(35.17, "money per trip", "mean basket", likely=(10.0, 200.0), within=(0.01, 1e7))
    shape_within: float = quantity(
        6.25, "shape", "shape p of one customer's baskets", likely=(1.0, 20.0), within=(0.05, 1e6)
    )
    shape_between: float = quantity(
        3.74, "shape", "shape q of customers' mean baskets", likely=(1.5, 20.0), within=(1.001, 1e6)
    )


class Customers(Frozen):
    """Who the customers are."""

    count: int = counted(10_000, "customers", "number of customers", within=(10, 10_000_000))
    segments: dict[Name, Segment] = Field(
        {}, max_length=20, description="parts of the customers, by name; none: all alike"
    )
    threshold: Threshold = Threshold()
    vigilance: Vigilance = Vigilance()
    separation: Spread = Spread(mean=0.5, concentration=4.0)
    shopping: Shopping = Shopping()
    basket: Annotated[LognormalBasket | GammaBasket, Field(discriminator="kind")] = LognormalBasket()
    lapse: Lapse | Lifetime | None = Field(None, discriminator="kind")
    contract: Contract | None = Field(
        None, description="contracts that run until they are cancelled; none: every trip is a choice"
    )
    taste_sd: float = quantity(
        1.5,
        "utility",
        "scatter of tastes for brands over customers",
        likely=(0.5, 3.0),
        within=(0.0, 10.0),
        source=PATTERNS,
        symbol="sd_ε",
    )
    neighbours: int = counted(6, "people", "people with whom a customer talks, on average", within=(0, 100))
    turnover: float = quantity(
        0.01, "share per month", "customers replaced by newcomers", likely=(0.0, 0.05), within=(0, 1)
    )

    @model_validator(mode="before")
    @classmethod
    def _usual_kind_unless_said(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        usual = {"basket": "lognormal", "lapse": "per-purchase"}
        said = {part: data[part] for part in usual if isinstance(data.get(part), Mapping)}
        return {**data, **{part: {"kind": usual[part], **spec} for part, spec in said.items()}}

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> Self:
        total = sum(segment.share for segment in self.segments.values())
        if self.segments and abs(total - 1) > 1e-9:
            raise ValueError(f"the shares of the segments must sum to 1, but sum to {total:g}")
        return self
