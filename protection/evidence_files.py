"""Where the pictures of claims lie: under random names, outside the web root, each with its thumbnail beside it.

A picture is written before its row and erased after it: no row is ever without a picture. What a killed process leaves
behind (a picture without a row, a row whose picture is to go) `protection.evidence.sweep` finds.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages

from protection.photos import Photo

THUMBNAIL = ".thumbnail"


class PrivateFiles(FileSystemStorage):
    """Files that only this installation's user can read and no address leads to, on disk before `save` returns."""

    def __init__(self, **options: Any) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700, **options)

    def url(self, name: str | None) -> str:
        raise ValueError("Evidence has no address of its own; see protection.showing.")

    def _save(self, name: str, content: Any) -> str:
        saved: str = super()._save(name, content)  # type: ignore[misc]
        for path in (Path(self.path(saved)), Path(self.path(saved)).parent):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        return saved


def storage() -> Storage:
    """The storage that settings.STORAGES names "evidence"."""
    return storages["evidence"]


def put(photo: Photo) -> str:
    """Write picture and thumbnail under a new random name, which is returned."""
    token = secrets.token_hex(16)
    name = f"{token[:2]}/{token}"
    storage().save(name + THUMBNAIL, ContentFile(photo.thumbnail))
    return storage().save(name, ContentFile(photo.picture))


def erase(name: str) -> None:
    """Remove a picture and its thumbnail; nothing happens when they are gone already."""
    for one in (name, name + THUMBNAIL):
        storage().delete(one)


def names(older_than: timedelta, now: datetime) -> Iterator[str]:
    """Pictures of which a file was written at least so long ago, as their rows name them; some come twice."""
    place = storage()
    with contextlib.suppress(FileNotFoundError):  # nothing was ever written, or a file went while we looked
        for shelf in place.listdir("")[0]:
            for file in place.listdir(shelf)[1]:
                name = f"{shelf}/{file}"
                if place.get_modified_time(name) <= now - older_than:
                    yield name.removesuffix(THUMBNAIL)
