"""Full-text search with SQLite's FTS5, also in Chinese.

Chinese text has no blanks: each character is indexed as a word, and a run of them is
searched as a phrase.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from glmkit.readers import files
from glmkit.types.errors import ConfigError

_ENDINGS = {
    ".csv", ".htm", ".html", ".ipynb", ".json", ".jsonl", ".md", ".py", ".rst",
    ".tex", ".toml", ".tsv", ".txt", ".xml", ".yaml", ".yml",
}  # fmt: skip
_BINARY = {".docx", ".pdf", ".pptx", ".xlsm", ".xlsx"}
#: Bytes of a text, and of a document with pictures and fonts.
_MOST_BYTES, _MOST_BINARY = 4 * 2**20, 50 * 2**20
_MOST_FILES = 5000
_CHUNK = 600
_HAN = re.compile(r"([\u3400-\u9fff\uf900-\ufaff])")
_WORDS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_]+")
_TAGS = re.compile(r"<[^>]*>")
_SMALL_WORDS = {
    "a", "an", "and", "are", "as", "at", "be", "by", "do", "does", "for", "from",
    "how", "in", "is", "it", "of", "on", "or", "that", "the", "this", "to", "was",
    "what", "when", "where", "which", "who", "why", "will", "with",
}  # fmt: skip


class Hit(msgspec.Struct, frozen=True):
    """A piece of text that was found; a higher `score` fits better."""

    owner: str
    title: str
    text: str
    place: int
    score: float


class Index:
    """Pieces of texts by their owner, in a database of memory."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False
        )
        self._db.execute(
            "create virtual table pieces using fts5"
            " (words, owner unindexed, title unindexed, text unindexed,"
            " place unindexed, tokenize = 'porter unicode61')"
        )

    def add(self, owner: str, title: str, pieces: Iterable[str]) -> None:
        """Add the pieces of one text, in place of what the owner had."""
        rows = [
            (_spaced(f"{title}\n{piece}"), owner, title, piece, place)
            for place, piece in enumerate(pieces)
        ]
        with self._lock:
            self.drop(owner)
            self._db.executemany("insert into pieces values (?, ?, ?, ?, ?)", rows)

    def drop(self, owner: str) -> None:
        """Delete an owner's pieces."""
        with self._lock:
            self._db.execute("delete from pieces where owner = ?", (owner,))

    def find(
        self, query: str, most: int, owners: Iterable[str] | None = None
    ) -> list[Hit]:
        """Return the pieces that fit best, of these owners or of all."""
        words = _asked(query)
        if not words:
            return []
        sql = (
            "select owner, title, text, place, -bm25(pieces) from pieces"
            " where pieces match ?"
        )
        among = None if owners is None else set(owners)
        with self._lock:
            rows = self._db.execute(f"{sql} order by bm25(pieces)", (words,))
            found = (Hit(*row) for row in rows)
            wanted = (hit for hit in found if among is None or hit.owner in among)
            return [hit for hit, _ in zip(wanted, range(most), strict=False)]


def pieces_of(text: str, size: int = _CHUNK) -> list[str]:
    """Cut a text into pieces of whole paragraphs, of about `size` characters."""
    pieces, piece = [], ""
    for paragraph in re.split(r"\n\s*\n", text):
        for start in range(0, len(paragraph) or 1, 2 * size):
            part = paragraph[start : start + 2 * size].strip()
            if piece and len(piece) + len(part) > size:
                pieces.append(piece)
                piece = ""
            piece = f"{piece}\n\n{part}" if piece and part else piece or part
    return [*pieces, piece] if piece else pieces


def _text_of(path: Path) -> str:
    """Return the text of a file; "" where it has none that can be read."""
    try:
        text = str(files.decoded(path).text)
    except ConfigError:
        return ""
    return _TAGS.sub(" ", text) if path.suffix.lower() == ".xml" else text


class Folder:
    """The documents below a folder, indexed again where they changed."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._lock = threading.RLock()
        self._index = Index()
        self._seen: dict[str, tuple[int, int]] = {}

    def find(self, query: str, most: int) -> list[dict[str, Any]]:
        """Return the results, best first, in the shape of the service's search."""
        if not query.strip():
            return []
        with self._lock:
            self._refresh()
            hits = self._index.find(query, most)
        return [
            {
                "title": hit.title,
                "link": Path(hit.owner).as_uri(),
                "content": hit.text,
                "media": "documents",
                "icon": "",
                "refer": f"ref_{place}",
                "publish_date": _day(Path(hit.owner)),
            }
            for place, hit in enumerate(hits, 1)
        ]

    def read(self, link: str) -> tuple[Path, str] | None:
        """Return the file of a link or a name, and its text; None if there is none."""
        with self._lock:
            self._refresh()
            seen = list(self._seen)
        for owner in seen:
            path = Path(owner)
            if link in {path.as_uri(), owner, str(path.relative_to(self.root))}:
                return path, _text_of(path)
        return None

    def _refresh(self) -> None:
        """Index new and changed files, and drop deleted ones."""
        now = {str(path): _stamp(path) for path in self._paths()}
        for owner in self._seen.keys() - now.keys():
            self._index.drop(owner)
        for owner, stamp in now.items():
            if self._seen.get(owner) != stamp:
                path = Path(owner)
                text = _text_of(path)
                self._index.add(owner, _title(path, text), pieces_of(text))
        self._seen = now

    def _paths(self) -> list[Path]:
        found = []
        for path in sorted(self.root.rglob("*")):
            hidden = any(
                part.startswith(".") for part in path.relative_to(self.root).parts
            )
            ending = path.suffix.lower()
            if hidden or ending not in _ENDINGS | _BINARY:
                continue
            most = _MOST_BINARY if ending in _BINARY else _MOST_BYTES
            # A link may lead out of the folder that the user named.
            inside = path.resolve().is_relative_to(self.root)
            if inside and path.is_file() and path.stat().st_size <= most:
                found.append(path)
        return found[:_MOST_FILES]


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return status.st_mtime_ns, status.st_size


def _title(path: Path, text: str) -> str:
    heading = re.search(r"^#+\s+(.{1,120})", text, re.MULTILINE)
    return heading.group(1).strip() if heading else path.name


def _day(path: Path) -> str:
    stamp, _ = _stamp(path)
    return datetime.fromtimestamp(stamp / 1e9, UTC).strftime("%Y-%m-%d")


def _spaced(text: str) -> str:
    return _HAN.sub(r" \1 ", text)


def _asked(query: str) -> str:
    """Return a query of FTS5: any of the words, each quoted."""
    words = [word.lower() for word in _WORDS.findall(query)]
    telling = [word for word in words if word not in _SMALL_WORDS] or words
    terms = dict.fromkeys(term for word in telling for term in _terms(word))
    return " OR ".join(f'"{_spaced(term).strip()}"' for term in terms)


def _terms(word: str) -> list[str]:
    """Return a word, or the pairs of signs in a run of Han, which has no blanks."""
    if len(word) < 3 or not _HAN.match(word):
        return [word]
    return [word[place : place + 2] for place in range(len(word) - 1)]
