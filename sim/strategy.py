"""What a firm does with people's data: a strategy is a frozen set of levers, a preset is a named one."""

from __future__ import annotations

from typing import Literal, get_args

from sim.evidence import DECISION
from sim.quantity import Frozen, quantity

ConsentFrame = Literal["none", "opt-out", "banner", "prompt", "unticked"]
FRAMES: tuple[ConsentFrame, ...] = get_args(ConsentFrame)
"""Consent frames from the laxest to the strictest; the position is the code used in the arrays."""

SHARE = (0.0, 1.0)


def lever(default: float, meaning: str) -> float:
    """A lever in [0, 1]."""
    value: float = quantity(default, "share", meaning, likely=SHARE, within=SHARE, source=DECISION)
    return value


class Strategy(Frozen):
    """The levers of one firm; the defaults treat everyone the same."""

    depth: float = lever(0.0, "how much personal data the offers draw on; 0 treats everyone the same")
    respect: float = lever(1.0, "how far the firm stays inside each customer's own threshold")
    consent: ConsentFrame = "none"
    value_share: float = lever(0.0, "part of the surplus made by personalisation that the customer keeps")
    memory: float = lever(0.0, "part of what the firm knows that it puts to work for the customer (saves time)")
    transparency: float = lever(0.5, "how plainly the firm says what it does with data")
    control: float = lever(0.0, "how far the customer steers what is known and used")
    mixing: float = lever(0.0, "how far data from one sphere of life (work, personal) are used in the other")
    misuse: float = lever(0.0, "part of the personalised offers that rest on wrong information")
    resale: float = lever(0.0, "part of the profiles that is sold on")
    security: float = lever(0.7, "protection against breaches")
    contact_rate: float = quantity(
        1.0,
        "messages per customer and month",
        "messages sent to each customer",
        likely=(0.0, 4.0),
        within=(0.0, 100.0),
        source=DECISION,
    )
    price: float = quantity(
        1.0,
        "multiple of the market level",
        "price level relative to the market; 1 is par",
        likely=(0.8, 1.2),
        within=(0.1, 10.0),
        source=DECISION,
    )
    legacy_data: float = quantity(
        0.0,
        "units of data per customer",
        "data held about each customer at the start, gathered without asking",
        likely=(0.0, 10.0),
        within=(0.0, 1000.0),
        source=DECISION,
    )
    monitoring: float = lever(0.2, "depth of data use on the firm's own staff")

    @property
    def kind(self) -> Literal["uniform", "trusted", "extractive"]:
        """Which of the three kinds of firm the levers amount to; used to colour pictures."""
        if self.depth == 0.0:
            return "uniform"
        return "trusted" if self.respect >= 0.5 else "extractive"


LEVERS: tuple[str, ...] = tuple(Strategy.model_fields)

PERSONAL_LEVERS: tuple[str, ...] = (
    "depth", "respect", "consent", "value_share", "memory", "transparency", "control", "mixing", "misuse", "resale",
    "legacy_data",
)  # fmt: skip
"""Levers about customers' personal data. A firm that is compared with itself treating everyone the same changes
these and keeps its prices, messages, security and staff policy, so that nothing else is credited to personalisation."""

PRESETS: dict[str, Strategy] = {
    "uniform": Strategy(),
    "trusted": Strategy(
        depth=0.6,
        respect=1.0,
        consent="prompt",
        value_share=0.5,
        memory=0.8,
        transparency=0.8,
        control=0.8,
        misuse=0.05,
        security=0.8,
    ),
    "extractive": Strategy(
        depth=0.9,
        respect=0.0,
        consent="opt-out",
        value_share=0.1,
        memory=0.1,
        transparency=0.1,
        control=0.0,
        mixing=0.8,
        misuse=0.2,
        resale=0.5,
        security=0.5,
        contact_rate=2.0,
        legacy_data=2.0,
        monitoring=0.6,
    ),
}


def strategies() -> dict[str, Strategy]:
    """The named strategies that come with the package: ``uniform``, ``trusted``, ``extractive``."""
    return dict(PRESETS)
