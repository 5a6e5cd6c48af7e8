"""What tests and notebooks share: where the published data sets are that they are compared with.

The data belong to others and are not part of the repository. They are looked for in `$PERSONALISATION_ROI_DATA`, or
else beside the checkout; what needs them is skipped, with a sentence, where there are none.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "PERSONALISATION_ROI_DATA"
NEEDS_DATA = ("03-your-own-customers.ipynb",)
"""Notebooks that read a published data set."""

# Before any test or notebook, and so before any worker process or kernel started by one, imports tqdm.
os.environ["TQDM_DISABLE"] = "1"

_checkout = Path(os.environ.get("PERSONALISATION_ROI_CHECKOUT", Path(__file__).resolve().parent))
_beside = _checkout.parent / "shared" / "data"
if VARIABLE not in os.environ and _beside.is_dir():
    os.environ[VARIABLE] = str(_beside)  # notebooks, and the processes of tests, find it there


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the notebooks whose data are not there."""
    if VARIABLE in os.environ:
        return
    for item in items:
        if item.path.name in NEEDS_DATA or any(name in item.nodeid for name in NEEDS_DATA):
            item.add_marker(pytest.mark.skip(f"no reference data: {VARIABLE} must name the folder that holds cdnow/"))
