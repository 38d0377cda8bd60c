"""Other installations: the table of the setting `other_installations`, with the keys to which it refers."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import BadInput
from pipeline.settings import Settings
from provenance.other_installations import (
    MAX_SEARCHED,
    NO_OTHER_INSTALLATIONS,
    OtherInstallation,
    OtherInstallations,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}")
_SETTING = "other_installations"


class OtherInstallationEntry(BaseModel):
    """One of them. `url` is where anybody can ask it; `issuer` its number in watermarks, 6 hex digits.

    `watermark_key` is the path of a copy of its watermark.secret, for an operator who has both: with it its marks are
    found in any file, without it they are named where credentials name them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(default="", max_length=200)
    issuer: str = Field(default="", pattern=r"^([0-9a-f]{6})?$")
    watermark_key: str = ""

    @field_validator("url")
    @classmethod
    def _is_public_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("https", "http") or not parts.hostname or not url.isprintable() or " " in url):
            raise ValueError("an address begins with https://")
        return url


def load_other_installations(settings: Settings) -> OtherInstallations:
    """Those of the settings, with their keys. Raises BadInput, naming the place."""
    if not settings.other_installations:
        return NO_OTHER_INSTALLATIONS
    from provenance.watermark_detection import detect_watermarks

    known = [_known(name, entry) for name, entry in _entries(settings.other_installations)]
    if sum(one.key is not None for one in known) > MAX_SEARCHED:
        raise BadInput(f"{_SETTING}: at most {MAX_SEARCHED} have a watermark_key, since each costs a search")
    return OtherInstallations(known=tuple(known), detect=partial(detect_watermarks, effort="quick"))


def _entries(setting: str) -> list[tuple[str, OtherInstallationEntry]]:
    entries = []
    for name, given in _raw_table(setting).items():
        if not _NAME.fullmatch(name):
            raise BadInput(
                f"{_SETTING}: {name[:40]!r} is not a name of letters, digits, space, . _ and -, of 40 at most"
            )
        try:
            entries.append((name, OtherInstallationEntry(**given)))
        except (ValidationError, TypeError) as error:
            first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": "is not a table"}
            where = ".".join(str(part) for part in (name, *first["loc"]))
            raise BadInput(f"{_SETTING}: {where}: {first['msg']}") from None
    return entries


def _known(name: str, entry: OtherInstallationEntry) -> OtherInstallation:
    from provenance.c2pa.signers.keys_folder import read_watermark_secret
    from provenance.watermark.key import WatermarkKey

    key = None
    if entry.watermark_key:
        path = Path(entry.watermark_key).expanduser()
        try:
            key = WatermarkKey(id="other", secret=read_watermark_secret(path))
        except OSError as error:
            raise BadInput(f"{_SETTING}: {name}: its key cannot be read ({type(error).__name__})") from None
    return OtherInstallation(name=name, url=entry.url, issuer=int(entry.issuer, 16) if entry.issuer else None, key=key)


def _raw_table(setting: str) -> Mapping[str, Any]:
    """The table itself, as settings keep it (JSON), or that of the TOML file that they name."""
    if setting.startswith("{"):
        found = json.loads(setting)
    else:
        path = Path(setting).expanduser()
        try:
            found = tomllib.loads(path.read_text("utf-8")).get(_SETTING, {})
        except (OSError, ValueError) as error:
            raise BadInput(f"{_SETTING}: {path.name} cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise BadInput(f"{_SETTING}: this is not a table")
    return found
