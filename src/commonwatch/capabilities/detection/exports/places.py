"""Where own infrastructure, benign lists and people's words for exports are kept, and where programs fetch what is made."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from commonwatch.base.release.collections import CollectionView


def exports_folder() -> Path:
    """In the data folder; made when the first word is given."""
    data: Path = settings.COMMONWATCH.data
    return data / "exports"


def feed_address(view: CollectionView, file: str) -> str:
    """Where a collection's list is fetched; without the node's own address where `public_url` is not set."""
    return f"{settings.COMMONWATCH.public_url.rstrip('/')}/feeds/{view.alias or view.uuid}/{file}"
