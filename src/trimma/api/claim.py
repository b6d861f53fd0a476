"""To be the one writer of a study, or to be told who is and what can be done meanwhile."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from trimma.api.advice import how_to_load
from trimma.errors import StudyBusy
from trimma.ports import Store


@contextmanager
def claimed(store: Store, name: str) -> Iterator[None]:
    """Be the only writer of the study while the context lasts.

    Raises `StudyBusy`, which names the present writer and says how to read the study meanwhile.
    """
    with ExitStack() as stack:
        with reading_advised(store, name):
            stack.enter_context(store.claim(name))
        yield


@contextmanager
def reading_advised(store: Store, name: str) -> Iterator[None]:
    """Add to a `StudyBusy` how to read the study meanwhile."""
    try:
        yield
    except StudyBusy as error:
        raise StudyBusy(f"{error}; {how_to_load(name, store)} reads it meanwhile") from None
