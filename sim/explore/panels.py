"""What the page says, as HTML: the finding, the interval that tightens, figures, saved settings side by side."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from sim.experiment.statistics import mean_interval
from sim.explore.settings import differences
from sim.present.axes import setting
from sim.present.frames import frame
from sim.present.rounding import NO_INTERVAL, rounded
from sim.present.style import ROLES, footer
from sim.present.tables import HEAD_TO_HEAD, head_to_head_tables, summary_table
from sim.present.words import interval_and_runs, month
from sim.run import NO_FORECAST

if TYPE_CHECKING:
    import pandas as pd

    from sim.explore.answers import Answer
    from sim.explore.settings import Settings

MEASURES = ("margin", "trust", "opt_in", "privacy_debt")
"""What saved settings are told apart by, beside the gain."""
LIVE = '<div role="status" aria-live="polite" aria-atomic="true">{}</div>'


def live(words: str, kind: str = "roi-say") -> str:
    """Words that a screen reader says when they change."""
    return LIVE.format(f'<p class="{kind}">{escape(words)}</p>')


def finding(answer: Answer, current: bool = True) -> str:
    """The finding, what it rests on so far, and a word of warning where it is not about what is set now."""
    comparison = answer.comparison
    said = live(comparison.finding, "roi-finding")
    if not current:
        said += '<p class="roi-stage">Working on the new settings; this is still about the ones before.</p>'
    return f"{said}{_stage(answer) if current else ''}"


def _stage(answer: Answer) -> str:
    n, run = answer.comparison.n, answer.comparison.scenario.customers.count
    whole = answer.settings.scenario.customers.count
    if answer.settled and answer.whole:
        words = f"Settled: {n} replications of {run:,} customers, as many as roi compare runs."
    elif answer.settled:
        words = f"Settled: {n} replications of {run:,} of the {whole:,} customers; roi compare runs all of them."
    elif answer.whole:
        words = f"{n} replications of all {run:,} customers so far; more are running."
    else:
        words = f"First look: {n} replications of {run:,} of the {whole:,} customers; all of them are next."
    return f'<p class="roi-stage">{words}</p>'


def per_customer(answer: Answer) -> tuple[float, float, float]:
    """The gain per customer in the market with its interval: comparable between a first look and the whole market."""
    count = answer.comparison.scenario.customers.count
    value, low, high = answer.comparison.interval("npv_difference")
    return value / count, low / count, high / count


def ruler(answer: Answer, widest: tuple[float, float, float] | None = None) -> str:
    """The interval of the gain per customer on a ruler with zero; ``widest`` is the first one, which it grew out of."""
    return _ruler(per_customer(answer), _reach([per_customer(answer), *([widest] if widest else [])]),
                  answer.comparison.scenario.currency, answer, widest)  # fmt: skip


def _reach(intervals: Iterable[tuple[float, float, float]]) -> float:
    ends = [abs(end) for one in intervals for end in one if math.isfinite(end)]
    return 1.08 * max(ends, default=1.0) or 1.0


def _ruler(
    interval: tuple[float, float, float], reach: float, currency: str, answer: Answer,
    widest: tuple[float, float, float] | None = None,
) -> str:  # fmt: skip
    colour, _ = ROLES[answer.comparison.scenario.firms[answer.comparison.firm].strategy.kind]
    value, low, high = interval

    def at(number: float) -> float:
        return 300.0 + 292.0 * max(-1.0, min(1.0, number / reach))

    said = rounded(value, low, high, signed=True)
    words = f"{said.value} {currency} per customer"
    between = f"{interval_and_runs(answer.comparison)}: {said.interval}" if math.isfinite(low) else "no interval yet"
    bars = '<line x1="8" x2="592" y1="26" y2="26" stroke="#8C8C8C"/>'
    if widest is not None and math.isfinite(widest[1]):
        bars += (
            f'<line class="roi-ghost" x1="{at(widest[1]):.1f}" x2="{at(widest[2]):.1f}" y1="26" y2="26" '
            f'stroke="{colour}" stroke-opacity="0.25" stroke-width="6"/>'
        )
    if math.isfinite(low):
        bars += (
            f'<line class="roi-interval" x1="{at(low):.1f}" x2="{at(high):.1f}" y1="26" y2="26" stroke="{colour}" '
            'stroke-width="10"/>'
        )
    pale = "; pale: the interval at first" if "roi-ghost" in bars and widest != interval else ""
    bars += '<line x1="300" x2="300" y1="8" y2="44" stroke="#222222" stroke-width="1.5"/>'
    bars += f'<circle cx="{at(value):.1f}" cy="26" r="8" fill="white" stroke="{colour}" stroke-width="4"/>'
    return (
        f'<div class="roi-ruler"><p><strong class="roi-gain">{escape(words)}</strong> '
        f'<span class="roi-between">{escape(between)}</span></p>'
        f'<svg viewBox="0 0 600 52" role="img" aria-label="Gain {escape(words)}, {escape(between)}">{bars}</svg>'
        f'<p class="roi-ends"><span>loses</span><span>0{pale}</span><span>gains</span></p></div>'
    )


def figures(answer: Answer) -> str:
    """Tables: what the strategy changes, and all firms side by side."""
    comparison = answer.comparison
    summary, note = summary_table(comparison)
    (firms, *_) = head_to_head_tables(comparison, 10_000)
    half = str(firms.columns[0].header) or "one replication gives no interval"
    return (
        _table(frame(summary), "What the strategy changes", note)
        + _table(frame(firms), "All firms, each with its own strategy", half)
        + f'<p class="roi-foot">{escape(footer(comparison.manifest))} {NO_FORECAST}</p>'
    )


def _table(rows: pd.DataFrame, title: str, note: str = "") -> str:
    head = "".join(f'<th scope="col">{escape(str(column))}</th>' for column in ("", *rows.columns))
    body = "".join(
        f'<tr><th scope="row">{escape(str(name))}</th>'
        + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"
        for name, cells in zip(rows.index, rows.to_numpy(), strict=True)
    )  # fmt: skip
    below = f'<p class="roi-note">{escape(note)}</p>' if note else ""
    return (
        f'<div class="roi-scroll" tabindex="0" role="region" aria-label="{escape(title)}"><table><caption>'
        f"{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{below}"
    )


def csv_links(answer: Answer) -> str:
    """Links that download the tables, each row with what identifies the result."""
    tables = answer.comparison.tables()
    known = answer.comparison.manifest
    links = [
        _link(csv_text(tables[name], known).encode(), "text/csv", _file(answer, name, "csv"), words)
        for name, words in (
            ("summary", "figures"), ("head_to_head", "all firms"), ("by_month", "month by month"), ("bridge", "bridge"),
        )
    ]  # fmt: skip
    return f'<p class="roi-links">Download tables (CSV): {", ".join(links)}.</p>'


def csv_text(table: pd.DataFrame, manifest: Mapping[str, Any]) -> str:
    """A table as CSV; columns at its end say what identifies the result, and that it is no forecast."""
    known = ("scenario", "hash", "seed", "replications", "version", "firm", "against", "note")
    return str(table.assign(**{name: manifest[name] for name in known}).to_csv(index=False, lineterminator="\n"))


def yaml_link(text: str, name: str) -> str:
    """A link that downloads the settings as a scenario file."""
    return _link(text.encode(), "application/yaml", f"{_clean(name)}.yaml", "Download as a scenario file (YAML)")


def _file(answer: Answer, what: str, ending: str) -> str:
    manifest = answer.comparison.manifest
    return f"{_clean(str(manifest['scenario']))}-{manifest['hash']}-{_clean(what)}.{ending}"


def _clean(name: str) -> str:
    return "".join(one if one.isalnum() or one in "-_" else "-" for one in name).strip("-") or "scenario"


def _link(content: bytes, kind: str, name: str, words: str) -> str:
    data = base64.b64encode(content).decode("ascii")
    return f'<a class="roi-download" download="{escape(name)}" href="data:{kind};base64,{data}">{escape(words)}</a>'


def picture(png: bytes, alt: str, name: str, twin: str = "", wide: bool = False) -> str:
    """A picture with its alternative text, its numbers in words, and a link that downloads it."""
    link = _link(png, "image/png", f"{_clean(name)}.png", "Download picture (PNG)")
    data = base64.b64encode(png).decode("ascii")
    words = f"<details><summary>In words</summary><pre>{escape(twin)}</pre></details>" if twin else ""
    return (
        f'<figure class="roi-figure{" roi-wide" if wide else ""}"><div class="roi-scroll" tabindex="0" role="region" '
        f'aria-label="Picture"><img alt="{escape(alt)}" src="data:image/png;base64,{data}"></div>'
        f"<figcaption>{link}{words}</figcaption></figure>"
    )


def settings_line(settings: Settings) -> str:
    """Which settings these are: how many differ from the scenario, and the hash."""
    changed = differences(settings.opened, settings.scenario)
    words = "as the scenario has it" if not changed else f"{len(changed)} value{'s' * (len(changed) > 1)} changed"
    listed = "".join(
        f"<li><code>{escape(path)}</code>: {escape(shown(before))} → {escape(shown(after))}</li>"
        for path, before, after in changed
    )
    more = f"<details><summary>What is changed</summary><ul>{listed}</ul></details>" if listed else ""
    code = f'<code class="roi-hash">{settings.scenario.hash}</code>'
    return f'<p class="roi-settings">Settings: {words}, hash {code}</p>{more}'


def shown(value: Any) -> str:
    """A value of a scenario in words."""
    return "–" if value is None else setting(value)


def side_by_side(saved: Mapping[str, Settings], answers: Mapping[str, Answer | None]) -> str:
    """Saved settings beside each other: what each changes, the gain, and the same ruler for all."""
    if not saved:
        return '<p class="roi-note">Nothing is saved yet. Save up to four settings to see them side by side here.</p>'
    there = {name: answer for name, answer in answers.items() if answer is not None}
    reach = _reach(per_customer(answer) for answer in there.values())
    changed = {name: differences(one.opened, one.scenario) for name, one in saved.items()}
    rows: list[tuple[str, list[str]]] = [
        ("Asked about", [f"{one.firm}, against {one.against}" for one in saved.values()])
    ]
    for path in dict.fromkeys(path for each in changed.values() for path, _, _ in each):
        values = []
        for each in changed.values():
            found = {other: after for other, _, after in each}
            values.append(shown(found[path]) if path in found else "as opened")
        rows.append((path, values))
    cells = {name: _cells(answer, there, next(iter(saved))) for name, answer in there.items()}
    for words in next(iter(cells.values()), {}):
        rows.append((words, [cells[name][words] if name in cells else "…" for name in saved]))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("", *saved))
    body = "".join(
        f'<tr><th scope="row">{escape(words)}</th>{"".join(f"<td>{escape(one)}</td>" for one in each)}</tr>'
        for words, each in rows
    )
    rulers = "".join(
        f"<h4>{escape(name)}</h4>{_ruler(per_customer(one), reach, one.comparison.scenario.currency, one)}"
        for name, one in there.items()
    )
    title = "Saved settings side by side, same customers, same luck"
    return (
        f'<div class="roi-scroll" tabindex="0" role="region" aria-label="{title}"><table class="roi-saved"><caption>'
        f"{title}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{rulers}"
    )


def _cells(answer: Answer, there: Mapping[str, Answer], first: str) -> dict[str, str]:
    """What the table of saved settings says of one of them."""
    comparison = answer.comparison
    currency, count = comparison.scenario.currency, comparison.scenario.customers.count
    gain = rounded(*per_customer(answer), signed=True)
    table = comparison.head_to_head.set_index(["firm", "measure"])
    cells = {
        f"Gain per customer, {currency}": f"{gain.value} ({gain.interval})",
        "Difference to the first": _difference(answer, there.get(first)),
        "Payback": month(comparison.interval("payback_month").value),
    }
    for measure in MEASURES:
        words, how = HEAD_TO_HEAD[measure]
        row: Any = table.loc[(comparison.firm, measure)]
        cells[words] = rounded(row["value"], row["low"], row["high"], **how).plus_minus
    return {**cells, "Rests on": f"{comparison.n} × {count:,} customers", "Hash": answer.settings.scenario.hash}


def _difference(answer: Answer, first: Answer | None) -> str:
    """The paired difference of two gains per customer: same customers, same luck, as far as both have come."""
    if first is None or answer is first:
        return NO_INTERVAL
    one, other = (each.comparison for each in (answer, first))
    if one.scenario.customers.count != other.scenario.customers.count:
        return NO_INTERVAL
    n = min(one.n, other.n)
    gains = [each.replications["npv_difference"].to_numpy()[:n] for each in (one, other)]
    figure = rounded(*mean_interval((gains[0] - gains[1]) / one.scenario.customers.count), signed=True)
    return f"{figure.value} ({figure.interval})"
