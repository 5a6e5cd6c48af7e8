"""The parameters of the rules: one field per symbol of the model, with unit, default, range and source.

The names of the fields are the symbols of the equations in ``sim/rules.py`` and ``docs/odd.md``.
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from sim.evidence import PATTERNS
from sim.quantity import Frozen, quantity

SLOVIC = "assumption; Slovic 1993 for the sign: bad news weighs more than good news"


class Rules(Frozen):
    """Parameters of the behavioural rules and of the market processes."""

    # Trust
    neutral_trust: float = quantity(
        0.6, "share", "trust of somebody without experience", likely=(0.4, 0.8), within=(0.01, 0.99)
    )
    prior_strength: float = quantity(
        4.0,
        "pieces of evidence",
        "weight of the first impression of a firm",
        likely=(2.0, 10.0),
        within=(0.01, 1e4),
    )
    trust_gain: float = quantity(
        0.15, "evidence per purchase", "good evidence from a purchase", likely=(0.03, 0.5), within=(0, 100)
    )
    intrusion_weight: float = quantity(
        1.5,
        "evidence per unit of intrusion",
        "bad evidence from a noticed intrusion",
        likely=(0.5, 4.0),
        within=(0, 100),
        source=SLOVIC,
    )
    taking_weight: float = quantity(
        0.03,
        "evidence per offer",
        "bad evidence from a firm seen to keep the surplus",
        likely=(0.0, 0.2),
        within=(0, 100),
    )
    evidence_half_life: float = quantity(
        24.0, "months", "half-life of evidence", likely=(6.0, 60.0), within=(0.01, 1e6)
    )
    # Tolerance
    tolerance_trust: float = quantity(
        0.6, "per unit of trust", "how trust widens the tolerance", likely=(0.0, 1.5), within=(0, 100)
    )
    tolerance_control: float = quantity(
        0.15, "share", "how control widens the tolerance", likely=(0.0, 0.5), within=(0, 100)
    )
    # Knowledge and relevance
    knowledge_half: float = quantity(
        6.0, "units of data", "data at which half of a taste is known", likely=(2.0, 20.0), within=(1e-6, 1e6)
    )
    participation_power: float = quantity(
        0.0, "exponent", "how far relevance needs other participants", likely=(0.0, 2.0), within=(0, 20)
    )
    learning_seen: float = quantity(
        0.15,
        "units of data per unit of depth",
        "learned from an offer considered",
        likely=(0.0, 0.5),
        within=(0, 100),
    )
    learning_bought: float = quantity(
        0.85, "units of data per unit of depth", "learned from a purchase", likely=(0.2, 2.0), within=(0, 100)
    )
    base_relevance: float = quantity(
        0.3, "share", "how well the best single offer suits everyone", likely=(0.1, 1.0), within=(0, 1)
    )
    # Consideration
    base_consideration: float = quantity(
        0.1, "per trip", "being considered unprompted", likely=(0.02, 0.5), within=(0, 100)
    )
    message_effect: float = quantity(
        0.35,
        "per message and month",
        "being considered for a relevant message",
        likely=(0.05, 1.0),
        within=(0, 100),
    )
    habit_effect: float = quantity(
        1.0, "per recent purchase", "being considered out of habit", likely=(0.2, 2.0), within=(0, 100)
    )
    habit_half_life: float = quantity(3.0, "months", "half-life of habit", likely=(1.0, 12.0), within=(0.01, 1e6))
    # Choice
    surplus: float = quantity(
        0.10, "share of the basket", "value made by a fully relevant offer", likely=(0.0, 0.25), within=(0, 1)
    )
    effort_saved: float = quantity(
        0.03,
        "share of the basket",
        "worth of the time saved by a firm that remembers",
        likely=(0.0, 0.1),
        within=(0, 1),
    )
    price_sensitivity: float = quantity(
        3.5,
        "utility per share of the price",
        "weight of price in choice",
        likely=(2.0, 6.0),
        within=(0, 100),
        source=PATTERNS,
    )
    trust_weight: float = quantity(
        2.5,
        "utility per unit of trust",
        "weight of trust in choice",
        likely=(0.5, 5.0),
        within=(0, 100),
        source=PATTERNS,
    )
    reactance: float = quantity(
        2.2,
        "utility per unit of intrusion",
        "how far an intrusion that is felt puts off at once, at neutral trust and without control",
        likely=(0.0, 4.0),
        within=(0, 100),
        source="sign: White et al. 2008, Tucker 2014, Bleier & Eisenbeiss 2015; size " + PATTERNS,
    )
    inertia: float = quantity(
        0.0,
        "utility",
        "pull of the firm bought from last; below 0 customers seek variety",
        likely=(0.0, 2.0),
        within=(-50, 50),
        source="assumption; 0 leaves habit to what comes to mind; three scanner panels give 0.4 to 2.0",
    )
    outside_utility: float = quantity(0.0, "utility", "pull of buying elsewhere", likely=(-2.0, 2.0), within=(-50, 50))
    # Permission
    grant_opt_out: float = quantity(
        6.1,
        "log odds",
        "leaving a pre-set permission in place",
        likely=(4.0, 8.0),
        within=(-50, 50),
        source="Johnson, Shriver & Du 2020: 0.23 % of impressions opted out",
    )
    grant_banner: float = quantity(
        2.4,
        "log odds",
        "accepting a banner",
        likely=(1.5, 3.5),
        within=(-50, 50),
        source="Goldberg, Johnson & Shriver 2024: 4-15 % refuse",
    )
    grant_prompt: float = quantity(
        -0.7,
        "log odds",
        "accepting an explicit prompt",
        likely=(-1.5, 0.2),
        within=(-50, 50),
        source="AppsFlyer 2022, Adjust 2022 (vendors): 54-75 % refuse",
    )
    grant_unticked: float = quantity(
        -6.0,
        "log odds",
        "ticking an unticked box",
        likely=(-8.0, -4.0),
        within=(-50, 50),
        source="Utz et al. 2019: under 0.1 % tick",
    )
    grant_trust: float = quantity(
        3.0, "log odds per unit of trust", "how trust moves the answer", likely=(0.0, 8.0), within=(0, 100)
    )
    grant_threshold: float = quantity(
        1.0, "log odds per unit of threshold", "how the threshold moves the answer", likely=(0.0, 4.0), within=(0, 100),
        source="assumption; Pew 2013 correlates attitude and behaviour at only 0.10",
    )  # fmt: skip
    grant_benefit: float = quantity(
        0.0,
        "log odds per share of the basket",
        "how what a firm offers for the data moves the answer",
        likely=(0.0, 20.0),
        within=(0, 1000),
        source="assumption; 0 lets benefits act through trust alone; sign: Athey, Catalini & Tucker 2017 (a pizza)",
    )
    ask_again: float = quantity(0.05, "per purchase", "a firm asks a refuser again", likely=(0.0, 0.2), within=(0, 1))
    withdraw_below: float = quantity(
        0.40, "share", "trust below which permission is withdrawn", likely=(0.2, 0.5), within=(0, 1)
    )
    withdraw_rate: float = quantity(
        0.20,
        "per month at zero trust",
        "how fast permission is withdrawn",
        likely=(0.05, 1.0),
        within=(0, 100),
    )
    leave_below: float = quantity(
        0.25, "share", "trust below which a customer leaves for good", likely=(0.1, 0.4), within=(0, 1)
    )
    leave_rate: float = quantity(
        0.20, "per month at zero trust", "how fast a customer leaves", likely=(0.05, 1.0), within=(0, 100)
    )
    # Talk
    word_of_mouth: float = quantity(
        0.10,
        "evidence per complaint",
        "bad evidence passed to each neighbour",
        likely=(0.0, 0.5),
        within=(0, 100),
    )
    newcomer_reputation: float = quantity(
        0.5, "share", "weight of reputation in a newcomer's first trust", likely=(0.0, 1.0), within=(0, 1)
    )
    # Breach
    breach_rate: float = quantity(
        0.02,
        "per month at half-known customers and no security",
        "hazard of a breach",
        likely=(0.0, 0.05),
        within=(0, 100),
    )
    breach_reach: float = quantity(
        0.3, "share of records", "records taken in a breach", likely=(0.01, 1.0), within=(0, 1)
    )
    breach_evidence: float = quantity(
        1.0,
        "evidence",
        "bad evidence for those affected",
        likely=(0.0, 5.0),
        within=(0, 100),
        source=PATTERNS,
    )
    breach_half_life: float = quantity(
        0.5, "months", "half-life of the scare", likely=(0.2, 2.0), within=(0.01, 1e6),
        source="Turjeman & Feinberg 2024: near normal by week 3",
    )  # fmt: skip
    # Exposé
    expose_rate: float = quantity(
        0.02,
        "per month and unit of mean privacy debt",
        "hazard of an exposé",
        likely=(0.0, 0.1),
        within=(0, 100),
    )
    expose_resale: float = quantity(
        0.005,
        "per month at full resale",
        "hazard of an exposé from selling profiles",
        likely=(0.0, 0.05),
        within=(0, 100),
    )
    expose_attention: float = quantity(
        0.8, "share", "attention to the firm right after an exposé", likely=(0.2, 1.0), within=(0, 1)
    )
    attention_half_life: float = quantity(
        2.0, "months", "half-life of attention", likely=(0.5, 12.0), within=(0.01, 1e6)
    )
    # Audit
    audit_rate: float = quantity(
        0.02,
        "per month at universal intrusion",
        "hazard of an audit that ends in a fine",
        likely=(0.0, 0.1),
        within=(0, 100),
    )
    fine_median: float = quantity(
        0.0005, "share of yearly sales", "median fine", likely=(0.0001, 0.01), within=(0, 1),
        source="assumption; fines are extremely heavy-tailed (CMS GDPR Enforcement Tracker 2025)",
    )  # fmt: skip
    fine_sigma: float = quantity(
        2.0,
        "log points",
        "scatter of fines",
        likely=(1.0, 3.0),
        within=(0, 10),
        source="assumption; see fine_median",
    )
    fine_cap: float = quantity(
        0.04,
        "share of yearly sales",
        "legal cap of a fine",
        likely=(0.02, 0.04),
        within=(0, 1),
        source="GDPR Art. 83(5)",
    )
    # Staff
    staff_intrusion: float = quantity(
        0.3,
        "evidence per unit of intrusion and month",
        "bad evidence from monitoring beyond the threshold",
        likely=(0.0, 1.0),
        within=(0, 100),
    )
    staff_gain: float = quantity(
        0.1, "evidence per month", "good evidence from a month at work", likely=(0.0, 0.5), within=(0, 100)
    )
    quit_rate: float = quantity(0.015, "per month", "quits at neutral trust", likely=(0.005, 0.05), within=(0, 100))
    quit_trust: float = quantity(
        4.0,
        "log hazard per unit of trust",
        "how lost trust speeds quitting",
        likely=(0.0, 8.0),
        within=(0, 100),
    )
    service_trust: float = quantity(
        1.0, "per unit of trust", "how the trust of staff moves service", likely=(0.0, 2.0), within=(0, 100)
    )

    @model_validator(mode="after")
    def _people_leave_later_than_they_withdraw(self) -> Self:
        if self.leave_below > self.withdraw_below:
            raise ValueError(
                f"leave_below must be at most withdraw_below ({self.withdraw_below:g}), but is {self.leave_below:g}"
            )
        return self
