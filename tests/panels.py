"""Panels for tests: households whose tastes and habits are known, and the files that they would be read from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.calibrate.brands.panel import ChoicePanel, numbered

BRANDS = ("Large", "Middle", "Small")


def drawn_panel(
    households: int,
    *,
    taste_sd: float,
    last: float,
    seed: int,
    price: float = -2.0,
    constants: tuple[float, ...] = (0.8, 0.0, -0.5),
    purchases: int = 12,
) -> ChoicePanel:
    """Purchases of households that choose by a logit with normal tastes and a weight of the last brand.

    ``purchases`` is the mean number per household; the first of twelve, which nobody sees, start from no last brand.
    """
    rng = np.random.default_rng(seed)
    brands, unseen = len(constants), 12
    count = 1 + rng.poisson(purchases - 1, households)
    taste = np.array(constants) + taste_sd * rng.normal(size=(households, brands))
    rows: list[tuple[int, int, np.ndarray]] = []
    before = np.full(households, -1)
    for place in range(unseen + int(count.max())):
        who = np.flatnonzero(count + unseen > place)
        prices = np.exp(0.2 * rng.normal(size=(len(who), brands)))
        utility = taste[who] + price * prices + last * (before[who, None] == np.arange(brands))
        choice = (utility + rng.gumbel(size=utility.shape)).argmax(axis=1)
        before[who] = choice
        if place >= unseen:
            rows += zip(who.tolist(), choice.tolist(), prices, strict=True)
    who_bought, what, prices_then = zip(*rows, strict=True)
    names = BRANDS if brands == 3 else tuple(f"B{k}" for k in range(brands))
    columns = {"household": np.array(who_bought), "chosen": np.array(what), "price": np.array(prices_then)}
    return numbered("drawn", names, columns)


def written(folder: Path, text: str, name: str = "panel.csv") -> Path:
    """A file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
