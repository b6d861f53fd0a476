"""What all benchmarks share: samples, claims, parts in processes of their own, and the two ways to print them.

A benchmark is a file in this folder whose docstring begins with its question and that has ``measure(quick)``, which
returns a `Report`. It ends with ``harness.main(__file__, measure)``. What has to run in a fresh process (a peer, an
import, a measurement of memory) is one of its ``parts``: functions from JSON to JSON, called with `run_part`.
"""

import argparse
import ast
import importlib.metadata
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

PART_SECONDS = 600.0
OURS = "Trimma"


class PartFailed(Exception):
    """A part did not run to its end; the message is the last that it said."""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A bound on a claim's ratio or, where it has no peer, on its value."""

    bound: float
    at: str
    """"least", "most", "above" or "below"."""

    def met(self, value: float) -> bool:
        """Whether ``value`` keeps to the bound; NaN never does."""
        return {
            "least": value >= self.bound,
            "most": value <= self.bound,
            "above": value > self.bound,
            "below": value < self.bound,
        }[self.at]

    def text(self, unit: str) -> str:
        """The goal in words."""
        words = {"least": "at least", "most": "at most"}.get(self.at, self.at)
        return f"{words} {figure(self.bound)}{unit and ' ' + unit}"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One thing that was measured, ``ours`` several times, and as often the ``peer``'s, in turns.

    With a peer its ratio is that of the medians, ours over the peer's, and its spread is the lowest and the highest
    ratio of the pairs. Without one the spread is the lowest and the highest of ours. ``missing`` says why the peer
    (or, without one, the claim itself) could not be measured.
    """

    what: str
    unit: str
    ours: Sequence[float]
    peer: str | None = None
    theirs: Sequence[float] = ()
    goal: Goal | None = None
    missing: str = ""

    @property
    def ratio(self) -> float | None:
        if self.peer is None or not self.ours or not self.theirs:
            return None
        below = median(self.theirs)
        return median(self.ours) / below if below else math.inf

    @property
    def spread(self) -> tuple[float, float] | None:
        if self.peer is None:
            return (min(self.ours), max(self.ours)) if self.ours else None
        pairs = [mine / other if other else math.inf for mine, other in zip(self.ours, self.theirs, strict=False)]
        return (min(pairs), max(pairs)) if pairs else None

    @property
    def met(self) -> bool | None:
        """None where there is no goal, or nothing to hold against it."""
        value = self.ratio if self.peer is not None else (median(self.ours) if self.ours else None)
        return None if self.goal is None or value is None else self.goal.met(value)

    def row(self) -> dict[str, Any]:
        """The claim as plain data."""
        return {
            "what": self.what,
            "ours": median(self.ours) if self.ours else None,
            "peer": self.peer,
            "peer_value": median(self.theirs) if self.theirs else None,
            "unit": self.unit,
            "ratio": self.ratio,
            "spread": list(self.spread) if self.spread else None,
            "goal": self.goal and self.goal.text("times" if self.peer is not None else self.unit),
            "met": self.met,
        }


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one run of a benchmark found, with the settings that it ran under."""

    claims: Sequence[Claim]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def plain(self, benchmark: str) -> dict[str, Any]:
        """The report as one JSON object."""
        return {
            "benchmark": benchmark,
            "claims": [claim.row() for claim in self.claims],
            "settings": {
                **self.settings,
                "not_run": {claim.peer or claim.what: claim.missing for claim in self.claims if claim.missing},
            },
            "samples": {_label(claim): {"ours": list(claim.ours), "peer": list(claim.theirs)} for claim in self.claims},
        }


def _label(claim: Claim) -> str:
    return claim.what if claim.peer is None else f"{claim.what}, against {claim.peer}"


