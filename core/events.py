"""What can happen to a case, in the past tense. Frozen: never edited, never deleted.

No event holds words or faces of a person: texts are referred to by the id of an erasable record.
Fields are never renamed and new ones have a default, so that old events can always be loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from core.assets import Asset
from core.signals import Signal
from core.verdicts import Ruling, Verdict

ParameterValue = bool | int | float | str
"""What an engine's own parameter may be. A str is a closed word, such as a scheduler, and no text of a person."""

NEGATIVE_PROMPT = "negative_prompt"
"""The one parameter text that says what is to be avoided; every other asks for something, as the prompt does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """Somebody asked for a video. `prompt` is the id of an erasable text, `cameos` are ids and no handles.

    `account_minor`, `region` and `tier` are what the platform says of the account; None or empty where it does not.
    `end_user` is a pseudonym of the person for whom the platform asks, empty where it does not say for whom.
    `purpose` and `territory` (ISO 3166) say what for and where it will be shown; `voices` that people named speak.
    `copies` are the sealed cases of which a reference is a copy, as Measured found them. `parameters` are the
    engine's own; `parameter_texts` those that are texts, or objects as JSON: name to the id of an erasable text.
    `references` are as they were handed in; `references_sent` as they are screened and sent to an engine, one for each.
    """

    author: str
    prompt: str
    model: str = ""
    seconds: float | None = None
    size: str = ""
    references: tuple[Asset, ...] = ()
    cameos: tuple[str, ...] = ()
    parent: str = ""
    audience: str = "general"
    account_minor: bool | None = None
    region: str = ""
    tier: str = ""
    end_user: str = ""
    purpose: str = ""
    territory: tuple[str, ...] = ()
    voices: bool = False
    copies: tuple[str, ...] = ()
    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    parameter_texts: dict[str, str] = field(default_factory=dict)
    references_sent: tuple[Asset, ...] = ()

    @property
    def engine_inputs(self) -> tuple[Asset, ...]:
        """What is screened and sent to an engine; in old logs, what was handed in."""
        return self.references_sent or self.references

    @property
    def asking_texts(self) -> tuple[str, ...]:
        """The ids of the texts that ask for something: the prompt, and every parameter's but the negative prompt."""
        return (self.prompt, *(text for name, text in self.parameter_texts.items() if name != NEGATIVE_PROMPT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Classifiers measured the prompt, or the video. `seconds` is the CPU time each source took.

    `words` are the ids of erasable texts: what is said and written in footage, one for each that has words.
    `language` is the prompt's (ISO 639-1); empty where it cannot be told, and in events stored before it was kept.
    `copies` are the sealed cases of which a reference is a copy, as its mark or its looks tell.
    `cut_off` are sources that were not asked, since what was found before refuses the video whatever they say, and
    `saved_seconds` is how long they would have taken on the clock, as they took for videos before.
    """

    signals: tuple[Signal, ...]
    seconds: dict[str, float] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    language: str = ""
    copies: tuple[str, ...] = ()
    cut_off: tuple[str, ...] = ()
    saved_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Policy gave a verdict at a gate. `facts` are those that it weighed, so that it can be judged again one day."""

    verdict: Verdict
    facts: dict[str, bool | int | float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """A moderator decided about a held case; the gate that held it will weigh that."""

    ruling: Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class Commissioned:
    """An engine took the order. Kept so that a restart waits for this job and does not pay for another.

    `at` is when; None in events that were stored before it was kept.
    """

    engine: str
    engine_version: str
    job: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The engine delivered a video, which is in the blob store.

    `synthetic` is false where footage was only served; `source_type` (an IPTC digital source type) is then
    what the operator states of it.
    """

    asset: Asset
    engine: str
    engine_version: str
    synthetic: bool = True
    duration: float = 0.0
    width: int = 0
    height: int = 0
    model: str = ""
    source_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineDeclined:
    """The engine's own moderation declined. `code` is the engine's word for why."""

    engine: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFailed:
    """The engine said for good that it did not make the video; nothing else is tried.

    `code` is one of core.errors.RENDER_FAILURE_CODES; `reason` the id of an erasable text, in the engine's words.
    """

    engine: str
    code: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The video was marked, signed, and both were read back from the finished file.

    `fingerprint` and `sound` say how it looks and sounds, one entry a second, as `second:hex:quality`.
    """

    asset: Asset
    payload: str
    manifest_id: str
    manifest: Asset
    soft_binding: str
    fingerprint: tuple[str, ...] = ()
    issuer: str = ""
    signer: str = ""
    sound: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The sealed file can be had by the public."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFailed:
    """A stage broke. After three in a row a person is asked. `error` is one line without personal data."""

    phase: str
    kind: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a stage needs does not answer: it is asked again until it does. This counts as no failure.

    `since` is when it was first found away; `reason` one line without personal data, empty once it is back.
    """

    phase: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A person fixed what made the case fail. Approves nothing.

    With `again`, what could not be measured is measured again before the gate judges again.
    """

    by: str
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Appealed:
    """The author asked that a refusal, or a recall, be looked at by a person. `note` is the id of an erasable text."""

    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """The video has to come down. `code` is from a closed list; `automatic` says that nobody has decided it yet."""

    by: str
    code: str
    note: str = ""
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The public copy is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversed:
    """What people decided last is undone: a ruling, or a recall. `code` is from a closed list.

    A ruling that has not taken effect is taken back. Of a refusal the rulings to refuse go, and the gate judges again;
    a recalled case goes back to where it was, and is judged again unless it was sealed.
    """

    by: str
    code: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSealed:
    """From now on nobody may view the case, or with `sealed` false they may again. `code` is from a closed list."""

    by: str
    code: str
    sealed: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Something was done about a claim from outside that concerns this video; `claim` is its tracking number.

    `step` is paused, decided, overturned, countered, restored, kept_down or released; `kind`, `law`, `decision` and
    `code` are from closed lists. Who came, and what they wrote, is kept with the claim.
    """

    claim: str
    kind: str
    law: str
    step: str
    by: str
    decision: str = ""
    code: str = ""


Event = (
    Submitted
    | Measured
    | Judged
    | Ruled
    | Commissioned
    | Rendered
    | EngineDeclined
    | EngineFailed
    | Sealed
    | Published
    | StageFailed
    | Waiting
    | Resumed
    | Appealed
    | Recalled
    | Withdrawn
    | Reversed
    | ViewSealed
    | Claimed
)
