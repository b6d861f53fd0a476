"""Text that does nothing to a terminal: the one place that takes control sequences out of what is shown.

Names, metrics, configs, reasons, tracebacks, names of workers and whatever trials print may hold anything, since
studies, workers and their logs may come from others. A terminal that is sent their control characters would obey them:
change its title, hide lines, or write to the clipboard.
"""

import re

# what only sets colours is left out; a file of a study's output is full of it
_COLOURS = re.compile(r"(?:\x1b\[|\x9b)[0-9;:]*m")

# control characters but tab and newline, what ends a line elsewhere, what turns the direction of writing, and halves of
# surrogate pairs, which can't be encoded
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def safe(text: str) -> str:
    """The text without colours, and with the code of every other control character in its place.

    Tabs and newlines stay.
    """
    if text.isprintable():
        return text
    return _UNSAFE.sub(_written_out, _COLOURS.sub("", text.replace("\r\n", "\n")))


def _written_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
