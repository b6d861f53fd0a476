"""What stands around an ablation's table: what it shows, how it was found, what to mind."""

from trimma.ablation.findings import Findings
from trimma.display.differences import change_words, decided_words, plan_words, reference_words, sides


def heading(found: Findings) -> str:
    """What a difference is, and which sign is the better one."""
    left, right = sides(found)
    return f"{capital(change_words(found))} (below zero: {left}; above: {right})."


def plan(found: Findings) -> str:
    """The design, and what the others are compared with."""
    return f"{capital(plan_words(found))}. {capital(reference_words(found))}."


def conclusion(found: Findings) -> str:
    """How many components are decided, and which."""
    return f"{capital(decided_words(found))}."


def method_lines(found: Findings) -> list[str]:
    """How it was found, and what a reader must know besides."""
    method = [f"{capital(found.analysis.method)}."] if found.analysis.method else []
    joint = [note for note in found.joint.notes if note not in found.analysis.notes] if found.joint is not None else []
    return [*method, *found.analysis.notes, *joint]


def capital(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]
