"""What `tm.doctor` yields: one finding for each thing that it has checked."""

from typing import Literal

from msgspec import Struct

from trimma.safe_text import safe

_FREE_BYTES = 500 * 2**20


class Finding(Struct, frozen=True, kw_only=True):
    """The result of one check.

    ``what`` was checked, and ``detail`` says what was found. ``state`` is "ok", "missing" for something optional that
    isn't there, or "wrong". ``advice`` says what to do where the state isn't "ok".
    """

    what: str
    state: Literal["ok", "missing", "wrong"]
    detail: str
    advice: str = ""

    def __str__(self) -> str:
        sign = {"ok": "✓", "missing": "-", "wrong": "✗"}[self.state]
        advice = f"\n{'':15}→ {self.advice}" if self.advice else ""
        return safe(f"{sign} {self.what:12} {self.detail}{advice}")


def disk_space(free: int, where: str, advice: str) -> Finding:
    """Whether ``free`` bytes of disk space are enough for studies and workers."""
    enough = free >= _FREE_BYTES
    return Finding(
        what="disk",
        state="ok" if enough else "wrong",
        detail=f"{free / 2**30:.1f} GiB free at {where}",
        advice="" if enough else f"studies and workers need room: {advice}",
    )
