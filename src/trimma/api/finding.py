"""What ``doctor`` tells, one by one."""

from typing import Literal

from msgspec import Struct

_FREE_BYTES = 500 * 2**20


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at: "ok", "missing" (an option) or "wrong", with what to do when it isn't ok."""

    what: str
    state: Literal["ok", "missing", "wrong"]
    detail: str
    advice: str = ""

    def __str__(self) -> str:
        sign = {"ok": "✓", "missing": "-", "wrong": "✗"}[self.state]
        advice = f"\n{'':15}→ {self.advice}" if self.advice else ""
        return f"{sign} {self.what:12} {self.detail}{advice}"


def room(free: int, where: str, advice: str) -> Finding:
    """Whether so many bytes are enough."""
    enough = free >= _FREE_BYTES
    return Finding(
        what="disk",
        state="ok" if enough else "wrong",
        detail=f"{free / 2**30:.1f} GiB free at {where}",
        advice="" if enough else f"studies and workers need room: {advice}",
    )
