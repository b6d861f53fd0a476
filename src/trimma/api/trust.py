"""Whose program is about to be loaded: to load a pickle is to run code of whoever has written it."""

import os
import pwd
import stat
from collections.abc import Callable
from pathlib import Path

from trimma.errors import StoreError
from trimma.ports import Store


def say_whose_program(name: str, store: Store, *, trust: bool, call: str, tell: Callable[[str], None]) -> None:
    """Tell whose program of the study is about to be loaded, and from which file.

    Raises `StoreError` for a file that another user owns or every user may write, unless the caller says to ``trust``
    it.
    ``call`` is how to say so, as in ``resume(trust=True)``. A store that is no file is one of this process.
    """
    path = getattr(store, "path", None)
    if not isinstance(path, Path):
        return
    try:
        found = [file.stat() for file in (path, path.with_name(f"{path.name}-wal")) if file.exists()]
    except OSError as error:
        raise StoreError(f"the owner of the store {path} can't be told ({error.strerror})") from error
    others = [each.st_uid for each in found if each.st_uid != os.geteuid()]
    whose = _user(others[0] if others else os.geteuid())
    open_to_all = any(stat.S_IMODE(each.st_mode) & stat.S_IWOTH for each in found)
    if (others or open_to_all) and not trust:
        why = f"belongs to {whose}, and you are {_user(os.geteuid())}" if others else "may be written by every user"
        raise StoreError(
            f"the program of study {name!r} isn't loaded, for its store {path} {why}: the code in it would run as "
            f"yours. If you trust it: {call}. To look at the study takes no trust"
        )
    tell(f"loading the program of study {name!r} that {whose} has kept in {path}")


def _user(number: int) -> str:
    try:
        return f"user {pwd.getpwuid(number).pw_name!r}"
    except KeyError:
        return f"user {number}"
