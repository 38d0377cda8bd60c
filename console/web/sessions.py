"""Sessions and form tokens, signed with a secret that is in the home folder and nowhere else.

A session holds the account's id and the time. Its signature also covers the digest of the account's token, so
that a new token, like closing the account, ends every session at once.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from itsdangerous import BadSignature, Signer, TimestampSigner, URLSafeTimedSerializer

from core.errors import Unavailable
from core.roles import Principal
from pipeline.accounts import Account, Accounts, authenticate

SESSION_SECONDS = 12 * 3600  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Makes sessions and looks at them. `secret` is 32 random bytes in hex."""

    accounts: Accounts
    secret: str

    def create(self, token: str) -> str | None:
        """A session for whoever has this token; None for an unknown or closed account."""
        person = authenticate(self.accounts, token)
        account = self._account(person.id) if person else None
        return self._signer(account).sign(account.id).decode() if account else None

    def person(self, session: str) -> Principal | None:
        """Whose session this is. None if it is forged, older than twelve hours, or the account was closed meanwhile."""
        account = self._account(session.rsplit(".", 2)[0])
        if account is None:
            return None
        try:
            self._signer(account).unsign(session, max_age=SESSION_SECONDS)
        except BadSignature:
            return None
        return Principal(id=account.id, roles=account.roles)

    def csrf_token(self, seed: str) -> str:
        """The token that forms must carry for this session, or for this visitor who has none yet."""
        return Signer(self.secret, salt="assay.form").get_signature(seed).decode()

    def is_valid_csrf_token(self, seed: str, token: str) -> bool:
        """Whether the form was made here, for this session or visitor."""
        return bool(seed) and secrets.compare_digest(self.csrf_token(seed).encode(), token.encode())

    def timed_serializer(self, salt: str) -> URLSafeTimedSerializer:
        """Signs what a page carries and gives back, with the time."""
        return URLSafeTimedSerializer(self.secret, salt=salt)

    def _account(self, account_id: str) -> Account | None:
        found = (a for a in self.accounts.all() if a.id == account_id and not a.closed)
        return next(found, None)

    def _signer(self, account: Account) -> TimestampSigner:
        return TimestampSigner(self.secret, salt=f"assay.session.{account.digest}")


def load_session_secret(folder: Path) -> str:
    """The secret of this home folder, made at first use and readable by its owner only. Raises Unavailable."""
    file = folder / "session.secret"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _create_secret(file)
        if file.stat().st_mode & 0o077:
            raise Unavailable(f"{file.name} can be read by others: chmod 600 it, or delete it to end all sessions")
        secret = file.read_text("ascii").strip()
    except OSError as error:
        raise Unavailable(f"the session secret cannot be kept: {error.strerror}") from None
    if len(secret) != 64:
        raise Unavailable(f"{file.name} is damaged: delete it, and everyone signs in again")
    return secret


def _create_secret(file: Path) -> None:
    """Whole or not at all: another process may be starting at the same moment."""
    if file.exists():
        return
    fresh = file.with_suffix(f".{secrets.token_hex(4)}")
    fresh.touch(mode=0o600, exist_ok=False)
    fresh.write_text(secrets.token_hex(32), "ascii")
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
