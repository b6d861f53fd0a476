"""The folder in which an attempt keeps what it saves."""

import platform
from pathlib import Path

from trimma.errors import UsageError
from trimma.trial_folders import TrialFolders


class AttemptFolder:
    """The folder of one attempt, which is made when it is first asked for.

    ``used`` is its path as text, or empty as long as nobody has asked for it.
    """

    def __init__(self, folders: TrialFolders | None, trial: int, attempt: int) -> None:
        self._folders, self._trial, self._attempt = folders, trial, attempt
        self.used = ""

    def path(self) -> Path:
        """The folder. Raises `UsageError` where this machine doesn't see the folder of the study."""
        folders = self._folders
        if folders is None:
            raise UsageError("trial.folder: this study has no place for the folders of its trials")
        path = folders.of_attempt(self._trial, self._attempt)
        if not self.used:
            _refuse_unshared(folders)
            path.mkdir(parents=True, exist_ok=True)
            self.used = str(path)
        return path


def _refuse_unshared(folders: TrialFolders) -> None:
    mark = folders.mark
    if not mark.exists() or mark.read_text(encoding="utf-8") != folders.owner:
        raise UsageError(
            f"trial.folder: the worker on {platform.node()} doesn't see {folders.root}, where the folders of the "
            "trials are kept: name a folder that all machines share, with folders="
        )
