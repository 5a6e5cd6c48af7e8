"""The diary of one customer as one would read it: who it is, every trip and its reason, and what moved trust."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sim.experiment.story import ELSEWHERE, Drift, Offer, Person, Story, Trip
from sim.present.words import money, percent

if TYPE_CHECKING:
    from rich.console import RenderableType


def told(story: Story, currency: str) -> Iterator[RenderableType]:
    """The story piece by piece, in the order of time."""
    wide = max(len(name) for name in (*story.firms, ELSEWHERE))
    persons = 0
    for kind, chapters in groupby(story.chapters, type):
        if kind is Drift:
            yield _drifts([one for one in chapters if isinstance(one, Drift)])
            continue
        for one in chapters:
            if isinstance(one, Person):
                persons += 1
                yield Text("\n".join(_person(one, currency, first=persons == 1)))
            elif isinstance(one, Trip):
                inner = (_offers(one, wide), Text(_comment(one)))
                yield Group(_headline(one, currency), *(Padding(part, (0, 0, 0, 2)) for part in inner))


def _person(person: Person, currency: str, *, first: bool) -> list[str]:
    """Who lives here from now on."""
    opening = "Who this is" if first else f"Month {person.month:.0f}: somebody else takes this place (turnover)"
    limit = f"{person.threshold:.2f}"
    if person.threshold in (0.0, 1.0):
        limit += ", none of it" if person.threshold == 0.0 else ", any of it"
    trust = ", ".join(f"{firm} {value:.2f}" for firm, value in person.trust.items())
    return [
        f"{opening}: {person.segment} by segment.",
        f"  Depth of data use that feels fine (0 to 1): {limit}.",
        f"  Notices an intrusion with a chance of {percent(person.vigilance)}; keeps spheres of life apart to "
        f"{percent(person.separation)}.",
        f"  Shops {person.trips_per_month:.2f} times a month for {money(person.mean_basket)} {currency} on average.",
        f"  Trust to begin with (0 to 1): {trust}.",
    ]


def _headline(trip: Trip, currency: str) -> Text:
    where = ELSEWHERE if trip.chosen == ELSEWHERE else f"at {trip.chosen}"
    paid = f"{trip.paid_cents / 100:,.2f} {currency}"
    return Text(f"Month {trip.month:.2f}, trip {trip.number}: buys {where} for {paid}", style="bold")


def _offers(trip: Trip, wide: int) -> Table:
    """The offers that were compared, the best first."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=1)
    table.add_column(width=min(wide, 24), overflow="fold")
    for width in (8, 6, 6):
        table.add_column(width=width, justify="right")
    table.add_column(width=13, justify="right", no_wrap=True)
    table.add_column()
    table.add_row("", "offer", "utility", "luck", "sum", "trust", "", style="dim")
    for offer in trip.considered:
        mark = "*" if offer.name == trip.chosen else ""
        trust = "" if offer.name == ELSEWHERE else f"{offer.trust_before:.3f} → {offer.trust_after:.3f}"
        table.add_row(
            mark, offer.name, f"{offer.utility:.2f}", f"{offer.luck:.2f}", f"{offer.total:.2f}", trust, _noticed(offer)
        )
    return table


def _noticed(offer: Offer) -> str:
    """What the firm did with data on this offer, and whether it was noticed."""
    if offer.name == ELSEWHERE or offer.depth_used == 0.0:
        return ""
    parts = [f"uses data to depth {offer.depth_used:.2f}"]
    if offer.intrusion > 0.0:
        noticed = "noticed" if offer.noticed_intrusion else "not noticed"
        parts.append(f"goes too far by {offer.intrusion:.2f}, {noticed}")
    if offer.noticed_taking:
        parts.append("is seen to keep the gain")
    return "; ".join(parts)


def _comment(trip: Trip) -> str:
    """Why, who did not come to mind, and what followed."""
    sentences = [trip.reason]
    absent = [f"{one.name} (chance {one.chance_considered:.2f})" for one in trip.offers if not one.considered]
    if absent:
        sentences.append(f"Not thought of: {', '.join(absent)}.")
    if trip.answer:
        sentences.append(f"Asked for permission to use data: {trip.answer}.")
    if trip.last:
        sentences.append("This was the last trip: this person stops shopping for good.")
    return " ".join(sentences)


def _drifts(drifts: list[Drift]) -> Text:
    """What moved since the trip before, one line for each firm."""
    lines = []
    for drift in drifts:
        causes = ", ".join(f"{cause} {change:+.3f}" for cause, change in drift.causes.items() if abs(change) >= 5e-4)
        line = f"  ~ trust in {drift.firm} {drift.before:.3f} → {drift.after:.3f}" + (f" ({causes})" if causes else "")
        if drift.permission:
            line += (
                "; leaves it for good" if drift.permission == "left for good" else f"; permission {drift.permission}"
            )
        lines.append(line)
    return Text("\n".join([f"Meanwhile, up to month {drifts[-1].month:.2f}:", *lines]))
