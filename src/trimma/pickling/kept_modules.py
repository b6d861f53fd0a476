"""The local modules that are kept beside a stored pickle, in case they are gone where it is loaded again."""

import sys
import warnings
from pathlib import Path

import msgspec

from trimma.errors import ObjectiveError
from trimma.folders.temporary_folder import TemporaryFolder
from trimma.pickling.local_modules import find
from trimma.pickling.pickler import Pickler
from trimma.pickling.reached_modules import reached_roots
from trimma.pickling.source_archive import MODULES, archive, digest, places, source_files, unpack

KEPT_BYTES = 4 * 2**20
"""The most bytes of source code that are kept with a pickle."""

_unpacked: list[TemporaryFolder] = []


class KeptModules(msgspec.Struct, frozen=True, kw_only=True):
    """The digests of the files of each package or module, and an archive of them; empty if they are too large.

    ``folders`` are where the packages and modules were found.
    """

    digests: dict[str, dict[str, str]] = {}
    folders: dict[str, str] = {}
    sources: bytes = b""


def modules_of(pickler: Pickler) -> KeptModules:
    """The local modules that a pickle needs."""
    roots = sorted(reached_roots(pickler.modules, pickler.functions))
    try:
        sources = archive(roots, None, keep=_is_code, limit=KEPT_BYTES)
    except ObjectiveError:
        sources = b""
    return KeptModules(
        digests={root: _digests(root) for root in roots},
        folders={root: str(Path(place).parent) for root in roots for place in places(root)[:1]},
        sources=sources,
    )


def make_importable(kept: KeptModules, study: str) -> None:
    """Have this process find the modules, before the pickle is loaded.

    Modules that are not found by their names are looked for where they were, and then taken from the archive, as long
    as this process lives. Warns of those from the archive, and of modules that are no longer as they were.
    """
    for root in lacking(kept):
        folder = Path(kept.folders.get(root, ""))
        if root in kept.folders and ((folder / root).is_dir() or (folder / f"{root}.py").is_file()):
            # last, so that nothing that is found here is hidden
            sys.path.append(str(folder))
    gone = lacking(kept)
    changed = [root for root, digests in kept.digests.items() if root not in gone and _differs(root, digests)]
    if changed:
        _warn(
            f"{', '.join(changed)} {'have' if len(changed) > 1 else 'has'} changed since study {study!r} was started: "
            "from here on its trials run what the files hold now"
        )
    if gone and kept.sources:
        unpacked = TemporaryFolder("modules")
        _unpacked.append(unpacked)
        unpack(kept.sources, unpacked.path)
        sys.path.append(str(unpacked.path / MODULES))
        _warn(f"{', '.join(gone)} can't be found here: study {study!r} goes on with the source code kept with it")


def lacking(kept: KeptModules) -> list[str]:
    """The modules that can't be imported here."""
    return [root for root in kept.digests if find(root) is None]


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=2)


def _is_code(path: Path) -> bool:
    return path.suffix == ".py"


def _digests(root: str) -> dict[str, str]:
    return {name: digest(path) for name, path in source_files([root], _is_code)}


def _differs(root: str, digests: dict[str, str]) -> bool:
    now = _digests(root)
    return any(now.get(name) != found for name, found in digests.items())
