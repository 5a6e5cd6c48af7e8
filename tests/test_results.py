"""Results on disk can be read back as they were, and are there in full or not at all."""

from __future__ import annotations

import json
import math
import signal
import threading
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from sim import InputError, Scenario, load, simulate
from sim.present import results
from sim.present.results import load_tables, save_tables
from sim.storage import uninterrupted, write_parquet

SCENARIO = Scenario.model_validate(
    {"name": "kept", "firms": {"A": {}}, "horizon_months": 2, "customers": {"count": 20}}
)
MANIFEST: dict[str, Any] = {
    "scenario": "kept",
    "hash": SCENARIO.hash,
    "seed": 1,
    "replications": 2,
    "note": "no forecast",
}


def tables() -> dict[str, pd.DataFrame]:
    return {
        "numbers": pd.DataFrame(
            {
                "measure": ["npv", "payback, “month”", "it's"],
                "value": [0.1 + 0.2, math.inf, math.nan],
                "low": [-math.inf, 1e-300, -0.0],
                "months": np.array([1, 2, 2**62]),
                "pays": [True, False, True],
            }
        ),
        "empty": pd.DataFrame({"month": np.zeros(0, dtype="int64"), "value": np.zeros(0)}),
    }


def everything(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def same(found: dict[str, pd.DataFrame], wanted: dict[str, pd.DataFrame]) -> None:
    assert list(found) == list(wanted)
    for name in wanted:
        assert_frame_equal(found[name], wanted[name], check_exact=True)


def test_tables_come_back_as_they_were(tmp_path: Path) -> None:
    saved = save_tables(tmp_path / "out", tables(), MANIFEST, SCENARIO)
    assert saved == (tmp_path / "out").resolve()
    same(load_tables(saved), tables())


def test_csv_holds_the_same_numbers(tmp_path: Path) -> None:
    saved = save_tables(tmp_path / "out", tables(), MANIFEST, SCENARIO)
    assert_frame_equal(pd.read_csv(saved / "numbers.csv"), tables()["numbers"], check_exact=True)


def test_tables_of_a_run_come_back_as_they_were(tmp_path: Path) -> None:
    run = simulate(SCENARIO, customers="agents", trace=3)
    wanted = {"books": run.books, "market": run.market, "customers": run.customers, "diary": run.diary}
    found = load_tables(save_tables(tmp_path / "run", wanted, run.manifest, SCENARIO))
    for name, table in wanted.items():
        assert_frame_equal(found[name], table, check_exact=True, check_dtype=False)


def test_the_scenario_beside_the_results_is_the_one_that_was_run(tmp_path: Path) -> None:
    saved = save_tables(tmp_path / "out", tables(), MANIFEST, SCENARIO)
    assert load(saved / "scenario.yaml").hash == MANIFEST["hash"]


def test_the_manifest_is_strict_json_and_says_what_made_the_results(tmp_path: Path) -> None:
    odd = {
        **MANIFEST,
        "precision": None,
        "low": -math.inf,
        "nan": math.nan,
        "count": np.int64(3),
        "pair": (np.float64(1.5),),
    }
    text = (save_tables(tmp_path / "out", tables(), odd, SCENARIO) / "manifest.json").read_text(encoding="utf-8")

    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is no JSON")

    found = json.loads(text, parse_constant=refuse)
    assert (found["low"], found["nan"]) == ("minus infinite", "not a number")
    assert (found["count"], found["pair"], found["precision"]) == (3, [1.5], None)
    assert {name: found[name] for name in MANIFEST} == MANIFEST
    assert found["tables"] == {"numbers": 3, "empty": 0}
    assert found["libraries"]["pandas"] == pd.__version__
    assert {"numba", "simpy", "numpy", "scipy", "duckdb"} <= found["libraries"].keys()


def test_earlier_results_are_replaced_whole(tmp_path: Path) -> None:
    save_tables(tmp_path / "out", tables(), MANIFEST, SCENARIO)
    later = {"other": tables()["numbers"]}
    saved = save_tables(tmp_path / "out", later, {**MANIFEST, "seed": 2}, SCENARIO)
    same(load_tables(saved), later)
    assert sorted(everything(tmp_path)) == [
        f"out/{name}" for name in ("manifest.json", "other.csv", "other.parquet", "scenario.yaml")
    ]


def test_an_empty_folder_may_be_used_and_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    save_tables(tmp_path / "link", tables(), MANIFEST, SCENARIO)
    assert (tmp_path / "link").is_symlink()
    same(load_tables(tmp_path / "real"), tables())


def in_use(folder: Path) -> Path:
    (folder / "out").mkdir()
    (folder / "out" / "thesis.txt").write_text("years of work")
    return folder / "out"


def with_a_stranger(folder: Path) -> Path:
    saved = save_tables(folder / "out", tables(), MANIFEST, SCENARIO)
    (saved / "my notes.txt").write_text("what I make of it")
    return saved


def with_another_manifest(folder: Path) -> Path:
    (folder / "out").mkdir()
    (folder / "out" / "manifest.json").write_text('{"name": "an app"}')
    return folder / "out"


def a_file(folder: Path) -> Path:
    (folder / "out").write_text("not a folder")
    return folder / "out"


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (in_use, r"the folder .*out is in use and holds no results; name a new or an empty folder"),
        (with_a_stranger, r"the folder .*out holds 'my notes.txt', which is no result and would be lost; name another"),
        (with_another_manifest, r"the folder .*out is in use and holds no results"),
        (a_file, r"out is a file; name a folder for the results"),
        (lambda folder: folder / "not" / "there", r"there is no folder .*not to put 'there' into; create it first"),
        (lambda folder: a_file(folder) / "deeper", r"there is no folder .*out to put 'deeper' into"),
        (lambda folder: folder / "nul\0l", r"results cannot be written to .*name a folder that can be written"),
        (lambda folder: folder / ("n" * 300), r"results cannot be written to .*name a folder that can be written"),
        (lambda _: Path("/"), r"/ is the root of all folders"),
    ],
)
def test_a_place_that_will_not_do_is_refused_in_one_sentence_and_left_as_it_was(
    tmp_path: Path, place: Any, sentence: str
) -> None:
    folder = place(tmp_path)
    before = everything(tmp_path)
    with pytest.raises(InputError, match=sentence) as refusal:
        save_tables(folder, tables(), MANIFEST, SCENARIO)
    assert "\n" not in str(refusal.value)
    assert everything(tmp_path) == before


