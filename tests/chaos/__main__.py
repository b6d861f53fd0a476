"""The command line of the chaos suite; ``--help`` tells its options."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from itertools import chain
from pathlib import Path

from chaos.plan import ENGINES, FAULTS, draw
from chaos.results import Result, keep, kept, write_page
from chaos.run import run, runs_of

NEED_JAVA = ("spark", "standalone")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="what all runs are drawn from (default 0)")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to go on (default 10)")
    parser.add_argument("--runs", type=int, help="how many runs on each engine, however long they take")
    parser.add_argument("--first", type=int, default=0, help="the number of the first run (default 0)")
    parser.add_argument("--run", type=int, help="this run only")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="this engine only; may be repeated")
    parser.add_argument("--fault", help="only runs in whose plans this stands, such as 'kill runner'")
    parser.add_argument("--table", action="store_true", help="put all results so far into docs/faults.md")
    options = parser.parse_args()
    engines = options.engine or [each for each in ENGINES if shutil.which("java") or each not in NEED_JAVA]
    if options.fault:
        engines = [engine for engine in engines if options.fault in FAULTS[engine]]
        if not engines:
            parser.error(f"--fault {options.fault!r}: choose from {', '.join(dict.fromkeys(chain(*FAULTS.values())))}")
    # so that disks are let go, and processes ended
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    seconds = options.minutes * 60
    numbers = dict.fromkeys(engines, options.first)
    if options.run is not None:
        turns = iter(engines)
        numbers = dict.fromkeys(engines, options.run)
    elif options.runs is not None:
        turns = iter(engines * options.runs)
    elif options.table:
        turns = iter(())
    else:
        turns = runs_of(engines, seconds)
    wrong = 0
    for engine in turns:
        while options.fault and options.fault not in draw(engine, options.seed, numbers[engine]).kinds:
            numbers[engine] += 1
        result = run(draw(engine, options.seed, numbers[engine]), folder)
        numbers[engine] += 1
        wrong += bool(result.violations)
        keep(result)
        _tell(result, folder)
    if options.table:
        write_page(kept())
    if not wrong:
        shutil.rmtree(folder)
    return 1 if wrong else 0


def _tell(result: Result, folder: Path) -> None:
    print(result, flush=True)
    for violation in result.violations:
        print(f"    {violation}", flush=True)
    if result.violations:
        print(f"    kept in {folder}; again: {result.again}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
