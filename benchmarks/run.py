"""Run the benchmarks, each in a process of its own, and rewrite their tables in docs/benchmarks.md.

Named ones only, or all; a table lies between the two markers of its benchmark, and a benchmark without markers gets
a section at the end of the page. What did not run says so in the page, and in the exit code.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness import aligned, question, rows_of

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parent / "docs" / "benchmarks.md"
HELPERS = {"ablation_truth", "crowd", "harness", "run", "sessions"}


def benchmarks() -> dict[str, Path]:
    """The benchmark files by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.py")) if path.stem not in HELPERS}


def measure(path: Path, *, quick: bool) -> tuple[dict[str, Any] | None, str]:
    """A benchmark's report, or None and why there is none."""
    command = [sys.executable, str(path), "--json", *(["--quick"] if quick else [])]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    try:
        return json.loads(ended.stdout.strip().splitlines()[-1]), ""
    except (IndexError, ValueError):
        said = ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"]
        return None, said[-1]


def section(report: Mapping[str, Any] | None, reason: str, day: str) -> str:
    """What stands between a benchmark's markers."""
    if report is None:
        return f"Did not run on {day}: {reason}"
    heading, *rows = rows_of(report)
    settings = report["settings"]
    around = settings["machine"]
    form = "the quick form, a first impression" if settings["quick"] else "the full form"
    found = ", ".join(f"{package} {version}" for package, version in settings.get("versions", {}).items())
    measured = (
        f"Measured on {day} ({form}): {around['cores']} cores, {around['system']}, load {around['load']} at the "
        f"start; Python {around['python']}, {found}."
    )
    return "\n".join(
        [_line(heading), _line(["---"] * len(heading)), *map(_line, rows), "", measured]
    )  # a blank line ends the table


def _line(texts: Sequence[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def rewritten(page: str, name: str, asked: str, text: str) -> str:
    """The page with a benchmark's section replaced, or added at its end."""
    begin, end = f"<!-- {name}: begin, written by benchmarks/run.py -->", f"<!-- {name}: end -->"
    block = f"{begin}\n{text}\n{end}"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if pattern.search(page):
        return pattern.sub(lambda found: block, page)
    return f"{page.rstrip()}\n\n## {asked}\n\n{block}\n"


def main() -> int:
    """Run what was asked for, print it, and write it down."""
    known = benchmarks()
    parser = argparse.ArgumentParser(description="Run the benchmarks and rewrite their tables in docs/benchmarks.md.")
    parser.add_argument("names", nargs="*", help=f"which (default: all): {', '.join(known)}")
    parser.add_argument("--quick", action="store_true", help="about a minute each: a first impression")
    options = parser.parse_args()
    if unknown := set(options.names) - set(known):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    failed = False
    for name in options.names or known:
        asked = question(known[name])
        print(f"\n{name}: {asked}", flush=True)
        report, reason = measure(known[name], quick=options.quick)
        failed |= report is None
        print(f"did not run: {reason}" if report is None else aligned(rows_of(report)), flush=True)
        text = section(report, reason, f"{datetime.now(UTC):%Y-%m-%d}")
        PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8"), name, asked, text), encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
