"""The runner: the same table to the bit whoever does the work, in whatever order, in one go or in many."""

from __future__ import annotations

import json
import subprocess
import sys
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from sim import InputError, compare, simulate
from sim.cli import main
from sim.errors import Interrupted, Stopped
from sim.experiment import parts as parts_room
from sim.experiment.cells import Cell
from sim.experiment.measures import HEAD_TO_HEAD, PAIRED, firm_measures
from sim.experiment.plan import Plan, missing
from sim.experiment.processes import Processes
from sim.experiment.progress import on_bar
from sim.experiment.runner import fill, run
from sim.experiment.store import read
from sim.experiment.uncertainty import uncertainty
from sim.experiment.workers import Here, at_work
from sim.present.terminal import progress_of_cells
from sim.storage import write_parquet
from tests.experiments import ASKED, DESIGN, SCENARIO, Odd, deadly, everything, plan
from tests.markets import market

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def alone() -> pd.DataFrame:
    """The table of one worker, in order, in one go, nothing kept."""
    return run(SCENARIO, DESIGN, **ASKED, workers=1)


def same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Equal to the bit: NaN is NaN, and 0.0 is not -0.0."""
    assert_frame_equal(found, wanted, check_exact=True)
    numbers = [name for name in wanted if wanted[name].dtype == np.float64]
    assert found[numbers].to_numpy().tobytes() == wanted[numbers].to_numpy().tobytes()


# What a cell says ---------------------------------------------------------------------------------------------------


def test_a_row_for_every_point_and_replication(alone: pd.DataFrame) -> None:
    wanted = [(point, replication) for point in range(3) for replication in range(13)]
    assert list(zip(alone["point"], alone["replication"], strict=True)) == wanted
    assert alone["npv_difference"].nunique() > 20


def test_pairs_say_what_a_comparison_says(alone: pd.DataFrame) -> None:
    changed = SCENARIO.with_(DESIGN[1])
    wanted = compare(changed, "Trusted", replications=13, seed=4).replications
    found = alone[alone["point"] == 1].reset_index(drop=True)
    for measure in PAIRED:
        np.testing.assert_allclose(found[measure], wanted[measure], rtol=1e-12, err_msg=measure)


def test_a_firm_against_itself_differs_by_nothing(alone: pd.DataFrame) -> None:
    same_strategy = alone[alone["point"] == 2]
    assert (same_strategy["npv_difference"] == 0.0).all()
    assert (same_strategy["sales_lift"] == 0.0).all()


def test_single_runs_say_how_every_firm_fares() -> None:
    table = run(SCENARIO, [{}], replications=2, seed=4, workers=1)
    wanted = firm_measures(simulate(SCENARIO, 4, replication=1))
    for f, firm in enumerate(SCENARIO.firms):
        found = table.loc[1, [f"{firm}.{measure}" for measure in HEAD_TO_HEAD]].to_numpy(dtype=float)
        np.testing.assert_array_equal(found, wanted[f])
    assert not set(PAIRED) & set(table)


def test_npv_of_a_firm_in_a_pair_is_that_of_its_strategy(alone: pd.DataFrame) -> None:
    np.testing.assert_allclose(alone["Trusted.npv"], alone["npv"], rtol=1e-12)


def test_a_firm_that_a_point_does_not_have_has_no_measures() -> None:
    table = run(SCENARIO, [{}, {"firms.New": {}}], replications=1, workers=1)
    assert table["New.margin"].isna().tolist() == [True, False]


def test_the_table_tells_what_the_design_sets_and_what_stands_where_it_does_not() -> None:
    table = run(
        SCENARIO, [*DESIGN, {"customers.threshold": {"at_one": 1.0, "at_zero": 0.0}}], replications=1, workers=1
    )
    depth, surplus = SCENARIO.firms["Trusted"].strategy.depth, SCENARIO.rules.surplus
    assert list(table["firms.Trusted.strategy.depth"]) == [depth, 0.2, 0.0, depth]
    assert list(table["rules.surplus"]) == [surplus, 0.3, surplus, surplus]
    assert table["firms.Trusted.strategy"].tolist()[2] == "uniform"
    assert json.loads(table["customers.threshold"][3]) == {"at_one": 1.0, "at_zero": 0.0}


# Luck by cell -------------------------------------------------------------------------------------------------------


def test_luck_is_addressed_by_replication_whatever_else_is_run(alone: pd.DataFrame) -> None:
    fewer = run(SCENARIO, DESIGN[1:2], **{**ASKED, "replications": 5}, workers=1)
    part = alone[(alone["point"] == 1) & (alone["replication"] < 5)].reset_index(drop=True)
    measures = [name for name in fewer if name not in ("point", "replication") and name in part]
    same(fewer[measures], part[measures])


def test_points_share_their_luck(alone: pd.DataFrame) -> None:
    twice = run(SCENARIO, [{}, {"rules.surplus": SCENARIO.rules.surplus}], **ASKED, workers=1)
    first, second = (twice[twice["point"] == k].drop(columns="point").reset_index(drop=True) for k in (0, 1))
    same(first, second)


def test_another_seed_is_other_luck(alone: pd.DataFrame) -> None:
    other = run(SCENARIO, DESIGN[:1], **{**ASKED, "seed": 5}, workers=1)
    assert (other["npv"].to_numpy() != alone["npv"].to_numpy()[:13]).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_work_changes_nothing(alone: pd.DataFrame, tmp_path: Path, seed: int) -> None:
    team = Odd(seed)
    same(run(SCENARIO, DESIGN, **ASKED, workers=team, folder=tmp_path / "out"), alone)
    assert team.done != sorted(team.done)


def test_two_workers_give_what_one_gives(alone: pd.DataFrame, tmp_path: Path) -> None:
    with at_work(2) as team:
        same(run(SCENARIO, DESIGN, **ASKED, workers=team), alone)
        same(run(SCENARIO, DESIGN, **ASKED, workers=team, folder=tmp_path / "two"), alone)  # kept for the next run
    run(SCENARIO, DESIGN, **ASKED, workers=1, folder=tmp_path / "one")
    assert everything(tmp_path / "two") == everything(tmp_path / "one")


def test_threads_within_a_run_change_nothing(alone: pd.DataFrame) -> None:
    same(run(SCENARIO, DESIGN, **ASKED, workers=Here(2)), alone)


def test_what_is_not_known_is_drawn_alike_at_all_points_but_for_what_they_change() -> None:
    design = [{}, {"rules.surplus": 0.3}]
    table = run(SCENARIO, design, replications=3, seed=4, parameters="uncertain", workers=Odd())
    drawn = uncertainty(SCENARIO).drawn(4, 2).scenario
    for point, changes in enumerate(design):
        wanted = Cell.of(drawn.with_(changes), 2, 4).measure()
        found = table[(table["point"] == point) & (table["replication"] == 2)]
        assert {name: found[name].item() for name in wanted} == wanted
    assert table["Trusted.npv"].nunique() == 6


# Parts --------------------------------------------------------------------------------------------------------------


@given(points=st.integers(1, 40), replications=st.integers(1, 200), count=st.integers(10, 10**6))
def test_every_cell_is_in_one_part(points: int, replications: int, count: int) -> None:
    large = SCENARIO.with_({"customers.count": count}) if count != 10 else SCENARIO
    some = Plan(large, ({},) * points, (), ((),) * points, (), None, "uniform", replications, 1, "fixed")
    cells = [cell for k in range(some.parts) for cell in zip(*map(np.ndarray.tolist, some.addresses(k)), strict=True)]
    assert sorted(cells) == [(point, replication) for point in range(points) for replication in range(replications)]
    assert [replication for _, replication in cells] == sorted(replication for _, replication in cells)
    assert some.parts <= 1024


def test_few_parts_are_in_hand_at_a_time_and_none_is_kept() -> None:
    made: list[int] = []
    kept: list[weakref.ref[Any]] = []
    many = plan(replications=30)

    def watched() -> Any:
        for part in missing(many, set()):
            made.append(part.number)
            yield part

    workers = Processes(2)
    try:
        for delivered, (_, rows) in enumerate(workers.work(watched()), start=1):
            assert len(made) - delivered <= 4
            kept.append(weakref.ref(rows))
            assert sum(ref() is not None for ref in kept) <= 4
    finally:
        workers.close()
    assert len(made) == many.parts == len(kept)


def test_a_worker_with_other_code_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    part = replace(plan().part(0), code="0123456789ab")
    with pytest.raises(InputError, match=r"a worker runs other code \(\w{12}\) than this process \(0123456789ab\)"):
        part.work()


# Workers ------------------------------------------------------------------------------------------------------------


UNGUARDED = """
import sys
{write}
from sim.experiment.runner import run
from tests.experiments import *
print("started")
table = run(SCENARIO, DESIGN, **ASKED, workers=2)
print(len(table))
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["script", "standard input"])
def test_processes_do_not_run_the_script_that_starts_them(tmp_path: Path, how: str) -> None:
    script = UNGUARDED.format(write=f"sys.path.insert(0, {str(ROOT)!r})")
    (tmp_path / "script.py").write_text(script)
    file = str(tmp_path / "script.py") if how == "script" else "-"
    done = subprocess.run(
        [sys.executable, file], input=script, capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    assert (done.stdout, done.stderr) == ("started\n39\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_worker_that_dies_is_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    some = plan()
    parts = [some.part(number) for number in range(some.parts)]
    parts[1] = deadly(parts[1], str(tmp_path / "mark"))
    workers = Processes(2)
    try:
        found = dict(workers.work(parts))
    finally:
        workers.close()
    assert (tmp_path / "mark").exists()
    assert sorted(found) == list(range(some.parts))
    for number, rows in found.items():
        assert rows.tobytes() == some.part(number).work().tobytes()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_part_that_kills_everybody_stops_the_run_in_one_sentence() -> None:
    some = plan()
    workers = Processes(2)
    with pytest.raises(Stopped, match="worker processes die again and again, most likely for lack of memory") as end:
        list(workers.work([some.part(0), deadly(some.part(1))]))
    assert "\n" not in str(end.value)
    workers.close()


def test_an_error_in_a_worker_comes_back_with_its_cell() -> None:
    broken = replace(plan().part(0), scenario=SCENARIO.model_copy(update={"horizon_months": "no number"}), plan="x")
    workers = Processes(1)
    try:
        with pytest.raises(InputError) as error:
            list(workers.work([broken]))
        assert error.value.__notes__ == ["This was point 0, replication 0: {}."]
    finally:
        workers.close()


@pytest.mark.parametrize("workers", [0, -1, True, 1.5, "2"])
def test_a_number_of_workers_that_cannot_be_is_refused(workers: Any) -> None:
    with pytest.raises(InputError, match=r"workers must be a whole number of at least 1, but is"):
        run(SCENARIO, [{}], replications=1, workers=workers)


def test_few_parts_need_no_processes() -> None:
    with at_work(None, parts=2) as few, at_work(1) as one, at_work(3, parts=8) as three:
        assert isinstance(few, Here)
        assert isinstance(one, Here)
        assert isinstance(three, Processes)


# Bad input ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("design", "asked", "sentence"),
    [
        ([], {}, r"the design has no points; one that changes nothing, \{\}, would run the scenario as it is"),
        (
            [{}, {"rules.surplu": 1}],
            {},
            r"point 1 of the design: there is no rules.surplu .* mean rules.surplus",
        ),
        ([{"rules.surplus": "much"}], {}, r"point 0 of the design: .*much"),
        ([{"firms.Trusted.strategy.depth": 2}], {}, r"point 0 of the design: .*depth.*2"),
        ([{}], {"replications": 0}, "replications must be a whole number of at least 1, but is 0"),
        ([{}], {"replications": 1.5}, "replications must be a whole number of at least 1, but is 1.5"),
        ([{}], {"seed": -1}, "seed must be a whole number of at least 0, but is -1"),
        ([{}], {"firm": "Nobody"}, "firm 'Nobody' is not in scenario; its firms are Trusted, Uniform"),
        ([{}], {"firm": "Trusted", "against": "x"}, "there is no strategy 'x' to compare with"),
        ([{}], {"parameters": "unknown"}, "parameters must be 'fixed' or 'uncertain', but is 'unknown'"),
    ],
)
def test_bad_input_is_refused_in_one_sentence_before_anything_is_run(
    design: Any, asked: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=sentence) as refusal:
        run(SCENARIO, design, **asked, folder=tmp_path / "out")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "out").exists()


