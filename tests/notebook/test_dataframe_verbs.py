"""`%load_ext glmkit` adds `df.glm`; a plan shows itself as a table."""

from __future__ import annotations

import subprocess
import sys

from IPython.core.interactiveshell import InteractiveShell

from tests.conftest import Paced, Run

_FIRST_CELL = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("%load_ext glmkit").raise_error()
cell = "import pandas as pd; pd.DataFrame({'t': []}).glm"
shell.run_cell(cell).raise_error()
"""


def test_the_very_next_cell_has_the_verbs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FIRST_CELL], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_plan_is_a_table_in_a_notebook(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    run("import pandas as pd\ndf = pd.DataFrame({'t': ['<b>', 'x']})")
    result, _ = run("plan = df.glm.map('{t}', run=False)\nplan")
    assert shell.display_formatter is not None
    bundle, _ = shell.display_formatter.format(result.result)
    assert "<table>" in bundle["text/html"]
    assert "2 different prompts" in bundle["text/html"]
    assert place.seen["requests"] == 0
