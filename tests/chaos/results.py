"""The results of runs: kept in a file, told in a line each, and counted in a table for the docs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct, json

from chaos.plan import FAULTS

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".chaos" / "results.jsonl"
PAGE = ROOT / "docs" / "faults.md"
BEGIN, END = "<!-- faults: begin, written by make chaos -->", "<!-- faults: end -->"


class Result(Struct, frozen=True, kw_only=True):
    """How a run went: the faults that were really done in it, and what the judge found."""

    engine: str
    seed: int
    number: int
    question: str
    sessions: int
    faults: list[str]
    violations: list[str]
    seconds: float

    @property
    def again(self) -> str:
        """The command that repeats the run."""
        return f'make chaos ARGS="--seed {self.seed} --engine {self.engine} --run {self.number}"'

    def __str__(self) -> str:
        what = f"{self.question}, {self.sessions} session{'s' * (self.sessions != 1)}"
        faults = ", ".join(self.faults) or "no fault"
        found = f"{len(self.violations)} VIOLATIONS" if self.violations else "no violation"
        return f"{self.engine} {self.number} (seed {self.seed}): {what}, {faults}: {found} in {self.seconds} s"


def keep(result: Result) -> None:
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.open("ab") as file:
        file.write(json.encode(result) + b"\n")


def kept() -> list[Result]:
    """The latest result of each run."""
    lines = KEPT.read_bytes().splitlines() if KEPT.exists() else []
    results = [json.decode(line, type=Result) for line in lines]
    return list({(each.engine, each.seed, each.number): each for each in results}.values())


def table(results: Iterable[Result]) -> str:
    """A row for each fault, a column for each engine: in how many runs it was done, and how many had a violation."""
    found = list(results)
    engines = [engine for engine in FAULTS if any(each.engine == engine for each in found)]
    kinds = list(dict.fromkeys(kind for engine in engines for kind in FAULTS[engine]))
    rows = [
        ["what happens", *engines],
        ["---", *("---:" for _ in engines)],
        ["**all runs**", *(_cell([each for each in found if each.engine == engine]) for engine in engines)],
    ]
    for kind in kinds:
        cells = []
        for engine in engines:
            with_it = [each for each in found if each.engine == engine and kind in each.faults]
            cells.append(_cell(with_it) if kind in FAULTS[engine] else "-")
        rows.append([kind, *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(results: list[Result]) -> str:
    wrong = sum(bool(each.violations) for each in results)
    return f"{len(results)}, **{wrong} with a violation**" if wrong else str(len(results))


def write_page(results: Iterable[Result]) -> None:
    """Put the table into the page of the docs."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table(results)}\n{END}{after}", encoding="utf-8")
