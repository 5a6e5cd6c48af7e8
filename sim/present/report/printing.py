"""Printing a report to PDF by a browser that is installed, if there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sim.errors import InputError
from sim.present import files

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
"""Names of browsers that print without a screen, the first that is there is taken."""
PATIENCE = 120
"""Seconds after which the browser is given up."""
BY_HAND = "open {page} in a browser and print it to PDF"


def browser() -> str | None:
    """The browser that would print, if there is one."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def print_pdf(page: Path, pdf: Path) -> bool:
    """Print a page to PDF; False where no browser is installed.

    Raises :class:`sim.errors.InputError` where the browser fails or the file cannot be written; nothing is left then.
    """
    found = browser()
    if found is None:
        return False
    with tempfile.TemporaryDirectory(prefix="roi-print-") as aside:
        made = Path(aside) / "report.pdf"
        call = [
            found, "--headless", "--disable-gpu", "--no-first-run", "--disable-extensions",
            f"--user-data-dir={Path(aside) / 'profile'}", "--no-pdf-header-footer", f"--print-to-pdf={made}",
            page.absolute().as_uri(),
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            call.insert(1, "--no-sandbox")  # Chromium refuses to start its sandbox as root
        try:
            subprocess.run(call, check=True, capture_output=True, timeout=PATIENCE)
            content = made.read_bytes()
        except (OSError, subprocess.SubprocessError):
            raise InputError(
                f"{Path(found).name} could not print {page} to {pdf}; {BY_HAND.format(page=page)} would be right"
            ) from None
    files.save_bytes(content, pdf)
    return True
