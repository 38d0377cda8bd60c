"""Checks a certificate of erasure as an outsider has it: with nothing but the file and the two keys.

1. The statement is signed by a key for receipts, and what stands beside it in the clear is the same.
2. The log's head is signed by the log's key.
3. Each event the file speaks of is in that log.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInput
from pipeline.audit.event_proofs import check_event_proofs
from pipeline.audit.signed_note import NoteKey, parse_note_key
from registry.consent.portal.erasures import CERTIFICATE_SCHEMA, CERTIFICATE_TYPE
from registry.consent.receipt_signing import parse_key_set, verify_signed


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateReport:
    """What a certificate says, and how many events are proven. `own_keys`: the file's own keys were believed, which
    shows damage and no forgery.
    """

    says: dict[str, Any]
    proven: int
    without_proof: int
    own_keys: bool


def verify_certificate_file(file: Path, *, receipt_keys: str = "", log_key: NoteKey | None = None) -> CertificateReport:
    """Steps 1 to 3. `receipt_keys` is a JWK set as JSON, else the file's own. Raises BadInput where one fails."""
    try:
        given = json.loads(file.read_text())
        if given["format"] != CERTIFICATE_SCHEMA:
            raise BadInput("this is no certificate of erasure")
        keys = parse_key_set(receipt_keys or json.dumps(given["keys"]))
        says = json.loads(verify_signed(str(given["certificate"]), keys, kinds=[CERTIFICATE_TYPE]))
        if given.get("says", says) != says:
            raise BadInput("what the certificate says in plain words is not what was signed")
        log = given["log"]
        without = int(log["without_proof"])
        proven = check_event_proofs(log, log_key or parse_note_key(str(log["key"]))) if log["checkpoint"] else 0
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{file.name} cannot be read as a certificate of erasure") from error
    own = not receipt_keys or (log_key is None and bool(log["checkpoint"]))
    return CertificateReport(says=says, proven=proven, without_proof=without, own_keys=own)
