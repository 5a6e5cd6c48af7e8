"""The explorer as a page of its own: Voila on this machine alone, behind a key that only its reader has."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import sysconfig
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.explore.shelf import usual
from sim.scenario_file import load

HOST = "127.0.0.1"
SHARE = Path(__file__).with_name("share")
"""What Jupyter is to find of ours: the template of the page."""
PACKAGE = Path(__file__).resolve().parents[2]
LEFT_ALONE = 600
"""Seconds after which what works for a page that nobody has open any more is ended; most end when they are closed."""
NEEDED = ("voila", "ipywidgets")


def serve(scenario: Path | None, port: int | None, browser: bool, told: Callable[[str], None]) -> None:
    """Open the page and stay until Ctrl-C; ``told`` hears the address once it answers.

    Raises :class:`sim.errors.InputError` for a scenario that is not valid, a library that is missing or a port that is
    taken, before anything is started.
    """
    wanted = scenario if scenario is not None else usual()
    if wanted is not None:
        load(wanted)
    check_installed()
    free = free_port(port)
    with tempfile.TemporaryDirectory(prefix="roi-explore-") as folder:
        place = Path(folder)
        _write_notebook(place / "explorer.ipynb", wanted)
        _write_kernel(place / "share" / "kernels" / "python3")
        os.environ["JUPYTER_PATH"] = os.pathsep.join(
            [str(place / "share"), str(SHARE), *filter(None, [os.environ.get("JUPYTER_PATH")])]
        )
        _run(place / "explorer.ipynb", free, browser, told)


def check_installed() -> None:
    """Raise :class:`sim.errors.InputError` where a library of the extra is missing."""
    from importlib.util import find_spec

    for library in NEEDED:
        if find_spec(library) is None:
            raise InputError(
                f"the explorer needs the package {library}, which is not installed; "
                'pip install "personalisation-roi[explorer]" would install it'
            )


def free_port(port: int | None) -> int:
    """The port that is asked for, or any that is free.

    Raises :class:`sim.errors.InputError` for one that is taken or that there is not.
    """
    if port is not None and not 1 <= port <= 65535:
        raise InputError(f"port is {port}; a whole number from 1024 to 65535 would be right")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port or 0))
        except OSError as error:
            raise InputError(
                f"port {port} cannot be used ({error.strerror}); another, or none for any that is free, would be right"
            ) from None
        return int(probe.getsockname()[1])


def _write_notebook(path: Path, scenario: Path | None) -> None:
    """The notebook behind the page: it shows the same widgets as ``notebooks/explorer.ipynb``."""
    named = "" if scenario is None else repr(str(scenario.resolve()))
    cell: dict[str, Any] = {
        "cell_type": "code", "id": "page", "metadata": {}, "execution_count": None, "outputs": [],
        "source": f"from sim.explore import page\n\npage({named})",
    }  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, "title": "Personalisation ROI: the explorer"}
    path.write_text(
        json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8"
    )


def _write_kernel(folder: Path) -> None:
    """A kernel that is this Python with this package, whatever others Jupyter knows."""
    folder.mkdir(parents=True)
    environment = {}
    if sysconfig.get_path("purelib") != str(PACKAGE):  # run from a checkout
        environment["PYTHONPATH"] = os.pathsep.join([str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])])
    kernel = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=CRITICAL"],
        "display_name": "Python 3", "language": "python", "env": environment,
    }  # fmt: skip
    (folder / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")


def _run(notebook: Path, port: int, browser: bool, told: Callable[[str], None]) -> None:
    from traitlets.config import Config
    from voila.app import Voila  # type: ignore[import-untyped]

    key = secrets.token_hex(16)
    address = f"http://{HOST}:{port}/?token={key}"

    class Server(Voila):  # type: ignore[misc]  # Voila carries no types
        """Voila that says where it is when it answers, and opens the address itself rather than a file that does."""

        def launch_browser(self) -> None:
            told(address)
            if browser:
                webbrowser.open(address, new=1)

    settings: list[Any] = [
        notebook, f"--port={port}", "--Voila.port_retries=0", f"--Voila.ip={HOST}", f"--Voila.token={key}",
        "--template=explorer", "--theme=light", "--Voila.log_level=40", "--Voila.open_browser=True",
        "--MappingKernelManager.cull_interval=60", f"--MappingKernelManager.cull_idle_timeout={LEFT_ALONE}",
    ]  # fmt: skip
    quiet = Config({"Voila": {"tornado_settings": {"ws_ping_timeout": 30_000}}})  # its own default warns on every visit
    Server.launch_instance(argv=[str(one) for one in settings], config=quiet)
