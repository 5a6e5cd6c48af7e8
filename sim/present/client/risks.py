"""What may go wrong: a breach, an exposé and rivals who copy, and what they leave of the gain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.experiment.statistics import Interval
from sim.present.client.answer import firm_of
from sim.present.client.topic import Chart, Series, TextTable, Topic, finite
from sim.present.client.words import TESTS, amount, change_of
from sim.present.measures import scale_of
from sim.present.style import footer

if TYPE_CHECKING:
    from sim.experiment.business_case import BusinessCase
    from sim.experiment.comparison import Comparison


def risks(case: BusinessCase) -> Topic | None:
    """What a breach, an exposé and rivals who copy do to the gain."""
    if len(case.stresses) < 2:
        return None
    comparison, table = case.comparison, case.stress
    currency, firm = comparison.scenario.currency, firm_of(comparison, 24)
    rows = {str(row["test"]): row for _, row in table.iterrows()}
    n = int(table["replications"].iloc[0])
    changes = {key: change_of(row) for key, row in rows.items() if key != "as_it_stands"}
    left = {key: Interval(*(float(row[one]) for one in ("gain", "low", "high"))) for key, row in rows.items()}
    names = {key: _test_name(key, row, firm) for key, row in rows.items()}
    worst = min(changes, key=lambda key: changes[key].value)
    scale = scale_of([one.value for one in left.values()], currency)
    body = tuple(
        (names[key], "–" if key == "as_it_stands" else _said(changes[key]),
         amount(left[key], signed=True).value, amount(left[key], signed=True).interval)
        for key in rows
    )  # fmt: skip
    told = TextTable(
        "The gain under stress",
        ("Test", f"Change, {currency}", f"Gain, {currency}", "95 % interval"),
        body, (False, True, True, True),
    )  # fmt: skip
    chart = Chart(
        "columns", "Gain in net present value under each test", tuple(names.values()),
        (Series("Gain", finite(one.value for one in left.values()), low=tuple(one.low for one in left.values()),
                high=tuple(one.high for one in left.values())),),
        scale.unit, "stress tests",
        "Columns: " + "; ".join(f"{row[0]} {row[2]} {currency} ({row[3]})" for row in body) + ".", scale,
        tuple(row[2] for row in body),
    )  # fmt: skip
    points = tuple(_test_told(key, changes[key], left[key], currency) for key in changes)
    title = _risk_title(worst, changes[worst], left[worst], currency, comparison.scenario.horizon_months // 2)
    same = (
        " The numbers are taken as they stand here, and not drawn, so that figures differ from those of the answer."
        if comparison.uncertain
        else "" if n == comparison.n
        else f" {n} of {comparison.n} replications are used here, so that figures differ a little from the answer."
    )  # fmt: skip
    return Topic(
        "risks", "What may go wrong", title, points,
        f"Each test runs the same pairs, {n} replications with the same luck, in a market in which the event happens "
        "with either strategy; the change is the paired difference to the market as it stands. The whiskers are 95 % "
        f"intervals. Where rivals copy, each takes over the firm's levers about personal data from the start.{same}",
        _footer_with(comparison, n), (chart,), (told,),
    )  # fmt: skip


def _footer_with(comparison: Comparison, n: int) -> str:
    return footer({**comparison.manifest, "replications": n})


def _test_name(key: str, row: Any, firm: str) -> str:
    when = f", month {int(row['month'])}" if key in ("breach", "expose") else ""
    return TESTS[key].format(firm=firm) + when


def _said(change: Interval) -> str:
    if change.value == change.low == change.high == 0.0:
        return "none"
    return amount(change, signed=True).value


def _test_told(key: str, change: Interval, left: Interval, currency: str) -> str:
    what = {
        "breach": "A data breach",
        "expose": "An exposé by the press",
        "imitation": "Rivals that copy the strategy",
    }[key]
    take = "take" if key == "imitation" else "takes"
    if change.value == change.low == change.high == 0.0:
        none = ": there is nothing to reveal" if key == "expose" else ""
        return f"{what} {'change' if key == 'imitation' else 'changes'} nothing{none}."
    if not (change.low > 0.0 or change.high < 0.0):
        return f"{what} {'make' if key == 'imitation' else 'makes'} no clear difference ({_range(change, currency)})."
    verb = take if change.value < 0.0 else ("bring" if key == "imitation" else "brings")
    rest = "the gain stays clear" if left.low > 0.0 else "what is left is a loss" if left.high < 0.0 else (
        "whether anything is left of the gain is open"
    )  # fmt: skip
    return f"{what} {verb} {amount(change, plain=True).value} {currency}; {rest}."


def _range(change: Interval, currency: str) -> str:
    if not math.isfinite(change.low):
        return "one replication: no interval"
    return f"{amount(change, signed=True).interval} {currency}"


def _risk_title(key: str, change: Interval, left: Interval, currency: str, month: int) -> str:
    if not math.isfinite(change.high):
        return "One replication cannot tell what the stress tests do to the gain"
    if change.value >= 0.0 or not change.high < 0.0:
        return "None of the stress tests clearly lowers the gain"
    rest = "it stays a gain" if left.low > 0.0 else "what is left is a loss" if left.high < 0.0 else (
        "whether a gain is left is open"
    )  # fmt: skip
    what = {
        "breach": f"A data breach in month {month}",
        "expose": f"An exposé by the press in month {month}",
        "imitation": "Rivals that copy the strategy",
    }[key]
    return f"{what} would take {amount(change, plain=True).value} {currency}; {rest}"
