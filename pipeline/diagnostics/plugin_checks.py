"""What other distributions brought, and whether it can be used."""

from __future__ import annotations

from classifiers.registered import BUNDLED_CLASSIFIERS
from core.errors import AssayError
from core.plugins import BLOBSTORES, CLASSIFIERS, ENGINES, SIGNERS, Plugin, plugins
from pipeline.blobstores import BUNDLED_BLOBSTORES
from pipeline.engines import BUNDLED_ENGINES
from provenance.c2pa.signers import BUNDLED_SIGNERS

BUNDLED = {
    CLASSIFIERS: BUNDLED_CLASSIFIERS,
    ENGINES: BUNDLED_ENGINES,
    SIGNERS: BUNDLED_SIGNERS,
    BLOBSTORES: BUNDLED_BLOBSTORES,
}
"""Assay's own, by group."""


def check_outside_plugins() -> list[tuple[Plugin | None, str]]:
    """Each plugin from outside, and what is wrong with it, or nothing; None where two have one name.

    Every one is imported, also an engine that is not in use: its code runs here as it would at work.
    """
    results: list[tuple[Plugin | None, str]] = []
    for group, bundled in BUNDLED.items():
        try:
            outside = [plugin for plugin in plugins(group, bundled).values() if not plugin.bundled]
        except AssayError as error:
            results.append((None, str(error)))
            continue
        results += [(plugin, _problem(plugin)) for plugin in outside]
    return results


def _problem(plugin: Plugin) -> str:
    try:
        plugin.load()
    except AssayError as error:
        return str(error)
    return ""
