"""Pictures of enrolments that wait for a person, encrypted under a key of the enrolment that lies elsewhere.

They are shown to moderators only, and destroyed when the enrolment is decided for good.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import NotFound, Unavailable
from registry.consent.biometric_templates import TemplateKeyStore
from registry.table_cache import ConnectionProvider

_NONCE = 12  # bytes of an AES-GCM nonce (NIST SP 800-38D)


class PostgresEnrolmentPictures:
    """Encoded pictures in Postgres."""

    def __init__(self, connections: ConnectionProvider, keys: TemplateKeyStore) -> None:
        """The tables are there: the migrations made them."""
        self._connections, self._keys = connections, keys

    def add(self, cameo: str, picture: bytes) -> str:
        """Keep a picture; returns its random id. Raises Unavailable where no key can be had."""
        name, nonce = f"enrolpic_{secrets.token_hex(8)}", os.urandom(_NONCE)
        sealed = nonce + AESGCM(self._keys.make(_key_name(cameo))).encrypt(nonce, picture, _associated(cameo, name))
        with self._connections.connection() as connection:
            query = "INSERT INTO enrolment_pictures (id, cameo, sealed) VALUES (%s, %s, %s)"
            connection.execute(query, [name, cameo, sealed])
        return name

    def list(self, cameo: str) -> Sequence[str]:
        """The ids of the pictures that are kept of an enrolment, in the order in which they came."""
        query = "SELECT id FROM enrolment_pictures WHERE cameo = %s ORDER BY kept, id"
        with self._connections.connection() as connection:
            return [row[0] for row in connection.execute(query, [cameo]).fetchall()]

    def read(self, cameo: str, name: str) -> bytes:
        """The encoded picture. Raises NotFound, also for one that was destroyed, and Unavailable."""
        query = "SELECT sealed FROM enrolment_pictures WHERE cameo = %s AND id = %s"
        with self._connections.connection() as connection:
            row = connection.execute(query, [cameo, name]).fetchone()
        if row is None:
            raise NotFound("there is no such picture")
        sealed = bytes(row[0])
        try:
            cipher = AESGCM(self._keys.get(_key_name(cameo)))
            return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _associated(cameo, name))
        except InvalidTag:
            raise Unavailable("a picture of an enrolment was altered: restore the database") from None

    def destroy(self, cameo: str) -> None:
        """Erase the pictures of an enrolment: the key first, then what it locked."""
        self._keys.destroy(_key_name(cameo))
        with self._connections.connection() as connection:
            connection.execute("DELETE FROM enrolment_pictures WHERE cameo = %s", [cameo])


def _key_name(cameo: str) -> str:
    return f"{cameo}.pictures"


def _associated(cameo: str, name: str) -> bytes:
    return f"enrolment picture {cameo} {name}".encode()