def test_numbers_of_numpy_are_numbers() -> None:
    design = [{"rules.surplus": value} for value in np.linspace(0.1, 0.2, 2)]
    assert run(SCENARIO, design, replications=1, workers=1)["rules.surplus"].tolist() == [0.1, 0.2]


# Folders ------------------------------------------------------------------------------------------------------------


def test_a_folder_holds_what_it_takes_to_read_and_repeat_the_run(alone: pd.DataFrame, tmp_path: Path) -> None:
    run(SCENARIO, DESIGN, **ASKED, workers=1, folder=tmp_path / "out")
    same(read(tmp_path / "out"), alone)
    listed = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (listed["hash"], listed["seed"], listed["replications"], listed["points"]) == (SCENARIO.hash, 4, 13, 3)
    assert {"version", "code", "design", "note", "libraries", "firm", "against"} <= listed.keys()
    assert listed["paths"] == ["firms.Trusted.strategy.depth", "rules.surplus", "firms.Trusted.strategy"]
    design = json.loads((tmp_path / "out" / "design.json").read_text())
    assert [entry["changes"] for entry in design] == DESIGN


def test_a_stopped_run_goes_on_where_it_was_and_ends_the_same_to_the_byte(alone: pd.DataFrame, tmp_path: Path) -> None:
    run(SCENARIO, DESIGN, **ASKED, workers=1, folder=tmp_path / "unbroken")
    first, second = Odd(1, most=3, then=KeyboardInterrupt()), Odd(2)
    with pytest.raises(Interrupted):
        run(SCENARIO, DESIGN, **ASKED, workers=first, folder=tmp_path / "broken")
    (tmp_path / "broken" / "part-000000.parquet.0123abcd.unfinished").write_bytes(b"PAR1")  # as a kill leaves it
    partial = read(tmp_path / "broken")
    assert 0 < len(partial) < len(alone)
    same(partial, alone.merge(partial[["point", "replication"]]))
    same(run(SCENARIO, DESIGN, **ASKED, workers=second, folder=tmp_path / "broken"), alone)
    assert not set(first.done) & set(second.done)
    assert everything(tmp_path / "broken") == everything(tmp_path / "unbroken")


