"""Text on one line, cut to a width."""


def one_line(text: str) -> str:
    """The first line that says something, without control characters."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in line).split())


def shorten(text: str, width: int) -> str:
    """At most ``width`` signs, the last of them an ellipsis where something is left out."""
    return text if len(text) <= width else text[: max(0, width - 1)].rstrip() + "…"


def squeeze(text: str, width: int) -> str:
    """At most ``width`` signs: of a longer text its beginning and its end, which often is what tells it from others.

    >>> squeeze("embedding of the second language", 16)
    'embeddi…language'
    """
    if len(text) <= width or width < 3:
        return shorten(text, width)
    tail = width // 2
    return f"{text[: width - tail - 1].rstrip()}…{text[-tail:].lstrip()}"
