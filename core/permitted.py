"""Whose likeness a case may use: the input of measurement and of the stages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PermittedCameos:
    """The ids of the cameos that a case may use now: those whose face it may show, those whose voice may be heard."""

    faces: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()


NO_CAMEOS = PermittedCameos()
