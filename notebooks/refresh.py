"""Run every notebook in this folder, and below it, again and write its outputs.

``--check`` writes nothing and only tells whether they would change.

    python notebooks/refresh.py                  run all, and write
    python notebooks/refresh.py --check          run all, compare byte for byte, write nothing
    python notebooks/refresh.py 01-two-kinds-of-company.ipynb lessons/04-few-know.ipynb

What a run leaves behind that means nothing (times, states of widgets, the machine's kernel) is taken out, so that the
same code on the same versions gives the same bytes.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient

os.environ["TQDM_DISABLE"] = "1"  # a bar tells of times, which differ
for _library in ("OPENBLAS", "OMP", "MKL"):  # in the last bits, linear algebra depends on the number of its threads
    os.environ[f"{_library}_NUM_THREADS"] = "1"
FOLDER = Path(__file__).resolve().parent
SECONDS = 300
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDGET = "application/vnd.jupyter.widget-view+json"


class ThisInterpreter(KernelSpecManager):
    """Whatever kernel is asked for, it is the Python that runs this script."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The kernel of this interpreter."""
        return KernelSpec(**get_kernel_dict())


def notebooks() -> list[Path]:
    """All notebooks, those of this folder before those of the folders in it."""
    found = (path for path in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
    return sorted(found, key=lambda path: (len(path.parts), path))


def named(name: str) -> Path | None:
    """The notebook that is meant: by its path from this folder, or from where one is, or by its name alone."""
    tries = [FOLDER / name, Path(name).resolve(), *(path for path in notebooks() if path.name == name)]
    return next((path for path in tries if path.is_file() and path.is_relative_to(FOLDER)), None)


def refreshed(path: Path) -> str:
    """The notebook as text after a fresh run from top to bottom, in its own folder as Jupyter would run it."""
    notebook = nbformat.read(path, as_version=4)
    kernel = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=ThisInterpreter())
    NotebookClient(
        notebook,
        km=kernel,
        timeout=SECONDS,
        extra_arguments=["--IPKernelApp.log_level=40"],
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    return cleaned(notebook)


def cleaned(notebook: Any) -> str:
    """The notebook as text without what differs from run to run or from machine to machine."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for place, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{place:02d}"
        cell.metadata = nbformat.from_dict({name: cell.metadata[name] for name in ("tags",) if name in cell.metadata})
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)).rstrip("\n") + "\n"


def main() -> int:
    """Refresh or check; 1 if a notebook is not what a fresh run gives."""
    parser = argparse.ArgumentParser(description="Run the notebooks again and write their outputs.")
    parser.add_argument("names", nargs="*", metavar="notebook", help="all in this folder and below it, unless named")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where an output would change")
    arguments = parser.parse_args()
    paths = [named(name) for name in arguments.names] or notebooks()
    if None in paths:
        parser.error(f"there is no notebook {arguments.names[paths.index(None)]} in {FOLDER.name}/")
    stale = 0
    for path in filter(None, paths):
        before, after = path.read_text(encoding="utf-8"), refreshed(path)
        if before == after:
            print(f"{told(path)}: as it was")
        elif arguments.check:
            stale += 1
            print(f"{told(path)}: {changes(before, after)}", file=sys.stderr)
        else:
            path.write_text(after, encoding="utf-8", newline="\n")
            print(f"{told(path)}: written", flush=True)
    if stale:
        print("python notebooks/refresh.py writes what a fresh run gives", file=sys.stderr)
    return 1 if stale else 0


def told(path: Path) -> str:
    """The path as it is told, from this folder."""
    return path.relative_to(FOLDER).as_posix()


def changes(before: str, after: str) -> str:
    """Which cells a fresh run gives otherwise."""
    old, new = (nbformat.reads(text, as_version=4).cells for text in (before, after))
    differ = [str(place) for place, (one, other) in enumerate(zip(old, new, strict=True), 1) if one != other]
    return f"a fresh run gives other cells {', '.join(differ)}" if differ else "a fresh run gives other metadata"


if __name__ == "__main__":
    sys.exit(main())
