"""Differences, intervals and p values as text."""

import pytest

from ablations import drawn, effect
from trimma.display.intervals_and_p_values import Precision, p_text, precision
from trimma.display.report.latex import latex


@pytest.mark.parametrize(
    ("halves", "differences", "decimals"),
    [
        ([0.006], [0.1], 4),
        ([0.06, 0.06, 0.0006], [0.1] * 3, 4),
        ([0.06, 0.06, 1e-9], [0.1] * 3, 5),
        ([6.0], [100.0], 1),
        ([600.0], [1e4], 0),
        ([1e-9], [1e-8], None),
        ([1.0], [1e8], None),
        ([None], [0.123], 3),
        ([None], [0.0], 3),
        ([0.0], [0.1], 3),
    ],
)
def test_as_many_digits_as_intervals_are_known_to(halves, differences, decimals):
    found = drawn([effect(str(place), *each) for place, each in enumerate(zip(differences, halves, strict=True))])
    assert precision(found.rows).decimals == decimals


def test_numbers_as_text():
    digits = Precision(2)
    assert [digits.signed(value) for value in (0.5, -0.5, 0.001, -0.001, None)] == [
        "+0.50",
        "-0.50",
        "0.00",
        "0.00",
        "-",
    ]
    assert digits.plain(12.0) == "12.00"
    assert digits.interval(-1.0, 0.0) == "[-1.00, 0.00]"
    assert digits.interval(None, 1.0) == "-"
    assert Precision(None).signed(1.23456e-9) == "+1.23e-09"
    assert Precision(0).signed(10.0) == "+10"
    assert [p_text(p) for p in (None, 0.0, 0.05, 1.0)] == ["-", "<0.001", "0.050", ">0.999"]
    small = latex(drawn([effect("a", -1e-8, 1e-9)]))
    assert r"change ($10^{-8}$) & 95 \% interval" in small
    assert r"$-1.00$" in small
    assert r"$[-1.10, -0.90]$" in small
