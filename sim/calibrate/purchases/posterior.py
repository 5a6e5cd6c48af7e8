"""What a client's own Bayesian fit says about a scenario: draws from a posterior, as a table.

Whoever has fitted a model of buying elsewhere, such as with PyMC-Marketing or Stan, need not fit it again: the draws
have the uncertainty in them. Taken over are the mean and the covariance of the logarithms, as from a fit of our own.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sim.calibrate.landing import Landing
from sim.calibrate.purchases.places import LAPSE, PER_MONTH, PLACES, BuyingName
from sim.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST_DRAWS = 100  # below, the covariance of four numbers is mostly luck
NETCDF = (".nc", ".nc4", ".netcdf", ".cdf")


def posterior(
    draws: str | Path | pd.DataFrame,
    model: BuyingName,
    *,
    unit: Literal["days", "weeks", "months"],
    n: int,
    source: str = "",
) -> Landing:
    """How often customers buy and when they lapse, from draws of a model's posterior.

    Parameters
    ----------
    draws
        A table with one row per draw and a column per parameter, or the path of a CSV or Parquet file that holds it;
        other columns, such as ``chain`` and ``draw``, do not matter.
    model
        ``bg-nbd`` with the columns ``r``, ``alpha``, ``a``, ``b``; ``pareto-nbd`` with ``r``, ``alpha``, ``s``,
        ``beta``; or ``nbd`` with ``r``, ``alpha``. ``alpha`` and ``beta`` are scales of time (rates of the Gamma
        distributions), as in the published models.
    unit
        Unit of time of the data that the model was fitted to.
    n
        Number of customers that it was fitted to.
    source
        Where the draws came from, for people to read; by default the name of the file.

    Raises :class:`InputError` for a file that cannot be read, a column that is missing, a draw that is no positive
    number, and fewer than a hundred draws.
    """
    if model not in PLACES:
        raise InputError(f"there is no model of buying {model!r}; one of {', '.join(PLACES)} would be right")
    if unit not in PER_MONTH:
        raise InputError(f"there is no unit of time {unit!r}; one of {', '.join(PER_MONTH)} would be right")
    if not n > 0:
        raise InputError(f"n is {n}; it must be the number of customers that the model was fitted to")
    table, name = (draws, "draws") if isinstance(draws, pd.DataFrame) else (_read(Path(draws)), str(draws))
    place = PLACES[model]
    kind: Any = place.model
    columns = [one.name for one in fields(kind)]
    values = _positive(table, columns, kind.title, name)
    if len(values) < FEWEST_DRAWS:
        raise InputError(
            f"{name}: {len(values)} draws are too few to tell how surely the parameters are known; at least "
            f"{FEWEST_DRAWS} are needed"
        )
    several: Any = kind(*values.T)  # all draws at once: the numbers that land are plain arithmetic
    numbers: list[Any] = [number(several, PER_MONTH[unit]) for number in place.numbers.values()]
    logs = np.log(np.array(numbers))
    said = source or (Path(name).name if name != "draws" else "draws given")
    return Landing(
        name="buying",
        source=f"{kind.title}, {len(values):,} draws from a posterior: {said}",
        n=n,
        values=dict(zip(place.numbers, np.exp(logs.mean(axis=1)).tolist(), strict=True)),
        scales=dict.fromkeys(place.numbers, "log"),
        covariance=np.cov(logs),
        changes={LAPSE: None if place.lapse is None else dict(place.lapse)},
    )


def _read(path: Path) -> pd.DataFrame:
    """A table of draws from a file."""
    if path.suffix.lower() in NETCDF:
        raise InputError(
            f"{path}: NetCDF is not read here; write the draws as a table first, in ArviZ with "
            "idata.posterior[['r', 'alpha', 'a', 'b']].to_dataframe().to_csv('draws.csv')"
        )
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; give a CSV or Parquet file with one row per draw")
    import duckdb

    read = "read_parquet" if path.suffix.lower() in (".parquet", ".pq") else "read_csv"
    try:
        with duckdb.connect() as connection:
            return connection.execute(f"SELECT * FROM {read}(?)", [str(path)]).df()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path}: this is no table of draws ({reason}); save it as CSV or Parquet with one row per draw"
        ) from None


def _positive(table: pd.DataFrame, columns: list[str], title: str, name: str) -> Floats:
    """The draws of the parameters, shape (draws, parameters)."""
    for column in columns:
        if column not in table.columns:
            found = ", ".join(map(str, table.columns))
            raise InputError(
                f"{name}: there is no column {column!r} among {found}; the {title} needs {', '.join(columns)}"
            )
    values = np.column_stack([pd.to_numeric(table[column], errors="coerce").to_numpy(float) for column in columns])
    bad = ~(np.isfinite(values) & (values > 0))
    if bad.any():
        row, k = np.argwhere(bad)[0]
        given = table[columns[k]].iloc[row]
        told = repr(given) if isinstance(given, str) else f"{given}"
        raise InputError(f"{name}, draw {row + 1}: {columns[k]} is {told}; it must be a number above 0")
    return values
