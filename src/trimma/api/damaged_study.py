"""The handle of a study that can't be read."""

from html import escape
from typing import Any, Self

from trimma.api.study import Study
from trimma.errors import StoreError
from trimma.ports import History, Store

DAMAGED = "damaged"


class DamagedStudy(Study):
    """A study of which only the name is known. All that takes its history raises the `StoreError` that says why."""

    def __init__(self, store: Store, name: str, error: StoreError) -> None:
        self._store, self._name, self.error = store, name, error

    @property
    def history(self) -> History:
        raise self.error

    def resume(self, **how: Any) -> Self:
        raise self.error

    @property
    def status(self) -> str:
        """How the study stands: it is damaged."""
        return DAMAGED

    def __repr__(self) -> str:
        return f"<Study {self.name!r} {DAMAGED}>"

    def __str__(self) -> str:
        return str(self.error)

    def _repr_html_(self) -> str:
        return f"<p>{escape(str(self))}</p>"
