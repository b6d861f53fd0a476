"""What is known of a running ablation, kept from look to look."""

from trimma.ablation.findings import Findings, findings
from trimma.ports import History


class FindingsReader:
    """Finds what is known of an ablation anew only when a trial has ended or when more was asked."""

    def __init__(self) -> None:
        self._key: object = None
        self._found: Findings | None = None

    def read(self, history: History) -> Findings:
        """The findings without pairs, which nothing that shows a running study needs."""
        key = id(history), len(history.ended), len(history.sessions), history.spec.asked
        if self._found is None or key != self._key:
            self._key, self._found = key, findings(history, pairs=False)
        return self._found
