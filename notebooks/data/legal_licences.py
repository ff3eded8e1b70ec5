"""Make legal_licences.json: 47 licence texts, with what each permits and demands.

    python notebooks/data/legal_licences.py [FOLDER]

The tags are those of choosealicense.com: five permissions, eight conditions and four
limitations. Each text is kept word for word; the notes before it are left out.
"""

from pathlib import Path

import yaml
from fetch import Archive, keep_licence, only, opened, save_json

PACKAGE = Archive(
    "pychoosealicense",
    "2026.5.19",
    "6735b6c8fc08806964c3d827282e64233ce6e70f6a8bd4f90d36c239b1c0001a",
)
GROUPS = ("permissions", "conditions", "limitations")


def licence(path: Path) -> dict[str, object]:
    _, notes, text = path.read_text("utf-8").split("---\n", 2)
    facts = yaml.safe_load(notes)
    return {
        "spdx_id": facts["spdx-id"],
        "title": facts["title"],
        **{group: sorted(facts[group]) for group in GROUPS},
        "text": text.strip("\n"),
    }


def main() -> None:
    with opened(PACKAGE) as files:
        labels = yaml.safe_load(only(files, "rules.yml").read_text("utf-8"))
        paths = sorted(files.rglob("_licenses/*.txt"))
        save_json(
            __file__,
            {
                "labels": {group: labels[group] for group in GROUPS},
                "licences": [licence(path) for path in paths],
            },
        )
        own = only(files, "*.dist-info/LICENSE")
        keep_licence("pychoosealicense", own.read_text("utf-8"))


if __name__ == "__main__":
    main()
