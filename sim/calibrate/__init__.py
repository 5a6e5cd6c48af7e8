"""From a purchase log to customers as a scenario describes them."""

from sim.calibrate.log import PurchaseLog
from sim.calibrate.posterior import posterior
from sim.calibrate.reader import read_log
from sim.calibrate.transactions import TransactionFit, fit_log, fit_transactions

__all__ = ["PurchaseLog", "TransactionFit", "fit_log", "fit_transactions", "posterior", "read_log"]