def test_a_finished_run_is_not_run_again(alone: pd.DataFrame, tmp_path: Path) -> None:
    run(SCENARIO, DESIGN, **ASKED, workers=1, folder=tmp_path / "out")
    same(run(SCENARIO, DESIGN, **ASKED, workers=Odd(most=0), folder=tmp_path / "out"), alone)


@pytest.mark.parametrize("damage", [b"", b"PAR1 and nothing else", None])
def test_a_damaged_part_is_made_again(alone: pd.DataFrame, tmp_path: Path, damage: bytes | None) -> None:
    out = tmp_path / "out"
    run(SCENARIO, DESIGN, **ASKED, workers=1, folder=out)
    before = everything(out)
    other = out / f"part-{plan().parts - 1:06}.parquet"  # whole, but of another length
    (out / "part-000001.parquet").write_bytes(other.read_bytes() if damage is None else damage)
    if damage is not None:
        with pytest.raises(InputError, match=r"is damaged .*the same run again makes it anew"):
            read(out)
    team = Odd()
    same(run(SCENARIO, DESIGN, **ASKED, workers=team, folder=out), alone)
    assert team.done == [1]
    assert everything(out) == before


OTHERS: dict[str, tuple[Callable[[], Plan], str]] = {
    "scenario": (lambda: replace(plan(), scenario=SCENARIO.with_({"rules.surplus": 0.5})), "the hash of its scenario"),
    "seed": (lambda: plan(seed=5), r"its seed is 4, and here it is 5"),
    "replications": (lambda: plan(replications=14), "its number of replications is 13, and here it is 14"),
    "firm": (lambda: plan(firm=None), "the firm it is about is Trusted, and here it is none"),
    "against": (lambda: plan(against="extractive"), "compares with is uniform, and here it is extractive"),
    "parameters": (
        lambda: plan(parameters="uncertain"),
        "the kind of its parameters is fixed, and here it is uncertain",
    ),
    "design": (lambda: replace(plan(), points=({}, *plan().points[1:][::-1])), "the design of its points is"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_folder_of_another_experiment_is_refused_saying_what_differs(tmp_path: Path, what: str) -> None:
    fill(tmp_path / "out", plan(), Odd(most=1))
    before = everything(tmp_path / "out")
    other, sentence = OTHERS[what]
    with pytest.raises(InputError, match=f"out holds results of another experiment: .*{sentence}.*name another folder"):
        fill(tmp_path / "out", other(), Odd())
    assert everything(tmp_path / "out") == before


@pytest.mark.parametrize(("key", "words"), [("version", "the version"), ("code", "the code")])
def test_a_folder_of_another_version_is_refused(tmp_path: Path, key: str, words: str) -> None:
    fill(tmp_path / "out", plan(), Odd(most=1))
    file = tmp_path / "out" / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), key: "0.0.1"}))
    with pytest.raises(InputError, match=rf"{words} it was made with is 0.0.1, and here it is"):
        fill(tmp_path / "out", plan(), Odd())


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda out: (out.mkdir(), (out / "thesis.txt").write_text("x")), r"holds 'thesis.txt' and no results"),
        (lambda out: (out.mkdir(), (out / "manifest.json").write_text("{}")), r"holds 'manifest.json' and no results"),
        (lambda out: out.write_text("x"), r"out is a file; name a folder"),
        (lambda out: out.parent.rmdir(), r"there is no folder .* to put results into; create it first"),
    ],
)
def test_a_place_that_will_not_do_is_refused(tmp_path: Path, prepare: Callable[[Path], Any], sentence: str) -> None:
    (tmp_path / "in").mkdir()
    out = tmp_path / "in" / "out"
    prepare(out)
    with pytest.raises(InputError, match=sentence):
        run(SCENARIO, DESIGN, **ASKED, workers=Odd(), folder=out)


