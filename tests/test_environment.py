"""The files that say what has to be installed agree with each other, and Binder understands them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rattler import MatchSpec, Version, VersionSpec

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ["3.11", "3.12", "3.13"]
FOR_NOTEBOOKS = "explorer,games,report,search,sensitivity"  # extras that some notebook, or a page made of one, needs
CONDA_NAMES = {"duckdb": "python-duckdb"}  # PyPI's name: conda-forge's name, where they differ


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]  # type: ignore[no-any-return]


def requirements(*extras: str) -> dict[str, Requirement]:
    """The distribution's direct requirements, by normalised name, with those of the extras."""
    metadata = project()
    lines = list(metadata["dependencies"])
    for extra in extras:
        lines += metadata["optional-dependencies"][extra]
    # dev names the extra of its own distribution, which is no requirement
    parsed = {canonicalize_name(r.name): r for r in map(Requirement, lines)}
    return {name: r for name, r in parsed.items() if name != metadata["name"]}


def environment() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "environment.yml").read_text())  # type: ignore[no-any-return]


def conda_lines() -> list[str]:
    return [line for line in environment()["dependencies"] if isinstance(line, str)]


def conda_specs() -> dict[str, MatchSpec]:
    return {str(spec.name.normalized): spec for spec in map(MatchSpec, conda_lines())}


def constraint_lines() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def pins(python: str) -> dict[str, str]:
    """The version that each constraint pins on a Python version, on Linux."""
    place = cast("dict[str, str]", default_environment()) | {
        "python_version": python,
        "python_full_version": f"{python}.2",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
    }
    pinned: dict[str, str] = {}
    for line in constraint_lines():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(dict(place)):
            name = canonicalize_name(requirement.name)
            assert name not in pinned, f"{name} is pinned twice on Python {python}"
            pinned[name] = exact(requirement)
    return pinned


def exact(requirement: Requirement) -> str:
    specifiers = list(requirement.specifier)
    assert [s.operator for s in specifiers] == ["=="], f"{requirement} does not pin one version"
    return specifiers[0].version


def bounds(specifier: str) -> set[str]:
    return {part.strip() for part in specifier.split(",") if part.strip()}


def test_python_is_pinned_in_the_only_form_that_binder_understands() -> None:
    assert "python=3.11" in conda_lines()


def test_the_reference_python_is_the_same_everywhere() -> None:
    assert (ROOT / ".python-version").read_text().strip() == "3.11"
    assert project()["requires-python"] == ">=3.11"
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert tools["mypy"]["python_version"] == "3.11"
    assert tools["ruff"]["target-version"] == "py311"


