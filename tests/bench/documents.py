"""A PDF of 1,000 pages, read and asked about: seconds, memory, quotes on their pages.

python -m tests.bench.documents
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

import glmkit

PAGES, EVERY = 1_000, 10


def drawn(path: Path) -> None:
    """Write a report with a fact on every tenth page."""
    canvas = Canvas(str(path))
    for number in range(1, PAGES + 1):
        text = canvas.beginText(60, 780)
        for line in range(45):
            text.textLine(f"Line {line} of page {number}: the group says little of it.")
        if number % EVERY == 0:
            text.textLine(f"FACT {number} is {number * 7},000")
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()


def main() -> None:
    """Read and ask, and print what it took."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.paced"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as server,
    ):
        assert server.stdout is not None
        assert server.stdin is not None
        url = json.loads(server.stdout.readline())["url"]
        path = Path(folder) / "report.pdf"
        drawn(path)
        start = time.perf_counter()
        text = glmkit.read(path)
        read = time.perf_counter()
        client = glmkit.Client(f"{url}/text=facts/api/paas/v4", api_key="a" * 20)
        answer = glmkit.ask_document(text, "Which facts?", client=client, fresh=True)
        asked = time.perf_counter()
        server.stdin.close()
    right = sum(
        one.quote == f"FACT {one.page} is {(one.page or 0) * 7},000"
        for one in answer.statements
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"read in {read - start:.1f} s, asked in {asked - read:.1f} s")
    print(f"{answer.portions} portions, {len(answer.statements)} statements")
    print(f"{right} quotes on the page named, {len(answer.unfounded)} not found")
    print(f"at most {peak:,.0f} MB, the drawing of the file included")


if __name__ == "__main__":
    main()
