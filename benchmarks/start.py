"""How long `import sim` takes next to importing pandas and SimPy, and how long compiling takes, once and again."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import against, show

REPEATS = 9
ROOT = Path(__file__).resolve().parent.parent
FIRST_RUN = """
import time
from common import market
from sim.market import simulate
scenario = market(100, 1)
start = time.perf_counter()
simulate(scenario)
print(time.perf_counter() - start)
"""


def python(code: str, **environment: str) -> str:
    """Run Python afresh and return what it printed."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "benchmarks"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, **environment}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return done.stdout


def imports() -> None:
    """Time whole interpreters, taking turns, so that a busy moment hits all of them."""
    codes = {
        "nothing": "pass",
        "import sim": "import sim",
        "from sim import simulate, load": "from sim import simulate, load",
        "import pandas, simpy": "import pandas, simpy",
    }
    if "simulate" not in python("import sim; print(dir(sim))"):
        print("\nThe package has no public names yet: only `import sim` is timed.")
        del codes["from sim import simulate, load"]
    times = dict.fromkeys(codes, float("inf"))
    for _ in range(REPEATS):
        for name, code in codes.items():
            start = time.perf_counter()
            python(code)
            times[name] = min(times[name], time.perf_counter() - start)
    yardstick = times["import pandas, simpy"]
    rows = [[name, f"{took:.3f}", f"{took / yardstick:.2f}"] for name, took in times.items()]
    show(f"Starting Python, least of {REPEATS}", ["", "seconds", "times pandas and simpy"], rows)
    print(f"import sim / import pandas, simpy: {against(times['import sim'] / yardstick, 1.0, least_wanted=False)}")


def compiling() -> None:
    """Time the first run of a process with an empty folder for machine code, and of processes after it."""
    with tempfile.TemporaryDirectory() as folder:
        first, *later = (float(python(FIRST_RUN, NUMBA_CACHE_DIR=folder)) for _ in range(4))
    rows = [["nothing compiled yet", f"{first:.2f}"], ["machine code on disk", f"{min(later):.2f}"]]
    show("First run of a process (100 customers, 1 month)", ["", "seconds"], rows)
    print(f"first / later: {first / min(later):.0f}")


if __name__ == "__main__":
    imports()
    compiling()
