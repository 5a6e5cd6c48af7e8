"""Reading a trial of messages: who got which message, which one suits whom, and what they did."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.calibrate.messages.groups import Cells, counted
from sim.calibrate.reading.columns import Role, plain
from sim.calibrate.reading.figures import figures, refuse
from sim.calibrate.reading.table import read_table
from sim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

OUTCOMES = ("visit", "conversion", "spend")
MATCHED, MISMATCHED, NONE = "matched", "mismatched", "no message"
FEWEST_RESPONDERS = 20  # in any group that is compared: below, an interval on the logarithm of a rate is no good

CONTROLS = ("control", "none", "noemail", "nomail", "nomessage", "nocontact", "notreatment", "holdout", "untreated")
"""Names of the arm without a message, as :func:`sim.calibrate.reading.columns.plain` makes them."""

ROLES = {
    "arm": Role(("segment", "treatment", "variant", "message", "campaign", "group")),
    "visit": Role(("visited", "visits", "click", "clicked", "response", "responded"), needed=False),
    "conversion": Role(("converted", "purchase", "purchased", "bought", "order", "ordered"), needed=False),
    "spend": Role(("spent", "spending", "revenue", "sales", "amount"), needed=False),
    "suits": Role(("matched", "match", "suited", "fits"), needed=False),
}


@dataclass(frozen=True)
class Trial:
    """A trial in which messages were sent by lot, counted.

    Parameters
    ----------
    source
        Name of the file.
    control
        The arm without a message.
    messages
        The other arms.
    suits
        Messages that suit somebody; another one is nobody's matched or mismatched one, and counts for everyone alike.
    outcomes
        Which of ``visit``, ``conversion`` and ``spend`` were measured.
    cells
        Customers by arm (the control first) and by the message that suits them, in this order.
    suited_by_none, suited_by_several
        How many customers were left out, because no message or more than one suits them.
    """

    source: str
    control: str
    messages: tuple[str, ...]
    suits: tuple[str, ...]
    outcomes: tuple[str, ...]
    cells: Cells
    suited_by_none: int = 0
    suited_by_several: int = 0

    @property
    def customers(self) -> int:
        """How many customers count."""
        return int(self.cells.number.sum())

    def groups(self) -> dict[str, NDArray[np.bool_]]:
        """Which cells belong to those matched, mismatched and without a message, and to each message for everyone."""
        arm, suiting = np.divmod(np.arange(len(self.cells.number)), len(self.suits))
        arms = np.array([self.control, *self.messages])[arm]
        matched = arms == np.array(self.suits)[suiting]
        personal = np.isin(arms, self.suits)
        named = {MATCHED: matched, MISMATCHED: personal & ~matched, NONE: arms == self.control}
        return {**named, **{everyone(message): arms == message for message in self.messages}}


def everyone(message: str) -> str:
    """What the group is called that got this message, whomever it suits."""
    return f"{message} for everyone"


def read_trial(
    path: str | Path,
    columns: Mapping[str, str] | None,
    matches: Mapping[str, str] | None,
    control: str | None,
    outcomes: Sequence[str],
) -> Trial:
    """Read a trial of messages.

    See :func:`sim.calibrate.messages.trial.fit_trial` for the arguments and for what is refused.
    """
    unknown = [one for one in outcomes if one not in OUTCOMES]
    if unknown:
        raise InputError(f"outcomes: {unknown[0]!r} is none; those of a trial are {', '.join(OUTCOMES)}")
    table = read_table(path, ROLES, columns, "a trial of messages", each="customer", others=True)
    source = str(path)
    present = tuple(one for one in OUTCOMES if one in outcomes and one in table)
    if not present:
        raise InputError(
            f"{source}: none of the columns {', '.join(outcomes)} is among those found ({_names(table)}); "
            "say which holds an outcome with --columns visit=NAME"
        )
    refuse((table["arm"] == "").to_numpy(), table["arm"], "arm", "the name of one", source)
    arms = sorted(set(table["arm"]))
    none = _control(arms, control, source)
    messages = tuple(arm for arm in arms if arm != none)
    values = _outcomes(table, present, source)
    suits, suiting, suited = _suited(table, messages, none, matches, source)
    kept = suited == 1
    if not kept.any():
        raise InputError(f"{source}: there is no customer whom exactly one message suits; check which columns say so")
    place = np.searchsorted(np.array(arms), table["arm"].to_numpy(dtype=str))
    order = np.array([(none, *messages).index(arm) for arm in arms])[place]
    cells = counted((order * len(suits) + suiting)[kept], values[kept], len(arms) * len(suits))
    trial = Trial(
        source=Path(path).name,
        control=none,
        messages=messages,
        suits=suits,
        outcomes=present,
        cells=cells,
        suited_by_none=int((suited == 0).sum()),
        suited_by_several=int((suited > 1).sum()),
    )
    _enough(trial, source)
    return trial


def _control(arms: list[str], given: str | None, source: str) -> str:
    """The arm without a message."""
    named = ", ".join(arms)
    if given is not None and given not in arms:
        raise InputError(f"{source}: there is no arm {given!r}, given as the control; the arms are {named}")
    found = [given] if given is not None else [arm for arm in arms if plain(arm) in CONTROLS]
    if len(found) != 1:
        raise InputError(
            f"{source}: it cannot be told which arm got no message among {named}; name it as the control; "
            "without such an arm, what a message brings cannot be told"
        )
    if len(arms) < 3:
        raise InputError(
            f"{source}: the arms are {named}; whether a message suits shows only where there are two or more"
        )
    return found[0]


def _outcomes(table: pd.DataFrame, present: Sequence[str], source: str) -> NDArray[np.float64]:
    """Outcomes by customer, shape (n, k)."""
    found = {}
    for outcome in present:
        right = "0 or more" if outcome == "spend" else "0 or 1"
        found[outcome] = figures(table[outcome], outcome, right, source)
        bad = found[outcome] < 0.0 if outcome == "spend" else ~np.isin(found[outcome], (0.0, 1.0))
        refuse(bad, table[outcome], outcome, right, source)
    if {"visit", "conversion"} <= set(found):
        bad = found["conversion"] > found["visit"]
        refuse(bad, table["visit"], "visit", "1 where there is a conversion, for whoever buys has been there", source)
    return np.stack(list(found.values()), axis=-1)


def _suited(
    table: pd.DataFrame, messages: tuple[str, ...], none: str, matches: Mapping[str, str] | None, source: str
) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
    """Messages that can suit somebody; by customer, the place of the first that does, and how many do."""
    named = ", ".join(messages)
    if matches:
        for arm in matches:
            if arm not in messages:
                what = "the control" if arm == none else "no arm"
                raise InputError(f"matches: {arm!r} is {what} of {source}; the arms with a message are {named}")
        flags = []
        for arm, column in matches.items():
            if column not in table:
                raise InputError(
                    f"{source}: there is no column {column!r}, given for those whom {arm} suits, among those found "
                    f"({_names(table)})"
                )
            flag = figures(table[column], column, "0 or 1", source)
            refuse(~np.isin(flag, (0.0, 1.0)), table[column], column, "0 or 1", source)
            flags.append(flag)
        stacked = np.stack(flags, axis=-1)
        return tuple(matches), stacked.argmax(axis=1).astype(np.int64), stacked.sum(axis=1).astype(np.int64)
    if "suits" not in table:
        raise InputError(
            f"{source}: nothing says which message suits whom among the columns found ({_names(table)}); name a "
            f"column suits that holds the name of an arm ({named}), or a column of 0 and 1 for each arm"
        )
    cells = table["suits"]
    refuse(
        ~cells.isin(("", *messages)).to_numpy(),
        cells,
        "suits",
        f"the name of an arm with a message ({named}) or empty",
        source,
    )
    suits = tuple(arm for arm in messages if (cells == arm).any())
    places = {arm: k for k, arm in enumerate(suits)}
    return suits, np.array([places.get(arm, 0) for arm in cells]), (cells != "").to_numpy().astype(np.int64)


def _enough(trial: Trial, source: str) -> None:
    """Refuse groups without customers or with too few who responded."""
    for name, inside in trial.groups().items():
        group = trial.control if name == NONE else name
        customers = int(trial.cells.number[inside].sum())
        if not customers:
            raise InputError(
                f"{source}: no customer whom one message suits is in the group {group!r}; each of matched, mismatched, "
                "and every arm needs some"
            )
        for k, outcome in enumerate(trial.outcomes):
            responders = int(trial.cells.responders[inside, k].sum())
            if responders < FEWEST_RESPONDERS:
                size = FEWEST_RESPONDERS * customers // max(1, responders)
                about = f", about {size} customers at this rate" if responders else ""
                raise InputError(
                    f"{source}: only {responders} of {customers} customers in the group {group!r} have a {outcome}; "
                    f"at least {FEWEST_RESPONDERS} are needed{about}, or leave this outcome out"
                )


def _names(table: pd.DataFrame) -> str:
    return ", ".join(map(str, table.columns))
