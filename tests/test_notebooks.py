"""The notebooks as they are committed are complete, and are what a fresh run gives.

That every number is still the same is tested by nbval, cell by cell. It does not see pictures, and it passes a notebook
without outputs; hence these guards.
"""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
COURSE = sorted(path for path in (ROOT / "notebooks" / "lessons").rglob("*.ipynb") if "checkpoint" not in str(path))
REFERENCE = (3, 11)
PNG = "image/png"

each_notebook = pytest.mark.parametrize("path", [*NOTEBOOKS, *COURSE], ids=lambda path: path.stem)


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def outputs(path: Path) -> list[Any]:
    return [output for cell in code_cells(path) for output in cell.outputs]


def faults(notebook: Any) -> list[str]:
    """What is wrong with a notebook as it is committed, in words; empty if nothing is."""
    found = []
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        found.append("cells were not run in order, once each, from the top")
    if set(notebook.metadata) != {"kernelspec", "language_info"} or "version" in notebook.metadata.language_info:
        found.append("metadata of the machine or of widgets is kept")
    for cell in notebook.cells:
        if set(cell.metadata) - {"tags"}:
            found.append(f"metadata of cell {cell.id} is kept")
    for cell in cells:
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"cell {cell.id} ends in an error")
            elif output.output_type == "stream" and output.name == "stderr":
                found.append(f"cell {cell.id} warns: {output.text}")
            elif PNG in output.get("data", {}):
                alt = output.metadata.get(PNG, {}).get("alt", "")
                if not alt.strip():
                    found.append(f"the picture of cell {cell.id} has no alternative text")
                elif not output.data.get("text/plain", "").startswith(f"{alt}\n[") or (
                    "\ndigest " not in output.data["text/plain"]
                ):
                    found.append(f"the picture of cell {cell.id} has no text twin")
            if re.search(r"\d+%\|", str(output)):
                found.append(f"cell {cell.id} shows a bar of progress")
            if str(ROOT) in str(output) or str(Path.home()) in str(output):
                found.append(f"cell {cell.id} shows a path of the machine")
    return found


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 2


@each_notebook
def test_it_was_run_from_top_to_bottom_without_fault_and_every_picture_has_its_words(path: Path) -> None:
    assert faults(nbformat.read(path, as_version=4)) == []
    assert any(PNG in output.get("data", {}) for output in outputs(path))


def spoilt() -> dict[str, Any]:
    """Copies of a notebook, each with one fault, by what is said of it."""

    def first_picture(notebook: Any) -> Any:
        return next(o for cell in notebook.cells for o in cell.get("outputs", []) if PNG in o.get("data", {}))

    def set_widgets(notebook: Any) -> None:
        notebook.metadata["widgets"] = {}

    def warn(notebook: Any) -> None:
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
        cell.outputs.append(nbformat.v4.new_output("stream", name="stderr", text="Beware"))

    def fail(notebook: Any) -> None:
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
        cell.outputs.append(nbformat.v4.new_output("error", ename="E", evalue="", traceback=[]))

    def strip(notebook: Any) -> None:
        next(cell for cell in notebook.cells if cell.cell_type == "code").execution_count = None

    def swap(notebook: Any) -> None:
        first, second, *_ = [cell for cell in notebook.cells if cell.cell_type == "code"]
        first.execution_count, second.execution_count = second.execution_count, first.execution_count

    def leave_bar(notebook: Any) -> None:
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
        cell.outputs.append(nbformat.v4.new_output("display_data", {"text/plain": " 22%|##2       | 15/68"}))

    def tell_path(notebook: Any) -> None:
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
        cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=f"{ROOT}/x"))

    changes = {
        "not run in order": strip,
        "cells were not run": swap,
        "of widgets is kept": set_widgets,
        "warns": warn,
        "ends in an error": fail,
        "path of the machine": tell_path,
        "bar of progress": leave_bar,
        "no alternative text": lambda notebook: first_picture(notebook).metadata.clear(),
        "no text twin": lambda notebook: first_picture(notebook).data.pop("text/plain"),
    }
    copies = {}
    for words, change in changes.items():
        notebook = nbformat.read(NOTEBOOKS[0], as_version=4)
        change(notebook)
        copies[words] = notebook
    return copies


@pytest.mark.parametrize("words", list(spoilt()) if NOTEBOOKS else [])
def test_the_guard_sees_each_fault(words: str) -> None:
    (fault,) = faults(spoilt()[words])
    assert words in fault


@each_notebook
def test_pictures_are_pictures(path: Path) -> None:
    for output in outputs(path):
        if PNG in output.get("data", {}):
            picture = Image.open(io.BytesIO(base64.b64decode(output.data[PNG])))
            assert min(picture.size) >= 300
            shades = picture.convert("L").getextrema()
            assert shades[0] != shades[1], "an empty picture"


@each_notebook
def test_every_verdict_is_computed_none_is_typed_in(path: Path) -> None:
    """Words of a result stand in outputs; in the prose no number has a decimal point or a unit of money."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"`[^`]*`|```.*?```|\$[^$]*\$", "", cell.source, flags=re.DOTALL)
            assert not re.search(r"\d\s*(USD|points)\b|\d+\.\d+\s*%", prose), prose


@each_notebook
def test_its_code_is_linted_and_formatted(path: Path) -> None:
    for task in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *task, "--quiet", str(path)], capture_output=True, text=True, cwd=ROOT
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_fresh_run_gives_the_committed_notebook_byte_for_byte(path: Path, tmp_path: Path) -> None:
    """Pictures included; another Python may come with other versions, which draw the same picture in other bytes.

    The course is left out: it would be run a second time for a minute or two, and it is nbval that compares its numbers
    and the text twins of its pictures, which are drawn by the same code.
    """
    if sys.version_info[:2] != REFERENCE:
        pytest.skip(f"bytes are compared on the reference Python {REFERENCE[0]}.{REFERENCE[1]} only")
    done = subprocess.run(
        [sys.executable, str(ROOT / "notebooks" / "refresh.py"), "--check", path.name],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
