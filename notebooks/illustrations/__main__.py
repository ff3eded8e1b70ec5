"""Make the cassettes of the gallery: run notebooks against answers of a script.

    python notebooks/illustrations 19        one notebook, by its number
    python notebooks/illustrations all

A notebook runs as it stands, and its requests go to a server on loopback, which
answers with `reply` of nNN_name.py. What was answered is written beside the notebook,
every answer marked as an illustration.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))  # where it is run as a folder

from glmkit.client.replay import lines
from glmkit.client.replay.atomic_write import replace
from glmkit.client.replay.illustrations import marked
from glmkit.notebook.gallery_run import execute
from illustrations import numbered, serving

GALLERY = Path(__file__).parents[1]


def main(words: list[str]) -> None:
    """Make the cassettes of the notebooks that are named."""
    known = numbered()
    for number in known if words == ["all"] else map(int, words):
        module = known[number]
        (path,) = GALLERY.glob(f"*/{number:02}_*.ipynb")
        answers, size = make(path, module)
        print(f"{path.stem}: {answers} illustrations, {size:,} bytes")


def make(path: Path, module: ModuleType) -> tuple[int, int]:
    """Write a notebook's cassette; return how many answers, and the size in bytes."""
    with tempfile.TemporaryDirectory() as folder, serving.served(module) as url:
        taken = Path(folder) / "taken.glm.jsonl"
        environment = {
            "GLMKIT_ENDPOINT": url,
            "GLMKIT_API_KEY": "a-key-for-the-script",
            "GLMKIT_REPLAY": "record",
            "GLMKIT_CASSETTE": str(taken),
            "GLMKIT_DATA_DIR": folder,
            "GLMKIT_STATE_DIR": folder,
        }
        asyncio.run(execute(path, environment))
        recordings = [
            lines.decode(line) for line in taken.read_bytes().splitlines(True)[1:]
        ]
    written = [lines.encode(one) for one in marked(recordings)]
    cassette = path.with_suffix(".glm.jsonl")
    replace(cassette, written)
    return len(written), cassette.stat().st_size


if __name__ == "__main__":
    os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
    try:
        main(sys.argv[1:] or ["all"])
    except msgspec.MsgspecError as exc:
        sys.exit(f"the recording cannot be read: {exc}")
