"""Make emoji_names.json: sixty emoji with their names in fourteen languages.

    python notebooks/data/emoji_names.py [FOLDER]

Drawn from the emoji of one character, without flags, skin tones and sequences. The
names are those of Unicode's CLDR, in the small letters that the package has.
"""

import random

from fetch import Archive, keep_licence, only, opened, read_json, save_json

PACKAGE = Archive(
    "emoji",
    "2.16.0",
    "c4230d80640def9071599ff56b1b5950fe13a2a94c0da98c5deab12431b24330",
)
#: Its licence is that of the names; the package has only the licence of its code.
UNICODE = Archive(
    "cldr-core",
    "48.2.0",
    "5310e0c7a06c1feb83dc8e54c8584bbe0b9c2ea8320172a18d541986b124585d",
    registry="npm",
)
SEED = 2
COUNT = 60
LANGUAGES = (
    *("en", "zh", "de", "es", "fr", "pt", "it"),
    *("ru", "ja", "ko", "id", "tr", "ar", "fa"),
)
#: The package's status of an emoji that is shown as one by itself.
FULLY_QUALIFIED = 2


def spoken(name: str) -> str:
    """Return a name as words.

    >>> spoken(":red_heart:")
    'red heart'
    """
    return name.strip(":").replace("_", " ")


def main() -> None:
    with opened(PACKAGE) as files:
        facts = read_json(only(files, "emoji.json"))
        names = {
            language: read_json(only(files, f"emoji_{language}.json"))
            for language in LANGUAGES[1:]
        }
        keep_licence("emoji", only(files, "LICENSE.txt").read_text("utf-8"))
    names["en"] = {sign: fact["en"] for sign, fact in facts.items()}
    signs = [
        sign
        for sign, fact in facts.items()
        if fact["status"] == FULLY_QUALIFIED and len(sign.strip("\ufe0f")) == 1
    ]
    whole = [sign for sign in signs if all(names[key].get(sign) for key in LANGUAGES)]
    drawn = random.Random(SEED).sample(sorted(whole), COUNT)
    rows = [
        {
            "emoji": sign,
            "names": {key: spoken(names[key][sign]) for key in LANGUAGES},
        }
        for sign in drawn
    ]
    save_json(__file__, rows)
    with opened(UNICODE) as files:
        keep_licence("unicode", only(files, "LICENSE").read_text("utf-8"))


if __name__ == "__main__":
    main()
