"""Who somebody is where one account speaks for many people: the account itself, or one of its end users.

A party is written as one word, `account` or `account#pseudonym`, so that whatever belongs to somebody (a cameo, a
lease, a notice, a challenge) names its owner in one column. The pseudonym is made under a key of the installation:
whoever reads the registry cannot test a guess at an identifier, and cannot tell whose orders in the log are meant.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, Unavailable
from core.key_files import create_key_file

MAX_END_USER_LENGTH = 512
_SEPARATOR = "#"
_KEY_FILE = "end-users.key"
_KEY_BYTES = 32
_PSEUDONYM_LETTERS = 32  # 128 bits in hex

PartyOf = Callable[[str, str], str]
"""The party of an account and of what the log calls its end user, which is empty for the account itself."""


def whole_account(account: str, end_user: str) -> str:
    """Everybody of an account is the account: where nobody can be enrolled."""
    del end_user
    return account


def account_of(party: str) -> str:
    """The account that speaks for a party."""
    return party.partition(_SEPARATOR)[0]


def is_end_user(party: str) -> bool:
    """Whether a party is one of an account's end users, and not the account."""
    return _SEPARATOR in party


def require_account(account: str) -> str:
    """The account. Raises BadInput for what would be read as somebody's end user."""
    if is_end_user(account):
        raise BadInput("an account has no # in it: name its end user apart")
    return account


def end_user_pseudonym(author: str, end_user: str) -> str:
    """The pseudonym of an account's end user in the log: 128 bits of a SHA-256; empty where none is named.

    The same person of two accounts has two. Whoever guesses an identifier can test the guess, so platforms send none
    that can be guessed: docs/how-to/gateway.md says so.
    """
    return hashlib.sha256(f"{author}\0{end_user}".encode()).hexdigest()[:32] if end_user else ""


@dataclass(frozen=True, slots=True)
class EndUserKey:
    """The key of pseudonyms, in a folder; made when first needed."""

    folder: Path

    def party(self, account: str, end_user: str) -> str:
        """As PartyOf says. Raises Unavailable where the key cannot be had."""
        if not end_user:
            return account
        pseudonym = hmac.new(self._key(), f"{account}\0{end_user}".encode(), hashlib.sha256).hexdigest()
        return f"{account}{_SEPARATOR}{pseudonym[:_PSEUDONYM_LETTERS]}"

    def named(self, account: str, identifier: str) -> str:
        """The party of whom an account calls by this identifier; empty: the account. Raises BadInput, Unavailable."""
        if len(identifier) > MAX_END_USER_LENGTH:
            raise BadInput(f"an end user has at most {MAX_END_USER_LENGTH} characters: send a hash of it")
        return self.party(require_account(account), end_user_pseudonym(account, identifier))

    def _key(self) -> bytes:
        path = self.folder / _KEY_FILE
        try:
            if not path.exists():
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                create_key_file(path, secrets.token_bytes(_KEY_BYTES))
            if path.stat().st_mode & 0o077:
                raise Unavailable(f"the key {path.name} can be read by others: chmod 600 it")
            key = path.read_bytes()
        except OSError as error:
            raise Unavailable(f"the key for end users cannot be had: {error.strerror}") from error
        if len(key) != _KEY_BYTES:
            raise Unavailable(f"the key {path.name} is damaged: put back the one that was kept")
        return key
