"""The answer over many markets: where is trust worth most, where does it not pay, and what goes with it.

Every market is compared as in :mod:`sim.experiment.compare`: the same firm, customers and luck, with its strategy and
without. Money per customer says little across sectors, so the gain is also told as a share of the sales that the firm
would have had without its strategy, both discounted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.compare import compare
from sim.experiment.headline import verdict
from sim.experiment.statistics import CONFIDENCE, Interval, mean_interval
from sim.experiment.traits import PARTS, gain_parts, traits
from sim.run import manifest

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from sim.experiment.comparison import Comparison
    from sim.scenario import Scenario

SHUFFLES = 5000
"""Random orders of the markets against which rank correlations are held."""
FEWEST_RANKED = 5
"""Of fewer markets, no rank correlation says anything."""


@dataclass(frozen=True, eq=False)
class Atlas:
    """The outcome of :func:`atlas`; intervals are 95 % confidence intervals over replications."""

    comparisons: Mapping[str, Comparison] = field(repr=False)
    against: str
    seed: int

    @property
    def n(self) -> int:
        """Paired replications of every market."""
        return next(iter(self.comparisons.values())).n

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per market, the largest gain as a share of sales first.

        Columns: ``market``, ``title``, ``firm``, ``currency``, ``gain_per_customer`` (net present value, per customer
        in the market), ``gain_share`` (of sales without the strategy), ``platform_times`` (what the platform may cost,
        as a multiple of what it costs, before the gain is gone), each with ``_low`` and ``_high``; ``verdict``.
        """
        import pandas as pd

        rows = []
        for name, one in self.comparisons.items():
            per_customer = np.asarray(one.replications["npv_difference"]) / one.scenario.customers.count
            parts = gain_parts(one)
            share, platform = parts.sum(axis=1), -parts[:, list(PARTS).index("platform")]
            times = mean_interval(1.0 + share / platform) if (platform > 0.0).all() else Interval(*[np.nan] * 3)
            row: dict[str, Any] = {
                "market": name,
                "title": one.scenario.title or name,
                "firm": one.firm,
                "currency": one.scenario.currency,
            }
            for column, interval in (
                ("gain_per_customer", mean_interval(per_customer)),
                ("gain_share", mean_interval(share)),
                ("platform_times", times),
            ):
                row |= {column: interval.value, f"{column}_low": interval.low, f"{column}_high": interval.high}
            rows.append({**row, "verdict": verdict(one)})
        frame = pd.DataFrame(rows)
        return frame.sort_values("gain_share", ascending=False, kind="stable").reset_index(drop=True)

    @cached_property
    def parts(self) -> pd.DataFrame:
        """What the gain consists of, as shares of sales without the strategy: one row per market and part.

        Columns: ``market``, ``part``, ``share``, ``low``, ``high``; markets in the order of :attr:`table`. The parts
        of a market add up to its gain.
        """
        import pandas as pd

        rows = [
            (name, part, *mean_interval(values))
            for name in self.table["market"]
            for part, values in zip(PARTS, gain_parts(self.comparisons[name]).T, strict=True)
        ]
        return pd.DataFrame(rows, columns=["market", "part", "share", "low", "high"])

    @cached_property
    def traits(self) -> pd.DataFrame:
        """What kind of market each is; columns are ``market`` and those of :data:`sim.experiment.traits.TRAITS`."""
        import pandas as pd

        rows = [{"market": name, **traits(self.comparisons[name])} for name in self.table["market"]]
        return pd.DataFrame(rows)

    @cached_property
    def drivers(self) -> pd.DataFrame:
        """How far the gain goes with each trait: rank correlations over the markets, the strongest first.

        Columns: ``trait``, ``correlation`` (Spearman's), ``by_chance``: how often the strongest of all traits reaches
        as far where the gains are dealt to the markets at random. With few markets and many traits some correlation is
        always strong; this is held against it (Westfall & Young 1993). Empty for fewer than five markets.
        """
        import pandas as pd

        columns = ["trait", "correlation", "by_chance"]
        ranks, names = _ranks(self.traits.drop(columns="market"))
        if len(self.comparisons) < FEWEST_RANKED or not names:
            return pd.DataFrame(columns=columns)
        gain = _standardised(self.table["gain_share"].rank().to_numpy()[:, None])[:, 0]
        here = ranks.T @ gain
        rng = np.random.default_rng(self.seed)
        orders = np.stack([rng.permutation(gain) for _ in range(SHUFFLES)])
        strongest = np.abs(orders @ ranks).max(axis=1)
        chance = [(1 + int((strongest >= abs(one) - 1e-12).sum())) / (SHUFFLES + 1) for one in here]
        frame = pd.DataFrame({"trait": names, "correlation": here, "by_chance": chance})
        order = np.argsort(-np.abs(here), kind="stable")
        return frame.iloc[order].reset_index(drop=True)

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name; ``scenarios`` holds the markets themselves."""
        import pandas as pd

        from sim.scenario_file import to_yaml

        markets = {name: one.scenario for name, one in self.comparisons.items()}
        scenarios = [(name, scenario.hash, to_yaml(scenario)) for name, scenario in markets.items()]
        return {
            "table": self.table,
            "parts": self.parts,
            "traits": self.traits,
            "drivers": self.drivers,
            "scenarios": pd.DataFrame(scenarios, columns=["market", "hash", "yaml"]),
        }

    @property
    def manifest(self) -> dict[str, Any]:
        """What identifies the result; its hash is that of the markets' hashes."""
        scenarios = {name: one.scenario for name, one in self.comparisons.items()}
        hashes = {name: scenario.hash for name, scenario in scenarios.items()}
        whole = hashlib.sha256(" ".join(f"{name} {one}" for name, one in hashes.items()).encode()).hexdigest()[:12]
        first = next(iter(scenarios.values()))
        told = manifest(
            first, self.seed, replications=self.n, against=self.against, confidence=CONFIDENCE, markets=hashes
        )
        return {**told, "scenario": ", ".join(scenarios), "hash": whole}

    @property
    def finding(self) -> str:
        """Where the strategy pays, where it loses and where it is open, in one sentence."""
        from sim.present.atlas import finding

        return finding(self)

    def plot(self) -> Figure:
        """The gain of every market with its interval."""
        from sim.present.atlas import forest_chart

        return forest_chart(self)

    def save(self, folder: str | Path) -> Path:
        """Write all tables (Parquet and CSV) and the manifest to a folder, all or nothing."""
        from sim.present.results import save_tables

        return save_tables(folder, self.tables(), self.manifest, None)


