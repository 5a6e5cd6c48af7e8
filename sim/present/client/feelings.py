"""What customers feel about each firm: trust, permission and the debt of intrusions not noticed yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.present.client.answer import firm_of
from sim.present.client.topic import Chart, Series, TextTable, Topic, finite, listed
from sim.present.labels import short
from sim.present.measures import Scale
from sim.present.rounding import rounded
from sim.present.style import footer
from sim.present.words import interval_and_runs, interval_name

if TYPE_CHECKING:
    from sim.experiment.business_case import BusinessCase
    from sim.experiment.comparison import Comparison

FEELINGS = {
    "trust": ("Trust", "0 to 1, mean of all people", Scale(1.0, "", 2), (2, 3)),
    "opt_in": ("Opt-in", "% of the firm's customers", Scale(0.01, "%", 0), (0, 1)),
    "privacy_debt": ("Privacy debt", "intrusions not noticed yet, per person", Scale(1.0, "", 1), (2, 3)),
}
"""What customers feel: name, unit, scale, and decimals at most, in sentences and in tables."""


def customers(case: BusinessCase) -> Topic | None:
    """Trust, permission and privacy debt of every firm, month by month."""
    comparison = case.comparison
    if comparison.course is None:
        return None
    table, firms = comparison.customers_by_month, list(comparison.scenario.firms)
    mine = firm_of(comparison)
    charts = tuple(_felt(comparison, table, measure) for measure in FEELINGS)
    ends = {(row["firm"], row["measure"]): row for _, row in comparison.head_to_head.iterrows()}

    def end(firm: str, measure: str) -> str:
        row = ends[firm, measure]
        share = measure == "opt_in"
        return rounded(row["value"], row["low"], row["high"], percent=share, most=0 if share else 2).value

    rivals = [one for one in firms if one != comparison.firm]
    title = f"{mine} ends with a trust of {end(comparison.firm, 'trust')} (of 1)"
    if rivals:
        least = min(rivals, key=lambda one: float(ends[one, "trust"]["value"]))
        title += f", {short(least, 24)} with {end(least, 'trust')}"
    title += f"; {end(comparison.firm, 'opt_in')} of {mine}'s customers let it use their data"
    body = tuple(
        (firm, *(rounded(*(ends[firm, one][c] for c in ("value", "low", "high")), percent=one == "opt_in",
                         most=FEELINGS[one][3][1]).plus_minus for one in FEELINGS))
        for firm in firms
    )  # fmt: skip
    half = f"± half of the {interval_and_runs(comparison)}" if comparison.n > 1 else "one replication: no interval"
    told = TextTable(
        "What customers feel at the end of the run",
        ("Firm", "Trust, 0 to 1", "Opt-in", "Privacy debt per person"), body,
        (False, True, True, True), half,
    )  # fmt: skip
    points = (
        "Trust: what people expect of a firm, from what they met and heard; 0 none, 1 full.",
        "Opt-in: the share of a firm's customers who let it use their data.",
        "Privacy debt: intrusions that nobody has noticed yet. When they come to light, trust pays for them.",
    )
    return Topic(
        "customers", "What customers feel", title, points,
        f"Means over {interval_and_runs(comparison).removeprefix(interval_name(comparison) + ' over ')} of the runs "
        "with the firms' own strategies, at the end of every month. Trust is the mean over all people in the market, "
        "customers or not; opt-in is a share of the firm's customers; privacy debt is per person in the market.",
        footer(comparison.manifest), charts, (told,),
    )  # fmt: skip


def _felt(comparison: Comparison, table: Any, measure: str) -> Chart:
    name, unit, scale, most = FEELINGS[measure]
    part = table[table["measure"] == measure]
    series, told = [], []
    seen: set[str] = set()
    for firm, kind in ((name, one.strategy.kind) for name, one in comparison.scenario.firms.items()):
        own = part[part["firm"] == firm]
        values, last = own["value"].to_numpy(), own.iloc[-1]
        figure = rounded(last["value"], last["low"], last["high"], percent=measure == "opt_in", most=most[0])
        brief = short(firm, 18)
        series.append(Series(brief, finite(values), kind, dashed=kind in seen, label=f"{brief} {figure.value}"))
        told.append(f"{brief} {figure.value}")
        seen.add(kind)
    months = tuple(str(month) for month in dict.fromkeys(part["month"]))
    return Chart(
        "lines", name, months, tuple(series), unit, "month",
        f"Lines: {name.lower()} ({unit}) of every firm over {len(months)} months; at the end {listed(told)}.", scale,
    )  # fmt: skip
