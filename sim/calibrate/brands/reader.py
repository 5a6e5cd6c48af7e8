"""Reading a panel of purchases from a file: which columns hold what, and what is refused.

One line per purchase: the household, the price of every brand at that moment (``price.Heinz``, ``price.Hunts``, …),
the brand bought and, where they are known, whether each brand was featured in advertising (``feat.Heinz``) or on
display (``disp.Heinz``). Lines of one household stand in the order of its purchases; there are no dates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from sim.calibrate.brands.panel import ChoicePanel, numbered
from sim.calibrate.reading.columns import Role, plain
from sim.calibrate.reading.source import opened
from sim.calibrate.reading.table import read_table
from sim.errors import InputError
from sim.quantity import Name

if TYPE_CHECKING:
    from numpy.typing import NDArray

WHAT = "a panel of purchases"
BRAND = "BRAND"  # what stands for the brand's name in a pattern of columns

ROLES: dict[str, tuple[str, ...]] = {
    "household": ("household", "householdid", "hid", "hhid", "panelist", "panelistid", "customer", "customerid", "id"),
    "choice": ("choice", "chosen", "brand", "brandchosen", "brandbought"),
}
"""Names of the columns, the likelier first; what stands before a last point (``Ketchup.hid``) does not count."""

PATTERNS: dict[str, tuple[str, ...]] = {
    "price": ("price",),
    "feature": ("feat", "feature", "ad"),
    "display": ("disp", "display"),
}
"""What the names of columns with one number per brand begin with; a point or an underscore and the brand follow."""


def read_panel(path: str | Path, columns: Mapping[str, str] | None = None) -> ChoicePanel:
    """Read a panel of purchases.

    Parameters
    ----------
    path
        Of a text file or Parquet, as :func:`sim.calibrate.reading.table.read_table` takes it.
    columns
        Where the columns do not go by the usual names: ``household`` and ``choice`` with the name of a column,
        ``price``, ``feature`` and ``display`` with a pattern in which ``BRAND`` stands for the brand, such as
        ``cost_BRAND``.

    Raises :class:`InputError` for a file that cannot be read, columns that are not there, and for the first line
    with a household that is missing, a choice that is no brand, or a price or promotion that cannot be right. A price
    of 0 is taken for a brand that was bought, which a coupon can bring about, and refused for one that was not.
    """
    path = Path(path)
    given = dict(columns or {})
    patterns = {role: given.pop(role) for role in PATTERNS if role in given}
    names = opened(path, WHAT, "purchase").names
    for role, aliases in ROLES.items():
        likeliest = _likeliest(names, aliases)
        if role not in given and likeliest is not None:
            given[role] = likeliest
    table = read_table(path, {role: Role(ROLES[role]) for role in ROLES}, given, WHAT, each="purchase", others=True)
    held = {role: _by_brand(table, role, patterns.get(role), path) for role in PATTERNS}
    prices = held.pop("price")
    brands = tuple(prices)
    for brand in brands:
        _nameable(brand, prices[brand], path)
    rows = {
        "household": _households(table["household"], path),
        "chosen": _choices(table["choice"], brands, path),
        "price": _numbers(table, prices, path, "a price"),
    }
    _no_price_is_missing(rows["price"], rows["chosen"], table.index, prices, path)
    for role, found in held.items():
        if found:
            lacking = [brand for brand in brands if brand not in found]
            if lacking:
                raise InputError(
                    f"{path}: {lacking[0]} has a price and no {role}; give the {role} of all brands or none"
                )
            rows[role] = _numbers(table, {brand: found[brand] for brand in brands}, path, f"a {role}")
    return numbered(path.name, brands, rows)


def _likeliest(names: tuple[str, ...], aliases: tuple[str, ...]) -> str | None:
    """The one column that goes by the first of the aliases that any goes by."""
    for alias in aliases:
        found = [name for name in names if plain(name.rpartition(".")[2]) == alias]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _by_brand(table: pd.DataFrame, role: str, pattern: str | None, path: Path) -> dict[str, str]:
    """Columns that hold one number per brand, by brand; empty where there are none and none are needed."""
    if pattern is not None and pattern.count(BRAND) != 1:
        raise InputError(f"columns: {pattern!r}, given for the {role}, must name {BRAND} once, as in cost_{BRAND}")
    heads = [re.escape(head) + r"[._ ]" for head in PATTERNS[role]]
    sought = "|".join(heads) if pattern is None else None
    found: dict[str, str] = {}
    for column in table.columns:
        if sought is not None:
            match = re.fullmatch(rf"(?:{sought})(.+)", column, re.IGNORECASE)
        else:
            before, _, after = str(pattern).partition(BRAND)
            match = re.fullmatch(rf"{re.escape(before)}(.+){re.escape(after)}", column)
        if match:
            found[match[1]] = column
    if not found and (role == "price" or pattern is not None):
        raise InputError(
            f"{path}: no column matches {pattern or f'price.{BRAND} or price_{BRAND}'} among those found "
            f"({', '.join(table.columns)}); give a pattern with --columns {role}=cost_{BRAND}"
        )
    return found


def _nameable(brand: str, column: str, path: Path) -> None:
    """Refuse a brand that cannot be the name of a firm."""
    try:
        TypeAdapter(Name).validate_python(brand)
    except ValidationError:
        raise InputError(
            f"{path}: the brand {brand!r} of column {column!r} cannot name a firm; "
            "use words without points and equals signs"
        ) from None


def _households(written: pd.Series[str], path: Path) -> NDArray[np.float64]:
    missing = written == ""
    if missing.any():
        line = written.index[missing][0]
        raise InputError(f"{path}, line {line}: the household is missing; every purchase has to name one")
    codes, _ = pd.factorize(written)
    return codes.astype(float)


def _choices(written: pd.Series[str], brands: tuple[str, ...], path: Path) -> NDArray[np.float64]:
    """Number of the brand bought; upper and lower case count only where they tell brands apart."""
    folded: dict[str, int | None] = {}
    for k, brand in enumerate(brands):
        folded[brand.casefold()] = None if brand.casefold() in folded else k
    number = {text: brands.index(text) if text in brands else folded.get(text.casefold()) for text in written.unique()}
    unknown = written.map(lambda text: number[text] is None)
    if unknown.any():
        line = written.index[unknown][0]
        raise InputError(
            f"{path}, line {line}: {written[line]!r} is no brand that has a price; those are {', '.join(brands)}"
        )
    return written.map(number).to_numpy(float)


def _numbers(table: pd.DataFrame, columns: dict[str, str], path: Path, what: str) -> NDArray[np.float64]:
    """Numbers, not negative, shape (n, brands)."""
    numbers = np.empty((len(table), len(columns)))
    for k, column in enumerate(columns.values()):
        written = table[column]
        numbers[:, k] = pd.to_numeric(written, errors="coerce").to_numpy(float)
        bad = ~np.isfinite(numbers[:, k]) | (numbers[:, k] < 0)
        if bad.any():
            line = table.index[bad][0]
            raise InputError(
                f"{path}, line {line}: {written[line]!r} in column {column!r} is not {what}; "
                "write a number with a decimal point that is not negative"
            )
    return numbers


def _no_price_is_missing(
    price: NDArray[np.float64],
    chosen: NDArray[np.float64],
    lines: pd.Index[int],
    columns: dict[str, str],
    path: Path,
) -> None:
    """Refuse a price of 0 for a brand that was not bought: nobody leaves a gift, so it stands for a missing price."""
    bought = chosen[:, None] == np.arange(price.shape[1])
    row, brand = np.nonzero((price == 0) & ~bought)
    if len(row):
        column = list(columns.values())[brand[0]]
        raise InputError(
            f"{path}, line {lines[row[0]]}: the price in column {column!r} is 0 though the brand was not bought; "
            "give the price on the shelf, or leave the line out"
        )
