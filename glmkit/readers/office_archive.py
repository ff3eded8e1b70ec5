"""Checks of Office files, which are ZIP archives of XML, before they are unpacked."""

from __future__ import annotations

import zipfile

from glmkit.readers.source import FileSource, damaged
from glmkit.types.errors import ConfigError
from glmkit.types.translation import _

#: Bytes that the parts of a file may unpack to, and how many parts it may have.
LARGEST_UNPACKED = 400 * 2**20
_MOST_PARTS = 20_000
#: A document type stands before the root element, where entities are declared.
_PROLOGUE = 64 * 2**10
_XML = (".xml", ".rels", ".vml")


def check(source: FileSource) -> None:
    """Raise ConfigError for an archive that unpacks to too much or declares entities.

    Office writes no document types, so a part with one is made to do harm.
    """
    try:
        with source.open() as file, zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if size > LARGEST_UNPACKED or len(parts) > _MOST_PARTS:
                raise _bomb(source)
            for part in parts:
                if part.filename.lower().endswith(_XML):
                    _check_part(source, archive, part)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as exc:
        raise damaged(source, exc) from exc


def _check_part(
    source: FileSource, archive: zipfile.ZipFile, part: zipfile.ZipInfo
) -> None:
    if part.flag_bits & 1:
        raise damaged(source, _("a part of it is encrypted"))
    with archive.open(part) as content:
        head = content.read(_PROLOGUE).replace(b"\0", b"")  # also in UTF-16
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise damaged(source, _("it declares XML entities, which Office never does"))


def _bomb(source: FileSource) -> ConfigError:
    return ConfigError(
        _(
            "{file} is too large: it unpacks to more than {most} MB",
            file=source.name,
            most=LARGEST_UNPACKED // 2**20,
        ),
        hint=_("Save the part that matters as a file of its own."),
    )
