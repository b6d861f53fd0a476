"""Numbers, durations and texts, made short."""

import pytest

from trimma.display.config_text import config_text, setting
from trimma.display.numbers_and_durations import duration, number, percent
from trimma.display.short_text import one_line, shorten, squeeze


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.04, "0.0 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (3599.9, "1 h 00 min"),
        (86400 * 3, "3 d 00 h"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_short_texts():
    assert [percent(share) for share in (None, 0.0, 0.994, 0.9999, 1.0)] == ["-", "0%", "99%", "99%", "100%"]
    assert [number(value) for value in (None, 1e-7, float("nan"), 123456.0)] == ["-", "1e-07", "nan", "1.2346e+05"]
    assert [shorten(text, 4) for text in ("four", "fiver", "a b c")] == ["four", "fiv…", "a b…"]
    assert setting({"a": [0.123456, "x"], "b": None}) == "{a: [0.1235, x], b: None}"
    assert one_line("\n a\tb\nc") == "a b"
    assert one_line("") == ""


def test_long_names_keep_their_ends():
    assert squeeze("embedding of the second language", 16) == "embeddi…language"
    assert [squeeze("abcdef", width) for width in (6, 4, 2)] == ["abcdef", "a…ef", "a…"]


def test_settings_of_other_types_look_different():
    values = {"a": 1, "b": "1", "c": None, "d": "None", "e": "null", "f": True, "g": "True", "h": "adam", "i": (1,)}
    assert config_text(values) == "a=1 b='1' c=None d='None' e='null' f=True g='True' h=adam i=(1,)"
