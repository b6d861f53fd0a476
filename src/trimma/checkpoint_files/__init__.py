"""The files of checkpoints: written as a whole, checked when they are read, in a folder or behind an address."""

from trimma.checkpoint_files.files import Files, files_at, shared_files
from trimma.checkpoint_files.seal import Damaged

__all__ = ["Damaged", "Files", "files_at", "shared_files"]
