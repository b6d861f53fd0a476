"""How large things are in an image."""

POINTS = 8
"""The size of all text."""

PIXEL = POINTS / 13
"""Points for one pixel of a screen on which text has 13 pixels."""

LETTERS = 16.5
"""So many letters stand side by side in an inch."""

NARROW = 4.5  # inches


def is_narrow(width: float) -> bool:
    """Whether an image of this width in inches is for one column of two."""
    return width < NARROW