# measuring


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least ``share`` of ``values`` do not exceed; NaN of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def in_turns(rounds: int, contenders: Mapping[str, Callable[[], Any]]) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """What each contender gave in each round, and why some fell out.

    All run once a round, in turns, every other round in reverse, so that what the machine does meanwhile falls on
    all alike. A peer whose part fails is not asked again; where `OURS` fails there is nothing to compare.
    """
    samples: dict[str, list[Any]] = {name: [] for name in contenders}
    failed: dict[str, str] = {}
    for number in range(rounds):
        for name in list(contenders) if number % 2 == 0 else reversed(contenders):
            if name in failed:
                continue
            try:
                samples[name].append(contenders[name]())
            except PartFailed as error:
                if name == OURS:
                    raise
                failed[name], samples[name] = str(error), []
    return samples, failed


def run_part(file: str, part: str, /, *, timeout: float = PART_SECONDS, **arguments: Any) -> Any:
    """Call a part of the benchmark ``file`` in a fresh process; `PartFailed` when it gives no result."""
    with tempfile.TemporaryDirectory(prefix="trimma-bench-") as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, file, "--part", part, json.dumps(arguments), str(result)]
        try:
            ended = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            raise PartFailed(f"{part} took longer than {timeout:g} s") from None
        if ended.returncode or not result.exists():
            said = (ended.stderr or ended.stdout).strip().splitlines() or [f"exit code {ended.returncode}"]
            raise PartFailed(f"{part}: {said[-1][:200]}")
        return json.loads(result.read_text())


def versions(*packages: str) -> dict[str, str]:
    """The installed versions of ``packages``; those that are missing are left out."""
    found = {}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Where a benchmark runs, and how busy it was there when it began."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


# printing


def figure(value: float | None) -> str:
    """A number to three digits; a dash for none."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return str(value)
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}".rstrip("0").rstrip(".")


_COLUMNS = ("what", "ours", "peer", "ratio", "spread", "goal", "met")


def cells(claim: Mapping[str, Any], not_run: Mapping[str, str]) -> list[str]:
    """A claim's row of the table, as text."""
    unit = claim["unit"] and f" {claim['unit']}"
    reason = not_run.get(claim["peer"] or claim["what"])
    peer = claim["peer"] or ""
    if claim["peer_value"] is not None:
        peer += f": {figure(claim['peer_value'])}{unit}"
    elif reason:
        peer = f"{peer}: not run ({reason})".removeprefix(": ")
    low, high = claim["spread"] or (None, None)
    met = "-" if claim["goal"] is None else {True: "yes", False: "missed", None: "not run"}[claim["met"]]
    return [
        claim["what"],
        "-" if claim["ours"] is None else f"{figure(claim['ours'])}{unit}",
        peer or "-",
        figure(claim["ratio"]),
        "-" if low is None else f"{figure(low)} to {figure(high)}",
        claim["goal"] or "-",
        met,
    ]


def rows_of(report: Mapping[str, Any]) -> list[list[str]]:
    """The table of a report in plain form, its heading first."""
    not_run = report["settings"].get("not_run", {})
    return [list(_COLUMNS), *(cells(claim, not_run) for claim in report["claims"])]


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def question(file: str | Path) -> str:
    """What a benchmark asks: the first line of its docstring."""
    text = ast.get_docstring(ast.parse(Path(file).read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def main(
    file: str,
    measure: Callable[[bool], Report],
    parts: Mapping[str, Callable[..., Any]] | None = None,
) -> None:
    """Run a benchmark, or one part of it, from the command line."""
    parser = argparse.ArgumentParser(description=question(file))
    parser.add_argument("--quick", action="store_true", help="smaller, in about a minute: a first impression")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--part", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        name, arguments, result = options.part
        Path(result).write_text(json.dumps((parts or {})[name](**json.loads(arguments))))
        return
    around = machine()
    report = measure(options.quick)
    plain = Report(claims=report.claims, settings={"quick": options.quick, "machine": around, **report.settings}).plain(
        Path(file).stem
    )
    if options.json:
        print(json.dumps(plain))
        return
    print(f"{question(file)}\n")
    print(aligned(rows_of(plain)))
    print("\n" + ", ".join(f"{key}: {value}" for key, value in plain["settings"].items() if value not in ({}, "")))
