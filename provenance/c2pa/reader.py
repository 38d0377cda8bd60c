"""Reads the C2PA credentials of an untrusted file, in the sandbox, believing only the lists it is given.

The library keeps trust in signers and in time-stamping authorities in one heap (its `trust_kind` is not enforced), so
a signer that chains only to a time-stamping root would read as trusted. Hence the rule of two reads:

1. read with the signers' lists and those time-stamping roots that are not among them: the signer is trusted if the
   library says so *and* names a signers' list;
2. read with the time-stamping lists alone: the time is trusted if the library says so there;
3. if the library used a time that (2) does not trust, read without any list: an expired signer is then invalid.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.errors import BadMedia, OverBudget
from core.finding import ContentCredentials
from media.sandbox import client
from media.sandbox.file_structure import check_boxes
from media.sandbox.limits import MIB, ProcessLimits
from media.sandbox.scan import input_limits
from provenance.c2pa.credential_causes import (
    FILE_HASH_MISMATCHES,
    CredentialsCause,
    causes_of,
    is_identity_code,
    with_ingredient_causes,
)
from provenance.c2pa.credentials_report import CredentialsReport
from provenance.c2pa.library_settings import reading_settings
from provenance.c2pa.manifest_store import as_mapping, failure_codes, has_success_code, mappings_in
from provenance.c2pa.store_interpretation import interpret_store
from provenance.c2pa.trust_store import TrustList, TrustStore
from provenance.c2pa.validation_time import faketime_environment

_FIND_CREDENTIALS = "provenance.c2pa.credentials_presence:find_credentials"
_BOUNDS = ProcessLimits(memory=3072 * MIB, cpu=120, wall=120.0, written=16 * MIB)
_HASH_MATCHES = ("assertion.bmffHash.match", "assertion.dataHash.match", "assertion.boxesHash.match")
_REMOTE = ("Remote", "RemoteManifest", "RemoteManifestUrl", "RemoteManifestFetch")


def read_credentials(path: Path, trust: TrustStore) -> ContentCredentials:
    """The credentials of a file. Raises BadMedia if there is no such file, Unavailable if no process starts."""
    return read_credentials_report(path, trust).credentials


def read_credentials_report(
    path: Path, trust: TrustStore, *, times: int = 1, at: datetime | None = None
) -> CredentialsReport:
    """The credentials and what they rest on. Read `times` times: if the results differ, they are invalid.

    `at` is the time as of which certificates are judged, now if None. Raises Unavailable where there is no libfaketime,
    OverBudget for a file that would take too much.
    """
    if not path.is_file():
        raise BadMedia("there is no such file")
    check_boxes(path, input_limits())
    source = _ReadSource(path=path, at=at)
    answer = source.stores([*[_signer_settings(trust)] * times, *_timestamp_settings(trust)])
    if "error" in answer:
        return CredentialsReport(credentials=_unread_credentials(answer))
    first, *again = answer["stores"][:times]
    reading = _build_report(source, first, answer["stores"], trust)
    if any(_comparable(other) != _comparable(first) for other in again):
        issues = (*reading.credentials.issues, "assay.readsDiffer")
        causes = causes_of((*failure_codes(first), "assay.readsDiffer"))
        return replace(
            reading,
            credentials=replace(reading.credentials, state="invalid", signer="", causes=causes, issues=issues),
        )
    return _as_stream_start(reading) if answer["stream_start"] else reading


def export_crjson(path: Path, trust: TrustStore, *, at: datetime | None = None) -> dict[str, Any]:
    """What the library says of a file in crJSON, the form that the C2PA's conformance tests read; not our judgement.

    Raises BadMedia for a file without credentials, or with some that cannot be read.
    """
    arguments = {"path": str(path.resolve()), "settings": _signer_settings(trust)}
    answer = client.run_sandboxed(
        "provenance.c2pa.sandboxed_reader:read_crjson",
        arguments,
        reads=[path],
        limits=_BOUNDS,
        environment=faketime_environment(at),
    )
    if "error" in answer:
        raise BadMedia(f"there are no credentials that can be read: {answer['error']}")
    crjson: dict[str, Any] = answer["crjson"]
    return crjson


def read_detached_manifest(
    path: Path, manifest: bytes, trust: TrustStore, *, at: datetime | None = None
) -> tuple[CredentialsReport, bool]:
    """What a manifest from elsewhere says, and whether the bytes it was made for are this file's.

    The report's state is that of the signature alone: whether the bytes differ is returned separately.
    """
    source = _ReadSource(path=path, at=at, manifest=manifest)
    answer = source.stores([_signer_settings(trust), *_timestamp_settings(trust)])
    if "error" in answer:
        return CredentialsReport(credentials=_unread_credentials(answer)), False
    stores = [_without_hash_mismatches(store) for store in answer["stores"]]
    return _build_report(source, stores[0], stores, trust), failure_codes(answer["stores"][0]) == failure_codes(
        stores[0]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReadSource:
    """A file, its detached manifest if any, and the time as of which it is read."""

    path: Path
    at: datetime | None = None
    manifest: bytes | None = None

    def stores(self, settings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What the library says under each of the settings, or its error."""
        arguments: dict[str, Any] = {
            "path": str(self.path.resolve()),
            "settings": [dict(setting) for setting in settings],
        }
        function = "provenance.c2pa.sandboxed_reader:read_stores"
        if self.manifest is not None:
            function = "provenance.c2pa.detached_manifest:read_detached_stores"
            arguments["manifest"] = base64.b64encode(self.manifest).decode()
        try:
            answer: dict[str, Any] = client.run_sandboxed(
                function, arguments, reads=[self.path], limits=_BOUNDS, environment=faketime_environment(self.at)
            )
        except OverBudget:
            raise
        except BadMedia as error:
            return {"error": "Crash", "message": str(error), "box": self.manifest is not None or self._holds_some()}
        return answer

    def _holds_some(self) -> bool:
        """Whether the container holds credentials, of a file that the library could not get through."""
        arguments = {"path": str(self.path.resolve())}
        try:
            return bool(client.run_sandboxed(_FIND_CREDENTIALS, arguments, limits=_BOUNDS))
        except BadMedia:
            return True


