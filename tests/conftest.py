"""What all tests share: where the reference data are, and how hard Hypothesis looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# A property that is slow on one run (the first one compiles) has not failed, hence no deadline.
settings.register_profile("ci", max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("ci"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of reference data: `$PERSONALISATION_ROI_DATA`, which conftest.py at the root sets where it can.

    The data belong to others and are not part of the repository; without them the test is skipped.
    """
    named = os.environ.get("PERSONALISATION_ROI_DATA")
    if named is None:
        pytest.skip("no reference data: PERSONALISATION_ROI_DATA must name the folder that holds cdnow/")
    if not Path(named).is_dir():
        pytest.fail(f"PERSONALISATION_ROI_DATA names {named}, which is not a folder")
    return Path(named)
