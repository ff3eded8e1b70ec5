"""Types of the knowledge bases' answers."""

from __future__ import annotations

from typing import Any

import msgspec

from glmkit.client.resources.types import Record


class KnowledgeBase(Record, frozen=True):
    """A knowledge base; `word_num` and `length` (bytes) are what it holds."""

    id: str = ""
    name: str = ""
    description: str = ""
    embedding_id: int | None = None
    background: str = ""
    icon: str = ""
    document_size: int = 0
    length: int = 0
    word_num: int = 0


class Amount(Record, frozen=True):
    """Amount of text, in words and bytes."""

    word_num: int = 0
    length: int = 0


class Capacity(Record, frozen=True):
    """Used and total capacity."""

    used: Amount = Amount()
    total: Amount = Amount()


class Failure(Record, frozen=True):
    """Why a document has no vectors."""

    embedding_code: int | None = None
    embedding_msg: str = ""


class Document(Record, frozen=True):
    """A document; `embedding_stat` 0: under way, 1: done, 2: failed (`fail_info`)."""

    id: str = ""
    name: str = ""
    knowledge_type: int | None = None
    url: str = ""
    length: int = 0
    word_num: int = 0
    sentence_size: int | None = None
    embedding_stat: int = 0
    fail_info: Failure | None = msgspec.field(default=None, name="failInfo")


class Taken(Record, frozen=True):
    """A document that was accepted."""

    document_id: str = msgspec.field(default="", name="documentId")
    filename: str = msgspec.field(default="", name="fileName")


class Refused(Record, frozen=True):
    """A document that was refused, and why."""

    filename: str = msgspec.field(default="", name="fileName")
    reason: str = msgspec.field(default="", name="failReason")


class Uploaded(Record, frozen=True):
    """Result of an upload: documents accepted and refused."""

    taken: tuple[Taken, ...] = msgspec.field(default=(), name="successInfos")
    refused: tuple[Refused, ...] = msgspec.field(default=(), name="failedInfos")


class Passage(Record, frozen=True):
    """A retrieved passage; `metadata` names its document."""

    id: str = ""
    text: str = ""
    score: float = 0.0
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)


class Made(Record, frozen=True):
    """Id of a new object."""

    id: str = ""


class Bases(Record, frozen=True):
    """A page of knowledge bases."""

    list: tuple[KnowledgeBase, ...] = ()
    total: int = 0


class DocumentPage(Record, frozen=True):
    """A page of documents."""

    list: tuple[Document, ...] = ()
    total: int = 0


class Nothing(Record, frozen=True):
    """An envelope without data."""

    code: int = 200
