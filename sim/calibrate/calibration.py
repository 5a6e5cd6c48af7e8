"""A client's market: a base scenario with everything that the client's own data say, and what follows from it.

What follows: a purchase log shows what customers buy from the client, not what they buy in all, and amounts of money
per customer that suit one trade do not suit another. So the part of all trips that the log shows, and the costs that
the base states in money, are set so that the client's sales, and costs as a share of sales, come out as they should.
Both rest on the base market and say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.books import ROW
from sim.calibrate.brands.search import same_for_all
from sim.calibrate.landing import Landing, landed
from sim.errors import InputError
from sim.evidence import ASSUMPTION
from sim.market import simulate
from sim.run import STATE
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.calibrate.brands.choices import ChoiceFit
    from sim.calibrate.brands.tastes import Inertia
    from sim.calibrate.messages.trial import TrialFit
    from sim.calibrate.outcomes.target_fit import TargetFit
    from sim.calibrate.privacy.survey import SurveyFit
    from sim.calibrate.purchases.log import PurchaseLog
    from sim.calibrate.purchases.places import BuyingName
    from sim.calibrate.purchases.transactions import BasketName, TransactionFit
    from sim.quantity import Provenance


PLAIN = {"Client": {"strategy": "trusted"}, "Rival": {"strategy": "uniform"}}
"""The firms of a market where no base is given: one that personalises with trust, one that treats everyone the same."""

COSTS = ("fixed_cost", "platform_cost", "quit_cost", "capital")
"""Amounts per customer in the market that stand in proportion to sales."""

OBSERVED, LEAST = "customers.shopping.observed_share", 0.01
CUSTOMERS, MONTHS, ROUNDS = 2_000, 36, 8
"""Of the runs from which the observed share is told."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """A scenario that was fitted to a client's data, and the fits that it rests on; None where there were no data."""

    scenario: Scenario
    log: PurchaseLog | None = None
    transactions: TransactionFit | None = None
    posterior: Landing | None = None
    choices: ChoiceFit | None = None
    inertia: Inertia | None = None
    survey: SurveyFit | None = None
    trial: TrialFit | None = None
    targets: TargetFit | None = None
    remarks: tuple[str, ...] = field(default=())

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of all fits by name."""
        found: dict[str, pd.DataFrame] = {}
        if self.transactions is not None:
            found |= {"transactions": self.transactions.table(), "likelihoods": self.transactions.comparison()}
            if (held := self.transactions.holdout) is not None:
                found |= {"holdout": held.buying, "holdout_baskets": held.baskets, "holdout_weeks": held.weeks}
                found |= {"holdout_counts": held.counts}
        if self.choices is not None:
            found["choices"] = self.choices.table()
        if self.inertia is not None:
            found["inertia"] = self.inertia.table()
        if self.survey is not None:
            found |= {"survey": self.survey.table(), "survey_bands": self.survey.bands()}
        if self.trial is not None:
            found |= {"trial": self.trial.table(), "trial_responses": self.trial.responses()}
        if self.targets is not None:
            found |= {"targets": self.targets.outcomes(), "targets_region": self.targets.table()}
        return found


def plain_market() -> Scenario:
    """The market that is taken where no base is given: two firms, everything else at its default."""
    return Scenario.model_validate({"name": "the default market", "firms": PLAIN})


def calibrated(
    base: Scenario | None = None,
    *,
    name: str | None = None,
    log: PurchaseLog | None = None,
    transactions: TransactionFit | None = None,
    posterior: Landing | None = None,
    choices: ChoiceFit | None = None,
    inertia: Inertia | None = None,
    survey: SurveyFit | None = None,
    trial: TrialFit | None = None,
    client: str | None = None,
    model: BuyingName | None = None,
    baskets: BasketName | None = None,
) -> Calibration:
    """Put everything that a client's data say into a scenario.

    Parameters
    ----------
    base
        Whose other numbers are kept; by default :func:`plain_market`.
    name
        Of the scenario; by default that of the base.
    log, transactions
        The client's purchase log, which knows the currency, and the fit to it.
    posterior
        How often customers buy, from draws of somebody else's fit, instead of the log's.
    choices, survey, trial
        Fits to a panel of brand choices, a survey on privacy, a trial of messages.
    inertia
        What the last brand weighs in the panel with and without tastes that differ, which is told and lands nowhere.
    client
        The brand of the panel that is the client; by default the largest.
    model, baskets
        Models of buying and spending that are to land, instead of those with the smallest AIC.

    Raises :class:`sim.errors.InputError` where a fit gives numbers that no scenario can have, and for a currency that
    is not that of the base's own sources.
    """
    start = plain_market() if base is None else base
    scenario = start.with_({"name": name}) if name else start
    remarks: list[str] = []
    if log is not None and log.currency is not None and log.currency != scenario.currency:
        remarks.append(
            f"Amounts of the base in {scenario.currency} that are not in proportion to sales are taken as "
            f"{log.currency}, without conversion."
        )
        scenario = scenario.with_({"currency": log.currency})
    if choices is not None:
        tells_rates = transactions is None and posterior is None
        scenario = landed(scenario, choices.landings(scenario, client, shopping=tells_rates))
    buying: list[Landing] = []
    if transactions is not None:
        first, second = transactions.landings(baskets, model)
        buying += [second] if posterior is not None else [first, second]
    if posterior is not None:
        buying.append(posterior)
    if buying:
        scenario = landed(scenario, buying)
        shown, said = _observed(scenario, start)
        scenario = _costs(scenario.with_(shown), start)
        remarks += said
    if survey is not None:
        scenario = landed(scenario, survey.landings(scenario))
    if trial is not None:
        scenario = landed(scenario, trial.landings(scenario))
    return Calibration(
        scenario, log=log, transactions=transactions, posterior=posterior, choices=choices, inertia=inertia,
        survey=survey, trial=trial, remarks=tuple(remarks),
    )  # fmt: skip


def _observed(scenario: Scenario, base: Scenario) -> tuple[dict[str, Any], list[str]]:
    """The part of all trips that the client's log shows: that which the client wins where all treat everyone alike.

    A fixed point: the smaller the part, the more trips there are in all, the stronger habit becomes, and the larger the
    share that the client wins.
    """
    if OBSERVED in base.notes or base.customers.shopping.observed_share != 1.0:
        return {}, []
    firm = scenario.client
    alike = {f"firms.{name}.strategy": same_for_all(one.strategy) for name, one in scenario.firms.items()}
    market = _small(scenario.with_(alike))

    def won(observed: float) -> float:
        run = simulate(market.with_({OBSERVED: observed}))
        return float(run.state[-12:, list(scenario.firms).index(firm), STATE.index("share_of_wallet")].mean())

    share = won(1.0)
    for _ in range(ROUNDS):
        share = math.sqrt(share * won(max(share, LEAST))) if share > 0.0 else 0.0
    if not share > 0.0:
        raise InputError(
            f"{scenario.name}: {firm} sells nothing in this market where all treat everyone the same, so its log "
            "cannot come from it; a base in which people come to think of the firm would be right"
        )
    value = {
        "value": round(max(share, LEAST), 3),
        "source": ASSUMPTION,
        "range": [round(max(LEAST, share / 2.0), 3), round(min(1.0, share * 2.0), 3)],
        "note": f"share of wallet of {firm} in this market where all treat everyone the same; the log shows no more",
    }
    said = (
        f"The log is taken to show {100.0 * share:.0f} % of what its customers buy in all, the share that {firm} has "
        "in the simulated market where all treat everyone the same; a panel or a survey of spending would tell."
    )
    return {OBSERVED: value}, [said]


def _costs(scenario: Scenario, base: Scenario) -> Scenario:
    """Costs per customer as the same share of what customers spend as in the base, unless the base has a source."""
    factor = _spending(scenario) / _spending(base)
    said = {path: known for path, _, known in scenario.assumptions()}
    changes: dict[str, Any] = {}
    for name, firm in scenario.firms.items():
        for cost in COSTS:
            path = f"firms.{name}.economics.{cost}"
            if scenario.notes.get(path) is None or (scenario.notes[path].source or "").startswith(ASSUMPTION):
                changes[path] = _scaled(getattr(firm.economics, cost), factor, said[path], base.name)
    return scenario.with_(changes)


def _scaled(amount: float, factor: float, known: Provenance, base: str) -> Mapping[str, Any]:
    reach = [float(f"{end * factor:.3g}") for end in (known.low, known.high)]
    return {
        "value": float(f"{amount * factor:.3g}"),
        "source": ASSUMPTION,
        "range": reach,
        "note": f"the same share of what customers spend as in {base}",
    }


def _spending(scenario: Scenario) -> float:
    """Money that customers spend in all, per customer and month."""
    run = simulate(_small(scenario))
    spent = run.ledger[:, :, ROW["sales"]].sum() + np.sum(run.elsewhere)
    return float(spent) / 100.0 / run.scenario.customers.count / run.scenario.horizon_months


def _small(scenario: Scenario) -> Scenario:
    return scenario.with_({"customers.count": CUSTOMERS, "horizon_months": min(MONTHS, scenario.horizon_months)})


def sentences(calibration: Calibration) -> Sequence[str]:
    """What the data said, one or more sentences for each kind, in the order in which they were used."""
    said: list[str] = []
    if calibration.log is not None:
        said += calibration.log.remarks
    if calibration.transactions is not None:
        said += calibration.transactions.remarks
    if calibration.choices is not None:
        said.append(calibration.choices.caveat)
    if calibration.inertia is not None:
        said.append(calibration.inertia.caveat)
    if calibration.survey is not None:
        said.append(calibration.survey.sentence)
    if calibration.trial is not None:
        said.append(calibration.trial.finding)
    if calibration.targets is not None:
        said.append(calibration.targets.finding)
    return [*said, *calibration.remarks]
