"""From a client's data to a market: purchases, brand choices, a survey, a trial of messages, or known outcomes.

``read_log`` and ``fit_log`` find out how customers buy, ``fit_choices`` how they choose between brands, ``fit_survey``
how much use of their data they accept, ``fit_trial`` what relevance is worth, ``fit_targets`` what reproduces outcomes
that are known. ``calibrated`` puts all of it into a scenario. Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.doorway import doorway

if TYPE_CHECKING:
    from sim.calibrate.brands.choices import ChoiceFit, fit_choices
    from sim.calibrate.brands.reader import read_panel
    from sim.calibrate.calibration import Calibration, calibrated
    from sim.calibrate.landing import Landing, landed
    from sim.calibrate.messages.trial import TrialFit, fit_trial
    from sim.calibrate.outcomes.aggregates import fit_targets
    from sim.calibrate.outcomes.target_fit import TargetFit
    from sim.calibrate.privacy.survey import SurveyFit, fit_survey, published
    from sim.calibrate.purchases.log import PurchaseLog
    from sim.calibrate.purchases.posterior import posterior
    from sim.calibrate.purchases.reader import read_log
    from sim.calibrate.purchases.transactions import TransactionFit, fit_log, fit_transactions

__all__ = [
    "Calibration",
    "ChoiceFit",
    "Landing",
    "PurchaseLog",
    "SurveyFit",
    "TargetFit",
    "TransactionFit",
    "TrialFit",
    "calibrated",
    "fit_choices",
    "fit_log",
    "fit_survey",
    "fit_targets",
    "fit_transactions",
    "fit_trial",
    "landed",
    "posterior",
    "published",
    "read_log",
    "read_panel",
]

_HOMES = {
    "Calibration": "sim.calibrate.calibration",
    "ChoiceFit": "sim.calibrate.brands.choices",
    "Landing": "sim.calibrate.landing",
    "PurchaseLog": "sim.calibrate.purchases.log",
    "SurveyFit": "sim.calibrate.privacy.survey",
    "TargetFit": "sim.calibrate.outcomes.target_fit",
    "TransactionFit": "sim.calibrate.purchases.transactions",
    "TrialFit": "sim.calibrate.messages.trial",
    "calibrated": "sim.calibrate.calibration",
    "fit_choices": "sim.calibrate.brands.choices",
    "fit_log": "sim.calibrate.purchases.transactions",
    "fit_survey": "sim.calibrate.privacy.survey",
    "fit_targets": "sim.calibrate.outcomes.aggregates",
    "fit_transactions": "sim.calibrate.purchases.transactions",
    "fit_trial": "sim.calibrate.messages.trial",
    "landed": "sim.calibrate.landing",
    "posterior": "sim.calibrate.purchases.posterior",
    "published": "sim.calibrate.privacy.survey",
    "read_log": "sim.calibrate.purchases.reader",
    "read_panel": "sim.calibrate.brands.reader",
}

__getattr__, __dir__ = doorway(__name__, globals(), _HOMES)