def _signer_settings(trust: TrustStore) -> dict[str, Any]:
    return reading_settings(
        trust.signers, _exclude_certificates(trust.timestamp_authorities, trust.signers), trust.extended_key_usages
    )


def _timestamp_settings(trust: TrustStore) -> list[dict[str, Any]]:
    return (
        [reading_settings((), trust.timestamp_authorities, trust.extended_key_usages)]
        if trust.timestamp_authorities
        else []
    )


def _build_report(
    source: _ReadSource, store: Mapping[str, Any], stores: Sequence[Mapping[str, Any]], trust: TrustStore
) -> CredentialsReport:
    time_trusted = bool(trust.timestamp_authorities) and has_success_code(stores[-1], "timeStamp.trusted")
    state, issues = _validation_state(source, store, trust, time_trusted=time_trusted)
    report = interpret_store(store, state=state, issues=issues, time_trusted=time_trusted)
    causes = with_ingredient_causes(causes_of(issues), report.broken_ingredients, invalid=state == "invalid")
    return replace(report, credentials=replace(report.credentials, causes=causes))


def _as_stream_start(report: CredentialsReport) -> CredentialsReport:
    """Of the start of a stream the hash covers pieces that are not here: that it does not match shows no change."""
    changed, start = CredentialsCause.FILE_CHANGED.value, CredentialsCause.STREAM_START.value
    causes = tuple(start if cause == changed else cause for cause in report.credentials.causes)
    return replace(report, credentials=replace(report.credentials, causes=causes))


