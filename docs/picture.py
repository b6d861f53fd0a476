"""Draws docs/images/live.svg: the live view of ``trimma demo`` in mid-study, from the log of a real run.

Run it with: tools/uv run python docs/picture.py
"""

import io
import re
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

import trimma as tm
from trimma.cli.demo import SPACE, STEPS, digits, fit
from trimma.display.terminal.live_view import frame
from trimma.ledger import Ledger

PICTURE = Path(__file__).parent / "images" / "live.svg"
COLUMNS, LINES = 96, 24
ENDED = 61  # trials, of 100, when the picture is taken
# without the web font, for a picture that needs no network
FORMAT = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def main() -> None:
    """Run the study, go through its log up to the moment, and draw what was to be seen then."""
    engine = tm.Local(workers=4)
    with tempfile.TemporaryDirectory() as folder:
        study = tm.tune(
            fit,
            SPACE,
            maximize="accuracy",
            trials=100,
            scheduler=tm.Asha(max_steps=STEPS),
            engine=engine,
            seed=0,
            data=digits(),
            name="demo",
            store=Path(folder) / "studies.db",
        )
        ledger = Ledger()
        for event in study.store.read(study.name):
            ledger.fold(event)
            if len(ledger.history.ended) == ENDED and len(ledger.history.running) == engine.capacity:
                break
    console = Console(file=io.StringIO(), record=True, width=COLUMNS, color_system="truecolor", force_terminal=True)
    console.print(frame(ledger.history, ledger.history.sessions[-1].end, repr(engine), COLUMNS, LINES))
    PICTURE.parent.mkdir(exist_ok=True)
    console.save_svg(str(PICTURE), title="trimma demo", code_format=FORMAT, unique_id="live")


if __name__ == "__main__":
    main()
