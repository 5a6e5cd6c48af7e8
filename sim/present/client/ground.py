"""What the story stands on: the assumptions with their sources, the method, and its limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.evidence import MEANING
from sim.present.assumptions import plain
from sim.present.client.topic import TextTable, Topic, listed
from sim.present.client.words import in_currency, meaning_of, scarce
from sim.present.style import footer, typographic
from sim.present.words import interval_name, runs
from sim.scenario_file import register

if TYPE_CHECKING:
    from sim.experiment.business_case import BusinessCase

FIRM_GROUND = ("fitted", "measured", "published", "vendor", "patterns")
MOST = 6


def assumptions(case: BusinessCase) -> Topic:
    """What the numbers rest on, and those that matter most."""
    scenario = case.comparison.scenario
    table = register(scenario)
    counts = table["evidence"].value_counts()
    total = len(table)
    known = int(sum(counts.get(kind, 0) for kind in FIRM_GROUND))
    decided = int(counts.get("decision", 0))
    assumed = total - known - decided
    title = (
        f"Of {total} numbers {assumed} are assumptions, {known} rest on data or published work, "
        f"and {decided} are the firms' own decisions"
    )
    kinds = TextTable(
        "What the numbers rest on", ("Evidence", "Numbers", "Meaning"),
        tuple((kind, f"{counts[kind]}", meaning) for kind, meaning in MEANING.items() if kind in counts),
        (False, True, False),
    )  # fmt: skip
    outside = [str(path) for path in table.loc[table["outside"], "path"]]
    points = (
        "The table shows the assumptions that move the gain most; the report lists all of them."
        if case.sensitivity is not None
        else "The table shows the first assumptions; the report lists all of them.",
        f"Outside their plausible range: {listed(outside[:3])}{' and others' if len(outside) > 3 else ''}."
        if outside
        else "All values lie within their plausible ranges.",
        "A result that rests on an assumption nobody has measured is a question to the client's data.",
    )
    return Topic(
        "assumptions", "What it assumes", title, points,
        "The register of assumptions is part of the scenario: every number has a unit, a plausible range and a source, "
        "and the strength of its evidence is judged by what is said about where it comes from.",
        footer(case.comparison.manifest), (), (_leading(case, table), kinds),
    )  # fmt: skip


def _leading(case: BusinessCase, table: Any) -> TextTable:
    """The assumptions that move the gain most, with their sources."""
    currency = case.comparison.scenario.currency
    by_path = {str(row.path): row for row in table.itertuples()}
    if case.sensitivity is not None:
        about = {one.name: one for one in case.sensitivity.factors}
        chosen = [about[name] for name in dict.fromkeys(case.sensitivity.table["factor"])][:MOST]
        rows = [(meaning_of(one.name, one.meaning), by_path[one.paths[0]]) for one in chosen]
    else:
        rows = [
            (meaning_of(path, str(row.meaning)), row) for path, row in by_path.items() if row.evidence != "decision"
        ][:MOST]
    return TextTable(
        "The assumptions that matter most" if case.sensitivity is not None else "The first assumptions",
        ("Assumption", "Value", "Plausible", "Unit", "Source"),
        tuple(
            (words, typographic(plain(row.value)), typographic(f"{plain(row.low)} to {plain(row.high)}"),
             in_currency(str(row.unit), currency),
             source_of(row))
            for words, row in rows
        ),
        (False, True, True, False, False),
    )  # fmt: skip


def source_of(row: Any) -> str:
    """The source of a number, and how strong it is where it does not say so itself."""
    source = str(row.source)
    said = source if row.evidence in ("assumed", "user", "decision") or not source else f"{row.evidence}: {source}"
    return said if math.isnan(row.se) else f"{said} (standard error {row.se:.2g})"


def full_register(case: BusinessCase) -> TextTable:
    """Every number of the scenario: value, unit, plausible range, source and evidence."""
    currency = case.comparison.scenario.currency
    rows: Any = register(case.comparison.scenario).itertuples()  # pandas' types do not know the columns
    return TextTable(
        "Register of assumptions",
        ("Number", "Meaning", "Value", "Unit", "Plausible range", "Source", "Evidence"),
        tuple(
            (
                str(row.path), str(row.meaning), typographic(plain(row.value)), in_currency(str(row.unit), currency),
                "" if math.isnan(row.low) else typographic(f"{plain(row.low)} to {plain(row.high)}"),
                str(row.source) + ("" if math.isnan(row.se) else f"; standard error {row.se:.2g}")
                + ("" if math.isnan(row.n) else f"; n = {row.n:,.0f}")
                + ("; outside its plausible range" if row.outside else ""),
                str(row.evidence),
            )
            for row in rows
        ),
        (False, False, True, False, True, False, False),
    )  # fmt: skip


def method(case: BusinessCase) -> Topic:
    """How it was done, and what it cannot say."""
    comparison = case.comparison
    left = [
        words
        for words, there in (
            ("what drives the gain", case.sensitivity), ("where it turns round", case.region),
            ("stress tests", case.stresses),
        )
        if not there
    ]  # fmt: skip
    covered = "luck and what is not known about the numbers" if comparison.uncertain else "luck alone"
    points = (
        "No forecast: it explores what follows from assumptions, how surely, and which of them carry the result.",
        "The customers: they are simulated. They follow rules that reproduce published patterns of shopping, consent "
        "and reactions to breaches; each of these was measured in one place and time.",
        f"The intervals: they cover {covered} ({interval_name(comparison)} over {runs(comparison)}); none "
        "covers a wrong model.",
        f"The horizon: what comes after {comparison.scenario.horizon_months} months is not counted.",
        "The next step: whoever wants to know about one firm needs that firm's data, and an experiment; the simulation "
        "says what to measure first.",
        f"Left out: {listed(left)}." if left else "",
        f"Few runs: {scarce(comparison)}" if scarce(comparison) else "",
    )  # fmt: skip
    return Topic(
        "method", "Method and limits", "This explores assumptions and is no forecast: what it can and cannot say",
        tuple(one for one in points if one),
        "The model is documented by the ODD protocol in docs/odd.md, every figure in docs/definitions.md, and how it "
        "was held against published findings in docs/validation.md. Scenario, hash, seed and version below give the "
        "same numbers again.",
        footer(comparison.manifest),
    )  # fmt: skip