def test_the_version_is_the_same_everywhere() -> None:
    version = project()["version"]
    assert str(yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"]) == version
    assert re.search(rf"^## \[{re.escape(version)}\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", ["jupyterlab", "pandas", "simpy", "matplotlib", "nbval"])
def test_environment_names_what_a_reader_of_the_notebooks_looks_for(name: str) -> None:
    assert name in conda_specs()


def test_every_line_of_the_environment_is_a_match_spec() -> None:
    for line in conda_lines():
        assert MatchSpec(line).name is not None


def test_environment_holds_exactly_what_the_package_and_its_notebooks_require() -> None:
    required = {CONDA_NAMES.get(name, name) for name in requirements("notebooks")}
    assert set(conda_specs()) == required | {"python", "pip"}


def test_environment_has_the_bounds_of_pyproject() -> None:
    specs = conda_specs()
    for name, requirement in requirements("notebooks").items():
        spec = specs[CONDA_NAMES.get(name, name)]
        assert bounds(str(spec.version or "")) == bounds(str(requirement.specifier)), name


def test_environment_installs_the_package_itself() -> None:
    assert {"pip": [f"-e .[{FOR_NOTEBOOKS}]"]} in environment()["dependencies"]


def test_environment_comes_from_conda_forge_alone() -> None:
    assert environment()["channels"] == ["conda-forge", "nodefaults"]


@pytest.mark.parametrize("python", PYTHONS)
def test_every_requirement_is_pinned_within_its_bounds(python: str) -> None:
    pinned = pins(python)
    for name, requirement in requirements("cluster", "notebooks", "dev").items():
        assert name in pinned, f"{name} is not in constraints.txt; run .ci/pin"
        assert requirement.specifier.contains(pinned[name]), f"{requirement}, not {pinned[name]}; run .ci/pin"


def test_the_pins_satisfy_the_environment() -> None:
    pinned = pins("3.11")
    specs = conda_specs()
    for name in requirements("notebooks"):
        version = specs[CONDA_NAMES.get(name, name)].version
        assert VersionSpec(str(version)).matches(Version(pinned[name])), name


def test_one_version_for_all_pythons() -> None:
    reference = pins("3.11")
    for python in PYTHONS[1:]:
        other = pins(python)
        assert {name: other[name] for name in reference.keys() & other.keys()} == {
            name: reference[name] for name in reference.keys() & other.keys()
        }


def test_constraints_hold_no_address_option_or_hash() -> None:
    text = (ROOT / "constraints.txt").read_text()
    for line in constraint_lines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[^\s;@]+( ; .+)?", line), line
    for mark in ("://", "@ ", "--index", "--hash", "--find-links", "file:"):
        assert mark not in text, mark


BROWSER = tomllib.loads((ROOT / "tests" / "pyodide.toml").read_text())


def test_the_lower_bounds_admit_what_python_in_a_browser_comes_with() -> None:
    shipped = BROWSER["versions"]
    for name, requirement in requirements().items():
        there = requirement.marker is None or requirement.marker.evaluate({"sys_platform": "emscripten"})
        assert there == (name not in BROWSER["without"]), name
        if there and name not in BROWSER["pure"]:
            assert requirement.specifier.contains(shipped[name]), f"{requirement}, but {shipped[name]} is there"
    assert project()["requires-python"] == ">=3.11"
    assert Version(BROWSER["python"]) >= Version("3.11")


def test_without_numba_threads_and_processes_the_package_answers_all_the_same() -> None:
    """As in a browser: nothing is compiled, no thread starts, and there is no library for processes."""
    script = """
import os, sys, threading
for name in ("numba", "_multiprocessing"):
    sys.modules[name] = None
os.cpu_count = lambda: 1
os.sched_getaffinity = lambda pid: {0}
def start(self):
    raise RuntimeError("can't start new thread")
threading.Thread.start = start
import sim
firms = {"Trusted": {"strategy": "trusted"}, "Uniform": {"strategy": "uniform"}}
small = sim.Scenario.model_validate({"firms": firms, "customers": {"count": 60}, "horizon_months": 6})
compared = sim.compare(small, replications=2)
swept = sim.sweep(small, {"rules.surplus": [0.1, 0.2]}, replications=2)
gains = [compared.interval("npv_difference").value, *swept.table["value"]]
print(*(f"{gain:.2f}" for gain in gains))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    compared, first, second = done.stdout.split()
    assert compared == first != second
    assert "Customers run as agents" in done.stderr


def test_binder_takes_the_folder_for_a_conda_environment(tmp_path: Path) -> None:
    beside = Path(sys.executable).parent / "jupyter-repo2docker"
    command = str(beside) if beside.exists() else shutil.which("jupyter-repo2docker")
    if command is None:
        pytest.skip("jupyter-repo2docker is not installed")
    for name in ("environment.yml", "pyproject.toml", "constraints.txt", ".python-version"):
        shutil.copy(ROOT / name, tmp_path / name)
    done = subprocess.run(
        [command, "--no-build", "--debug", "."], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "Building conda environment for python=3.11" in said
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"' in said
    assert "Python version unspecified" not in said
