"""The package is built as docs and newcomers expect it: floors, small rooms, light imports."""

from __future__ import annotations

import ast
import functools
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "sim"
LONGEST = 400  # lines of one module

# An import points to a lower floor, or to a room on the same one.
FLOORS: dict[str, int] = {
    "doorway": 0,
    "errors": 0,
    "evidence": 0,
    "quantity": 0,
    "rulebook": 0,
    "strategy": 0,
    "demand": 0,
    "supply": 0,
    "shocks": 0,
    "scenario": 0,
    "scenario_file": 0,
    "files": 0,
    "draws": 1,
    "rules": 1,
    "trip": 1,
    "world": 2,
    "population": 2,
    "people": 2,
    "books": 2,
    "run": 2,
    "storage": 2,
    "market": 3,
    "calibrate": 4,
    "experiment": 5,
    "lessons": 6,
    "tournament": 6,
    "present": 7,
    "explore": 8,
    "cli": 9,
    "": 10,  # sim/__init__.py, the front door
    "__main__": 11,
}
# Special libraries, and the only rooms that may know them.
KNOWN_TO: dict[str, set[str]] = {
    "simpy": {"market"},
    "typer": {"cli"},
    "IPython": {"present"},
    "matplotlib": {"present"},
    "SALib": {"experiment"},
    "nashpy": {"experiment"},
    "optuna": {"experiment"},
    "distributed": {"experiment"},
    "pptx": {"present"},
    "xlsxwriter": {"present"},
    "jinja2": {"present"},
    "ipywidgets": {"explore"},
    "voila": {"explore"},
}
# What a result can do for its user by itself: `comparison.plot()`, `.finding`, `.save()` fetch the pictures, the words
# and the files when they are called, so that nobody who does not ask for them pays for them.
AT_THE_USERS_CALL = {
    "sim.experiment.comparison": {
        "sim.present.charts",
        "sim.present.deliverables",
        "sim.present.finding",
        "sim.present.results",
        "sim.present.uncertainty",
    },
    "sim.experiment.atlas": {"sim.present.atlas", "sim.present.results"},
    "sim.experiment.standings": {"sim.present.league", "sim.present.results"},
    "sim.experiment.judged": {"sim.present.results"},
    "sim.experiment.search": {"sim.present.search"},
    "sim.experiment.frontier": {"sim.present.frontier"},
    "sim.experiment.study": {"sim.present.results"},
    "sim.experiment.sweep": {"sim.present.sweep"},
    "sim.experiment.region": {"sim.present.region"},
    "sim.experiment.sensitivity": {"sim.present.sensitivity"},
    "sim.experiment.discovery": {"sim.present.discovery"},
    "sim.tournament.result": {
        "sim.present.results",
        "sim.present.tournament",
        "sim.present.tournament_chart",
        "sim.present.tournament_page",
    },
    "sim.lessons.trial": {"sim.present.lessons", "sim.present.lessons_charts", "sim.present.results"},
    "sim.lessons.ending": {"sim.present.ending"},
    "sim.lessons.spreading": {"sim.present.spreading"},
    "sim.lessons.verdict": {"sim.present.lessons", "sim.present.lessons_charts"},
}
# imported when used, not when `sim` is
LATE = (
    "matplotlib",
    "numba",
    "scipy",
    "duckdb",
    "distributed",
    "SALib",
    "nashpy",
    "optuna",
    "pptx",
    "xlsxwriter",
    "jinja2",
    "ipywidgets",
    "voila",
)


def modules() -> dict[str, Path]:
    """Dotted name of every module of the package, with its file."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def room(module: str) -> str:
    """The room of a module: `sim.market.crowd` is in `market`, `sim` itself is the front door."""
    return [*module.split("."), ""][1]


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def nodes(root: ast.AST) -> Iterator[ast.AST]:
    """All nodes that count: what stands under `if TYPE_CHECKING:` only names types and is never imported."""
    for node in ast.iter_child_nodes(root):
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            yield from (inner for other in node.orelse for inner in [other, *nodes(other)])
        else:
            yield node
            yield from nodes(node)


def imports(module: str, path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a module imports, wherever in its code it does so."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    known = modules()
    for node in nodes(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                inside = f"{base}.{alias.name}"  # `from sim import rules` means the module
                yield node.lineno, inside if inside in known else base


def inner_imports(module: str, path: Path) -> Iterator[tuple[int, str]]:
    return ((line, name) for line, name in imports(module, path) if name.split(".")[0] == "sim")


def needs(module: str, path: Path) -> set[str]:
    """Modules of the package that have to be there before this one, with the packages that they are in."""
    direct = {name for _, name in inner_imports(module, path)}
    around = {name.rpartition(".")[0] for name in direct if name.count(".") > 1}
    return (direct | {name for name in around if not module.startswith(f"{name}.")}) - {module}


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_every_module_is_in_a_room_with_a_floor() -> None:
    unknown = sorted(name for name in modules() if room(name) not in FLOORS)
    assert not unknown, f"give these a floor in FLOORS, or a better place: {unknown}"


def test_an_import_points_down_never_up() -> None:
    wrong = [
        f"{where(path, line)}: {module} is on floor {FLOORS[room(module)]}, "
        f"{imported} on floor {FLOORS[room(imported)]}"
        for module, path in modules().items()
        if room(module) in FLOORS
        for line, imported in inner_imports(module, path)
        if FLOORS.get(room(imported), -1) > FLOORS[room(module)]
        and imported not in AT_THE_USERS_CALL.get(module, set())
    ]
    assert not wrong, "\n".join(wrong)


def test_no_circle_of_imports() -> None:
    graph = {module: needs(module, path) for module, path in modules().items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))


@pytest.mark.parametrize("library", KNOWN_TO)
def test_a_special_library_is_known_only_to_its_room(library: str) -> None:
    allowed = KNOWN_TO[library]
    wrong = [
        where(path, line)
        for module, path in modules().items()
        if room(module) not in allowed
        for line, imported in imports(module, path)
        if imported.split(".")[0] == library
    ]
    assert not wrong, f"{library} belongs to {sorted(allowed)}, not to {wrong}"


@pytest.mark.parametrize("module", ["sim", "sim.cli"])
def test_heavy_libraries_are_not_imported_before_they_are_used(module: str) -> None:
    script = f"import sys, {module}; print(*sorted(set({LATE!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    too_long = {name: length for name, length in lengths.items() if length > LONGEST}
    assert not too_long, f"longer than {LONGEST} lines: {too_long}"


def test_every_module_says_what_it_is() -> None:
    mute = [name for name, path in modules().items() if not ast.get_docstring(tree(path))]
    assert not mute, f"without a docstring: {mute}"


def test_the_package_carries_its_marker_for_type_checkers() -> None:
    assert (PACKAGE / "py.typed").is_file()