def _without_hash_mismatches(store: Mapping[str, Any]) -> dict[str, Any]:
    """The store as it would be, were the file the one that was signed: only the hashes over its bytes are left out."""
    results = as_mapping(store.get("validation_results"))
    active = as_mapping(results.get("activeManifest"))
    rest = [
        failure for failure in mappings_in(active.get("failure")) if failure.get("code") not in FILE_HASH_MISMATCHES
    ]
    codes = {str(failure.get("code")) for failure in rest}
    state = "Invalid" if codes - {"signingCredential.untrusted"} else "Valid" if codes else "Trusted"
    if state == "Trusted" and not has_success_code(store, "signingCredential.trusted"):
        state = "Valid"
    return {**store, "state": state, "validation_results": {**results, "activeManifest": {**active, "failure": rest}}}


def _unread_credentials(answer: Mapping[str, Any]) -> ContentCredentials:
    """Every kind of failure as one of: none, unsupported, remote, unreadable (§1.4 of the reference)."""
    kind, message = str(answer["error"]), str(answer.get("message", ""))
    if kind == "ManifestNotFound" and not answer.get("box"):
        return ContentCredentials(state="none")
    if kind in _REMOTE:
        return ContentCredentials(
            state="remote",
            causes=(CredentialsCause.STORED_ELSEWHERE.value,),
            issues=("the credentials lie elsewhere and were not fetched",),
        )
    if kind == "NotSupported" or not answer.get("box"):
        return ContentCredentials(
            state="unsupported", causes=(CredentialsCause.KIND_NOT_SEARCHED.value,), issues=(message,)
        )
    return ContentCredentials(state="unreadable", causes=(CredentialsCause.CANNOT_BE_PARSED.value,), issues=(message,))


def _validation_state(
    source: _ReadSource, store: Mapping[str, Any], trust: TrustStore, *, time_trusted: bool
) -> tuple[str, tuple[str, ...]]:
    state, issues = str(store["state"]).lower(), failure_codes(store)
    if state == "invalid" and _only_identity_unchecked(store):
        state = "trusted" if has_success_code(store, "signingCredential.trusted") else "valid"
    list_name = store.get("validation_results", {}).get("trustListUri", "")
    if state == "trusted" and list_name not in {trust_list.name for trust_list in trust.signers}:
        state, issues = "valid", (*issues, "signingCredential.untrusted")
    if has_success_code(store, "timeStamp.trusted") and not time_trusted and state != "invalid":
        bare = source.stores([reading_settings((), (), trust.extended_key_usages)])
        codes = failure_codes(bare["stores"][0]) if "stores" in bare else ("assay.secondReadFailed",)
        harmless = {"signingCredential.untrusted", *(FILE_HASH_MISMATCHES if source.manifest is not None else ())}
        expired = tuple(code for code in codes if code not in harmless and not is_identity_code(code))
        if expired:
            return "invalid", (*issues, *expired)
    return (state if state in ("trusted", "valid") else "invalid"), issues


def _only_identity_unchecked(store: Mapping[str, Any]) -> bool:
    """Whether all that fails is the lookup of an identity, which takes the network; signature and bytes hold."""
    harmless = {CredentialsCause.IDENTITY_NOT_CHECKED.value, CredentialsCause.SIGNER_NOT_TRUSTED.value}
    return (
        any(is_identity_code(code) for code in failure_codes(store))
        and set(causes_of(failure_codes(store))) <= harmless
        and has_success_code(store, "claimSignature.validated")
        and any(has_success_code(store, code) for code in _HASH_MATCHES)
    )


def _comparable(store: Mapping[str, Any]) -> tuple[object, ...]:
    return store.get("state"), store.get("active_manifest"), failure_codes(store)


def _exclude_certificates(lists: Sequence[TrustList], excluded_lists: Sequence[TrustList]) -> list[TrustList]:
    """These lists less every certificate that is in the others."""
    excluded = {_der(one) for trust_list in excluded_lists for one in _certificates(trust_list)}
    remaining = [
        (one.name, [certificate for certificate in _certificates(one) if _der(certificate) not in excluded])
        for one in lists
    ]
    return [
        TrustList(name=name, pem="".join(one.public_bytes(Encoding.PEM).decode() for one in certificates))
        for name, certificates in remaining
        if certificates
    ]


def _certificates(trust_list: TrustList) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(trust_list.pem.encode())


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
