"""What was erased of a person, as numbers, and the signed certificate that says so. Neither names anybody."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import NotFound
from registry.consent.receipt_signing import ReceiptSigner
from registry.consent.takedown_store import add_notices
from registry.table_cache import ConnectionProvider, RegistryConnection

CERTIFICATE_TYPE = "erasure-certificate+jws"
CERTIFICATE_SCHEMA = "assay-erasure-certificate/1"

_NOTE = """
INSERT INTO erasures (cameo, account, counts)
SELECT c.id, c.owner, jsonb_build_object(
    'face_templates',     (SELECT count(*) FROM cameo_templates t WHERE t.cameo = c.id AND t.kind = 'face'),
    'voice_templates',    (SELECT count(*) FROM cameo_templates t WHERE t.cameo = c.id AND t.kind = 'voice'),
    'enrolment_pictures', (SELECT count(*) FROM enrolment_pictures p WHERE p.cameo = c.id),
    'enrolment_takes',    (SELECT count(*) FROM enrolments e WHERE e.cameo = c.id),
    'permissions_ended',  (SELECT count(*) FROM leases l WHERE l.handle = c.id AND l.revoked IS NULL),
    'reports',            (SELECT count(*) FROM likeness_reports r WHERE r.cameo = c.id),
    'handle',             (c.handle IS NOT NULL OR c.wanted <> '')::int)
FROM cameos c WHERE c.id = %s
ON CONFLICT DO NOTHING
"""
_READ = "SELECT cameo, account, asked, counts, certificate, issued FROM erasures"
_READY = """
SELECT e.cameo, e.account, e.asked, e.counts, c.destroyed, k.done, r.hash,
       (SELECT count(*) FROM cascade_items i WHERE i.cascade = k.id)
FROM erasures e
JOIN cameos c ON c.id = e.cameo AND c.destroyed IS NOT NULL
JOIN cascades k ON k.cameo = e.cameo AND k.reason = 'erased' AND k.done IS NOT NULL
JOIN consent_receipts r ON r.cameo = e.cameo AND r.kind = 'erased'
WHERE e.certificate = '' ORDER BY e.asked, k.asked LIMIT 100
"""
_KEPT = (
    "ids and times of what happened to videos, in a log that cannot be changed: no name, no words, no face",
    "signed receipts of what was allowed and taken back: random ids only",
    "the id of the account that asked for the erasure",
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure somebody asked for. `certificate` is a JWS, empty until nothing is left anywhere."""

    cameo: str
    account: str
    asked: datetime
    counts: Mapping[str, int]
    certificate: str
    issued: datetime | None


@dataclass(frozen=True, slots=True)
class _Finished:
    cameo: str
    account: str
    asked: datetime
    counts: Mapping[str, int]
    destroyed: datetime
    down: datetime
    receipt: str
    videos: int


def note_erasure(connection: RegistryConnection, cameo: str) -> None:
    """Count what there is of a cameo before it is erased, within the transaction."""
    connection.execute(_NOTE, [cameo])


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresErasures:
    """Erasures and their certificates in Postgres. `controller` is who answers for this installation."""

    connections: ConnectionProvider
    signer: ReceiptSigner
    controller: str

    def of(self, account: str) -> Sequence[Erasure]:
        """Those that an account asked for, the newest first."""
        return self._where("account = %s ORDER BY asked DESC", account)

    def get(self, cameo: str) -> Erasure:
        """That of a cameo. Raises NotFound."""
        erasures = self._where("cameo = %s", cameo)
        if not erasures:
            raise NotFound("there is no such erasure")
        return erasures[0]

    def count_texts(self, cameo: str, texts: int) -> None:
        """How many texts were erased with it. Counted once: a second run of an interrupted erasure finds none."""
        query = (
            "UPDATE erasures SET counts = counts || jsonb_build_object('texts', %s::int)"
            " WHERE cameo = %s AND NOT counts ? 'texts'"
        )
        with self.connections.connection() as connection:
            connection.execute(query, [texts, cameo])

    def issue_certificates(self) -> Sequence[str]:
        """Sign the certificate of each erasure of which nothing is left and whose videos are down; their cameos."""
        with self.connections.connection() as connection:
            ready = connection.execute(_READY).fetchall()
        for row in ready:
            self._issue(_Finished(*row))
        return [row[0] for row in ready]

    def _issue(self, finished: _Finished) -> None:
        issued = datetime.now(UTC)
        certificate = self.signer.sign(
            {
                "schema_version": CERTIFICATE_SCHEMA,
                "certificate_id": secrets.token_hex(16),
                "pii_principal_id": finished.cameo,
                "pii_controller": self.controller,
                "asked": _time(finished.asked),
                "keys_destroyed": _time(finished.destroyed),
                "videos_down": _time(finished.down),
                "issued": _time(issued),
                "erased": {name: int(finished.counts[name]) for name in sorted(finished.counts)},
                "videos_taken_down": finished.videos,
                "kept": list(_KEPT),
                "receipt_sha256": finished.receipt,
            },
            kind=CERTIFICATE_TYPE,
        )
        query = "UPDATE erasures SET certificate = %s, issued = %s WHERE cameo = %s AND certificate = ''"
        with self.connections.connection() as connection:
            if connection.execute(query, [certificate, issued, finished.cameo]).rowcount:
                add_notices(connection, [(finished.account, "certificate", finished.cameo, finished.cameo)])

    def _where(self, condition: str, *values: object) -> Sequence[Erasure]:
        with self.connections.connection() as connection:
            rows = connection.execute(f"{_READ} WHERE {condition}", values).fetchall()
        return tuple(Erasure(*row) for row in rows)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
