"""What display imports, and when."""

import subprocess
import sys


def test_nothing_heavy_is_imported_before_it_is_needed():
    heavy = ("plotly", "matplotlib", "pandas", "pyarrow", "rich")
    code = (
        "import sys, trimma.display.plots, trimma.display.notebook.study_html, trimma.display.export\n"
        "import trimma.display.terminal.line_view\n"
        f"sys.exit(', '.join(name for name in {heavy} if name in sys.modules) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
