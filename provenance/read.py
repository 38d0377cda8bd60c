"""Reads the C2PA credentials of a stranger's file, in a limited process, believing only the lists it is given.

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

from core.errors import BadMedia
from core.finding import Credentials
from media import limited
from media.limits import MIB, Bounds
from provenance.clocks import as_at
from provenance.interpret import interpret
from provenance.manifests import failures, items, mapping, succeeded
from provenance.reading import Reading
from provenance.settings import for_reading
from provenance.trust import Trust, TrustList

_BOUNDS = Bounds(memory=3072 * MIB, cpu=120, wall=120.0, written=16 * MIB)
_OVER_BYTES = frozenset({"assertion.bmffHash.mismatch", "assertion.dataHash.mismatch", "assertion.boxesHash.mismatch"})
_REMOTE = ("Remote", "RemoteManifest", "RemoteManifestUrl", "RemoteManifestFetch")


def read(path: Path, trust: Trust) -> Credentials:
    """The credentials of a file. Raises BadMedia if there is no such file, Unavailable if no process starts."""
    return read_fully(path, trust).credentials


def read_fully(path: Path, trust: Trust, *, times: int = 1, at: datetime | None = None) -> Reading:
    """The credentials and what lies behind them. Read `times` times over: if that differs, they are invalid.

    `at` is the time as of which certificates are judged, now if None. Raises Unavailable where there is no libfaketime.
    """
    if not path.is_file():
        raise BadMedia("there is no such file")
    source = _Source(path=path, at=at)
    answer = source.stores([*[_both(trust)] * times, *_times(trust)])
    if "error" in answer:
        return Reading(credentials=_not_read(answer))
    first, *again = answer["stores"][:times]
    reading = _judged(source, first, answer["stores"], trust)
    if any(_said(other) != _said(first) for other in again):
        issues = (*reading.credentials.issues, "assay.readsDiffer")
        return replace(reading, credentials=replace(reading.credentials, state="invalid", signer="", issues=issues))
    return reading


def crjson(path: Path, trust: Trust, *, at: datetime | None = None) -> dict[str, Any]:
    """What the library says of a file in crJSON, the form that the C2PA's conformance tests read; not our judgement.

    Raises BadMedia for a file without credentials, or with some that cannot be read.
    """
    arguments = {"path": str(path.resolve()), "settings": _both(trust)}
    answer = limited.call("provenance._reader:read_crjson", arguments, bounds=_BOUNDS, environment=as_at(at))
    if "error" in answer:
        raise BadMedia(f"there are no credentials that can be read: {answer['error']}")
    found: dict[str, Any] = answer["crjson"]
    return found


def read_beside(path: Path, manifest: bytes, trust: Trust, *, at: datetime | None = None) -> tuple[Reading, bool]:
    """What a manifest from elsewhere says, and whether the bytes it was made for are this file's.

    The reading's state is that of the signature alone: that the bytes differ is told apart, and no fault of it.
    """
    source = _Source(path=path, at=at, manifest=manifest)
    answer = source.stores([_both(trust), *_times(trust)])
    if "error" in answer:
        return Reading(credentials=_not_read(answer)), False
    stores = [_without_bytes(store) for store in answer["stores"]]
    return _judged(source, stores[0], stores, trust), failures(answer["stores"][0]) == failures(stores[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A file, the manifest that lies apart from it if any, and the time as of which it is read."""

    path: Path
    at: datetime | None = None
    manifest: bytes | None = None

    def stores(self, settings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What the library says under each of the settings, or its error."""
        arguments: dict[str, Any] = {"path": str(self.path.resolve()), "settings": [dict(one) for one in settings]}
        function = "provenance._reader:read_stores"
        if self.manifest is not None:
            function = "provenance._beside:read_beside"
            arguments["manifest"] = base64.b64encode(self.manifest).decode()
        try:
            answer: dict[str, Any] = limited.call(function, arguments, bounds=_BOUNDS, environment=as_at(self.at))
        except BadMedia as error:
            return {"error": "Crash", "message": str(error), "box": True}
        return answer


def _both(trust: Trust) -> dict[str, Any]:
    return for_reading(trust.signers, _without(trust.timestamps, trust.signers), trust.usages)


def _times(trust: Trust) -> list[dict[str, Any]]:
    return [for_reading((), trust.timestamps, trust.usages)] if trust.timestamps else []


def _judged(source: _Source, store: Mapping[str, Any], stores: Sequence[Mapping[str, Any]], trust: Trust) -> Reading:
    time_trusted = bool(trust.timestamps) and succeeded(stores[-1], "timeStamp.trusted")
    state, issues = _state(source, store, trust, time_trusted=time_trusted)
    return interpret(store, state=state, issues=issues, time_trusted=time_trusted)


def _without_bytes(store: Mapping[str, Any]) -> dict[str, Any]:
    """The store as it would be, were the file the one that was signed: only the hashes over its bytes are left out."""
    results = mapping(store.get("validation_results"))
    active = mapping(results.get("activeManifest"))
    rest = [one for one in items(active.get("failure")) if one.get("code") not in _OVER_BYTES]
    codes = {str(one.get("code")) for one in rest}
    state = "Invalid" if codes - {"signingCredential.untrusted"} else "Valid" if codes else "Trusted"
    if state == "Trusted" and not succeeded(store, "signingCredential.trusted"):
        state = "Valid"
    return {**store, "state": state, "validation_results": {**results, "activeManifest": {**active, "failure": rest}}}


def _not_read(answer: Mapping[str, Any]) -> Credentials:
    """Every kind of failure as one of: none, unsupported, remote, unreadable (§1.4 of the reference)."""
    kind, message = str(answer["error"]), str(answer.get("message", ""))
    if kind == "ManifestNotFound":
        return Credentials(state="none")
    if kind in _REMOTE:
        return Credentials(state="remote", issues=("the credentials lie elsewhere and were not fetched",))
    if kind == "NotSupported" or not answer.get("box"):
        return Credentials(state="unsupported", issues=(message,))
    return Credentials(state="unreadable", issues=(message,))


def _state(
    source: _Source, store: Mapping[str, Any], trust: Trust, *, time_trusted: bool
) -> tuple[str, tuple[str, ...]]:
    state, issues = str(store["state"]).lower(), failures(store)
    named = store.get("validation_results", {}).get("trustListUri", "")
    if state == "trusted" and named not in {one.name for one in trust.signers}:
        state, issues = "valid", (*issues, "signingCredential.untrusted")
    if succeeded(store, "timeStamp.trusted") and not time_trusted and state != "invalid":
        bare = source.stores([for_reading((), (), trust.usages)])
        codes = failures(bare["stores"][0]) if "stores" in bare else ("assay.secondReadFailed",)
        harmless = {"signingCredential.untrusted", *(_OVER_BYTES if source.manifest is not None else ())}
        expired = tuple(code for code in codes if code not in harmless)
        if expired:
            return "invalid", (*issues, *expired)
    return (state if state in ("trusted", "valid") else "invalid"), issues


def _said(store: Mapping[str, Any]) -> tuple[object, ...]:
    return store.get("state"), store.get("active_manifest"), failures(store)


def _without(lists: Sequence[TrustList], others: Sequence[TrustList]) -> list[TrustList]:
    """These lists less every certificate that is in the others."""
    taken = {_der(one) for other in others for one in _certificates(other)}
    kept = [
        (one.name, [certificate for certificate in _certificates(one) if _der(certificate) not in taken])
        for one in lists
    ]
    return [
        TrustList(name=name, pem="".join(one.public_bytes(Encoding.PEM).decode() for one in certificates))
        for name, certificates in kept
        if certificates
    ]


def _certificates(one: TrustList) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(one.pem.encode())


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
