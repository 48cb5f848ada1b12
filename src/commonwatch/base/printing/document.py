"""What a document says, without how it looks: a title, facts, paragraphs, tables. Texts are plain: nothing in them is markup."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Heading(msgspec.Struct, frozen=True, tag="heading"):
    """A heading of a part; `level` 1 or 2."""

    text: str
    level: int = 1


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    """Running text; line breaks are kept."""

    text: str


class Facts(msgspec.Struct, frozen=True, tag="facts"):
    """Labels with what they stand for."""

    rows: tuple[tuple[str, str], ...]


class Bullets(msgspec.Struct, frozen=True, tag="bullets"):
    """Items of equal rank."""

    items: tuple[str, ...]


class Grid(msgspec.Struct, frozen=True, tag="grid"):
    """A table; each row has as many cells as there are headings."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block: TypeAlias = Heading | Paragraph | Facts | Bullets | Grid


class Document(msgspec.Struct, frozen=True):
    """One document. `marking` stands on every page (FIRST TLP 2.0 asks for it), `made` says when and by whom it was made."""

    title: str
    language: str  # as Django calls it: en, fr, es, ar, zh-hans, ru
    marking: str
    made: str
    blocks: tuple[Block, ...]
