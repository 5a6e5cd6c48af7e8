"""Elementary effects and shares of variance: SALib, with what it leaves open settled.

SALib takes a seed of 0 for none, draws from NumPy's global state then, and divides by the spread of answers that may
all be the same. Here the same arguments always give the same design and the same intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.statistics import CONFIDENCE

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

LEVELS = 4
"""Levels of a factor in Morris's design: the ends of its range, and a third and two thirds of it."""
RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Design:
    """Places on the unit cube, shape (points, factors), and how they were made."""

    method: str
    places: NDArray[np.float64]
    samples: int
    seed: int

    @property
    def problem(self) -> dict[str, Any]:
        """The design in SALib's words."""
        return _problem(self.places.shape[1])


def _problem(factors: int) -> dict[str, Any]:
    return {"num_vars": factors, "names": [f"x{k}" for k in range(factors)], "bounds": [[0.0, 1.0]] * factors}


def sampled(method: str, factors: int, samples: int, seed: int, *, check_only: bool = False) -> Design:
    """The places of Morris's trajectories or of Sobol's, Saltelli's, scheme, on the unit cube.

    Raises :class:`sim.errors.InputError` for a number of samples that is not valid, or where SALib is missing.
    """
    if type(samples) is not int or samples < 2:
        raise InputError(f"samples must be a whole number of at least 2, but is {samples!r}")
    if method == "sobol" and samples & (samples - 1):
        lower = 1 << (samples.bit_length() - 1)
        raise InputError(f"samples of Sobol's sequence must be a power of 2, but are {samples}; {lower} or {2 * lower}")
    try:
        from SALib.sample import morris, sobol
    except ImportError:
        raise InputError(
            "Morris and Sobol need the package SALib, which is not installed; "
            'pip install "personalisation-roi[sensitivity]" would install it'
        ) from None
    if check_only:
        return Design(method, np.empty((0, factors)), samples, seed)
    draws = np.random.default_rng([seed, factors, samples])
    if method == "sobol":
        places = sobol.sample(_problem(factors), samples, calc_second_order=False, seed=draws)
    else:
        places = morris.sample(_problem(factors), samples, num_levels=LEVELS, seed=draws)
    return Design(method, np.asarray(places, dtype=np.float64), samples, seed)


def analysed(design: Design, answers: NDArray[np.float64]) -> pd.DataFrame:
    """The indices that answers at the places of a design amount to, one row per factor, in their order.

    Sobol: ``first``, ``first_low``, ``first_high``, ``total``, ``total_low``, ``total_high``: 95 % bootstrap
    intervals. Morris: ``mu_star``, ``mu_star_low``, ``mu_star_high``, ``mu``, ``sigma``. Answers that are all the
    same depend on nothing: Morris gives 0, and Sobol, of a variance that is 0, NaN.
    """
    import pandas as pd

    names = ("first", "total") if design.method == "sobol" else ("mu_star",)
    factors = design.places.shape[1]
    if np.ptp(answers) == 0.0:
        nothing = np.full(factors, np.nan if design.method == "sobol" else 0.0)
        columns = {f"{name}{end}": nothing for name in names for end in ("", "_low", "_high")}
        return pd.DataFrame(columns if design.method == "sobol" else {**columns, "mu": nothing, "sigma": nothing})
    seed = design.seed + 1  # never 0
    found: Any
    if design.method == "sobol":
        from SALib.analyze import sobol

        found = sobol.analyze(
            design.problem, answers, calc_second_order=False, num_resamples=RESAMPLES, conf_level=CONFIDENCE, seed=seed
        )
        parts = {"first": (found["S1"], found["S1_conf"]), "total": (found["ST"], found["ST_conf"])}
        more = {}
    else:
        from SALib.analyze import morris

        found = morris.analyze(
            design.problem, design.places.copy(), answers, num_resamples=RESAMPLES, conf_level=CONFIDENCE,
            num_levels=LEVELS, seed=seed,
        )  # fmt: skip
        parts = {"mu_star": (found["mu_star"], found["mu_star_conf"])}
        more = {"mu": np.asarray(found["mu"]), "sigma": np.asarray(found["sigma"])}
    columns = {}
    for name, (value, half) in parts.items():
        columns[name] = np.asarray(value, dtype=np.float64)
        columns[f"{name}_low"], columns[f"{name}_high"] = columns[name] - half, columns[name] + half
    return pd.DataFrame({**columns, **more})
