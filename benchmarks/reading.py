"""How long a large purchase log takes to read, and in how much memory.

``python benchmarks/reading.py [MILLION_LINES]`` (20 by default) writes a log as CSV into a temporary folder, reads it
in a process of its own, and removes it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import against, show

BOUND = 2.0  # GiB, as the docstring of sim.calibrate.read_log states
WRITE = """
import duckdb, sys
path, lines = sys.argv[1], int(sys.argv[2])
duckdb.sql("SET memory_limit = '1GiB'")
# Customers differ by a factor of a hundred in how often they buy; one line in fifty is a return.
duckdb.sql(f'''COPY (
    SELECT 'C' || CAST(floor({lines} / 8 * power(random(), 2)) AS BIGINT) AS customer,
        1000000000 + range AS "order number",
        strftime(TIMESTAMP '2019-01-01' + INTERVAL 1 SECOND * CAST(floor(random() * 157680000) AS BIGINT),
                 '%d/%m/%Y %H:%M') AS "order date",
        format('{{:,.2f}}', CASE WHEN random() < 0.02 THEN -1 ELSE 1 END * exp(3.5 + 1.5 * (random() + random() - 1)))
            || ' EUR' AS amount,
        'a remark, that nobody reads' AS remark
    FROM range({lines})) TO '{path}' (HEADER)''')
"""
READ = """
import resource, sys, time
from sim.calibrate import read_log
start = time.perf_counter()
log = read_log(sys.argv[1])
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(seconds, peak, log.share, len(log.purchases), log.purchases["customer"].nunique())
print(*log.remarks, sep="\\n")
"""


def python(code: str, *arguments: str) -> str:
    """What a script prints that is run in a process of its own.

    On Linux a process inherits the peak memory of the one that started it, hence nothing large is done in this one.
    """
    path = os.pathsep.join([str(Path(__file__).parent.parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    return done.stdout


def main(lines: int) -> None:
    if sys.platform == "win32":
        raise SystemExit("Peak memory cannot be measured: Python cannot tell it on Windows.")
    with tempfile.TemporaryDirectory(prefix="roi-reading-") as folder:
        path = Path(folder) / "log.csv"
        start = time.perf_counter()
        python(WRITE, str(path), str(lines))
        written, size = time.perf_counter() - start, path.stat().st_size
        first, *remarks = python(READ, str(path)).splitlines()
    seconds, peak, share, purchases, customers = map(float, first.split())
    show(
        f"A purchase log of {lines:,} lines, {size / 2**30:.2f} GiB of CSV",
        ["to", "seconds", "million lines per second"],
        [
            ["write it", f"{written:.0f}", f"{lines / written / 1e6:.2f}"],
            ["read it", f"{seconds:.0f}", f"{lines / seconds / 1e6:.2f}"],
        ],
    )
    print(f"kept: {share:.3g} of the customers, {customers:,.0f} of them with {purchases:,.0f} purchases")
    print(*(f"  {remark}" for remark in remarks), sep="\n")
    print(f"peak memory in GiB: {against(peak / 2**30, BOUND, least_wanted=False)}")


if __name__ == "__main__":
    main(int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 20_000_000)
