"""Makes the package `chaos`, which is this folder, importable."""

import sys
from pathlib import Path

folder = str(Path(__file__).parents[1])
if folder not in sys.path:
    sys.path.append(folder)