def test_firms_that_differ_in_capitals_alone_are_refused_before_they_are_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give the firms names that differ in more than capitals"):
        run(market({"acme": {}, "ACME": {}}), [{}], replications=1, workers=Odd(), folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_experiment_to_read_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no experiment in .*nowhere"):
        read(tmp_path / "nowhere")


def test_a_folder_in_which_nothing_is_done_yet_reads_as_no_cells(tmp_path: Path) -> None:
    fill(tmp_path / "out", plan(), Odd(most=0))
    assert len(read(tmp_path / "out")) == 0


def test_a_full_disk_stops_the_run_in_one_sentence_and_what_is_there_stays(
    alone: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []
    real = write_parquet

    def fuller(database: Any, table: Any, file: Path) -> None:
        if len(written) == 2:
            file.write_bytes(b"PAR")
            raise OSError(28, "No space left on device")
        real(database, table, file)
        written.append(file)

    monkeypatch.setattr("sim.experiment.store.write_parquet", fuller)
    with pytest.raises(
        Stopped,
        match=r"cannot be written to .*out any more \(No space left on device\); \d+ of 39 cells are done; "
        r"what is done is in .*out, and the same run again goes on from there",
    ) as end:
        run(SCENARIO, DESIGN, **ASKED, workers=Odd(), folder=tmp_path / "out")
    assert "\n" not in str(end.value)
    assert sum(name.startswith("part-") for name in everything(tmp_path / "out")) == 2
    monkeypatch.undo()
    same(run(SCENARIO, DESIGN, **ASKED, workers=Odd(), folder=tmp_path / "out"), alone)


# Progress -----------------------------------------------------------------------------------------------------------


def test_progress_starts_where_the_run_does_and_ends_at_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    fill(tmp_path / "out", plan(), Odd(most=2), lambda *now: told.append(now))
    done = told[-1][0]
    assert told[0] == (0, 39)
    assert 0 < done < 39
    told.clear()
    fill(tmp_path / "out", plan(), Odd(), lambda *now: told.append(now))
    assert (told[0], told[-1]) == ((done, 39), (39, 39))
    assert told == sorted(told)


def test_a_bar_counts_earlier_work_as_done_but_not_as_quick() -> None:
    class Bar:
        n, initial, last_print_n, total = 0, 0, 0, 0

        def refresh(self) -> None: ...

        def update(self, more: int) -> None:
            self.n += more

    bar = Bar()
    tell = on_bar(bar)
    tell(30, 100)
    assert (bar.n, bar.initial, bar.total) == (30, 30, 100)
    tell(34, 100)
    tell(40, 100)
    assert (bar.n, bar.initial) == (40, 30)


def test_without_a_folder_an_interruption_says_that_nothing_is_kept() -> None:
    with pytest.raises(Interrupted, match=r"interrupted after \d+ of 39 cells; without a folder nothing is kept"):
        run(SCENARIO, DESIGN, **ASKED, workers=Odd(most=1, then=KeyboardInterrupt()))


def test_the_digest_of_the_code_covers_what_a_cell_is_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    before = parts_room.code_digest()
    monkeypatch.setattr(parts_room, "library_versions", lambda: dict.fromkeys(("numba", "numpy", "simpy"), "0"))
    assert parts_room.code_digest.__wrapped__() != before


# The command line ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("then", "code", "sentence"),
    [
        (KeyboardInterrupt(), 130, "roi: interrupted after 6 of 39 cells; what is done is in "),
        (Stopped("the disk is full"), 1, "roi: the disk is full; 6 of 39 cells are done; what is done is in "),
    ],
)
def test_a_command_that_does_not_reach_its_end_says_how_to_go_on(
    then: BaseException,
    code: int,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = typer.Typer()

    @app.command()
    def some() -> None:
        with progress_of_cells() as progress:
            team = Odd(most=1, then=then)
            run(SCENARIO, DESIGN, **ASKED, workers=team, folder=tmp_path / "out", progress=progress)

    monkeypatch.setattr("sim.cli.app", app)
    with pytest.raises(SystemExit) as leaving:
        main([])
    assert leaving.value.code == code
    said = capsys.readouterr().err
    assert said.startswith(sentence)
    assert said.endswith("out, and the same run again goes on from there\n")
