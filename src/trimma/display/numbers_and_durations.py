"""Numbers, shares, durations and counts as short text."""

import math

NOTHING = "-"
_UNITS = ((86400.0, "d", 3600.0, "h"), (3600.0, "h", 60.0, "min"), (60.0, "min", 1.0, "s"))


def number(value: float | None, digits: int = 5) -> str:
    """A metric's value as text; None is a dash.

    >>> number(0.0123456), number(float("nan")), number(None)
    ('0.012346', 'nan', '-')
    """
    return NOTHING if value is None else f"{value:.{digits}g}"


def percent(share: float | None) -> str:
    """A share between 0 and 1 in percent. Only the whole is written as "100%"; 0.9996 is not rounded up to it.

    >>> percent(0.9996), percent(1.0)
    ('99%', '100%')
    """
    if share is None:
        return NOTHING
    return f"{math.floor(100 * share + 1e-9) if share > 0.99 else round(100 * share)}%"


def duration(seconds: float | None) -> str:
    """Seconds as text, in the two largest units of the duration.

    >>> duration(0.25), duration(42), duration(185), duration(7500), duration(200000)
    ('0.2 s', '42 s', '3 min 05 s', '2 h 05 min', '2 d 08 h')
    """
    if seconds is None:
        return NOTHING
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    for unit, name, part, part_name in _UNITS:
        whole = round(seconds / part)
        if whole * part >= unit:
            large, small = divmod(whole, round(unit / part))
            return f"{large} {name} {small:02d} {part_name}"
    return f"{seconds:.0f} s"


def count(number: int, noun: str) -> str:
    """A number with its noun: ``1 trial``, ``2 trials``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
