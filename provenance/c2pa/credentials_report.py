"""What a file's credentials say, as plain records: the vocabulary between reading and judging."""

from __future__ import annotations

from dataclasses import dataclass

from core.finding import ContentCredentials
from provenance.declared_marks.watermark_claims import NO_CLAIMS, ManifestClaims


@dataclass(frozen=True, slots=True, kw_only=True)
class AiAssertion:
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
class LineageStep:
    """One file in the history, `depth` steps back: what it is to the file above, and who says it was made with what.

    `without_credentials`: it came without credentials, and only the signer that added it has signed anything about it.
    """

    depth: int
    relationship: str
    title: str
    generator: str
    signer: str
    source_type: str
    without_credentials: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsReport:
    """The credentials and what they rest on.

    `case_id` and `existing_footage` (the engine was a folder of files) come from Assay's own assertions in the active
    manifest. `broken_ingredients` are the failure codes of any node below the active one, mere lack of trust apart.
    `lineage` has the order of a tree: each step is followed by those below it. `claims` is what is said of watermarks,
    receipts of consent and what was placed where. `personal_data` are the addresses of
    what
    names people or says a prompt, `unredactable_personal_data` of what does so and may not be redacted.
    """

    credentials: ContentCredentials
    ai_assertions: tuple[AiAssertion, ...] = ()
    soft_bindings: tuple[SoftBinding, ...] = ()
    case_id: str = ""
    existing_footage: bool = False
    source_type_stated_by: str = ""
    trust_list: str = ""
    time_trusted: bool = False
    broken_ingredients: tuple[str, ...] = ()
    lineage: tuple[LineageStep, ...] = ()
    claims: ManifestClaims = NO_CLAIMS
    personal_data: tuple[str, ...] = ()
    unredactable_personal_data: tuple[str, ...] = ()
