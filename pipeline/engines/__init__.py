"""Engines that make videos, by the name that the setting `engine` gives. One file an engine."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BUNDLED_ENGINES: Mapping[str, str] = MappingProxyType(
    {
        "folder": "pipeline.engines.folder_engine:folder_engine",
        "http": "pipeline.engines.http_engine:http_engine",
        "routed": "pipeline.engines.routed_engine:routed_engine",
    }
)
"""Functions from Settings to an Engine; pyproject declares the same."""
