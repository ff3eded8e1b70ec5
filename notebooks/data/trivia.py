"""Make trivia.json: sixty questions of general knowledge with short answers.

    python notebooks/data/trivia.py [FOLDER]

The answers are the corpus's; some are doubtful, or no longer true.
"""

import random

import yaml
from fetch import Archive, keep_licence, only, opened, save_json

#: The source package: the wheel is without the licence text.
PACKAGE = Archive(
    "chatterbot-corpus",
    "1.3.3",
    "615b5c4c605154f60ae51d03ed918ed92e9d32bc2b144b759bbc64ecdbe18481",
    options=("--no-binary", ":all:"),
)
SEED = 31
COUNT = 60
#: Letters of an answer.
LONGEST = 40


def main() -> None:
    with opened(PACKAGE) as files:
        text = only(files, "english/trivia.yml").read_text("utf-8")
        keep_licence("chatterbot-corpus", only(files, "license.md").read_text("utf-8"))
    rows = []
    for question, *answers in yaml.safe_load(text)["conversations"]:
        if len(answers) == 1 and len(answers[0]) <= LONGEST and question.endswith("?"):
            answer = " ".join(answers[0].split()).rstrip(".")
            rows.append({"question": " ".join(question.split()), "answer": answer})
    save_json(__file__, random.Random(SEED).sample(rows, COUNT))


if __name__ == "__main__":
    main()
