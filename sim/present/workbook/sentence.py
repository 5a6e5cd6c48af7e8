"""The answer as one live sentence: put together by formulas as :mod:`sim.present.finding` does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.present.rounding import EXACT, decimals, rounded
from sim.present.words import interval_name, money, other_way, percent, runs
from sim.present.workbook.layout import CHECKS
from sim.present.workbook.sheet import Page, cell, half_even

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

START = 24
"""Row of the first part of the sentence on the sheet of checks."""
PARTS = (
    "over", "firm", "other", "currency", "interval_name", "runs", "half", "decimals", "amount", "interval", "pays",
)  # fmt: skip


def _at(part: str) -> str:
    return f"'{CHECKS}'!{cell(START + PARTS.index(part), 1)}"


def sentence(comparison: Comparison) -> str:
    """The formula of the sentence; its parts stand on the sheet of checks."""
    over, firm, other, currency = (_at(part) for part in ("over", "firm", "other", "currency"))
    if comparison.n < 2:
        return (
            f'{over}&" "&{firm}&" differs by "&{_at("amount")}&" "&{currency}&" in net present value; '
            'one replication gives no interval."'
        )
    evidence = (
        f'" ("&{_at("interval_name")}&" "&{_at("interval")}&" "&{currency}&", "&{_at("runs")}&", of which "&'
        f'{_at("pays")}&" gain)."'
    )
    verb = '" "&IF(Gain>0,"more","less")&" in net present value'
    clear = f'" earns "&{_at("amount")}&" "&{currency}&{verb} with its strategy than "&{other}'
    if comparison.uncertain:
        open_ = (
            f'{over}&" it is not known whether "&{firm}&" earns more with its strategy than "&{other}&": on average "&'
            f'{_at("amount")}&" "&{currency}&{verb}"'
        )
    else:
        open_ = f'{over}&" "&{firm}&" earns neither clearly more nor clearly less with its strategy than "&{other}'
    return f'IF(OR(Gain_low>0,Gain_high<0),{over}&" "&{firm}&{clear},{open_})&{evidence}'


def parts(page: Page, comparison: Comparison) -> None:
    """The parts of the sentence: words as they are, figures rounded by formulas to what the interval supports."""
    gain, scenario = comparison.interval("npv_difference"), comparison.scenario
    months = scenario.horizon_months
    page.text(START - 1, 0, "The parts of the sentence that gives the answer", "heading")
    words = {
        "over": f"Over {months} month{'s' if months != 1 else ''}",
        "firm": comparison.firm,
        "other": other_way(comparison.against),
        "currency": scenario.currency,
        "interval_name": interval_name(comparison),
        "runs": runs(comparison),
    }
    for part, text in words.items():
        _part(page, part, part.replace("_", " ").capitalize())
        page.text(START + PARTS.index(part), 1, text)
    if comparison.n < 2:
        _single(page, gain.value)
        return
    half = (gain.high - gain.low) / 2.0
    figure, amount = rounded(*gain), rounded(abs(gain.value), abs(gain.value) - half, abs(gain.value) + half).value
    places = min(2, decimals(*gain))
    exact = "IF(OR(Gain=0,ABS(Gain)>=100),0,2)"
    fewest = f"IF({_at('half')}<={EXACT}*ABS(Gain),{exact},MAX(-15,MIN(2,1-INT(LOG10({_at('half')})))))"
    share = "100*Probability_it_pays"
    to = _at("decimals")
    formulas: dict[str, tuple[str, str, float | str, str]] = {
        "half": ("Half of the interval", "(Gain_high-Gain_low)/2", half, "money"),
        "decimals": ("Decimals that it supports (negative: tens, hundreds)", fewest, float(places), "count"),
        "amount": ("Amount", _fixed("ABS(Gain)", to), amount, "text"),
        "interval": ("Interval", f'{_fixed("Gain_low", to)}&" to "&{_fixed("Gain_high", to)}', figure.interval, "text"),
        "pays": (
            "Part that gains", f'FIXED({half_even(share, "0")},0)&" %"', percent(comparison.interval("probability_it_pays").value),
            "text",
        ),
    }  # fmt: skip
    for part, (what, formula, value, kind) in formulas.items():
        _part(page, part, what)
        page.formula(START + PARTS.index(part), 1, formula, value, kind)


def _single(page: Page, gain: float) -> None:
    """The amount to three digits, without an interval."""
    places = "2-INT(LOG10(ABS(Gain)))"
    to_three = half_even("Gain", places)
    million = f'FIXED({to_three}/1000000,MAX(0,MIN(2,{places}+6)))&" million"'
    formula = f'IF(Gain=0,"0",IF(ABS({to_three})>=1000000,{million},FIXED({to_three},MAX(0,MIN(2,{places})))))'
    _part(page, "amount", "Amount")
    page.formula(START + PARTS.index("amount"), 1, formula, money(gain), "text")


def _fixed(value: str, places: str) -> str:
    """A number with thousands apart, to so many decimals; never minus nought."""
    return f"FIXED({half_even(value, places)}+0,MAX(0,{places}))"


def _part(page: Page, part: str, words: str) -> None:
    page.text(START + PARTS.index(part), 0, words, "quiet")
