"""However a run ends – killed, interrupted, out of disk – what is done is kept, nobody is left, and it goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from sim.experiment.runner import fill
from sim.experiment.store import read
from sim.experiment.workers import Here
from tests.experiments import everything, plan

ROOT = Path(__file__).resolve().parent.parent
CELLS = 120
PATIENCE = 60.0  # seconds until a process that does not come is given up; no test waits for them
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are those of POSIX"),
]

RUN = """
import resource, signal, sys
from sim.errors import Interrupted, Stopped
from sim.experiment.runner import run
from tests.experiments import *

signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the tests may have it ignored
def progress(done, planned):
    if {limit}:
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    run(SCENARIO, DESIGN, **ASKED | dict(replications=40), workers={workers}, folder=sys.argv[1], progress=progress)
except (Interrupted, Stopped) as end:
    print(end)
"""


@contextmanager
def started(folder: Path, workers: int = 2, limit: int = 0) -> Iterator[subprocess.Popen[str]]:
    """A run in a process, and a process group, of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN.format(workers=workers, limit=limit), str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        for left in members(process.pid):
            left.kill()
        process.communicate()


def members(group: int) -> list[Any]:
    """The processes of a group that are alive."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def wait_until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


def parts(folder: Path) -> int:
    return len(list(folder.glob("part-*.parquet")))


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a run of one worker in one go."""
    folder = tmp_path_factory.mktemp("unbroken") / "out"
    fill(folder, plan(replications=40), Here())
    return everything(folder)


def goes_on(folder: Path, unbroken: dict[str, bytes]) -> None:
    """What is there is part of the result, and the same run makes it whole, to the byte."""
    done = parts(folder)
    assert len(read(folder)) >= done
    fill(folder, plan(replications=40), Here())
    assert everything(folder) == unbroken


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_goes_on_and_ends_the_same_to_the_byte(
    tmp_path: Path, unbroken: dict[str, bytes], workers: int
) -> None:
    out = tmp_path / "out"
    with started(out, workers) as process:
        wait_until(lambda: parts(out) >= 3)
        process.kill()
        process.wait()
        wait_until(lambda: not members(process.pid))  # workers do not outlive whoever they work for
    assert 3 <= parts(out) < plan(replications=40).parts
    goes_on(out, unbroken)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("after", "moments"), [(0, 0.0), (0, 0.4), (3, 0.0)])
def test_ctrl_c_leaves_what_is_done_and_says_how_to_go_on(
    tmp_path: Path, unbroken: dict[str, bytes], workers: int, after: int, moments: float
) -> None:
    out = tmp_path / "out"
    with started(out, workers) as process:
        wait_until((out / "manifest.json").exists)
        if after == 0:  # workers are just starting: it, a tracker of multiprocessing's, and the first of them
            wait_until(lambda: workers == 1 or len(members(process.pid)) >= 3)
        wait_until(lambda: parts(out) >= after)
        time.sleep(moments)
        os.killpg(process.pid, signal.SIGINT)
        said, complaints = process.communicate(timeout=PATIENCE)
        assert complaints == ""
        wait_until(lambda: not members(process.pid))
    done = len(read(out))
    assert said == (
        f"interrupted after {done} of {CELLS} cells; what is done is in {out}, "
        "and the same run again goes on from there\n"
    )
    assert done < CELLS
    goes_on(out, unbroken)


def test_a_disk_that_takes_no_more_is_told_in_one_sentence(tmp_path: Path, unbroken: dict[str, bytes]) -> None:
    out = tmp_path / "out"
    with started(out, workers=1, limit=2000) as process:
        said, complaints = process.communicate(timeout=PATIENCE)
    assert complaints == ""
    assert said.startswith(f"results cannot be written to {out} any more (")
    assert said.endswith(
        f"; 0 of {CELLS} cells are done; what is done is in {out}, and the same run again goes on from there\n"
    )
    assert len(said.splitlines()) == 1
    goes_on(out, unbroken)
