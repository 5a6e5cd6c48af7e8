"""`roi sweep`, `region`, `sensitivity` and `discover` print what the API says, and refuse in one sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sim.experiment.region import region
from sim.experiment.sensitivity import sensitivity
from sim.experiment.sweep import sweep
from tests.test_cli import RETAIL, ROOT, SMALL, TWO, Roi, one_line, roi, small
from tests.test_cli_errors import refused

__all__ = ["roi"]

TINY = (*SMALL, "--set", "customers.count=100", "--workers", "1")
MAP = ("rules.surplus=0:0.2", "firms.*.economics.platform_cost=0:900")
ALL: dict[str, tuple[str, ...]] = {
    "sweep": ("rules.surplus=0,0.2", "--replications", "2"),
    "region": (*MAP, "--replications", "2", "--points", "16"),
    "sensitivity": ("rules.surplus", "rules.reactance", "--replications", "2"),
    "discover": ("firms.*.economics.platform_cost=0:90", "rules.surplus", "--samples", "40", "--replications", "1"),
}


@pytest.mark.parametrize("command", ALL)
def test_every_command_is_told_of_and_has_an_example_that_can_be_copied(roi: Roi, command: str) -> None:
    assert re.search(rf"\b{command}\b", roi("--help").out)
    example = re.search(rf"roi {command} (scenarios/\S+)", roi(command, "--help").out)
    assert example is not None
    assert (ROOT / example[1]).is_file()


@pytest.mark.parametrize("columns", [80])
@pytest.mark.parametrize("command", ALL)
def test_output_fits_and_begins_with_the_finding(
    roi: Roi, monkeypatch: pytest.MonkeyPatch, command: str, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, err = roi(command, TWO, *TINY, *ALL[command])
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= columns
    assert "…" not in out
    told = json.loads(roi(command, TWO, *TINY, *ALL[command], "--json").out)
    assert one_line(out).startswith(told["finding"])
    assert "Explores assumptions; no forecast." in one_line(out)


def test_json_is_what_the_api_says(roi: Roi) -> None:
    scenario = small(**{"customers.count": 100})
    told = json.loads(roi("sweep", TWO, *TINY, *ALL["sweep"], "--json").out)
    result = sweep(scenario, {"rules.surplus": "0,0.2"}, replications=2, workers=1)
    assert [row["value"] for row in told["table"]] == pytest.approx(list(result.table["value"]))
    told = json.loads(roi("region", TWO, *TINY, *ALL["region"], "--json").out)
    varied = dict(text.split("=") for text in MAP)
    drawn = region(scenario, varied, replications=2, points=16, workers=1)
    assert told["finding"] == drawn.finding
    assert len(told["map"]) == len(drawn.table)
    told = json.loads(roi("sensitivity", TWO, *TINY, *ALL["sensitivity"], "--json").out)
    driven = sensitivity(scenario, varied={"rules.surplus": None, "rules.reactance": None}, replications=2, workers=1)
    assert told["finding"] == driven.finding


@pytest.mark.parametrize("command", ALL)
def test_results_are_kept_and_drawn(roi: Roi, tmp_path: Path, command: str) -> None:
    out, plot = tmp_path / "kept", tmp_path / "picture.png"
    first = roi(command, TWO, *TINY, *ALL[command], "--out", str(out), "--plot", str(plot))
    assert first.code == 0
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert (out / "tables" / "manifest.json").is_file()
    assert sorted(out.rglob("part-*.parquet"))
    assert roi(command, TWO, *TINY, *ALL[command], "--out", str(out), "--plot", str(plot)) == first


BAD: dict[str, tuple[tuple[str, ...], str]] = {
    "nothing to sweep": (("sweep",), "nothing is varied"),
    "no values": (("sweep", "rules.surplus"), "'rules.surplus' varies nothing"),
    "one value": (("sweep", "rules.surplus=0.1"), "has one value, 0.1"),
    "no such path": (("sweep", "rules.surplos=0:0.2"), "did you mean rules.surplus"),
    "a lever out of bounds": (("sweep", "firms.Trusted.strategy.depth=0:2"), "firms.Trusted.strategy.depth is 2"),
    "twice the same": (("region", "rules.surplus=0:0.1", "rules.surplus=0:0.2"), "rules.surplus is varied twice"),
    "one axis": (("region", "rules.surplus=0:0.1"), "a map has two axes, and 1"),
    "words on a map": (("region", "rules.surplus=0:0.1", "firms.Trusted.strategy.consent=prompt,banner"), "'prompt'"),
    "an empty range": (("region", "rules.surplus=0.2:0.1", MAP[1]), "0.2:0.1, holds nothing"),
    "no such number": (("sensitivity", "rules.trust"), "there is no rules.trust"),
    "no power of two": (("sensitivity", "--method", "sobol", "--samples", "12"), "a power of 2"),
    "no such method": (("sensitivity", "--method", "sobel"), "sobel"),
    "too few points": (("discover", "--samples", "4"), "samples must be a whole number from 40"),
    "no such measure": (("sweep", "rules.surplus=0:0.1", "--measure", "profits"), "there is no measure 'profits'"),
    "no such picture": (("sweep", "rules.surplus=0:0.1", "--plot", "map.bmp"), "no name of a picture"),
    "workers and a cluster": (("sweep", "rules.surplus=0:0.1", "--dask", "tcp://127.0.0.1:1"), "name one of the two"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_one_sentence_before_any_work(
    roi: Roi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    (command, *rest), said = BAD[case]
    monkeypatch.chdir(tmp_path)
    assert said in refused(roi, command, RETAIL, *TINY, *rest, "--out", "new")
    assert not list(tmp_path.rglob("*.parquet"))
