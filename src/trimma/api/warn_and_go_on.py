"""Warnings of what has failed beside a study that goes on all the same."""

import traceback
import warnings

from trimma.safe_text import safe


def warn_and_go_on(message: str, error: BaseException) -> None:
    """Give a `RuntimeWarning` with the message and the traceback of the error."""
    told = "".join(traceback.format_exception(error)).rstrip()
    warnings.warn(safe(f"{message}:\n{told}"), RuntimeWarning, stacklevel=3)
