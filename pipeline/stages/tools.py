"""What stages work with. Wired in one place; a stage takes it as its second argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.assets import Asset
from core.case import Case
from core.ports import Engine, Shelf, Texts, Vault
from core.signals import Signal, Subject
from core.verdicts import Gate, Ruling, Verdict
from pipeline.scratch import scratch
from policy.explain import Reason

Facts = Mapping[str, bool | int | float | str]


def _without_words(_verdict: Verdict, _signals: Sequence[Signal]) -> Sequence[Reason]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """Signals, and the CPU seconds each source took."""

    signals: tuple[Signal, ...]
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """The cameos that a case may use now: those whose face it may show, and those whose voice may be heard."""

    faces: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()


NOBODY = Leased()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """What sealing gave: the finished file's name for the world, as read back from it."""

    payload: str
    manifest_id: str
    manifest: Path
    soft_binding: str
    fingerprint: tuple[str, ...]
    issuer: str
    signer: str
    sound: tuple[str, ...] = ()


class Decide(Protocol):
    """policy.decide, with the policy in force bound to it."""

    def __call__(
        self, gate: Gate, signals: Sequence[Signal], facts: Facts, rulings: Sequence[Ruling], case_id: str = ""
    ) -> Verdict:
        """A verdict, by the policy that is in force for this case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The rooms below the pipeline, as the stages see them.

    `measure_video` is told the cameos that the case may show and let speak (`leased`): they are not looked for.
    `shows` are all that it names or is made from; `name_cameos` gives their ids for a prompt and the handles asked for;
    `moved` says whether somebody has moved a case since it was read; `copied_from` which sealed cases a file is a copy
    of.
    """

    texts: Texts
    vault: Vault
    shelf: Shelf
    engine: Engine
    measure_text: Callable[[str], Measurements]
    measure_video: Callable[[Path, Subject, Leased], Measurements]
    facts: Callable[[Case], Facts]
    leased: Callable[[Case], Leased]
    decide: Decide
    check_video: Callable[[Path], tuple[float, int, int]]
    seal: Callable[[Case, Path, Path], Sealing]
    workdir: Path
    explain: Callable[[Verdict, Sequence[Signal]], Sequence[Reason]] = _without_words
    engine_timeout: float = 1800.0
    shows: Callable[[Case], tuple[str, ...]] = lambda case: case.request.cameos
    name_cameos: Callable[[str, Sequence[str]], tuple[str, ...]] = lambda _prompt, asked: tuple(asked)
    moved: Callable[[Case], bool] = lambda _case: False
    copied_from: Callable[[Path], tuple[str, ...]] = lambda _path: ()

    def scratch(self) -> AbstractContextManager[Path]:
        """A folder that is gone afterwards."""
        return scratch(self.workdir)

    def fetched(self, asset: Asset, folder: Path) -> Path:
        """An asset as a local file in that folder, named by digest."""
        suffix = {"video/mp4": ".mp4", "image/png": ".png", "image/jpeg": ".jpg"}.get(asset.media_type, ".bin")
        return self.vault.fetch(asset, folder / f"{asset.digest}{suffix}")
