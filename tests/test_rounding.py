"""Estimates are shown with the digits that their intervals support, and no more."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.present.rounding import NO_INTERVAL, rounded

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("estimate", "how", "value", "interval", "plus_minus"),
    [
        ((62_676.5, 50_560.3, 74_792.7), {}, "63,000", "51,000 to 75,000", "63,000 ± 12,000"),
        ((62_676.5, 50_560.3, 74_792.7), {"signed": True}, "+63,000", "+51,000 to +75,000", "+63,000 ± 12,000"),
        ((-333.4, -372.2, -294.6), {"signed": True}, "-333", "-372 to -295", "-333 ± 39"),
        ((0.1086, 0.1014, 0.1158), {"percent": True}, "10.86 %", "10.14 % to 11.58 %", "10.86 ± 0.72 %"),
        ((0.6654, 0.6634, 0.6674), {"most": 3}, "0.665", "0.663 to 0.667", "0.665 ± 0.002"),
        ((1.0, 0.478, 1.0), {"percent": True}, "100 %", "48 % to 100 %", "100 ± 26 %"),
        ((-114_092.4, -114_092.4, -114_092.4), {}, "-114,092", "-114,092 to -114,092", "-114,092"),
        ((12.345, 12.345, 12.345), {}, "12.35", "12.35 to 12.35", "12.35"),
        ((0.0, 0.0, 0.0), {}, "0", "0 to 0", "0"),
        ((-0.001, -120.0, 119.998), {"signed": True}, "0", "-120 to +120", "0 ± 120"),
        ((1234.5, -INF, INF), {}, "1,230", NO_INTERVAL, "1,230"),
        ((NAN, NAN, NAN), {}, NO_INTERVAL, NO_INTERVAL, NO_INTERVAL),
    ],
)
def test_known_estimates(
    estimate: tuple[float, float, float], how: dict[str, bool], value: str, interval: str, plus_minus: str
) -> None:
    shown = rounded(*estimate, **how)  # type: ignore[arg-type]
    assert (shown.value, shown.interval, shown.plus_minus) == (value, interval, plus_minus)


@given(st.floats(-1e9, 1e9), st.floats(0.1, 1e9))
def test_rounding_moves_an_estimate_by_less_than_a_tenth_of_its_half_width(value: float, half: float) -> None:
    shown = rounded(value, value - half, value + half)
    read = float(shown.value.replace(",", ""))
    assert abs(read - value) <= 0.0501 * half + 1e-6
    assert not shown.value.startswith("-0") or read != 0.0


@given(st.floats(-1e9, 1e9), st.floats(0.1, 1e9))
def test_no_more_digits_than_the_interval_supports(value: float, half: float) -> None:
    shown = rounded(value, value - half, value + half)
    digits = shown.half.replace(",", "").replace(".", "").strip("0")
    assert len(digits) <= 3  # two, or three where 99.6 becomes 100
