"""The engine that an installation's settings name: one that comes with Assay, or a plug-in's."""

from __future__ import annotations

from collections.abc import Callable

from core.plugins import ENGINES, check_implements, find_plugin
from core.ports import Engine
from pipeline.engines import BUNDLED_ENGINES
from pipeline.settings import Settings


def make_engine(settings: Settings) -> Engine:
    """The engine that the settings name. Raises PluginError for one that is no Engine, and what its maker raises."""
    plugin = find_plugin(ENGINES, settings.engine, BUNDLED_ENGINES)
    from_settings: Callable[[Settings], Engine] = plugin.load()
    engine = from_settings(settings)
    check_implements(plugin, engine, Engine)
    return engine
