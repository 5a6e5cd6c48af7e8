"""A cluster over Dask gives what one worker gives, also when one of its machines is lost."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim import InputError
from sim.errors import Stopped
from sim.experiment.cluster import Cluster
from sim.experiment.plan import missing
from sim.experiment.runner import fill, run
from sim.experiment.workers import Here, at_work
from tests.experiments import ASKED, DESIGN, SCENARIO, deadly, everything, plan

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two worker processes and a scheduler on this machine."""
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", silence_logs=logging.ERROR
    ) as local:
        yield local


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_machine_that_is_lost_in_mid_run_costs_no_cell(cluster: Any, tmp_path: Path) -> None:
    many = plan(replications=24)
    fill(tmp_path / "alone", many, Here())
    killed: list[int] = []

    def kill(done: int, planned: int) -> None:
        if done >= planned // 4 and not killed:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    with at_work(dask=cluster.scheduler_address) as team:
        fill(tmp_path / "cluster", many, team, kill)
    assert killed
    assert everything(tmp_path / "cluster") == everything(tmp_path / "alone")


def test_a_cluster_gives_what_one_worker_gives(cluster: Any) -> None:
    found = run(SCENARIO, DESIGN, **ASKED, dask=cluster.scheduler_address)
    wanted = run(SCENARIO, DESIGN, **ASKED, workers=1)
    assert found.equals(wanted)


def test_few_parts_are_in_hand_at_a_time(cluster: Any) -> None:
    made: list[int] = []

    def watched() -> Any:
        for part in missing(plan(), set()):
            made.append(part.number)
            yield part

    with at_work(dask=cluster.scheduler_address) as team:
        for delivered, _ in enumerate(team.work(watched()), start=1):
            assert len(made) - delivered <= 4
    assert len(made) == plan().parts


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_part_that_kills_every_machine_stops_the_run_in_one_sentence(cluster: Any) -> None:
    with (
        at_work(dask=cluster.scheduler_address) as team,
        pytest.raises(Stopped, match="workers of the cluster die over the same part again and again"),
    ):
        list(team.work([deadly(plan().part(0))]))
    cluster.wait_for_workers(2)


def test_a_worker_that_refuses_a_part_says_why(cluster: Any) -> None:
    with (
        at_work(dask=cluster.scheduler_address) as team,
        pytest.raises(InputError, match="a worker runs other code"),
    ):
        list(team.work([replace(plan().part(0), code="0123456789ab")]))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "", "tcp://127.0.0.1:99999"])
def test_an_address_where_no_scheduler_is_is_refused_in_one_sentence(address: str) -> None:
    pytest.importorskip("distributed", reason="distributed is not installed")
    with pytest.raises(InputError, match=r"no Dask scheduler answers at '.*'; an address such as tcp://"):
        run(SCENARIO, DESIGN, **ASKED, dask=address)


def test_a_scheduler_without_workers_is_told() -> None:
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", silence_logs=logging.ERROR) as empty,
        pytest.raises(InputError, match="has no workers; start one there with: dask worker tcp://"),
    ):
        Cluster(empty.scheduler_address, patience=1.0)


def test_a_cluster_and_a_number_of_workers_are_one_too_many() -> None:
    with pytest.raises(InputError, match="a cluster has its own; name one of the two"):
        run(SCENARIO, DESIGN, **ASKED, dask="tcp://127.0.0.1:1", workers=2)


def test_without_dask_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r'not installed; pip install "personalisation-roi\[cluster\]"'):
        run(SCENARIO, DESIGN, **ASKED, dask="tcp://127.0.0.1:1")
