"""How long the question takes: `roi compare scenarios/retail.yaml`, the whole command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from common import show

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = ROOT / "scenarios" / "retail.yaml"


def main() -> int:
    """Time the command twice; the first may have to compile."""
    if find_spec("sim.cli") is None or find_spec("sim.__main__") is None:
        print("Not measured: the package has no command yet (sim.cli).")
        return 0
    if not SCENARIO.exists():
        print(f"Not measured: there is no {SCENARIO.relative_to(ROOT)}.")
        return 0
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    rows = []
    for name in ("first", "second"):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "sim", "compare", str(SCENARIO)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        if done.returncode != 0:
            print(f"Not measured: the command failed and said: {done.stderr.strip()[-500:]}")
            return 1
        rows.append([name, f"{time.perf_counter() - start:.1f}"])
    show("roi compare scenarios/retail.yaml", ["time", "seconds"], rows)
    print(f"It said:\n\n{done.stdout.strip()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
