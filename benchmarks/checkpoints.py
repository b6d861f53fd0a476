"""What does it cost to save a checkpoint, and to go on from it?

A state of 100 MB is written and read as a training would do it: from memory into one file, and back into memory that is
there already, as the weights of a model are. The pause is the writing with what Trimma
adds (another name, checksums, the renaming), and the resuming is the check of all files and the reading. What the two
take together is held against a copy of that file on the same disk (``shutil.copyfile``), in turns. All of it goes
through the cache of the operating system.
"""

import os
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path

from harness import OURS, Claim, Goal, Report, in_turns, main, versions

from trimma.checkpoint_files import files_at

COPY = "a copy of the file"
MEGABYTES = 100


def pause_and_resume(folder: Path, state: bytes, numbers: list[int]) -> float:
    """The seconds for saving ``state`` as a checkpoint and loading it again."""
    files = files_at(str(folder / "checkpoints"))
    numbers.append(len(numbers))
    name = f"0/step-{len(numbers)}-attempt-1"
    loaded = bytearray(len(state))
    begin = time.perf_counter()
    files.save(name, lambda place: (place / "state").write_bytes(state))
    with files.fetched(name) as place, (place / "state").open("rb", buffering=0) as file:
        file.readinto(loaded)
    seconds = time.perf_counter() - begin
    if loaded != state:
        raise RuntimeError("what was loaded isn't what was saved")
    files.remove(name)
    return seconds


def copied(folder: Path) -> float:
    """The seconds for a copy of the file."""
    begin = time.perf_counter()
    shutil.copyfile(folder / "state", folder / "copy")
    seconds = time.perf_counter() - begin
    (folder / "copy").unlink()
    return seconds


def measure(quick: bool) -> Report:
    """Save and load in turns with copies."""
    megabytes = MEGABYTES // 10 if quick else MEGABYTES
    with tempfile.TemporaryDirectory() as temporary:
        folder, state = Path(temporary), os.urandom(megabytes * 2**20)
        (folder / "state").write_bytes(state)
        contenders = {OURS: partial(pause_and_resume, folder, state, []), COPY: partial(copied, folder)}
        samples, _ = in_turns(5 if quick else 21, contenders)
    claim = Claim(
        what=f"a pause and a resumption with {megabytes} MB",
        unit="s",
        ours=samples[OURS],
        peer=COPY,
        theirs=samples[COPY],
        goal=Goal(bound=3.0, at="below"),
    )
    return Report(claims=[claim], settings={"versions": versions("trimma")})


if __name__ == "__main__":
    main(__file__, measure)
