"""Make austen_novels.json.bz2: the five other novels by Jane Austen, by title.

    python notebooks/data/austen_novels.py [FOLDER]

To read it: `json.load(bz2.open(data_file("austen_novels.json.bz2")))`.
"""

from fetch import opened, save_json
from persuasion import PACKAGE, keep_own, novels


def main() -> None:
    with opened(PACKAGE) as files:
        texts = novels(files)
        keep_own(files)
    del texts["Persuasion"]
    save_json(__file__, texts, compressed=True)


if __name__ == "__main__":
    main()
