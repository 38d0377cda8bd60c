"""Whether the engines that the settings name are there, and take our keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from core.errors import AssayError, Unavailable

if TYPE_CHECKING:
    from pipeline.engines.http_engine import HttpEngine
    from pipeline.settings import Settings


def check_engines(settings: Settings) -> Iterator[tuple[str, str]]:
    """(state, sentence) of each engine behind an address: ok, lacks (it is away), or broken (it refuses our key)."""
    from pipeline.engines.engine_table import engine_table
    from pipeline.engines.http_engine import http_engine
    from pipeline.engines.routed_engine import make_engine_of

    if settings.engine == "http":
        yield _reached("the engine", partial(http_engine, settings), settings.engine_profile or "generic")
    if settings.engine == "routed":
        for name, entry in engine_table(settings).items():
            models = ", ".join(entry.models) or "any model"
            limit = f", {entry.max_renders} renders at once" if entry.max_renders else ""
            cost = f", {entry.cost_per_second:g} a second" if entry.cost_per_second else ""
            about = f"{entry.profile}; {models}; weight {entry.weight:g}{limit}{cost}"
            yield _reached(f"engine {name}", partial(make_engine_of, name, entry, settings), about)


def _reached(name: str, make: Callable[[], HttpEngine], about: str) -> tuple[str, str]:
    try:
        engine = make()
        try:
            status = engine.reach()
        finally:
            engine.close()
    except Unavailable as error:
        return "lacks", f"{name} ({about}) is away, and orders wait for it: {error}"
    except AssayError as error:
        return "broken", f"{name} ({about}) cannot be used: {error}"
    if status in (401, 403):
        return "broken", f"{name} ({about}) refuses our key (HTTP {status})"
    return "ok", f"{name} answers ({about})"
