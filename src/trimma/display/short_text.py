"""Text on one line, cut to a width."""


def one_line(text: str) -> str:
    """The first line that isn't blank, without control characters."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in line).split())


def shorten(text: str, width: int) -> str:
    """The text in at most ``width`` characters. Where it is cut, it ends with an ellipsis."""
    return text if len(text) <= width else text[: max(0, width - 1)].rstrip() + "…"


def squeeze(text: str, width: int) -> str:
    """The text in at most ``width`` characters, cut in its middle.

    The end of a long name often tells it from others, so the beginning and the end are both kept.

    >>> squeeze("embedding of the second language", 16)
    'embeddi…language'
    """
    if len(text) <= width or width < 3:
        return shorten(text, width)
    tail = width // 2
    return f"{text[: width - tail - 1].rstrip()}…{text[-tail:].lstrip()}"
