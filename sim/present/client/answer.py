"""The first half of the story: what was asked, the answer, how it pays, and over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.experiment.statistics import Interval
from sim.present.charts import bridge_steps
from sim.present.client.topic import Chart, Series, Topic, finite, listed, text_table
from sim.present.client.words import CONSENT, amount, scarce, with_interval
from sim.present.finding import claim_and_evidence
from sim.present.labels import short
from sim.present.measures import scale_of
from sim.present.rounding import NO_INTERVAL, rounded
from sim.present.style import footer, typographic
from sim.present.tables import bridge_table, precision_reached, summary_table
from sim.present.words import interval_and_runs, interval_name, month, other_way, percent, runs

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

TOTAL = "Gain in net present value"


def firm_of(comparison: Comparison, most: int = 32) -> str:
    """The firm in question, short enough for a title."""
    return short(comparison.firm, most)


def question(comparison: Comparison) -> Topic:
    """What was asked, and how it is put to the test."""
    scenario, firm = comparison.scenario, firm_of(comparison)
    levers = scenario.firms[comparison.firm].strategy
    rivals = [short(name, 24) for name in scenario.firms if name != comparison.firm]
    same = "treats everyone the same" if comparison.against == "uniform" else f"pursues {comparison.against}"
    others = f"Its rivals are {listed(rivals)}." if rivals else "It is the only firm in this market."
    points = (
        f"The strategy: {firm} {CONSENT[levers.consent]}, draws on personal data to a depth of "
        f"{percent(levers.depth)}, stays within what each customer accepts to {percent(levers.respect)}, and leaves "
        f"{percent(levers.value_share)} of the value that personalising makes with the customer.",
        f"The alternative: the same firm {same}, with the same prices, messages and staff.",
        f"The market: {scenario.customers.count:,} simulated customers who shop, compare, notice what is done with "
        f"their data and tell others, over {scenario.horizon_months} months. {others}",
        f"The test: {runs(comparison)}, each a pair of runs with the same customers and the same luck. What differs "
        "within a pair is due to the strategy alone.",
        f"The measure: net present value, which is operating profit discounted at "
        f"{100 * scenario.discount_rate:g} % a year.",
    )
    return Topic(
        "question", "The question", f"Does {firm} earn more with its strategy than {other_way(comparison.against)}?",
        points,
        "The levers, the market and the discount rate are those of the scenario; the register of assumptions lists "
        "them all with their sources. Pairs of runs use common random numbers: every random number is a function of "
        "who, when and what for, so that a strategy changes nobody's luck.",
        footer(comparison.manifest),
    )  # fmt: skip


def answer(comparison: Comparison) -> Topic:
    """The gain with its interval, and how it is spread over the pairs of runs."""
    claim, _ = claim_and_evidence(comparison)
    currency, gain = comparison.scenario.currency, comparison.interval("npv_difference")
    firm = firm_of(comparison)
    claim = typographic(claim.replace(comparison.firm, firm))
    table, note = summary_table(comparison)
    values = np.sort(comparison.replications["npv_difference"].to_numpy())
    scale = scale_of(values, currency)
    pays = comparison.interval("probability_it_pays")
    points = [scarce(comparison)]
    if math.isfinite(gain.low):
        figure = amount(gain, signed=True)
        points.append(f"{interval_name(comparison)} of the gain: {figure.interval} {currency}.")
    positive = int((values > 0.0).sum())
    points.append(
        f"The strategy gains in {positive} of {runs(comparison)} ({percent(pays.value)}; 95 % interval "
        f"{percent(pays.low)} to {percent(pays.high)}): a matter of luck within the model, no probability in the world."
    )
    points.append(typographic(precision_reached(comparison)))
    word, words = ("draw", "draws") if comparison.uncertain else ("pair of runs", "pairs of runs")
    chart = Chart(
        "columns", f"Gain of each {word}, lowest to highest", tuple(str(k) for k in range(1, len(values) + 1)),
        (Series("Gain in net present value", finite(values)),), f"{scale.unit}", f"{words} in order of their gain",
        f"Columns: the gain in net present value of each of {runs(comparison)}, from {scale.signed(values[0])} to "
        f"{scale.signed(values[-1])} {scale.unit}; {positive} of them lie above zero.",
        scale,
    )  # fmt: skip
    return Topic(
        "answer", "The answer", claim, tuple(one for one in points if one),
        f"The gain is the mean over {runs(comparison)} of the difference in net present value within each pair. "
        + _interval_told(comparison)
        + " The return on the spend is the gain divided by what the strategy costs in data, platform, consent and the "
        "like: 0 means that the money came back and no more.",
        footer(comparison.manifest), (chart,),
        (text_table(table, note.removesuffix("."), "Measure"),),
    )  # fmt: skip


def _interval_told(comparison: Comparison) -> str:
    if comparison.n == 1:
        return "One pair has no interval."
    if comparison.uncertain:
        return "Every draw takes all uncertain numbers anew; the interval is the range of the middle 95 % of the draws."
    return (
        "The 95 % interval is Student's t interval over the pairs; it says how exactly the model's answer is known, "
        "not how well the model fits the world."
    )


def bridge(comparison: Comparison) -> Topic:
    """Which lines of the books the gain comes from."""
    currency = comparison.scenario.currency
    steps = bridge_steps(comparison)
    mean, low, high = comparison.intervals(np.stack(list(steps.values()), axis=1))
    names = [*list(steps)[:-1], TOTAL]
    figures = [Interval(*map(float, row)) for row in zip(mean, low, high, strict=True)]
    scale = scale_of(mean, currency)
    start = np.concatenate([[0.0], np.cumsum(mean[:-1])])
    start[-1] = 0.0
    labels = tuple(amount(one, signed=True).value for one in figures)
    if comparison.n > 1:
        labels = (*labels[:-1], f"{labels[-1]}\n({amount(figures[-1]).interval})")
    table, unmoved = bridge_table(comparison)
    told = [f"{name} {amount(one, signed=True).value} {currency}" for name, one in zip(names, figures, strict=True)]
    chart = Chart(
        "waterfall", "From the strategy's effects to its gain", tuple(names),
        (
            Series("Starts at", finite(start)),
            Series("Change", finite(mean), low=tuple(map(float, low)), high=tuple(map(float, high))),
        ),
        f"{scale.unit}, discounted", "lines of the books", f"Bridge: {'; '.join(told)}.", scale, labels,
    )  # fmt: skip
    points = [
        "Each bar begins where the one before it ends; the last is their sum, "
        f"{amount(figures[-1], signed=True).value} {currency}.",
        "Lines that matter little are put together as other lines." if "Other lines" in steps else "",
        unmoved,
        f"Interval of the gain: {interval_and_runs(comparison)}." if comparison.n > 1 else scarce(comparison),
    ]
    return Topic(
        "bridge", "How it pays", _bridge_title(comparison, names, figures), tuple(one for one in points if one),
        "Each line is the mean difference of that line of the books between the two runs of a pair, discounted month "
        "by month. Because discounting is linear the lines add up to the gain; their intervals do not.",
        footer(comparison.manifest), (chart,), (text_table(table, "", "Line of the books"),),
    )  # fmt: skip


def _bridge_title(comparison: Comparison, names: list[str], figures: list[Interval]) -> str:
    """What brings most and what costs most."""
    currency = comparison.scenario.currency
    lines = sorted(zip(names[:-1], figures[:-1], strict=True), key=lambda line: line[1].value)
    down = [(name, one) for name, one in lines if one.value < 0.0]
    up = [(name, one) for name, one in reversed(lines) if one.value > 0.0]

    def told(line: tuple[str, Interval]) -> str:
        return f"{line[0][:1].lower()}{line[0][1:]} ({amount(line[1], signed=True).value} {currency})"

    if not up and not down:
        return "No line of the books differs, so there is nothing to gain or lose"
    if not down:
        return f"The gain comes from {told(up[0])}, and nothing is lost elsewhere"
    if not up:
        return f"Nothing is gained; most is lost on {told(down[0])}"
    total = figures[-1]
    verb = "difference" if not total.excludes_zero else "gain" if total.value >= 0.0 else "loss"
    return f"Behind the {verb}, most is brought by {told(up[0])} and most is taken by {told(down[0])}"


def payback(comparison: Comparison) -> Topic:
    """The running total of the difference, and when it is above zero for good."""
    currency, firm = comparison.scenario.currency, firm_of(comparison)
    table, back = comparison.by_month, comparison.interval("payback_month")
    months = len(table)
    known = bool(np.isfinite(table["low"]).all())
    columns = {name: np.concatenate([[0.0], table[name]]) for name in ("cumulative_difference", "low", "high")}
    mean = columns["cumulative_difference"]
    scale = scale_of(np.concatenate(list(columns.values())) if known else mean, currency)
    bottom = int(np.argmin(mean))
    lowest = Interval(float(mean[bottom]), float(columns["low"][bottom]), float(columns["high"][bottom]))
    end = Interval(float(mean[-1]), float(columns["low"][-1]), float(columns["high"][-1]))
    name = interval_name(comparison)
    edges = (
        Series("Low end of the interval", finite(columns["low"]), dashed=True, quiet=True),
        Series("High end of the interval", finite(columns["high"]), dashed=True, quiet=True),
    )
    main = Series(
        "Running total", finite(mean), label=f"{amount(end, signed=True).value} {currency}"
    )  # fmt: skip
    chart = Chart(
        "lines", "Running total of the profit difference", tuple(str(k) for k in range(months + 1)),
        (main, *(edges if known else ())), f"{scale.unit}, not discounted", "month",
        f"Line: the running total of the profit difference over {months} months. Lowest {scale.signed(lowest.value)} "
        f"{scale.unit} in month {bottom}, at the end {scale.signed(end.value)} {scale.unit}"
        + (f", with the {name} as dashed lines." if known else "."),
        scale,
    )  # fmt: skip
    points = [
        scarce(comparison),
        _payback_told(comparison),
        f"Lowest point: {with_interval(lowest, currency, name, signed=True)} in month {bottom}." if bottom else "",
        f"After {months} months: {with_interval(end, currency, name, signed=True)}, not discounted.",
        f"Dashed: {interval_and_runs(comparison)}, month by month." if known else "",
    ]
    if math.isfinite(back.value):
        title = f"The strategy of {firm} pays back in {month(back.value)} (median of {runs(comparison)})"
        if bottom and lowest.value < 0.0:
            cost = amount(lowest, plain=True).value
            title = f"{title}, after being down by {cost} {currency} in month {bottom}"
    else:
        title = f"The strategy of {firm} does not pay back within {months} months"
    return Topic(
        "payback", "Over time", title, tuple(one for one in points if one),
        "The running total adds up the monthly differences in operating profit within a pair, not discounted; the line "
        "is the mean over all pairs. The payback month is the first from which the running total of a pair is never "
        "below zero again; its median is taken over pairs, with the interval between order statistics.",
        footer(comparison.manifest), (chart,),
    )  # fmt: skip


def _payback_told(comparison: Comparison) -> str:
    value, low, high = comparison.interval("payback_month")
    never = float(np.isinf(comparison.replications["payback_month"]).mean())
    some = f" {percent(never)} of {runs(comparison)} never pay back." if never > 0.0 else ""
    if not math.isfinite(value):
        return f"{percent(never)} of {runs(comparison)} do not pay back within the run."
    shown = rounded(value, low, high, most=0).interval if math.isfinite(high) else NO_INTERVAL
    if math.isfinite(low) and not math.isfinite(high):
        shown = f"{low:.0f} to never"
    between = f" ({interval_name(comparison)} {shown})" if math.isfinite(low) else ""
    return f"Payback: {month(value)}{between}.{some}"
