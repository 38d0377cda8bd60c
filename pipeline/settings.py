"""Settings: one frozen record; every field has a default and a sentence.

Read from `assay.toml` (or the file named by ASSAY_CONFIG), overridden by ASSAY_… variables. Unknown names are errors.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from core.errors import BadInput
from core.plugins import ENGINES, SIGNERS, plugins
from core.roles import Role, UsageLimits
from pipeline.access.key_lifetimes import KeyLifetimes
from pipeline.access.session_settings import SessionSettings
from pipeline.access.sign_in_settings import parse_group_roles, parse_origin, parse_roles
from pipeline.claims.claim_limit_settings import ClaimLimitSettings
from pipeline.claims.claim_settings import ClaimSettings
from pipeline.consent.consent_settings import ConsentSettings
from pipeline.engines import BUNDLED_ENGINES
from pipeline.former_settings import FORMER_NAMES, CurrentNames
from pipeline.labelling.label_settings import LabelSettings
from pipeline.legal_record.record_settings import RecordSettings
from pipeline.moderation.moderation_settings import ModerationSettings
from pipeline.observability.observability_settings import ObservabilitySettings
from pipeline.rights.rights_settings import RightsSettings
from pipeline.runners.bus_settings import BusSettings
from pipeline.webhooks.webhook_settings import WebhookSettings
from provenance.c2pa.signers import BUNDLED_SIGNERS

if TYPE_CHECKING:
    from classifiers.models.options import ModelOptions

_OTHER_VARIABLES = {"ASSAY_CONFIG", "ASSAY_DATA", "ASSAY_TOKEN", "ASSAY_URL"}


class Settings(
    BusSettings,
    ModerationSettings,
    ObservabilitySettings,
    SessionSettings,
    WebhookSettings,
    ClaimSettings,
    ClaimLimitSettings,
    RecordSettings,
    ConsentSettings,
    RightsSettings,
    LabelSettings,
):
    """What an installation may choose."""

    model_config = SettingsConfigDict(env_prefix="ASSAY_", frozen=True, extra="forbid")

    home: Path = Field(Path("~/.assay"), description="Folder for everything Assay keeps by default.")
    database_url: SecretStr | None = Field(None, description="A Postgres to use; without it an embedded one in home.")
    database_owner_url: SecretStr | None = Field(
        None, description="The same Postgres as the role that owns the tables; database_url may then only use them."
    )
    database_connections: int = Field(
        8,
        ge=2,
        le=200,
        description="Connections of a process to Postgres at most: twice as many, and four, however much is in work.",
    )
    counts_keep_days: int = Field(
        400, ge=62, description="Days for which sums for dashboards, daily usage and replays of policies are kept."
    )
    mark_candidates: int = Field(
        100_000,
        ge=1,
        le=2_000_000,
        description="Newest issued watermarks with which a damaged one is compared; 100,000 take half a second.",
    )
    blob_store_url: str = Field("", description="fsspec URL of the blob store, as s3://…; default: a folder in home.")
    public_store_url: str = Field("", description="fsspec URL of the public store; default: a folder in home.")
    reference_inbox_url: str = Field(
        "", description="fsspec URL of a place where platforms put references, as <account>/<key>; empty: none."
    )
    reference_urls: bool = Field(False, description="May references on topics be fetched from public https addresses?")
    s3_endpoint: str = Field("", description="Endpoint of an S3-compatible server, where it is not AWS.")
    public_url: str = Field("", description="Base URL under which the public store is served; default: file URLs.")
    engine: str = Field("folder", description="Which adapter makes videos: folder, http, routed (several), a plugin's.")
    engines: str = Field(
        "", description="Several engines, where engine is routed: a table [engines.NAME], or a TOML file with them."
    )
    engine_folder: Path = Field(Path("engine"), description="Folder that the folder engine serves.")
    engine_url: str = Field("", description="Base URL of an OpenAI-style Videos API, as http://host:8000/v1.")
    engine_key: SecretStr | None = Field(None, description="Bearer key for that server.")
    engine_model: str = Field("", description="Model to ask for where a request names none.")
    engine_profile: str = Field(
        "",
        description="What it takes: vllm-omni, sglang, dynamo, openai, generic, plain or a TOML file; "
        "default: generic for http, plain for others.",
    )
    unknown_parameters: Literal["refuse", "ignore"] = Field(
        "refuse", description="What becomes of a field that the profile does not name; ignored ones are listed."
    )
    engine_body_format: Literal["auto", "json", "multipart"] = Field(
        "auto", description="How orders are written for it; auto: found out by itself, once."
    )
    engine_cost_per_second: float = Field(
        0.0, ge=0.0, description="What a second of its video costs, for the figures; of several, each has its own."
    )
    currency: str = Field("", max_length=8, description="In which currency costs are, as pages and reports name it.")
    show_costs: bool = Field(True, description="Are accounts shown what their own videos cost?")
    engine_redirect_hosts: str = Field(
        "", description="Hosts besides the engine's own to which it may send us for a video, separated by commas."
    )
    engine_timeout: float = Field(1800.0, description="Seconds an engine may take for one video.")
    max_renders: int = Field(32, ge=1, description="How many videos the engine may be making at once.")
    max_wait_hours: float = Field(
        24.0, ge=0.0, description="Hours for which a case waits for an engine, or another part, that is away."
    )
    first_retry_delay: float = Field(
        30.0, ge=0.0, description="Seconds a case rests after a stage failed for the first time; doubled each time."
    )
    engine_max_mb: int = Field(2048, description="Largest video accepted from an engine, in megabytes.")
    keys: Path | None = Field(None, description="Folder of signing and watermark keys; default: keys in home.")
    provider: str = Field("", description="Who answers for what is made, as marks and labels state it; default: Assay.")
    verifier_page: str = Field("", description="Address where anybody can check a video; written into manifests.")
    signer: str = Field(
        "file",
        description="Where the key is: file, pkcs11, a key service (http, vault, azure, google, aws) or a plugin's.",
    )
    signer_url: str = Field("", description="Address of the key service (https); AWS needs none.")
    signer_secret: SecretStr | None = Field(None, description="Token for the key service, or PIN of the PKCS#11 token.")
    signer_timeout: float = Field(10.0, description="Seconds a key service may take for each step of an answer.")
    pkcs11_module: Path | None = Field(None, description="The PKCS#11 library, where signer is pkcs11.")
    pkcs11_token: str = Field("", description="Label of the PKCS#11 token.")
    tsa_url: str = Field("", description="RFC 3161 time-stamping authority; its root belongs in trusted-tsas.pem.")
    timestamp: Literal["require", "queue", "none"] = Field(
        "require",
        description="If that authority is unavailable: give up, wait (timestamp_wait), or never ask it at all.",
    )
    timestamp_wait: float = Field(900.0, description="Seconds to wait for the authority, where timestamp is queue.")
    other_installations: str = Field(
        "",
        description="Others whose marks are looked for and named: a table [other_installations.NAME], or a TOML file.",
    )
    mark_growth: float = Field(
        0.1, ge=0.0, le=1.0, description="Share of bytes the watermark may add: more of it survives more."
    )
    trust: Path | None = Field(None, description="Folder of extra C2PA trust anchors (*.pem), besides our own.")
    policy: Path | None = Field(None, description="Folder of rules; default: the pack that comes with Assay.")
    profile: str = Field("laptop", description="What of the rules is measured here: laptop, server or a TOML file.")
    unstated_minor: bool = Field(False, description="Is an account a minor's where the platform does not say?")
    monitor_url: str = Field("", description="OpenAI-style chat API (http://host:8000/v1) that reads prompts too.")
    monitor_model: str = Field("", description="Model to ask for there.")
    monitor_key: SecretStr | None = Field(None, description="Bearer key for that server.")
    monitor_timeout: float = Field(5.0, description="Seconds it may take; after that a person looks at the prompt.")
    sweep_after: float = Field(30.0, description="Seconds after which a case that has not moved is queued again.")
    audit_anchor_every: float = Field(
        60.0, ge=0.0, description="Seconds after which new events are entered in the signed audit log; 0: never."
    )
    frames: int = Field(12, ge=1, description="How many frames of a video the classifiers look at, at the least.")
    frames_per_second: float = Field(
        2.0, gt=0, description="How many frames of each second they look at, as long as max_frames allows."
    )
    max_frames: int = Field(120, ge=1, description="How many frames of a video they look at, at the most.")
    bad_hosts: Path | None = Field(None, description="File of hosts, one a line, to which no link seen may lead.")
    measuring_seconds: float = Field(
        600.0, gt=0, description="Seconds that measuring one video may take; what is left then was not looked at."
    )
    stop_early: bool = Field(
        True, description="Is measuring cut off once a rule refuses that no ruling lifts? False: all evidence always."
    )
    openclip_checkpoint: Path | None = Field(None, description="An OpenCLIP checkpoint, for what frames show.")
    openclip_model: str = Field("", description="Architecture of that checkpoint; default: ViT-B-32.")
    openclip_sha256: str = Field("", description="SHA-256 of that checkpoint; default: OpenAI's ViT-B-32.")
    zero_shot_prompts: Path | None = Field(
        None, description="Sentences with which that checkpoint compares frames; default: policy/zero_shot.toml."
    )
    face_backend: Literal["bundled", "two_nets", "insightface"] = Field(
        "bundled",
        description="Which models embed faces: Assay's three, two of them (without SFace), or InsightFace.",
    )
    insightface_pack: Path | None = Field(None, description="Folder with an InsightFace pack (non-commercial).")
    insightface_scale: Path | None = Field(
        None, description="How its distances are read: see evals.likeness.face_verification --scale."
    )
    weights_folder: Path | None = Field(
        None,
        description="Where `assay models fetch` keeps weights; default: share/assay/weights of the Python environment.",
    )
    prompt_second_reader: bool = Field(
        False,
        description="Are English prompts that the quick readers leave undecided read by a larger model too? Its 438 MB "
        "come by `assay models fetch`; without them such prompts are not measured, and held.",
    )
    allow_noncommercial: bool = Field(False, description="May non-commercial weights be loaded?")
    allow_unsandboxed: bool = Field(
        False, description="Decode files from outside even where the sandbox lacks protections here? Dangerous."
    )
    bank_quarantine_share: float = Field(
        0.05,
        ge=0.0,
        le=1.0,
        description="Share of all cases looked at from which on an entry of a bank fires too often; 0: never.",
    )
    bank_quarantine_count: int = Field(50, ge=1, description="How often it must have been found for that.")
    bank_quarantine_hours: float = Field(24.0, gt=0, le=720, description="Within how many hours that is counted.")
    cameo_keep_days: int = Field(1095, description="Days after which somebody enrolled, unused and idle, is erased.")
    one_person: bool = Field(
        False, description="Is this the installation of one person? Only then may moderators rule on their own cases."
    )
    second_review_share: float = Field(
        0.05, ge=0.0, le=1.0, description="Share of rulings that a second moderator gives once more, blind; 0: none."
    )
    golden_share: float = Field(0.02, ge=0.0, le=0.5, description="Share of a moderator's cases that are golden items.")
    golden_days: int = Field(90, ge=1, le=3650, description="Days for which a golden item is shown.")
    host: str = Field("127.0.0.1", description="Address that `assay serve` listens on.")
    port: int = Field(8080, description="Port that `assay serve` listens on.")
    tls_cert: Path | None = Field(
        None, description="Certificate and its chain (PEM): `assay serve` speaks TLS 1.3 then."
    )
    tls_key: Path | None = Field(None, description="The certificate's key (PEM).")
    web_address: str = Field(
        "",
        description="Public address of `assay serve`, as https://assay.example: passkeys are bound to it, and "
        "addresses that are stated begin with it; without one only loopback is served.",
    )
    allowed_hosts: str = Field(
        "", description="More names that requests (Host) may be for, separated by commas; loopback's always are."
    )
    allow_development_keys: bool = Field(
        False, description="May `assay serve` be reached from outside with development keys? Only to try things out."
    )
    max_upload_mb: int = Field(512, description="Largest file the verifier and the gateway accept, in megabytes.")
    sync_wait: float = Field(600.0, gt=0, description="Seconds that POST /v1/videos/sync waits for a video.")
    lookups_per_minute: int = Field(120, description="How often one address may ask the manifest repository.")
    requests_per_minute: int = Field(
        6000, ge=0, description="Requests a minute that an account may send to the API; 0: no limit."
    )
    videos_per_day: int = Field(0, ge=0, description="Videos that an account may order in a day (UTC); 0: no limit.")
    video_seconds_per_month: int = Field(
        0, ge=0, description="Seconds of video that an account may order in a month (UTC); 0: no limit."
    )
    key_days: int = Field(
        90, ge=1, le=3650, description="Days for which a new key of a person, moderator or operator works."
    )
    platform_key_days: int = Field(365, ge=1, le=3650, description="Days for which a new key of a platform works.")
    endless_staff_keys: bool = Field(
        False, description="May moderators and operators have keys that never end, or only after a year?"
    )
    verify_urls: bool = Field(False, description="May the verifier fetch files from public addresses people give?")

    @field_validator("web_address")
    @classmethod
    def _origin(cls, address: str) -> str:
        return parse_origin(address)

    @field_validator("engine")
    @classmethod
    def _known_engine(cls, name: str) -> str:
        return _registered(name, ENGINES, BUNDLED_ENGINES)

    @field_validator("engines", "other_installations", mode="before")
    @classmethod
    def _table_as_text(cls, value: object) -> object:
        """A table as JSON: settings can be compared and looked up by all that they say."""
        return json.dumps(value, sort_keys=True) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _engines_are_used(self) -> Self:
        if self.engines and self.engine != "routed":
            raise ValueError("engines are listed, and engine is not routed: none of them would be asked")
        return self

    @field_validator("signer")
    @classmethod
    def _known_signer(cls, name: str) -> str:
        return _registered(name, SIGNERS, BUNDLED_SIGNERS)

    @field_validator("face_backend", mode="before")
    @classmethod
    def _former_face_backend(cls, name: object) -> object:
        return "bundled" if name == "house" else name

    @property
    def root(self) -> Path:
        """The home folder, absolute."""
        return self.home.expanduser().absolute()

    @property
    def keys_folder(self) -> Path:
        """The folder of keys."""
        return (self.keys or self.root / "keys").expanduser().absolute()

    @property
    def key_lifetimes(self) -> KeyLifetimes:
        """How long new keys work."""
        return KeyLifetimes(
            standard_days=self.key_days,
            platform_days=self.platform_key_days,
            endless_staff_keys=self.endless_staff_keys,
        )

    @property
    def second_factor_roles(self) -> frozenset[Role]:
        """Whoever has one of these roles signs in with a second factor."""
        return parse_roles(self.require_second_factor)

    @property
    def oidc_group_roles(self) -> dict[str, Role]:
        """The role of each group of the OpenID provider."""
        return parse_group_roles(self.oidc_roles)

    @property
    def usage_limits(self) -> UsageLimits:
        """What an account may use that has no limits of its own."""
        return UsageLimits(**{one.name: getattr(self, one.name) for one in fields(UsageLimits)})

    def model_options(self) -> ModelOptions:
        """What these settings choose about models: passed to whoever loads one."""
        from classifiers.models.options import ModelOptions

        return ModelOptions(**{field.name: getattr(self, field.name) for field in fields(ModelOptions)})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        del dotenv_settings, file_secret_settings
        return (
            CurrentNames(init_settings),
            CurrentNames(env_settings, _former_variables),
            CurrentNames(TomlConfigSettingsSource(settings_cls, _settings_file())),
        )


def load_settings(**given: object) -> Settings:
    """The settings in force. Raises BadInput with one line for what is wrong."""
    known = {f"ASSAY_{name.upper()}" for name in (*Settings.model_fields, *FORMER_NAMES)} | _OTHER_VARIABLES
    if unknown := sorted(name for name in os.environ if name.startswith("ASSAY_") and name not in known):
        raise BadInput(f"{unknown[0]} is no setting of Assay (see docs/reference/settings.md)")
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"setting {name or 'file'}: {first['msg']} (see docs/reference/settings.md)") from None
    except (OSError, ValueError) as error:
        raise BadInput(f"the settings file cannot be read: {error} (see docs/reference/settings.md)") from None


def _former_variables() -> dict[str, str]:
    """The environment's settings under former names: pydantic looks for the current ones only."""
    variables = {name: f"ASSAY_{name.upper()}" for name in FORMER_NAMES}
    return {name: os.environ[variable] for name, variable in variables.items() if variable in os.environ}


def _registered(name: str, group: str, bundled: Mapping[str, str]) -> str:
    """The name, if something is registered under it. Raises ValueError with the names that are known."""
    if name not in (known := plugins(group, bundled)):
        raise ValueError(f"{name!r} is not among {', '.join(known)}")
    return name


def _settings_file() -> Path | None:
    path = os.environ.get("ASSAY_CONFIG")
    if path and not Path(path).is_file():
        raise BadInput(f"ASSAY_CONFIG names {path}, which is not a file")
    return Path(path) if path else Path("assay.toml")
