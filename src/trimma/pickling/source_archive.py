"""The archive of local modules: their files, for workers on machines that may not have them."""

import hashlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from trimma.errors import ObjectiveError
from trimma.pickling.local_modules import find

LIMIT = 64 * 2**20
"""The most bytes that the files of an archive may have in all."""

MODULES, SCRIPT = "modules", "script"
"""The folders of an archive: one for the path of modules, and one for the script."""

_LEFT_OUT = ("__pycache__", "node_modules")


def archive(
    roots: Iterable[str], main: str | None, *, keep: Callable[[Path], bool] = lambda path: True, limit: int = LIMIT
) -> bytes:
    """The files of the packages and modules ``roots``, and of the script ``main`` if it is a file. Empty without files.

    Packages are archived whole, with the data in their folders, except hidden files, caches, virtual environments, and
    what ``keep`` doesn't want.
    Raises `ObjectiveError` when all files together have more than ``limit`` bytes.
    """
    files = dict(source_files(roots, keep))
    if main is not None and Path(main).is_file():
        files[f"{SCRIPT}/{Path(main).name}"] = Path(main)
    sizes = {name: path.stat().st_size for name, path in files.items()}
    if sum(sizes.values()) > limit:
        raise ObjectiveError(_too_large(sizes, limit))
    if not files:
        return b""
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, path in sorted(files.items()):
            # written without the time of the file, so that the same files always give the same archive
            whole.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def unpack(packed: bytes, folder: Path) -> None:
    """Write the files of an archive into ``folder``."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(packed)) as whole:
        whole.extractall(folder)


def restore(packed: bytes, folder: Path) -> None:
    """Write those files of an archive that are missing in ``folder``, while others may use it."""
    import tempfile
    import zipfile

    with zipfile.ZipFile(io.BytesIO(packed)) as whole:
        missing = [name for name in whole.namelist() if not (folder / name).is_file()]
        if not missing:
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=folder) as draft:
            for name in missing:
                whole.extract(name, draft)
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                # in one step, so that nobody reads half of it
                Path(draft, name).replace(folder / name)


def source_files(roots: Iterable[str], keep: Callable[[Path], bool] = lambda path: True) -> Iterator[tuple[str, Path]]:
    """The files of packages and modules, with their names in an archive."""
    for root in sorted(roots):
        for place in map(Path, places(root)):
            if not place.is_dir():
                yield f"{MODULES}/{place.name}", place
                continue
            for folder, folders, names in os.walk(place):
                folders[:] = sorted(name for name in folders if _belongs(Path(folder, name)))
                for path in (Path(folder, name) for name in sorted(names)):
                    if path.is_file() and not path.name.startswith(".") and keep(path):
                        yield f"{MODULES}/{root}/{path.relative_to(place).as_posix()}", path


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def places(root: str) -> list[str]:
    """The file of a module, or the folders of a package."""
    module = sys.modules.get(root)
    if module is not None:
        return list(getattr(module, "__path__", ())) or [str(module.__file__)]
    spec = find(root)
    if spec is None:
        return []
    return list(spec.submodule_search_locations or ()) or [str(spec.origin)]


def _belongs(folder: Path) -> bool:
    return not (folder.name.startswith(".") or folder.name in _LEFT_OUT or (folder / "pyvenv.cfg").exists())


def _too_large(sizes: dict[str, int], limit: int) -> str:
    largest = sorted(sizes, key=lambda name: -sizes[name])[:3]
    listed = ", ".join(f"{name.partition('/')[2]} ({sizes[name]:,} bytes)" for name in largest)
    return (
        f"the local modules that the objective uses have {sum(sizes.values()):,} bytes with the files beside them, and "
        f"at most {limit:,} are sent to workers. The largest are {listed}: keep data outside of the packages, or "
        "install the packages on the workers, as with pip install"
    )
