"""How long the map of where a strategy pays takes on the command line, at 10 000 customers over five years.

On a quiet machine with two cores the wall clock shows a little more than half of the processor time; on a busy one half
of the processor time is a lower bound of what it would be.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

from common import against, processors, show

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (
    "-m", "sim", "region", "scenarios/retail.yaml", "rules.surplus=0:0.2", "firms.*.economics.platform_cost=0:1500",
)  # fmt: skip


def main() -> int:
    """Measure and show."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    told = subprocess.run([sys.executable, *COMMAND], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    rows = [
        ["processor time, all workers", f"{spent:.0f} s"],
        ["half of it", against(spent / 2.0, 60.0, least_wanted=False)],
        [f"wall clock, {processors()} processors", f"{wall:.0f} s"],
    ]
    show("A map of two assumptions, 10 000 customers, 60 months", ["", ""], rows)
    print(" ".join(told.split("\n\n")[1].split()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
