"""Make medical_terms.json: sixty diseases with their symptoms in six languages.

    python notebooks/data/medical_terms.py [FOLDER]

The languages are joined by the diseases' ICD-10 codes. Left out are diseases that
share a code, and those whose Chinese name is that of a wider class, such as "other
diseases of the liver". The terms are for translation, not for any medical use.
"""

import ast
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

from fetch import Archive, keep_licence, only, opened, save_json

PACKAGE = Archive(
    "faker-healthcare-provider",
    "2.5.0",
    "5439d7b660798742dba4974546abc182735528aa890afcf145339c6c0af3b99a",
)
SEED = 15
COUNT = 60
LANGUAGES = {
    "en": "faker_healthcare",
    "zh": "zh_CN",
    "es": "es_ES",
    "fr": "fr_FR",
    "de": "de_DE",
    "pt": "pt_BR",
}
#: "other", "unspecified", "and", "with" and brackets: titles of classes.
_CLASS = re.compile(r"其他|未特指|疾患|和|及|伴|\[|\(")

Disease = dict[str, Any]


def diseases(path: Path) -> dict[str, Disease]:
    """Return the diseases of a module by their code, each with its name."""
    (table,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.AnnAssign) and node.value
    )
    counts = Counter(facts["icd10"] for facts in table.values())
    return {
        facts["icd10"]: facts | {"name": name}
        for name, facts in table.items()
        if counts[facts["icd10"]] == 1
    }


def row(code: str, tables: dict[str, dict[str, Disease]]) -> dict[str, Any]:
    found = {language: table[code] for language, table in tables.items()}
    return {
        "icd10": code,
        "names": {language: one["name"] for language, one in found.items()},
        "specialties": {key: one["medical_specialty"] for key, one in found.items()},
        "symptoms": {language: one["symptoms"] for language, one in found.items()},
    }


def main() -> None:
    with opened(PACKAGE) as files:
        tables = {
            language: diseases(only(files, f"{folder}/disease_correlations.py"))
            for language, folder in LANGUAGES.items()
        }
        keep_licence(
            "faker-healthcare-provider",
            only(files, "*.dist-info/licenses/LICENSE").read_text("utf-8"),
        )
    shared = set.intersection(*(set(table) for table in tables.values()))
    rows = [row(code, tables) for code in sorted(shared)]
    rows = [one for one in rows if not _CLASS.search(one["names"]["zh"])]
    save_json(__file__, random.Random(SEED).sample(rows, COUNT))


if __name__ == "__main__":
    main()