def atlas(
    markets: Mapping[str, Scenario],
    *,
    against: str = "uniform",
    replications: int = 20,
    customers: int | None = None,
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Atlas:
    """Compare the client of every market with itself pursuing another strategy.

    ``customers`` puts so many into each market; without it they have as many as they say. The firm asked about is the
    first that personalises. ``progress(done, planned)`` is called after each replication of each market.

    Raises
    ------
    InputError
        For no market, a market where nobody personalises, or what :func:`sim.experiment.compare.compare` refuses.
    """
    if not markets:
        raise InputError("there is no market to compare; name at least one scenario")
    if type(replications) is not int or replications < 2:
        raise InputError(f"replications must be a whole number of at least 2, but is {replications!r}")
    chosen = {}
    for name, scenario in markets.items():
        if scenario.firms[scenario.client].strategy.depth == 0.0:
            raise InputError(f"nobody personalises in {name}, so there is nothing to compare; leave it out")
        chosen[name] = scenario if customers is None else scenario.with_({"customers.count": customers})
    planned, done = replications * len(chosen), 0
    found = {}
    for name, scenario in chosen.items():
        before = done

        def tell(now: int, _: int, before: int = before) -> None:
            if progress is not None:
                progress(before + now, planned)

        found[name] = compare(
            scenario, against=against, replications=replications, seed=seed, threads=threads, progress=tell
        )
        done += replications
    return Atlas(found, against, seed)


def _ranks(frame: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Standardised ranks of the columns that vary, and their names."""
    varying = [str(name) for name in frame.columns if frame[name].nunique() > 1]
    return _standardised(frame[varying].rank().to_numpy()), varying


def _standardised(ranks: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and length 1, so that their products are correlations."""
    centred = ranks - ranks.mean(axis=0)
    return np.asarray(centred / np.sqrt((centred**2).sum(axis=0)))
