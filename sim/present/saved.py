"""Saved results back from their folder: the same object as before, number by number, or a sentence why not."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.axes import axes
from sim.experiment.business_case import BusinessCase, Stress
from sim.experiment.comparison import Arm, Comparison
from sim.experiment.factors import Factor
from sim.experiment.records import arrays
from sim.experiment.region import Region
from sim.experiment.sensitivity import Sensitivity
from sim.experiment.study import Question
from sim.experiment.surrogate import Surface
from sim.present.results import load_tables, save_tables
from sim.run import package_version
from sim.scenario_file import load
from sim.storage import MANIFEST, SCENARIO, read_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    import pandas as pd

    from sim.scenario import Scenario

COMPARISON, REGION, SENSITIVITY, STRESS = "comparison", "region", "sensitivity", "stress"
"""Folders within that of a business case."""


@dataclass(frozen=True)
class _Saved:
    """What lies in a folder of results."""

    folder: Path
    manifest: Mapping[str, Any]
    scenario: Scenario
    tables: Mapping[str, pd.DataFrame]

    @property
    def question(self) -> Question:
        told = self.manifest
        return Question(
            self.scenario, told["firm"], told["against"], told["replications"], told["seed"],
            told.get("measure", "npv_difference"),
        )  # fmt: skip


def load_results(folder: str | PathLike[str]) -> Comparison | Region | Sensitivity:
    """What ``Comparison.save``, ``roi compare --out``, ``roi region --out`` or ``roi sensitivity --out`` has left.

    The result is the same as before it was saved. Results of another version of this package are refused, because
    what would be told of them beside their own numbers would not go with them.

    Raises
    ------
    InputError
        If the folder holds no such results, they were made with another version, or a table is missing or damaged.
    """
    saved = _read(Path(folder))
    for name, build in BUILT.items():
        if name in saved.tables:
            try:
                return build(saved)
            except (KeyError, ValueError, TypeError) as error:
                raise InputError(
                    f"the tables in {saved.folder} do not belong together ({error}); {_again(saved.manifest)}"
                ) from None
    raise InputError(
        f"the tables in {saved.folder} do not hold the single runs behind them, as those of a comparison, a map or a "
        "tornado do; results of roi compare, region or sensitivity with --out would be right"
    )


def save_case(case: BusinessCase, folder: str | PathLike[str]) -> Path:
    """Save a business case to a folder, one folder in it for each of its parts; gives the folder.

    Raises :class:`sim.errors.InputError` if the folder cannot be written, or holds anything else.
    """
    place, parts = Path(folder), (COMPARISON, REGION, SENSITIVITY, STRESS)
    try:
        place.mkdir(exist_ok=True)
        if strange := sorted(one.name for one in place.iterdir() if one.name not in parts):
            raise InputError(f"the folder {place} holds {strange[0]!r}; name a new folder, or that of a business case")
    except OSError as error:
        raise InputError(
            f"results cannot be written to {folder} ({error.strerror or error}); name a folder that can be written"
        ) from None
    case.comparison.save(place / COMPARISON)
    if case.region is not None:
        case.region.save(place / REGION)
    if case.sensitivity is not None:
        case.sensitivity.save(place / SENSITIVITY)
    if case.stresses:
        import pandas as pd

        gains = pd.DataFrame({one.key: one.gains for one in case.stresses})
        comparison = case.comparison
        manifest = {**comparison.manifest, "replications": len(gains), "parameters": "fixed"}
        save_tables(place / STRESS, {"stress": case.stress, "runs_gain": gains}, manifest, comparison.scenario)
    return place


def load_case(folder: str | PathLike[str]) -> BusinessCase:
    """A business case that :func:`save_case` has saved; what was left out is left out.

    Raises :class:`sim.errors.InputError` as :func:`load_results` does.
    """
    place = Path(folder)
    comparison = load_results(place / COMPARISON)
    assert isinstance(comparison, Comparison)
    region, sensitivity = (
        load_results(place / name) if (place / name).is_dir() else None for name in (REGION, SENSITIVITY)
    )
    stresses: tuple[Stress, ...] = ()
    if (place / STRESS).is_dir():
        import pandas as pd

        saved = _read(place / STRESS)
        gains = saved.tables["runs_gain"]
        stresses = tuple(
            Stress(str(key), None if pd.isna(month) else int(month), gains[str(key)].to_numpy(np.float64))
            for key, month in saved.tables["stress"][["test", "month"]].itertuples(index=False)
        )
    return BusinessCase(comparison, region, sensitivity, stresses)  # type: ignore[arg-type]


def is_case(folder: Path) -> bool:
    """Whether a folder is that of a business case."""
    return (folder / COMPARISON / MANIFEST).is_file()


def _read(folder: Path) -> _Saved:
    """Manifest, scenario and tables of a folder, or of ``tables`` within it, all of this version."""
    place = folder / "tables" if (folder / "tables" / MANIFEST).is_file() else folder
    tables = load_tables(place)
    manifest = read_manifest(place)
    assert manifest is not None  # else there would be no tables
    was, now = manifest.get("version"), package_version()
    if was != now:
        raise InputError(
            f"the results in {place} were made with version {was}, and this is version {now}; {_again(manifest)}"
        )
    scenario = load(place / SCENARIO)
    if scenario.hash != manifest["hash"]:
        raise InputError(
            f"the scenario in {place} has the hash {scenario.hash}, and its results are about {manifest['hash']}: "
            f"either it or the model has changed since; {_again(manifest)}"
        )
    if not any(name.startswith("runs_") for name in tables) and "summary" in tables:
        raise InputError(
            f"the results in {place} lack the single runs ({', '.join(['runs_books', 'runs_course'])}): they were "
            f"saved by an earlier state of this package; {_again(manifest)}"
        )
    return _Saved(place, manifest, scenario, tables)


def _again(manifest: Mapping[str, Any]) -> str:
    """What would make such results anew."""
    firm = shlex.quote(str(manifest.get("firm")))
    return f"roi compare --firm {firm} --seed {manifest.get('seed')} --out FOLDER and the like make them anew"


def _numbers(table: pd.DataFrame) -> np.ndarray:
    """A table as an array whose rows lie together, as before it was saved: the last bits of sums hang on it."""
    return np.ascontiguousarray(table.to_numpy(dtype=np.float64))


def _comparison(saved: _Saved) -> Comparison:
    told = saved.manifest
    kept = arrays(saved.tables, saved.scenario, int(told["replications"]))
    cash, clv = kept.pop("cash"), kept.pop("clv")
    return Comparison(
        scenario=saved.scenario, firm=told["firm"], against=told["against"], seed=told["seed"],
        strategy=Arm(cash[0], clv[0]), uniform=Arm(cash[1], clv[1]), precision=told.get("precision"),
        settled_after=told.get("precision_reached_after"), parameters=told["parameters"],
        uncertainty_hash=told.get("uncertainty_hash"), **kept,
    )  # fmt: skip


def _region(saved: _Saved) -> Region:
    spans: Any = saved.tables["runs_axes"].itertuples()  # pandas' types do not know the columns
    varied = {str(one.path): f"{one.low!r}:{one.high!r}" for one in spans}
    first, second = axes(saved.scenario, varied)
    points = saved.tables["runs_points"]
    shape = saved.tables["runs_axes"]
    laid = Surface(
        _numbers(points[["across", "up"]]), _numbers(points.drop(columns=["across", "up"])),
        shape["length"].to_numpy(np.float64), float(shape["roughness"].iloc[0]), float(shape["variance"].iloc[0]),
    )  # fmt: skip
    told = saved.manifest
    return Region(saved.question, (first, second), laid, tuple(told["rounds"]), tuple(told["seeds"]), told["precision"])


def _sensitivity(saved: _Saved) -> Sensitivity:
    kinds = {one.name for one in fields(Factor)}
    rows = saved.tables["runs_factors"].to_dict("records")
    factors = tuple(
        Factor(**{**{str(k): v for k, v in row.items() if k in kinds}, "paths": tuple(row["paths"].split(" "))})
        for row in rows
    )
    answers = _numbers(saved.tables["runs_points"])
    return Sensitivity(saved.question, "tornado", factors, answers, screened=saved.manifest.get("factors_screened"))


BUILT: dict[str, Callable[[_Saved], Comparison | Region | Sensitivity]] = {
    "runs_books": _comparison, "runs_axes": _region, "runs_factors": _sensitivity,
}  # fmt: skip
"""By the table that only they have: what the tables of a folder are put together to."""