def test_a_disk_that_refuses_is_told_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match=r"cannot be written to .*out \(Permission denied\); name a folder"):
        save_tables(tmp_path / "out", tables(), MANIFEST, SCENARIO)


@pytest.mark.parametrize("earlier", [False, True])
def test_an_interruption_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: bool) -> None:
    if earlier:
        save_tables(tmp_path / "out", tables(), MANIFEST, SCENARIO)
    before = everything(tmp_path)

    def stop(_: Scenario) -> str:
        assert len(everything(tmp_path)) > len(before)  # some of it is on the disk already
        raise KeyboardInterrupt

    monkeypatch.setattr(results, "to_yaml", stop)
    with pytest.raises(KeyboardInterrupt):
        save_tables(tmp_path / "out", {"new": tables()["numbers"]}, MANIFEST, SCENARIO)
    assert everything(tmp_path) == before
    assert [one.name for one in tmp_path.iterdir()] == (["out"] if earlier else [])


def test_earlier_results_return_if_the_new_ones_cannot_take_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_tables(tmp_path / "out", tables(), MANIFEST, SCENARIO)
    before = everything(tmp_path)
    rename = Path.rename

    def refuse_new(self: Path, target: Path) -> Path:
        if self.name.endswith(".new"):
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(InputError, match="No space left on device"):
        save_tables(tmp_path / "out", {"new": tables()["numbers"]}, MANIFEST, SCENARIO)
    assert everything(tmp_path) == before
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a b", "x" * 61])
def test_a_table_name_that_makes_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="letters, digits, _ and - would be right"):
        save_tables(tmp_path / "out", {name: tables()["numbers"]}, MANIFEST, SCENARIO)
    assert everything(tmp_path) == {}


def test_columns_that_parquet_cannot_tell_apart_are_refused(tmp_path: Path) -> None:
    table = pd.DataFrame({"acme.trust": [1.0], "ACME.trust": [2.0]})
    with pytest.raises(InputError, match=r"columns 'acme.trust' and 'ACME.trust'.* differ in more than capitals"):
        save_tables(tmp_path / "out", {"customers": table}, MANIFEST, SCENARIO)
    with pytest.raises(InputError, match="two tables have names that differ in capitals alone"):
        save_tables(tmp_path / "out", {"a": tables()["numbers"], "A": tables()["numbers"]}, MANIFEST, SCENARIO)


def test_a_folder_without_results_and_a_damaged_table_are_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there are no results in .*nowhere"):
        load_tables(tmp_path / "nowhere")
    saved = save_tables(tmp_path / "out", tables(), MANIFEST, SCENARIO)
    (saved / "numbers.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError, match=r"numbers.parquet is damaged"):
        load_tables(saved)
    (saved / "numbers.parquet").unlink()
    with pytest.raises(InputError, match=r"numbers.parquet is missing"):
        load_tables(saved)


def test_an_interruption_waits_until_a_file_is_written(tmp_path: Path) -> None:
    """DuckDB asks for signals now and then, and would make an error of its own out of an interruption."""
    table = pd.DataFrame(np.zeros((400_000, 10)), columns=[f"c{k}" for k in range(10)])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.02, signal.raise_signal, [signal.SIGINT])

    def write() -> None:
        with duckdb.connect() as database, uninterrupted():
            timer.start()
            write_parquet(database, table, tmp_path / "out.parquet")
            timer.join()

    try:
        with pytest.raises(KeyboardInterrupt):
            write()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert duckdb.read_parquet(str(tmp_path / "out.parquet")).shape == table.shape
    finally:
        signal.signal(signal.SIGINT, before)
