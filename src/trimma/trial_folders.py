"""Where the folders of a study's trials are: one for each attempt, in one for each trial, in one for the study."""

from dataclasses import dataclass
from pathlib import Path

ATTEMPT = "attempt-"
MARK = ".study"
"""The name of the file that says whose a folder is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialFolders:
    """The folder ``root`` of one study, which holds the folders of its trials.

    A file in it, `mark`, has the text ``owner``. Where a machine doesn't see that file, it doesn't share the folder
    with the driver of the study.
    """

    root: str
    owner: str

    @property
    def mark(self) -> Path:
        """The file that says whose folder this is."""
        return Path(self.root, MARK)

    def of(self, trial: int) -> Path:
        """The folder that holds all that belongs to a trial."""
        return Path(self.root, str(trial))

    def of_attempt(self, trial: int, attempt: int) -> Path:
        """The folder of one attempt. Each attempt has its own, because an earlier one may still be writing."""
        return self.of(trial) / f"{ATTEMPT}{attempt}"
