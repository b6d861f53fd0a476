"""The stores agree on every sequence of operations."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from trimma.errors import StudyBusy, StudyNotFound
from trimma.requests import EndTrial
from trimma.stores import MemoryStore, SQLiteStore
from trimma.testing.stores import reports

names = st.sampled_from(["a", "b", "größe/../x", ""])


class Agreement(RuleBasedStateMachine):
    """Both stores are told the same, and must say the same."""

    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.sqlite = SQLiteStore(Path(self.folder.name) / "studies.db")
        self.stores = (MemoryStore(), self.sqlite)
        self.held = set[str]()

    def teardown(self) -> None:
        self.sqlite.close()
        self.folder.cleanup()

    def both(self, act):  # type: ignore[no-untyped-def]
        said = []
        for store in self.stores:
            try:
                said.append(act(store))
            except (StudyBusy, StudyNotFound) as error:
                said.append(type(error))
        assert said[0] == said[1]
        return said[0]

    @rule(study=names, count=st.integers(0, 5), expected=st.integers(0, 12))
    def append_anywhere(self, study: str, count: int, expected: int) -> None:
        self.both(lambda store: store.append(study, reports(count, expected), expected))

    @rule(study=names, count=st.integers(0, 5))
    def append_at_the_end(self, study: str, count: int) -> None:
        held = len(list(self.stores[0].read(study)))
        assert self.both(lambda store: store.append(study, reports(count, held), held)) is None

    @rule(study=names, after=st.integers(0, 12))
    def read(self, study: str, after: int) -> None:
        self.both(lambda store: list(store.read(study, after)))

    @rule(study=names, trial=st.integers(0, 5))
    def ask(self, study: str, trial: int) -> None:
        self.both(lambda store: store.ask(study, EndTrial(trial=trial)))

    @rule(study=names)
    def take_requests(self, study: str) -> None:
        self.both(lambda store: list(store.take_requests(study)))

    @rule(target=claims, study=names)
    def claim(self, study: str):  # type: ignore[no-untyped-def]
        contexts = [store.claim(study) for store in self.stores]
        for context in contexts:
            try:
                context.__enter__()
                assert study not in self.held
            except StudyBusy:
                assert study in self.held
        if study in self.held:
            return multiple()
        self.held.add(study)
        return study, contexts

    @rule(claim=consumes(claims))
    def release(self, claim) -> None:  # type: ignore[no-untyped-def]
        study, contexts = claim
        for context in contexts:
            context.__exit__(None, None, None)
        self.held.discard(study)

    @rule(study=names)
    def delete(self, study: str) -> None:
        self.both(lambda store: store.delete(study))

    @invariant()
    def studies_agree(self) -> None:
        memory, sqlite = (dict(store.studies()) for store in self.stores)
        assert list(memory) == list(sqlite)
        assert {name for name, writer in sqlite.items() if writer} == set(memory) & self.held
        assert {name for name, writer in memory.items() if writer} == set(memory) & self.held


TestAgreement = Agreement.TestCase
TestAgreement.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
