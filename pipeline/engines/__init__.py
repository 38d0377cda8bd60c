"""Engines that make videos, by the name that the setting `engine` gives. One file an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.plugins import ENGINES, check_implements, find_plugin
from core.ports import Engine

if TYPE_CHECKING:
    from pipeline.settings import Settings

BUNDLED_ENGINES: Mapping[str, str] = MappingProxyType(
    {
        "folder": "pipeline.engines.folder_engine:folder_engine",
        "http": "pipeline.engines.http_engine:http_engine",
        "routed": "pipeline.engines.routed_engine:routed_engine",
    }
)
"""Functions from Settings to an Engine; pyproject declares the same."""


def make_engine(settings: Settings) -> Engine:
    """The engine that the settings name. Raises PluginError for one that is no Engine, and what its maker raises."""
    plugin = find_plugin(ENGINES, settings.engine, BUNDLED_ENGINES)
    from_settings: Callable[[Settings], Engine] = plugin.load()
    engine = from_settings(settings)
    check_implements(plugin, engine, Engine)
    return engine
