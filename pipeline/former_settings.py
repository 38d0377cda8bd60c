"""Settings under the names that they had before: still read, as what they are called now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from core.errors import BadInput

FORMER_NAMES = {"vault_url": "blob_store_url", "shelf_url": "public_store_url", "face_nets": "face_backend"}
"""Former name of a setting → its name now. Former names are still read, in files, variables and arguments."""


class CurrentNames(PydanticBaseSettingsSource):
    """What a source says, under the names that settings have now: of one source, before a stronger one overrides it."""

    def __init__(self, source: PydanticBaseSettingsSource, former_values: Callable[[], Mapping[str, Any]] = dict):
        super().__init__(source.settings_cls)
        self._source, self._former_values = source, former_values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._source.get_field_value(field, field_name)

    def __call__(self) -> dict[str, Any]:
        """Raises BadInput where one setting is given under both of its names."""
        values: dict[str, Any] = {}
        for name, value in [*self._source().items(), *self._former_values().items()]:
            current = FORMER_NAMES.get(name, name)
            if current in values:
                raise BadInput(f"setting {current} is given twice, once under its former name")
            values[current] = value
        return values
