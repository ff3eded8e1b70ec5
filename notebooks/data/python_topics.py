"""Make python_topics.json: the topics of Python's language reference, as `help()` has.

    python notebooks/data/python_topics.py [FOLDER]

They are those of the Python that runs this script; its version stands in the file.
Long topics contain short ones word for word: `also_in` names the topics that do.
"""

import platform
import re
import sysconfig
from functools import cache
from pathlib import Path
from pydoc_data.topics import topics

from fetch import keep_licence, save_json


def topic(name: str) -> dict[str, object]:
    title, _, rest = topics[name].strip("\n").partition("\n")
    text = re.sub(r"\A[*=]+\n+", "", rest).strip("\n")
    return {
        "topic": name,
        "title": title.replace('"', ""),
        "also_in": [other for other in sorted(topics) if holds(other, name, text)],
        "text": text,
    }


def holds(other: str, name: str, text: str) -> bool:
    return other != name and words(text) in words(topics[other])


@cache
def words(text: str) -> str:
    """Return the text without its line breaks and the underlines of its headings."""
    return re.sub(r"[\s=*~^-]+", " ", text).strip()


def main() -> None:
    rows = [topic(name) for name in sorted(topics)]
    save_json(__file__, {"python": platform.python_version(), "topics": rows})
    licence = Path(sysconfig.get_path("stdlib"), "LICENSE.txt")
    keep_licence("python", licence.read_text("utf-8"))


if __name__ == "__main__":
    main()
