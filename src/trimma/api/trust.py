"""Whose program is about to be loaded: to load a pickle is to run code of whoever has written it."""

import grp
import os
import pwd
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from trimma.errors import StoreError
from trimma.ports import Store


def say_whose_program(name: str, store: Store, *, trust: bool, call: str, tell: Callable[[str], None]) -> None:
    """Tell whose program of the study is about to be loaded, and from which file.

    Raises `StoreError` for a file that another user owns, or that others may write or replace, unless the caller says
    to ``trust`` it. ``call`` is how to say so, as in ``resume(trust=True)``. A store that is no file is one of this
    process.
    """
    path = getattr(store, "path", None)
    if not isinstance(path, Path):
        return
    try:
        # of a link, the file that it leads to is read, but whoever may write beside the link can lead it elsewhere
        real = path.resolve()
        found = [file.stat() for file in (real, real.with_name(f"{real.name}-wal")) if file.exists()]
        places = {place: place.stat() for place in dict.fromkeys((real.parent, path.parent.absolute()))}
    except OSError as error:
        raise StoreError(f"the owner of the store {path} can't be told ({error.strerror})") from error
    others = [each.st_uid for each in found if each.st_uid != os.geteuid()]
    whose = _user(others[0] if others else os.geteuid())
    why = f"belongs to {whose}, and you are {_user(os.geteuid())}" if others else _open_to(found, places)
    if why and not trust:
        raise StoreError(
            f"the program of study {name!r} isn't loaded, for its store {path} {why}: the code in it would run as "
            f"yours. If you trust it: {call}. To look at the study takes no trust"
        )
    tell(f"loading the program of study {name!r} that {whose} has kept in {path}")


def _open_to(files: Sequence[os.stat_result], places: Mapping[Path, os.stat_result]) -> str:
    """Who besides this user may put something else in a store, in words; empty if nobody may."""
    for file in files:
        if who := _writers(file):
            return f"may be written by {who}"
    for place, found in places.items():
        if found.st_uid not in (os.geteuid(), 0):
            return f"lies in the folder {place} of {_user(found.st_uid)}, who may put another one in its place"
        # where the sticky bit is set, as in /tmp, a file can be replaced by its owner only
        if (who := _writers(found)) and not found.st_mode & stat.S_ISVTX:
            return f"lies in the folder {place}, where {who} may put another one in its place"
    return ""


def _writers(found: os.stat_result) -> str:
    """Who besides its owner may write a file or a folder, in words.

    A group that bears the name of its owner and has nobody else in it is the owner.
    """
    mode = stat.S_IMODE(found.st_mode)
    if mode & stat.S_IWOTH:
        return "every user"
    if mode & stat.S_IWGRP and not _is_private(found.st_gid, found.st_uid):
        return f"the group {_group(found.st_gid)}"
    return ""


def _is_private(group: int, owner: int) -> bool:
    try:
        user, known = pwd.getpwuid(owner), grp.getgrgid(group)
    except KeyError:
        return False
    return user.pw_gid == group and known.gr_name == user.pw_name and set(known.gr_mem) <= {user.pw_name}


def _group(number: int) -> str:
    try:
        return repr(grp.getgrgid(number).gr_name)
    except KeyError:
        return str(number)


def _user(number: int) -> str:
    try:
        return f"user {pwd.getpwuid(number).pw_name!r}"
    except KeyError:
        return f"user {number}"
