"""The setting ``renew``, which says when the process of a worker is renewed. All engines with processes share it."""

from typing import Any

from trimma.errors import UsageError
from trimma.ports import RenewSetting


def checked_renew(renew: Any) -> RenewSetting:
    """The setting as it is. Raises `UsageError` where it is none of "failure", a whole number from 1 on, and None."""
    if renew is None or renew == "failure":
        return "failure" if renew else None
    if type(renew) is int and renew > 0:
        return renew
    raise UsageError(
        f"renew={renew!r} must be 'failure', a number of trials from 1 on, or None: when a worker gets a fresh process"
    )


def renew_text(renew: RenewSetting) -> str:
    """The setting as an argument that follows others, or nothing where it is the default."""
    return "" if renew == "failure" else f", renew={renew!r}"
