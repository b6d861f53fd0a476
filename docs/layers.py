"""Draws docs/images/layers.svg: the layers of the import contract in pyproject.toml; a test fails when it is outdated.

Run it with: tools/uv run python docs/layers.py
"""

import re
import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "layers.svg"

WIDTH, MARGIN, ARROW = 860, 16, 44
ROW, GAP, LEGEND = 32, 9, 40

# It has a background of its own, so that it can be read on any page, and follows the reader's system.
STYLE = """\
.page { fill: #fbfbfd; stroke: #d5d8df }
.box { fill: #e8ebf2; stroke: #a9b1c2 }
.pure { fill: #d3eadb; stroke: #7fb494 }
.absent { fill: none; stroke: #a9b1c2; stroke-dasharray: 4 3 }
.arrow { fill: none; stroke: #6b7488; stroke-width: 1.5 }
text { fill: #1d2433; font: 14px system-ui, "DejaVu Sans", sans-serif; text-anchor: middle }
.quiet { fill: #5b6375 }
@media (prefers-color-scheme: dark) {
.page { fill: #191c23; stroke: #3a404d }
.box { fill: #2b313d; stroke: #5a6477 }
.pure { fill: #1f4231; stroke: #4f8d69 }
.absent { stroke: #5a6477 }
.arrow { stroke: #8f99ad }
text { fill: #e6e9f0 }
.quiet { fill: #a3acbe }
}"""


def layers(contracts: Sequence[dict]) -> list[list[str]]:
    """The names of the modules of each layer, the top layer first."""
    (found,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [re.findall(r"\w+", layer) for layer in found]


def pure(contracts: Sequence[dict]) -> set[str]:
    """The modules that may not read the time, and so on."""
    (found,) = (contract["source_modules"] for contract in contracts if "time" in contract.get("forbidden_modules", ()))
    return {module.removeprefix("trimma.") for module in found}


def is_there(module: str) -> bool:
    """Whether the package has a module of this name; a layer may have a place for one that is to come."""
    return any((ROOT / "src" / "trimma" / path).exists() for path in (f"{module}.py", f"{module}/__init__.py"))


def drawn() -> str:
    """The picture, as SVG."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    rows, without_effects = layers(contracts), pure(contracts)
    bottom = MARGIN + len(rows) * (ROW + GAP)
    parts = [f'<rect class="page" x=".5" y=".5" width="{WIDTH - 1}" height="{bottom + LEGEND - 1}" rx="8"/>']
    for place, row in enumerate(rows):
        parts += _row(row, MARGIN + place * (ROW + GAP), without_effects)
    parts += [*_arrow(MARGIN, bottom - GAP), *_legend(bottom + LEGEND / 2 - 4)]
    box = f'width="{WIDTH}" height="{bottom + LEGEND}" viewBox="0 0 {WIDTH} {bottom + LEGEND}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">\n<style>\n{STYLE}\n</style>'
    return "\n".join([head, *parts, "</svg>", ""])


def _row(modules: Sequence[str], top: float, without_effects: Collection[str]) -> list[str]:
    left = MARGIN + ARROW
    width = (WIDTH - MARGIN - left + GAP) / len(modules) - GAP
    parts = []
    for place, module in enumerate(modules):
        kind = "absent" if not is_there(module) else "pure" if module in without_effects else "box"
        parts += _box(kind, left + place * (width + GAP), top, width, module)
    return parts


def _box(kind: str, left: float, top: float, width: float, text: str) -> list[str]:
    text_class = ' class="quiet"' if kind == "absent" else ""
    return [
        f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{ROW}" rx="5"/>',
        f'<text{text_class} x="{left + width / 2:.1f}" y="{top + ROW / 2 + 5:.1f}">{text}</text>',
    ]


def _arrow(top: float, bottom: float) -> list[str]:
    line, middle = MARGIN + ARROW - 18, (top + bottom) / 2
    place = f'x="{line - 12}" y="{middle}" transform="rotate(-90 {line - 12} {middle})"'
    return [
        f'<path class="arrow" d="M{line} {top}V{bottom}m-5 -9l5 9l5 -9"/>',
        f'<text class="quiet" {place}>imports only what stands below</text>',
    ]


def _legend(middle: float) -> list[str]:
    parts, left = [], MARGIN + ARROW
    told = [
        ("pure", "held free of clocks, I/O and global randomness"),
        ("box", "not held to that"),
        ("absent", "not there yet"),
    ]
    for kind, text in told:
        parts.append(f'<rect class="{kind}" x="{left}" y="{middle - 8}" width="24" height="16" rx="4"/>')
        parts.append(f'<text class="quiet" style="text-anchor: start" x="{left + 32}" y="{middle + 5}">{text}</text>')
        left += 32 + 8 * len(text) + 12
    return parts


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
