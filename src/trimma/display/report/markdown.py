"""The table of an ablation in Markdown."""

import re

from trimma.ablation.findings import Findings
from trimma.display.ablation_findings_words import change_sentence, decided_sentence, method_sentences, plan_sentences
from trimma.display.ablation_text_table import (
    NUMBER_COLUMNS,
    TextTable,
    component_text_table,
    letters_sentence,
    pair_text_table,
)
from trimma.display.best_and_worst_arms import best_and_worst_lines
from trimma.display.top_and_bottom import not_shown_sentences

RIGHT = (*NUMBER_COLUMNS, "probability")


def markdown(found: Findings) -> str:
    """The table with what it shows above it and the method below it. Decided components are in bold."""
    table = component_text_table(found)
    parts = [
        f"{_escaped(change_sentence(found))} {_escaped(plan_sentences(found))}",
        _table(table),
        *map(_escaped, not_shown_sentences(found)),
        _escaped(decided_sentence(found)) + letters_sentence(table),
    ]
    if pairs := pair_text_table(found):
        parts.append(_table(pairs))
    if lines := best_and_worst_lines(found):
        parts.append("\n".join(f"- {_escaped(line)}" for line in lines))
    if notes := method_sentences(found):
        parts.append(_escaped(" ".join(notes)))
    return "\n\n".join(parts) + "\n"


def _table(table: TextTable) -> str:
    columns = {
        name: [head, *(table.column(name) if name in RIGHT else map(_escaped, table.column(name)))]
        for name, head in table.heads.items()
    }
    for place, row in enumerate(table.rows, start=1):
        if row.decided:
            columns["component"][place] = f"**{columns['component'][place]}**"
    widths = {name: max(3, *map(len, cells)) for name, cells in columns.items()}
    rule = [f"{'-' * (widths[name] - 1)}:" if name in RIGHT else "-" * widths[name] for name in columns]
    lines = [
        [f"{cells[place]:{'>' if name in RIGHT else '<'}{widths[name]}}" for name, cells in columns.items()]
        for place in range(len(table.rows) + 1)
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [lines[0], rule, *lines[1:]])


def _escaped(text: str) -> str:
    """The text with every character escaped that means something to Markdown."""
    return re.sub(r"([\\`*_|<\[\]])", r"\\\1", text)
