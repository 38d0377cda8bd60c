"""What stages work with. Wired in one place; a stage takes it as its second argument."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Protocol

from core.assets import Asset
from core.case import Case
from core.permitted import PermittedCameos
from core.ports import BlobStore, Engine, PublicStore, TextStore
from core.signals import Signal, Subject
from core.text_styles import TextStyle
from core.verdicts import Facts, Gate, Ruling, Verdict
from pipeline.advance import DEFAULT_MAX_WAIT
from pipeline.tempdirs import temp_folder
from policy.explain import Reason
from policy.rule_description import RuleDescription
from provenance.seal_result import SealResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """Signals, the CPU seconds each source took, and the words of footage as JSON, empty where there are none.

    `language` is a prompt's (ISO 639-1), empty where it is not known. `cut_off` are sources that were not asked since
    what was found refuses the case whatever they say; `saved_seconds` is how long they would have taken.
    """

    signals: tuple[Signal, ...]
    seconds: Mapping[str, float]
    words: str = ""
    language: str = ""
    cut_off: tuple[str, ...] = ()
    saved_seconds: float = 0.0


class Measurer(Protocol):
    """Runs the classifiers of this installation over what a case is made of."""

    def text(
        self, text: str, subject: Subject = Subject.PROMPT, style: TextStyle | None = TextStyle.VIDEO
    ) -> Measurements:
        """Every classifier of prompts, or of negative prompts, over a text.

        What is asked of an engine is a prompt for a video. Of another text whoever asks says the style, or None where
        it has to be told from the words.
        """

    def located(self, text: str, measured: Measurements, style: TextStyle | None = TextStyle.VIDEO) -> Measurements:
        """What was measured of a text, with the words that carry it: for what policy does not allow."""

    def video(
        self,
        path: Path,
        subject: Subject,
        leased: PermittedCameos,
        is_certain: Callable[[Sequence[Signal]], bool] | None = None,
    ) -> Measurements:
        """Every classifier of footage over frames and sound of a video, or over a picture. Raises BadMedia.

        The cameos that the case may show and let speak (`leased`) are not looked for. Those that cost least measure
        first, and the others not at all once `is_certain` says of what was found that it settles the case.
        """

    def check_video(self, path: Path) -> tuple[float, int, int]:
        """Seconds, width and height of a file that can be screened, marked and played. Raises BadMedia."""


class PolicyGate(Protocol):
    """Decides by the policy that is in force for a case."""

    def judge(
        self, gate: Gate, signals: Sequence[Signal], facts: Facts, rulings: Sequence[Ruling], case_id: str = ""
    ) -> Verdict:
        """A verdict; without a case, by the policy that is in force for all."""

    def refuses_for_good(self, gate: Gate, signals: Sequence[Signal], case_id: str) -> bool:
        """Whether these signals alone refuse a case whatever else is measured, and no ruling lifts that."""

    def explain(self, verdict: Verdict, signals: Sequence[Signal]) -> Sequence[Reason]:
        """Why a verdict is what it is, by the policy that gave it."""

    def describe(self, verdict: Verdict) -> Sequence[RuleDescription]:
        """The rules of a verdict's gate and their thresholds, in the policy that gave it. Raises NotFound."""


class FactSource(Protocol):
    """What policy is told beside signals."""

    def facts(self, case: Case) -> Facts:
        """Every fact that rules may speak of. What cannot be told is left out."""


class ConsentLookup(Protocol):
    """Who has agreed to what, as it is at this moment."""

    def resolve(self, prompt: str, asked: Sequence[str]) -> tuple[str, ...]:
        """The ids of the cameos that a request names, by handle or in its prompt."""

    def cameos_shown(self, case: Case) -> tuple[str, ...]:
        """The cameos that a case names, or that what it is made from names."""

    def may_appear(self, case: Case) -> PermittedCameos:
        """The cameos whose face a case may show now, and whose voice may be heard."""


class Sealer(Protocol):
    """Makes the file that may be published."""

    def seal(self, case: Case, src: Path, dst: Path) -> SealResult:
        """Label, mark, sign, read all of it back. Raises SealBroken, or Unavailable for want of a time stamp."""


class CopyFinder(Protocol):
    """Recognises sealed videos that somebody hands in again."""

    def source_cases(self, path: Path) -> tuple[str, ...]:
        """The ids of the sealed cases of which this file is a copy. Raises Unavailable."""


class Revisions(Protocol):
    """Knows when cases moved, by a clock that is the same for all workers."""

    def now(self) -> datetime:
        """What time it is by that clock."""

    def last_moved(self, case: Case) -> datetime:
        """When the last event of the case was stored."""


class SeenPreviews:
    """Which preview of each job was looked at last, so that the same one is looked at once. Safe between threads."""

    def __init__(self, most: int = 1000) -> None:
        """Of more jobs than `most` the oldest is forgotten, and its preview looked at once more."""
        self._most, self._digests, self._lock = most, dict[str, bytes](), Lock()

    def is_new(self, job: str, content: bytes) -> bool:
        """Whether a preview differs from the job's last one; from now on it is the last one."""
        digest = hashlib.sha256(content).digest()
        with self._lock:
            known = self._digests.pop(job, None)
            self._digests[job] = digest
            while len(self._digests) > self._most:
                del self._digests[next(iter(self._digests))]
        return known != digest


class RenderSlots(Protocol):
    """Limits how many renders are under way at once."""

    def reserve(self) -> AbstractContextManager[float]:
        """Zero where another render may begin, held until the context ends; else seconds after which to ask again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageContext:
    """What stages and the service work with: every part is stated, and none has a default that would check nothing."""

    texts: TextStore
    blob_store: BlobStore
    public_store: PublicStore
    engine: Engine
    measure: Measurer
    policy: PolicyGate
    facts: FactSource
    consent: ConsentLookup
    sealer: Sealer
    copies: CopyFinder
    revisions: Revisions
    render_slots: RenderSlots
    workdir: Path
    stop_early: bool = False
    """Whether measuring a video, and making it, ends once it is refused for good."""
    previews: SeenPreviews = field(default_factory=SeenPreviews)
    engine_timeout: float = 1800.0
    max_wait: timedelta = DEFAULT_MAX_WAIT
    reference_turn: Lock = field(default_factory=Lock)
    """Held while references of an order are measured: one order at a time, so that prompts are judged meanwhile."""

    def temp_folder(self) -> AbstractContextManager[Path]:
        """A folder that is gone afterwards."""
        return temp_folder(self.workdir)

    def fetch_asset(self, asset: Asset, folder: Path) -> Path:
        """An asset as a local file in that folder, named by digest."""
        suffix = {"video/mp4": ".mp4", "image/png": ".png", "image/jpeg": ".jpg"}.get(asset.media_type, ".bin")
        return self.blob_store.fetch(asset, folder / f"{asset.digest}{suffix}")
