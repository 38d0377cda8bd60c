"""Plugins: what is registered under a name, by Assay itself and by other distributions.

Assay's own are in a table of the package they belong to; pyproject declares the same names as entry points, and a test
compares the two. Those of other distributions are found by their entry points. Fail closed: two of one name, one that
cannot be imported and one that lacks what its port requires are refused, by name; nothing is skipped.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from core.errors import BadInput

OWN_DISTRIBUTION = "assay"
CLASSIFIERS = "assay.classifiers"
ENGINES = "assay.engines"
SIGNERS = "assay.signers"
BLOBSTORES = "assay.blobstores"
GROUPS = (CLASSIFIERS, ENGINES, SIGNERS, BLOBSTORES)


class PluginError(BadInput):
    """A plugin cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One thing under one name of a group: `target` is `module:attribute`, `distribution` who brought it."""

    group: str
    name: str
    target: str
    distribution: str = OWN_DISTRIBUTION

    @property
    def bundled(self) -> bool:
        """Whether it comes with Assay."""
        return self.distribution == OWN_DISTRIBUTION

    def __str__(self) -> str:
        return f"the plugin {self.name} of {self.group} (from {self.distribution})"

    def load(self) -> Any:
        """What the target names. Raises PluginError if it cannot be imported."""
        module, _, attribute = self.target.partition(":")
        try:
            loaded: Any = import_module(module)
            for part in attribute.split("."):
                loaded = getattr(loaded, part)
        except Exception as error:  # importing runs the plugin's own code, which may raise anything
            raise PluginError(f"{self} cannot be imported: {type(error).__name__}: {error}") from error
        return loaded


def plugins(group: str, bundled: Mapping[str, str]) -> dict[str, Plugin]:
    """All of a group by name: Assay's own in their order, then those from outside by name. None is imported.

    Raises PluginError where two have one name.
    """
    by_name = {name: Plugin(group=group, name=name, target=target) for name, target in bundled.items()}
    for plugin in _outside(group):
        if existing := by_name.get(plugin.name):
            raise PluginError(
                f"two plugins of {group} are named {plugin.name}: one is from {existing.distribution},"
                f" one from {plugin.distribution}; uninstall one of them"
            )
        by_name[plugin.name] = plugin
    return by_name


def find_plugin(group: str, name: str, bundled: Mapping[str, str]) -> Plugin:
    """The one of this name. Raises PluginError, with the names that are known, if there is none."""
    known = plugins(group, bundled)
    if name not in known:
        raise PluginError(f"{name!r} is not registered in {group}; known: {', '.join(known)}")
    return known[name]


def check_implements(plugin: Plugin, instance: object, port: type) -> None:
    """Raises PluginError if what a plugin made lacks a method or an attribute of this protocol."""
    required = [name for name in (*port.__dict__, *port.__annotations__) if not name.startswith("_")]
    if missing := [name for name in required if not _has(instance, name)]:
        raise PluginError(f"{plugin} made no {port.__name__}: it lacks {', '.join(missing)}")


def _has(instance: object, name: str) -> bool:
    """Looks without running a property, which may ask a key service."""
    try:
        inspect.getattr_static(instance, name)
    except AttributeError:
        return False
    return True


def _outside(group: str) -> list[Plugin]:
    """Those of other distributions; Assay's own metadata is not read, because a checkout's may be outdated."""
    external = [
        Plugin(group=group, name=entry.name, target=entry.value, distribution=f"{entry.dist.name} {entry.dist.version}")
        for entry in _installed()
        if entry.group == group and entry.dist is not None and entry.dist.name != OWN_DISTRIBUTION
    ]
    return sorted(external, key=lambda plugin: (plugin.name, plugin.distribution))


@cache
def _installed() -> tuple[EntryPoint, ...]:
    """Read once a process: it opens a file of every distribution."""
    return tuple(entry for group in GROUPS for entry in entry_points(group=group))
