"""What a file's credentials say, as plain records: the vocabulary between reading and judging."""

from __future__ import annotations

from dataclasses import dataclass

from core.finding import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """One place where the credentials say AI.

    `route` is one of digital_source_type, generative_assertion, description, ai_disclosure. `depth` counts the
    ingredients on the way, 0 being the file itself. `whole` is false where only a part, or an input, is meant.
    """

    route: str
    says: str
    depth: int = 0
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftBinding:
    """A watermark that a manifest names. `depth` as in Saying."""

    algorithm: str
    value: str
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One file in the history, `depth` steps back: what it is to the file above, and who says it was made with what.

    `bare`: it came without credentials, and nobody signed anything about it but whoever took it in.
    """

    depth: int
    relationship: str
    title: str
    generator: str
    signer: str
    source_type: str
    bare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The credentials and what lies behind them.

    `case_id` and `served` (the engine was a folder of files) come from Assay's own assertions in the active
    manifest. `broken_ingredients` are the failure codes of any node below the active one, mere lack of trust apart.
    `lineage` has the order of a tree: each step is followed by those below it. `personal` are the addresses of what
    names people or says a prompt, `personal_to_stay` of what does so and may not be redacted.
    """

    credentials: Credentials
    sayings: tuple[Saying, ...] = ()
    soft_bindings: tuple[SoftBinding, ...] = ()
    case_id: str = ""
    served: bool = False
    source_type_stated_by: str = ""
    trust_list: str = ""
    time_trusted: bool = False
    broken_ingredients: tuple[str, ...] = ()
    lineage: tuple[Step, ...] = ()
    personal: tuple[str, ...] = ()
    personal_to_stay: tuple[str, ...] = ()
