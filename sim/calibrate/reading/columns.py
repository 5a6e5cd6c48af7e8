"""Which column of a table holds what: found by its name, or as given."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import InputError


@dataclass(frozen=True)
class Role:
    """What a column can hold.

    Parameters
    ----------
    aliases
        Names of a column that holds it, as people write them; case, blanks and ``_-.`` do not count. The name of
        the role is always one of them.
    needed
        Whether a table without such a column is refused.
    """

    aliases: tuple[str, ...] = ()
    needed: bool = True


ALIASES: dict[str, tuple[str, ...]] = {
    "customer": (
        "customer", "customerid", "customernumber", "cust", "custid", "client", "clientid", "user", "userid",
        "buyer", "buyerid", "member", "memberid", "household", "householdid", "account", "accountid",
    ),
    "date": (
        "date", "day", "orderdate", "purchasedate", "transactiondate", "invoicedate", "saledate", "datetime",
        "timestamp", "orderedat", "purchasedat",
    ),
    "amount": (
        "amount", "value", "total", "spend", "sales", "revenue", "dollars", "dollarvalue", "ordervalue",
        "orderamount", "ordertotal", "purchaseamount", "purchasevalue", "transactionamount",
        "transactionvalue", "totalamount", "totalprice", "basket", "basketvalue",
    ),
    "currency": ("currency", "currencycode", "ccy", "curr"),
}  # fmt: skip
"""Columns of a purchase log by what they hold: names in lower case, without blanks, underscores, hyphens and points."""

TELLING: frozenset[str] = frozenset({
    "order", "orderid", "orderno", "ordernumber", "invoice", "invoiceid", "invoiceno", "invoicenumber", "transaction",
    "transactionid", "transactionno", "transactionnumber", "receipt", "receiptid", "receiptno", "receiptnumber",
    "ticket", "ticketid", "basketid", "cartid", "time", "ordertime", "purchasetime", "transactiontime", "timeofday",
})  # fmt: skip
"""Names of columns that tell one order from another of the same customer, day and amount: numbers and times of day."""


def plain(name: str) -> str:
    """A name of a column without case, blanks, underscores, hyphens and points."""
    return re.sub(r"[\s_.\-]", "", name).casefold()


def located(
    names: Sequence[str], roles: Mapping[str, Role], given: Mapping[str, str] | None, path: Path
) -> dict[str, int]:
    """Position of the column for each role; roles that are not needed and not found are left out.

    A given name counts as written, or else without case, blanks and ``_-.``. Raises :class:`InputError` for a role
    without a column or with two of them, for a given column that is not there, and for a given role that is none.
    """
    given = given or {}
    for role in given:
        if role not in roles:
            raise InputError(f"columns: {role!r} is nothing that {path} is read for; those are {', '.join(roles)}")
    found: dict[str, int] = {}
    for role, column in given.items():
        found[role] = _given(column, role, names, path)
        rivals = [other for other, place in found.items() if place == found[role] and other != role]
        if rivals:
            raise InputError(f"columns: {column!r} is given for both {rivals[0]} and {role}; name one column for each")
    taken = set(found.values())
    for role, sought in roles.items():
        if role in found:
            continue
        aliases = {plain(role), *map(plain, sought.aliases)}
        places = [k for k, name in enumerate(names) if plain(name) in aliases and k not in taken]
        if len(places) > 1:
            several = " and ".join(repr(names[k]) for k in places)
            raise InputError(
                f"{path}: the columns {several} could each be the {role}; "
                f"say which with --columns {role}=NAME, or rename all but one"
            )
        if places:
            found[role] = places[0]
        elif sought.needed:
            raise InputError(
                f"{path}: no column for the {role} among those found ({', '.join(names)}); "
                f"say which it is with --columns {role}=NAME, or name one of them {role!r}"
            )
    return found


def _given(column: str, role: str, names: Sequence[str], path: Path) -> int:
    """Position of a column that the caller named."""
    for same in (lambda name: name == column, lambda name: plain(name) == plain(column)):
        places = [k for k, name in enumerate(names) if same(name)]
        if len(places) == 1:
            return places[0]
        if places:
            raise InputError(f"{path}: {len(places)} columns are called {column!r}, given for the {role}; rename one")
    close = difflib.get_close_matches(plain(column), [plain(name) for name in names], n=1)
    near = next((f"; did you mean {name!r}?" for name in names if close and plain(name) == close[0]), "")
    raise InputError(
        f"{path}: there is no column {column!r}, given for the {role}, among those found ({', '.join(names)}){near}"
    )


def parse_columns(text: str) -> dict[str, str]:
    """Columns by role from text such as ``customer=CustNo,date=Day``, as the command line takes it.

    Blanks around names do not count. Raises :class:`InputError` where the text has another form, or names a role
    twice.
    """
    columns: dict[str, str] = {}
    for part in text.split(","):
        role, equals, column = (piece.strip() for piece in part.partition("="))
        if not (role and equals and column):
            raise InputError(
                f"columns: {part.strip()!r} does not say which column holds what; "
                "write ROLE=NAME with commas between, such as customer=CustNo,date=Day"
            )
        if role in columns:
            raise InputError(f"columns: {role} is given twice, as {columns[role]!r} and {column!r}; give it once")
        columns[role] = column
    return columns
