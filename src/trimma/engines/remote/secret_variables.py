"""The environment variables that the driver hands to its workers because ``env=["AWS_PROFILE"]`` names them."""

import os
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NoReturn

from trimma.errors import UsageError


class SecretVariables(Mapping[str, str]):
    """Named variables and their values, which appear in no representation and in no pickle.

    Only ``dict(secrets)`` reveals them, for an encrypted message.
    """

    __slots__ = ("_values",)

    def __init__(self, names: Any = (), environment: Mapping[str, str] = os.environ) -> None:
        """Look the values up at once. Raises `UsageError` if a name isn't set, or if ``names`` is no list of names."""
        if isinstance(names, str | bytes | Mapping) or not isinstance(names, Iterable):
            raise UsageError("env= is a list of the names of environment variables, such as env=['AWS_PROFILE']")
        self._values = {name: _value(name, environment) for name in names}

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"SecretVariables({list(self._values)})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are never pickled: they would be stored or written to a file")


def _value(name: Any, environment: Mapping[str, str]) -> str:
    if not isinstance(name, str) or not name or "=" in name or "\0" in name:
        # the text isn't shown, since it may be "NAME=value" with a secret value
        raise UsageError("env= has something that is no variable's name: give names alone, such as 'AWS_PROFILE'")
    if name not in environment:
        near = get_close_matches(name, environment, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise UsageError(f"env= names {name!r}{hint}, which isn't set here: set it before the study starts")
    return environment[name]
